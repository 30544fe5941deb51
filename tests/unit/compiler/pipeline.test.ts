import { expect, test } from "vitest";
import { dce, jvpJaxpr, linearizeJaxpr, quaxifyJaxpr, vjpJaxpr } from "../../../src/compiler/index.ts";
import { checkJaxpr } from "../../../src/core/check.ts";
import { ArgumentError } from "../../../src/core/errors.ts";
import { ArrayValue, type Aval, avalOf } from "../../../src/core/value.ts";
import { evaluateJaxpr } from "../../../src/interpreters/evaluate.ts";
import { jvpArrays } from "../../../src/interpreters/jvp.ts";
import { register } from "../../../src/interpreters/quax.ts";
import { Zero } from "../../../src/interpreters/zero.ts";
import * as lax from "../../../src/lax/index.ts";
import { array, elements } from "../lax/arrays.ts";
import { f32, programOf } from "./programs.ts";

/** u·vᵀ, never formed. */
class Outer extends ArrayValue {
  constructor(
    readonly u: ArrayValue,
    readonly v: ArrayValue,
  ) {
    super();
  }
  override get aval(): Aval {
    return avalOf([this.u.size, this.v.size], this.u.dtype);
  }
}
const inner = (x: ArrayValue, y: ArrayValue): ArrayValue =>
  lax.dotGeneral(x, y, [
    [[0], [0]],
    [[], []],
  ]);
register(lax.dotGeneral, [Outer, ArrayValue], ([w, x]) => lax.mul(w.u, inner(w.v, x)));
register(lax.neg, [Outer], ([w]) => new Outer(lax.neg(w.u), w.v));
register(lax.stopGradient, [Outer], ([w]) => new Zero(w.shape, w.dtype));

const matvec = programOf(
  (w, x) =>
    lax.dotGeneral(w, x, [
      [[1], [0]],
      [[], []],
    ]),
  [f32(2, 3), f32(3)],
);
const product = programOf(
  (x, y, n) => [lax.mul(lax.sin(x), y), n, lax.reduceSum(x, [0])],
  [f32(2), f32(2), avalOf([], "int32")],
);

test("a program over structured values becomes one over their arrays", () => {
  const outer = new Outer(array([1, 2]), array([1, 0, -1]));
  const { jaxpr, inTree, outTree } = quaxifyJaxpr(matvec, [outer, f32(3)]);
  expect(String(jaxpr)).toMatchInlineSnapshot(`
    "{ lambda ; a:f32[2] b:f32[3] c:f32[3]. let
        d:f32[] = dot_general[dimension_numbers=(([0], [0]), ([], []))] b c
        e:f32[2] = mul a d
      in (e,) }"
  `);
  checkJaxpr(jaxpr);
  expect([inTree.numLeaves, outTree.numLeaves]).toEqual([3, 1]);
  const [y] = evaluateJaxpr(jaxpr, [outer.u, outer.v, array([5, 6, 7])]);
  expect(elements(y!)).toEqual([-2, -4]);
});

test("structured results are rebuilt from the outputs, and zeros take none", () => {
  const program = programOf((w) => [lax.neg(w), lax.stopGradient(w), w], [f32(2, 3)]);
  const { jaxpr, rebuild } = quaxifyJaxpr(program, [new Outer(array([1, 2]), array([1, 0, -1]))]);
  expect(jaxpr.outAvals.map((aval) => aval.shape)).toEqual([[2], [3], [2], [3]]);
  const [negated, zero, same] = rebuild(evaluateJaxpr(jaxpr, [array([1, 2]), array([3, 4, 5])]));
  expect(elements((negated as Outer).u)).toEqual([-1, -2]);
  expect(zero).toBeInstanceOf(Zero);
  expect(elements((same as Outer).v)).toEqual([3, 4, 5]);
});

test("plain inputs leave a program as it is", () => {
  expect(String(quaxifyJaxpr(matvec, matvec.inAvals).jaxpr)).toBe(String(matvec));
});

const [x, y, n] = [array([0.5, 2]), array([3, -1]), array([4], [], "int32")];

