import { describe, expect, test } from "vitest";
import { DTypeError } from "../../../src/core/errors.ts";
import { jit } from "../../../src/control/index.ts";
import { type ArrayValue, avalOf } from "../../../src/core/value.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import { quaxify } from "../../../src/interpreters/quax.ts";
import { grad } from "../../../src/interpreters/vjp.ts";
import { sameZero, tangentDType, Zero, zeroTangent } from "../../../src/interpreters/zero.ts";
import { add, mul, reduceSum, sin } from "../../../src/lax/index.ts";
import { flatten } from "../../../src/tree/index.ts";
import { array, values } from "../arrays.ts";

test("is a leaf with a shape and a dtype, and no data", () => {
  const zero = new Zero([2, 3], "float32");
  expect([zero.shape, zero.dtype, zero.size]).toEqual([[2, 3], "float32", 6]);
  const [leaves] = flatten({ a: zero });
  expect(leaves.length).toBe(1);
  expect(leaves[0]).toBe(zero);
  expect(values(zero.materialise())).toEqual([0, 0, 0, 0, 0, 0]);
});

test("of float0 has no array that it could become", () => {
  const zero = zeroTangent(avalOf([2], "int32"));
  expect(zero.dtype).toBe("float0");
  expect(() => zero.materialise()).toThrow(DTypeError);
  expect(() => add(zero, array([1, 2]))).toThrow("float0");
});

test("tangents have the dtype of inexact primals, and float0 of others", () => {
  expect(
    (["float32", "bfloat16", "complex64", "int32", "bool", "key<fry>"] as const).map(tangentDType),
  ).toEqual(["float32", "bfloat16", "complex64", "float0", "float0", "float0"]);
});

test("are the same by shape and dtype", () => {
  expect(sameZero(new Zero([2], "float32"), new Zero([2], "float32"))).toBe(true);
  expect(sameZero(new Zero([2], "float32"), new Zero([3], "float32"))).toBe(false);
  expect(sameZero(new Zero([2], "float32"), new Zero([2], "float16"))).toBe(false);
});

describe("costs no equation", () => {
  test.each<[string, (x: ArrayValue) => unknown]>([
    ["added", (x) => add(x, new Zero([2], "float32"))],
    ["multiplied", (x) => mul(x, new Zero([2], "float32"))],
    ["added to itself", () => add(new Zero([2], "float32"), new Zero([2], "float32"))],
  ])("%s", (_, f) => expect(makeJaxpr(f)(array([1, 2])).jaxpr.eqns).toEqual([]));
});

test("a function that asks for its numbers gets zeros", () =>
  expect(values(quaxify((x: ArrayValue) => sin(x))(new Zero([2], "float32")))).toEqual([0, 0]));

test("goes in and out of jit, and another one there is another program", () => {
  let traces = 0;
  const f = jit((x: Zero, y: ArrayValue) => {
    traces++;
    return { x, sum: add(x, y) };
  });
  expect(f(new Zero([2], "float32"), array([1, 2])).x).toBeInstanceOf(Zero);
  f(new Zero([2], "float32"), array([3, 4]));
  expect(traces).toBe(1);
  f(new Zero([], "float32"), array([3, 4]));
  expect(traces).toBe(2);
});

test("the gradient of a function of a Zero is one", () => {
  const g = grad((x: ArrayValue, z: Zero) => reduceSum(add(mul(x, x), z), [0]), [0, 1])(
    array([1, 2]),
    new Zero([2], "float32"),
  ) as unknown as [ArrayValue, Zero];
  expect(values(g[0])).toEqual([2, 4]);
  expect(g[1]).toBeInstanceOf(Zero);
});
