import { inspect } from "node:util";
import { expect, test } from "vitest";
import { checkJaxpr } from "../../../src/core/check.ts";
import { ArrayValue, type Aval, avalOf } from "../../../src/core/value.ts";
import { stages } from "../../../src/inspect/index.ts";
import { evaluateJaxpr } from "../../../src/interpreters/evaluate.ts";
import { ShapeDtypeStruct } from "../../../src/interpreters/make-jaxpr.ts";
import { quaxify, register } from "../../../src/interpreters/quax.ts";
import { valueAndGrad } from "../../../src/interpreters/vjp.ts";
import * as lax from "../../../src/lax/index.ts";
import { primitivesOf } from "../compiler/programs.ts";
import { array, elements } from "../lax/arrays.ts";

/** u·vᵀ + w, the product never formed. */
class LowRank extends ArrayValue {
  constructor(
    readonly w: ArrayValue,
    readonly u: ArrayValue,
    readonly v: ArrayValue,
  ) {
    super();
  }
  override get aval(): Aval {
    return avalOf(this.w.shape, this.w.dtype);
  }
}
register(lax.dotGeneral, [LowRank, ArrayValue], ([m, x], params) => {
  const product = lax.mul(
    m.u,
    lax.dotGeneral(m.v, x, [
      [[0], [0]],
      [[], []],
    ]),
  );
  return lax.add(lax.dotGeneral.bind([lax.stopGradient(m.w), x], params)[0]!, product);
});

const loss = (w: ArrayValue, x: ArrayValue): ArrayValue =>
  lax.reduceSum(
    lax.square(
      lax.dotGeneral(w, x, [
        [[1], [0]],
        [[], []],
      ]),
    ),
    [0],
  );
const lowRank = new LowRank(array([1, 2, 3, 4, 5, 6], [2, 3]), array([1, -1]), array([2, 0, 1]));
const x = array([1, 2, 3]);

test("a structured value is one variable, then its arrays; then forward, tangents, backward; then all in one", () => {
  const all = stages(loss)(lowRank, x);
  expect(primitivesOf(all.traced)).toEqual(["dot_general", "square", "reduce_sum"]);
  expect(all.traced.inAvals.length).toBe(2);
  expect(primitivesOf(all.quaxified)).toEqual([
    "dot_general",
    "mul",
    "stop_gradient",
    "dot_general",
    "add",
    "square",
    "reduce_sum",
  ]);
  expect(all.quaxified.inAvals.length).toBe(4);
  for (const program of [
    all.traced,
    all.quaxified,
    all.linearized!.forward,
    all.linearized!.linear,
    all.linearized!.backward,
    all.joint!,
    all.simplified,
  ])
    checkJaxpr(program);
  expect(all.simplified.jaxpr.eqns.length).toBeLessThan(all.joint!.jaxpr.eqns.length);
  expect([all.misses, all.notes]).toEqual([[], []]);
  // The base weight has no cotangent.
  const outs = evaluateJaxpr(all.simplified, [lowRank.w, lowRank.u, lowRank.v, x]);
  const [value, gradient] = valueAndGrad(quaxify(loss) as never, { argnums: [0, 1] } as never)(
    lowRank as never,
    x as never,
  ) as unknown as [ArrayValue, [LowRank, ArrayValue]];
  expect(outs.map(elements)).toEqual([value, gradient[0].u, gradient[0].v, gradient[1]].map(elements));
});

test("all of it as text", () => {
  const text = String(stages(loss)(lowRank, x));
  for (const title of [
    "traced",
    "quaxified",
    "linearised, forward",
    "linearised, tangents",
    "transposed",
    "forward and backward",
    "simplified",
  ]) {
    expect(text).toContain(`── ${title} ──\n`);
  }
  expect(inspect(stages(loss)(lowRank, x))).toBe(text);
});

test("a function that is no loss has no derivative stages", () => {
  const all = stages((v: ArrayValue) => lax.neg(lax.neg(lax.sin(v))))(new ShapeDtypeStruct([3], "float32"));
  expect([all.linearized, all.joint]).toEqual([undefined, undefined]);
  expect(primitivesOf(all.simplified)).toEqual(["sin"]);
  expect(all.quaxified).toBe(all.traced);
  expect(all.notes[0]).toContain("the first two stages are one");
});

test("a result that does not depend on its inputs has no backward pass", () => {
  const all = stages((v: ArrayValue) => lax.reduceSum(lax.stopGradient(v), [0]))(array([1, 2]));
  expect(evaluateJaxpr(all.joint!, [array([1, 2])]).map(elements)).toEqual([[3]]);
});

class Opaque extends ArrayValue {
  constructor(readonly array: ArrayValue) {
    super();
  }
  override get aval(): Aval {
    return this.array.aval;
  }
  override materialise(): ArrayValue {
    return this.array;
  }
}

test("operations without a rule are told", () => {
  expect(stages((v: ArrayValue) => lax.sin(v))(new Opaque(array([1]))).misses).toEqual([
    { primitive: "sin", classes: ["Opaque"], source: expect.stringContaining("stages.test.ts") },
  ]);
});
