import { describe, expect, test } from "vitest";
import { offsetsOf } from "../../../../src/backends/reference/reduce.ts";
import { cumsum } from "../../../../src/lax/cumulative.ts";
import { reduceMax, reduceMin, reduceProd, reduceSum } from "../../../../src/lax/reduce.ts";
import { array, elements } from "../../lax/arrays.ts";

describe("offsetsOf", () => {
  test("runs the last axis fastest, in any order of axes", () => {
    expect([...offsetsOf([2, 3], [0, 1])]).toEqual([0, 1, 2, 3, 4, 5]);
    expect([...offsetsOf([2, 3], [1, 0])]).toEqual([0, 3, 1, 4, 2, 5]);
    expect([...offsetsOf([2, 3, 4], [2])]).toEqual([0, 1, 2, 3]);
  });
  test("is one offset for no axes, none for an empty one", () => {
    expect([...offsetsOf([2, 3], [])]).toEqual([0]);
    expect([...offsetsOf([2, 0, 3], [0, 1])]).toEqual([]);
  });
});

describe("a sum", () => {
  test("of float32 is rounded once: small terms beside a large one are not lost", () => {
    expect(elements(reduceSum(array([2 ** 24, ...Array.from({ length: 64 }, () => 1)]), [0]))).toEqual([
      2 ** 24 + 64,
    ]);
  });

  test.each([
    ["bfloat16", 3008],
    ["float16", 3000],
  ] as const)("of %s is rounded once", (dtype, expected) => {
    const ones = array(Array.from({ length: 3000 }, () => 1), [3000], dtype); // prettier-ignore
    expect(elements(reduceSum(ones, [0]))).toEqual([expected]);
    expect(elements(cumsum(ones)).at(-1)).toBe(expected);
  });

  test("of integers wraps", () => {
    expect(elements(reduceSum(array([100, 100], [2], "int8"), [0]))).toEqual([-56]);
    expect(elements(reduceSum(array([2 ** 31, 2 ** 31, 5], [3], "uint32"), [0]))).toEqual([5]);
    expect(elements(reduceSum(array([2n ** 63n - 1n, 1n], [2], "int64"), [0]))).toEqual([-(2n ** 63n)]);
    expect(elements(cumsum(array([100, 100], [2], "int8")))).toEqual([100, -56]);
  });

  test("of one -0 is -0", () => {
    expect(elements(reduceSum(array([-0], [1, 1]), [0]))).toEqual([-0]);
  });
});

test("a product of integers wraps exactly", () => {
  expect(elements(reduceProd(array([123456789, 987654321], [2], "int32"), [0]))).toEqual([
    Math.imul(123456789, 987654321),
  ]);
});

test("complex numbers multiply, and compare by real, then by imaginary part", () => {
  const x = array([1, 2, 3, -1, 3, 1], [3], "complex64");
  expect(elements(reduceProd(x, [0]))).toEqual([10, 20]);
  expect(elements(reduceMax(x, [0]))).toEqual([3, 1]);
  expect(elements(reduceMin(x, [0]))).toEqual([1, 2]);
  expect(elements(reduceSum(array([1, 2, 3, 4, 5, 6, 7, 8], [2, 2], "complex64"), [0]))).toEqual([
    6, 8, 10, 12,
  ]);
});

test("an extreme is NaN where one element is", () => {
  expect(elements(reduceMax(array([1, NaN, 3, 4], [2, 2]), [1]))).toEqual([NaN, 4]);
});
