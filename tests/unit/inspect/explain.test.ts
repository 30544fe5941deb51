import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { jit } from "../../../src/control/index.ts";
import { ClosedJaxpr, Var } from "../../../src/core/jaxpr.ts";
import type { AnyPrimitive } from "../../../src/core/primitive.ts";
import { ArrayValue, type Aval, avalOf, NDArray } from "../../../src/core/value.ts";
import { HostBuffer } from "../../../src/core/backend.ts";
import { costOf } from "../../../src/inspect/cost.ts";
import { explain } from "../../../src/inspect/index.ts";
import { ShapeDtypeStruct } from "../../../src/interpreters/make-jaxpr.ts";
import { quaxify, register } from "../../../src/interpreters/quax.ts";
import { grad } from "../../../src/interpreters/vjp.ts";
import * as lax from "../../../src/lax/index.ts";
import { f32, programOf } from "../compiler/programs.ts";
import { array } from "../lax/arrays.ts";

const matmul = (x: ArrayValue, y: ArrayValue): ArrayValue =>
  lax.dotGeneral(x, y, [
    [[1], [0]],
    [[], []],
  ]);

test("each operation, with its text, source and cost; what is not needed is pruned", () => {
  const layer = jit((w: ArrayValue, x: ArrayValue) => {
    lax.exp(x);
    return lax.tanh(matmul(w, x));
  });
  const result = explain(layer)(
    new ShapeDtypeStruct([4, 3], "float32"),
    new ShapeDtypeStruct([3, 5], "float32"),
  );
  expect(
    result.equations.map(({ text, flops, bytes, pruned }) => [text.split(" ")[2], flops, bytes, pruned]),
  ).toEqual([
    ["exp", 15, 120, true],
    [expect.stringContaining("dot_general"), 120, 4 * (12 + 15 + 20), false],
    ["tanh", 20, 160, false],
  ]);
  expect(result.equations[0]!.source).toMatch(/^inspect\/explain\.test\.ts:\d+:\d+/);
  expect([result.flops, result.bytes, result.misses]).toEqual([140, 348, []]);
});

test("as a table", () => {
  const text = String(explain((x: ArrayValue) => [lax.sin(x), lax.cos(x)][1])(array([1, 2, 3])));
  expect(
    text
      .replace(/explain\.test\.ts:\d+:\d+ \([^)]*\)|explain\.test\.ts:\d+:\d+/g, "explain.test.ts")
      .replace(/ {2,}/g, "  "),
  ).toMatchInlineSnapshot(`
    "flops  bytes  source  operation
      3  24  inspect/explain.test.ts  (pruned) _:f32[3] = sin a
      3  24  inspect/explain.test.ts  b:f32[3] = cos a
    3 flops, 24 bytes in 1 operations; 1 pruned"
  `);
  expect(inspect(explain((x: ArrayValue) => lax.sin(x))(1.5))).toContain("sin a");
});

test("equations of a derivative point at the line of the function", () => {
  const loss = (x: ArrayValue): ArrayValue => lax.reduceSum(lax.mul(x, x), [0]);
  const sources = explain(grad(loss))(array([1, 2])).equations.map((eqn) => eqn.source);
  expect(sources.length).toBeGreaterThan(2);
  for (const source of sources) expect(source).toContain("explain.test.ts");
});

/** A structured value that one operation knows. */
class Twice extends ArrayValue {
  constructor(readonly half: ArrayValue) {
    super();
  }
  override get aval(): Aval {
    return this.half.aval;
  }
  override materialise(): ArrayValue {
    return lax.mul(this.half, 2);
  }
}
register(lax.neg, [Twice], ([x]) => new Twice(lax.neg(x.half)));

test("what became a plain array for lack of a rule", () => {
  const f = quaxify((x: ArrayValue) => lax.sin(lax.neg(x)));
  const result = explain(f)(new Twice(array([1, 2])));
  expect(result.equations.map((eqn) => eqn.primitive)).toEqual(["neg", "mul", "sin"]);
  expect(result.misses).toEqual([
    { primitive: "sin", classes: ["Twice"], source: expect.stringContaining("explain.test.ts") },
  ]);
  expect(String(result)).toContain("materialised: sin has no rule for (Twice) at ");
});

describe("costs", () => {
  const cost = (f: (...xs: ArrayValue[]) => ArrayValue | readonly ArrayValue[], ...avals: Aval[]) =>
    programOf(f, avals).jaxpr.eqns.map(costOf).at(-1)!;
  test.each<
    readonly [string, (...xs: ArrayValue[]) => ArrayValue | readonly ArrayValue[], Aval[], number, number]
  >([
    ["an operation an element", (x) => lax.add(x, 1), [f32(4, 5)], 20, 164],
    [
      "a batch of products",
      (x, y) =>
        lax.dotGeneral(x, y, [
          [[2], [1]],
          [[0], [0]],
        ]),
      [f32(2, 3, 4), f32(2, 4, 5)],
      2 * 2 * 3 * 4 * 5,
      4 * (24 + 40 + 30),
    ],
    ["a reduction is of its operand's size", (x) => lax.reduceSum(x, [0]), [f32(8, 2)], 16, 4 * 18],
    ["moving is free", (x) => lax.transpose(x, [1, 0]), [f32(8, 2)], 0, 128],
    ["sorting", (x) => lax.sort(x), [f32(8)], 24, 64],
    ["halves", (x) => lax.neg(x), [avalOf([6], "bfloat16")], 6, 24],
    ["a derived primitive costs what it stands for", (x) => lax.tile(x, [2]), [f32(3)], 0, 36],
  ])("%s", (_name, f, avals, flops, bytes) => {
    expect(cost(f, ...avals)).toEqual({ flops, bytes });
  });

  test("random bits", () => {
    const key = new NDArray(avalOf([], "key<fry>"), new HostBuffer(Uint32Array.of(0, 1)));
    const { flops, bytes } = cost(() => lax.randomBits.bind([key], { bitWidth: 32, shape: [100] }));
    expect(flops).toBeGreaterThan(1000);
    expect(bytes).toBe(408);
  });

  const holding = (params: object) => {
    const [x, y] = [new Var(f32(3)), new Var(f32(3))];
    const primitive = { primitive: "test_holds", rules: { elementwise: false } } as unknown as AnyPrimitive;
    return costOf({ primitive, params, inputs: [x], outputs: [y], effects: [], source: undefined });
  };
  const bodies = [programOf((x) => lax.sin(x), [f32(3)]), programOf((x) => lax.sin(lax.cos(x)), [f32(3)])];
  test("programs that an equation holds: a loop's as often as it runs, of branches the dearest", () => {
    expect(holding({ jaxpr: bodies[0], length: 10 })).toEqual({ flops: 30, bytes: 240 });
    expect(holding({ branches: bodies })).toEqual({ flops: 6, bytes: 48 });
    expect(holding({ condJaxpr: bodies[0], bodyJaxpr: bodies[1] })).toEqual({ flops: 9, bytes: 72 });
    expect(bodies[0]).toBeInstanceOf(ClosedJaxpr);
  });
});
