import { describe, expect, test } from "vitest";
import { inline, simplify } from "../../../src/compiler/index.ts";
import { modelPrograms, operandsOf } from "./model-programs.ts";
import { jit } from "../../../src/control/index.ts";
import { type ClosedJaxpr, subJaxprs } from "../../../src/core/jaxpr.ts";
import * as param from "../../../src/core/param-kind.ts";
import { definePrimitive, type Primitive } from "../../../src/core/primitive.ts";
import { scalarOf } from "../../../src/core/scalar.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { evaluateJaxpr } from "../../../src/interpreters/evaluate.ts";
import { grad } from "../../../src/interpreters/vjp.ts";
import * as lax from "../../../src/lax/index.ts";
import { applied, drawAll, sampled } from "../../laws/samples.ts";
import { array } from "../lax/arrays.ts";
import { chain, expectLinear, expectSameProgram, f32, primitivesOf, programOf, special } from "./programs.ts";

test("the gradient of a jitted function is a few equations", () => {
  const loss = jit((x: ArrayValue) => lax.reduceSum(lax.mul(lax.sin(x), x), [0]));
  const program = programOf((x) => grad(loss as never)(x as never) as ArrayValue, [f32(3)]);
  const result = simplify(program);
  expect(String(result)).toMatchInlineSnapshot(`
    "{ lambda ; a:f32[3]. let
        b:f32[3] = sin a
        c:f32[3] = cos a
        d:f32[3] = mul a c
        e:f32[3] = add_any b d
      in (e,) }"
  `);
  expectSameProgram(result, program, [special("float32", [3])]);
});

test("what has one use left after a sweep is seen with that by the next", () => {
  // While the largest of each row is read by the product with zero too, it is no step on the way to another.
  const program = programOf(
    (x) => {
      const rows = lax.reduceMax(x, [1]);
      const largest = lax.reduceMax(rows, [0]);
      return lax.add(lax.mul(rows, scalarOf(0, "int32")), largest);
    },
    [{ shape: [2, 3], dtype: "int32", weak: false }],
  );
  expect(primitivesOf(simplify(program)).filter((name) => name === "reduce_max")).toHaveLength(1);
});

test("one pass makes work for another", () => {
  const program = programOf(
    (x) => {
      const zero = lax.sub(scalarOf(1, "float32"), scalarOf(1, "float32"));
      const y = lax.sub(x, zero);
      return lax.add(lax.neg(lax.neg(lax.sin(y))), lax.sin(x));
    },
    [f32(3)],
  );
  expect(primitivesOf(simplify(program))).toEqual(["sin", "add"]);
});

test("only the wanted outputs are left", () => {
  const f = jit((x: ArrayValue) => [lax.sin(x), lax.exp(x)]);
  const result = simplify(
    programOf((x) => f(x), [f32(3)]),
    [false, true],
  );
  expect(String(result)).toBe("{ lambda ; a:f32[3]. let b:f32[3] = exp a in (b,) }");
});

const repeat: Primitive<
  "test_repeat",
  [x: ArrayValue],
  { readonly body: ClosedJaxpr; readonly all: readonly ClosedJaxpr[] }
> = definePrimitive("test_repeat", {
  arity: 1,
  params: { body: param.program, all: param.programs },
  abstract: (_avals, { body }) => body.outAvals,
  jvp: "none",
  batch: "elementwise",
  evaluate: ([x], { body, all }) => evaluateJaxpr(all[0]!, evaluateJaxpr(body, [x])),
});

test("the programs that equations hold are simplified, each once", () => {
  const body = programOf((x) => lax.neg(lax.neg(jit((y: ArrayValue) => lax.sin(y))(x))), [f32(3)]);
  const program = programOf(
    (x) => {
      const [y] = repeat.bind([lax.neg(x)], { body, all: [body] });
      return repeat.bind([y!], { body, all: [body, body] });
    },
    [f32(3)],
  );
  const result = simplify(program);
  const bodies = result.jaxpr.eqns.flatMap((eqn) => subJaxprs(eqn.params).map(([, inner]) => inner));
  expect(bodies.length).toBe(5);
  expect(new Set(bodies).size).toBe(1);
  expect(primitivesOf(bodies[0]!)).toEqual(["sin"]);
  expectSameProgram(result, program, [special("float32", [3])]);
});

test("a program that is simple already is returned itself", () => {
  const result = simplify(programOf((x) => lax.sin(lax.cos(x)), [f32(3)]));
  expect(simplify(result).jaxpr.eqns).toEqual(result.jaxpr.eqns);
});

const mixed = (n: number) => chain(n, (x, i) => (i % 3 ? lax.sin(x) : lax.mul(x, i)));
const negations = (n: number) => chain(n, (x) => lax.neg(x));
const sums = (n: number) => chain(n, (x) => lax.add(x, x));
const reshapes = (n: number) => chain(n, (x) => lax.reshape(lax.reshape(x, [1, 2]), [2]));
const weights = array([1, 2, 3, 4], [2, 2]);
const products = (n: number) => chain(n, (x) => lax.dot(weights, x));
const turned = (n: number) =>
  chain(n, (x) => lax.squeeze(lax.transpose(lax.dot(lax.reshape(x, [1, 2]), weights), [1, 0]), [1]));

test.each([
  ["elementwise operations", mixed, 10_000],
  ["negations", negations, 0],
  ["sums", sums, 10_000],
  ["reshapes", reshapes, 0],
  ["products", products, 10_000],
  ["products with transposes", turned, 10_002],
] as const)(
  "ten thousand %s, as many reads of each equation as of one in a thousand",
  (_name, chained, left) => {
    expect(simplify(chained(10_000)).jaxpr.eqns.length).toBe(left);
    expectLinear(simplify, chained);
  },
);

test("fifty thousand equations", () => {
  expect(simplify(mixed(50_000)).jaxpr.eqns.length).toBe(50_000);
});

describe.each(sampled)("%s", (_name, prim) => {
  test("it is what it was, simplified", () => {
    prim.rules.samples.forEach((sample) => {
      const operands = drawAll(sample);
      const program = programOf(
        (...xs) => applied(prim, sample.params)(xs),
        operands.map((x) => x.aval),
      );
      const result = simplify(program);
      expect(
        result.jaxpr.eqns.every(({ primitive }) => !primitive.rules.expand && !primitive.rules.inline),
      ).toBe(true);
      expectSameProgram(result, program, operands);
      // All operands known: mostly folded.
      const constant = programOf(() => applied(prim, sample.params)(operands), []);
      expectSameProgram(simplify(constant), constant, []);
    });
  });
});

test("a jitted function gives what it gives without jit", () => {
  const f = (x: ArrayValue) =>
    lax.tile(lax.mul(lax.add(x, scalarOf(-0, "float32")), lax.full([3], 1, "float32")), [2]);
  expect(Array.from((jit(f)(array([1, -0, NaN])) as never as { storage: Float32Array }).storage)).toEqual([
    1,
    -0,
    NaN,
    1,
    -0,
    NaN,
  ]);
});

describe.each(modelPrograms)("%s", (_name, program) => {
  test("is the same simplified, bit for bit, with fewer equations", () => {
    const result = simplify(program);
    for (const seed of [1, 100]) expectSameProgram(result, program, operandsOf(program, seed));
    expect(result.jaxpr.eqns.length).toBeLessThan(inline(program).jaxpr.eqns.length);
  });
});
