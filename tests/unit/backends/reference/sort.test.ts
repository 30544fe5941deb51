import { expect, test } from "vitest";
import { sort, topK } from "../../../../src/lax/sort.ts";
import { array, elements } from "../../lax/arrays.ts";

test("every dtype sorts by value", () => {
  expect(elements(sort(array([3, -1, 2], [3], "int8")))).toEqual([-1, 2, 3]);
  expect(elements(sort(array([3, 4294967295, 2], [3], "uint32")))).toEqual([2, 3, 4294967295]);
  expect(elements(sort(array([3n, -(2n ** 60n), 2n], [3], "int64")))).toEqual([-(2n ** 60n), 2n, 3n]);
  expect(elements(sort(array([true, false], [2], "bool")))).toEqual([0, 1]);
  expect(elements(sort(array([1.5, -2, 0.25], [3], "bfloat16")))).toEqual([-2, 0.25, 1.5]);
  expect(elements(sort(array([1.5, NaN, -2], [3], "float16")))).toEqual([-2, 1.5, NaN]);
});

test("elements that compare equal keep their order, with the sign of zero", () => {
  expect(elements(sort(array([0, -0, 0, -0])))).toEqual([0, -0, 0, -0]);
});

test("rows of an inner axis sort apart, complex payloads moving whole", () => {
  const keys = array([2, 1, 1, 2], [2, 2]);
  const payload = array([1, -1, 2, -2, 3, -3, 4, -4], [2, 2], "complex64");
  const [, moved] = sort([keys, payload], { dimension: 0 });
  expect(elements(moved!)).toEqual([3, -3, 2, -2, 1, -1, 4, -4]);
});

test("the largest of 64-bit and half-precision numbers", () => {
  expect(topK(array([1n, 2n ** 60n, 5n], [3], "int64"), 2).map(elements)).toEqual([
    [2n ** 60n, 5n],
    [1, 2],
  ]);
  expect(topK(array([1, 8, 5], [3], "float16"), 2).map(elements)).toEqual([
    [8, 5],
    [1, 2],
  ]);
});
