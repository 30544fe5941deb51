import { type ArrayValue, grad, jit, lax, makeJaxpr, numpy as np, vmap } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

const power = (n: number | ArrayValue) => (x: ArrayValue) =>
  lax.foriLoop(0, n, (_i, c) => np.multiply(c, x), np.array(1));

describe("foriLoop", () => {
  test("counts from the lower bound up to the upper one", () => {
    expectValues(
      lax.foriLoop(2, 5, (i, c) => np.add(np.multiply(c, 10), i), np.array(0)),
      234,
    );
    expectValues(power(0)(np.array(3)), 1);
    expectValues(
      lax.foriLoop(5, 0, (_i, c) => np.multiply(c, 2), np.array(3)),
      3,
    );
  });

  test("with static bounds it is a scan, and goes backwards", () => {
    expect(String(makeJaxpr(power(3))(np.array(2)))).toMatch(/scan\[[^]*length=3/);
    expectValues(grad(power(3))(np.array(2)), 12);
    expectValues(jit(grad(power(3)))(np.array(2)), 12);
  });

  test("with traced bounds it is a while loop", () => {
    const run = (n: ArrayValue, x: ArrayValue) => power(n)(x);
    expect(String(makeJaxpr(run)(np.array(3, "int32"), np.array(2)))).toContain("while[");
    expectValues(jit(run)(np.array(3, "int32"), np.array(2)), 8);
    expect(() => jit(grad(run, { argnums: 1 }))(np.array(3, "int32"), np.array(2))).toThrow(/static bounds/);
  });

  test("bounds that differ between examples", () => {
    const run = vmap((n: ArrayValue, x: ArrayValue) => power(n)(x));
    expectValues(run(np.array([0, 1, 4], "int32"), np.array([2, 3, 2])), [1, 3, 16]);
  });

  test("the counter is as weak as its lower bound", () => {
    const small = np.ones([2], "int8");
    expect(lax.foriLoop(0, 3, (i, c) => np.multiply(c, np.add(i, 1)), small).dtype).toBe("int8");
  });

  test("what is wrong with its carry is said of foriLoop, by the path in the carry", () => {
    const grow = (n: number | ArrayValue) => () =>
      lax.foriLoop(0, n, (_i, c) => ({ a: np.concatenate([c.a, c.a]) }), { a: np.ones([2]) });
    const types =
      /foriLoop: the carry.*at \.a: the carry that goes in has f32\[2\], the carry that comes out has f32\[4\]/s;
    expect(grow(3)).toThrow(types);
    expect(() => jit((n: ArrayValue) => grow(n)())(np.array(3, "int32"))).toThrow(types);
    expect(() => lax.foriLoop(0, 3, (_i, c) => [c] as never, np.ones([2]))).toThrow(
      /foriLoop: .*one structure/,
    );
  });

  test("refuses bounds that are no integers of one dtype, and unroll where a bound is traced", () => {
    const run = (lower: unknown, upper: unknown) => () =>
      lax.foriLoop(lower as number, upper as number, (_i, c) => c, 1);
    expect(run(0, 3.5)).toThrow(/must be integers, got i32\[\] and f32\[\]/);
    expect(run(np.array(0, "int8"), np.array(3, "int16"))).toThrow(/one dtype, got i8\[\] and i16\[\]/);
    expect(run(np.array([0], "int32"), 3)).toThrow(/lower bound must be a scalar/);
    expect(() =>
      jit((n: ArrayValue) => lax.foriLoop(0, n, (_i, c) => c, 1, { unroll: 2 }))(np.array(2, "int32")),
    ).toThrow(/unroll needs bounds that are known/);
    expect(() => lax.foriLoop(0, 2, 1 as never, 1)).toThrow(/bodyFun must be a function/);
  });
});

describe("map", () => {
  const f = (x: ArrayValue) => np.add(np.square(x), 1);
  const xs = np.array([1, 2, 3, 4, 5]);

  test("is a function of each slice, one after the other", () => {
    expectValues(lax.map(f, xs), [2, 5, 10, 17, 26]);
    expect(String(makeJaxpr((xs: ArrayValue) => lax.map(f, xs))(xs))).toMatch(/scan\[[^]*num_carry=0/);
  });

  test("batches of any size give the same, a rest included", () => {
    for (const batchSize of [1, 2, 5, 7]) expectValues(lax.map(f, xs, { batchSize }), [2, 5, 10, 17, 26]);
    const pairs = lax.map(({ a, b }) => [np.add(a, b), b] as const, { a: xs, b: xs }, { batchSize: 2 });
    expectValues(pairs[0], [2, 4, 6, 8, 10]);
  });

  test("refuses a batch size that is none, and nothing to map over", () => {
    expect(() => lax.map(f, xs, { batchSize: 0 })).toThrow(/positive integer/);
    expect(() => lax.map(f, null as never, { batchSize: 2 })).toThrow(/no array/);
    expect(() => lax.map(f, np.array(1))).toThrow(/lax\.map: xs is f32\[\], a scalar/);
  });
});