test("jvp: outputs, then the tangents that are not zero", () => {
  const { jaxpr, nonzero } = jvpJaxpr(product, [true, false, true]);
  checkJaxpr(jaxpr);
  expect(nonzero).toEqual([true, false, true]);
  expect(jaxpr.inAvals.length).toBe(4);
  const t = array([1, -2]);
  const outs = evaluateJaxpr(jaxpr, [x, y, n, t]).map(elements);
  const [primals, tangents] = jvpArrays(
    (xs) => evaluateJaxpr(product, xs),
    [x, y, n],
    [t, null, null],
    "test",
  );
  expect(outs).toEqual([...primals, tangents[0]!, tangents[2]!].map(elements));
  expect(jvpJaxpr(product).jaxpr.inAvals.length).toBe(5);
});

test("vjp: from cotangents of the inexact outputs to those of the wanted inputs", () => {
  const all = vjpJaxpr(product);
  checkJaxpr(all.jaxpr);
  expect([all.nonzero, all.jaxpr.inAvals.length]).toEqual([[true, true, false], 5]);
  const cts = [array([1, 10]), array([100], [])];
  const [ctX, ctY] = evaluateJaxpr(all.jaxpr, [x, y, n, ...cts]).map((ct) => elements(ct).map(Number));
  expect(ctX![0]).toBeCloseTo(100 + 3 * Math.cos(0.5), 4);
  expect(ctX![1]).toBeCloseTo(100 - 10 * Math.cos(2), 4);
  expect(ctY![1]).toBeCloseTo(10 * Math.sin(2), 5);
  const one = vjpJaxpr(product, [false, true, true]);
  expect(one.nonzero).toEqual([false, true, false]);
  expect(dce(one.jaxpr).jaxpr.eqns.map((eqn) => eqn.primitive.primitive)).toEqual(["sin", "mul"]);
});

test("a derivative can be differentiated again", () => {
  const cube = programOf((v) => lax.mul(v, lax.mul(v, v)), [f32()]);
  const second = vjpJaxpr(vjpJaxpr(cube).jaxpr, [true, false]).jaxpr;
  checkJaxpr(second);
  expect(
    elements(
      evaluateJaxpr(
        second,
        [2, 1, 1].map((v) => array([v], [])),
      )[0]!,
    ),
  ).toEqual([12]);
});

test("linearised: forward, then the tangent map at its residuals, or the transpose of that", () => {
  const data = array([2, 3]);
  const program = programOf(
    (v, w) => [lax.mul(lax.sin(v), lax.mul(w, data)), lax.reduceSum(w, [0])],
    [f32(2), f32(2)],
  );
  const { forward, linear, backward } = linearizeJaxpr(program);
  for (const part of [forward, linear, backward]) checkJaxpr(part);
  const results = evaluateJaxpr(forward, [x, y]);
  const residuals = results.slice(2);
  expect(results.slice(0, 2).map(elements)).toEqual(evaluateJaxpr(program, [x, y]).map(elements));
  const [t, u, c, d] = [array([1, -2]), array([0.5, 4]), array([3, 1]), array([-1], [])];
  expect(evaluateJaxpr(linear, [...residuals, t, u]).map(elements)).toEqual(
    evaluateJaxpr(jvpJaxpr(program).jaxpr, [x, y, t, u]).slice(2).map(elements),
  );
  expect(evaluateJaxpr(backward, [...residuals, c, d]).map(elements)).toEqual(
    evaluateJaxpr(vjpJaxpr(program).jaxpr, [x, y, c, d]).map(elements),
  );
});

test("a program without a derivative has none", () => {
  const { jaxpr, nonzero } = vjpJaxpr(programOf((v) => lax.floor(v), [f32(2)]));
  expect([jaxpr.outAvals, nonzero]).toEqual([[], [false]]);
});

test("a wrong number of inputs or flags is refused", () => {
  expect(() => quaxifyJaxpr(matvec, [f32(2, 3)])).toThrow(ArgumentError);
  expect(() => vjpJaxpr(matvec, [true])).toThrow(
    "vjpJaxpr: the program has 2 inputs, got 1 flags: give one for each",
  );
  expect(() => jvpJaxpr(matvec, [true, true, false])).toThrow(ArgumentError);
});
