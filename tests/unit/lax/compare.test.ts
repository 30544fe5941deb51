import { expect, test } from "vitest";
import { NDArray, avalOf } from "../../../src/core/value.ts";
import { HostBuffer } from "../../../src/core/backend.ts";
import { eq, ge, gt, isFinite, le, lt, ne } from "../../../src/lax/compare.ts";
import { array, elements } from "./arrays.ts";

const [x, y] = [array([1, NaN, 0, Infinity]), array([1, NaN, -0, 2])];

test("comparisons with NaN are false, but that it differs", () => {
  expect(elements(eq(x, y))).toEqual([1, 0, 1, 0]);
  expect(elements(ne(x, y))).toEqual([0, 1, 0, 1]);
  expect(elements(lt(x, y))).toEqual([0, 0, 0, 0]);
  expect(elements(le(x, y))).toEqual([1, 0, 1, 0]);
  expect(elements(gt(x, y))).toEqual([0, 0, 0, 1]);
  expect(elements(ge(x, y))).toEqual([1, 0, 1, 1]);
});

test("their result is a bool that is not weak", () => {
  expect(eq(1, 2).aval).toEqual({ shape: [], dtype: "bool", weak: false });
});

test("unsigned integers are compared as such", () => {
  expect(elements(lt(array([2 ** 32 - 1], [1], "uint32"), 1))).toEqual([0]);
});

test("complex numbers are equal or not, but have no order", () => {
  const [z, w] = [array([1, 2, 1, 2], [2], "complex64"), array([1, 2, 1, 3], [2], "complex64")];
  expect(elements(eq(z, w))).toEqual([1, 0]);
  expect(() => lt(z, w)).toThrow("lt does not accept dtype complex64");
});

test("keys are equal when both words are", () => {
  const keys = (...words: number[]) =>
    new NDArray(avalOf([words.length / 2], "key<fry>"), new HostBuffer(Uint32Array.from(words)));
  expect(elements(ne(keys(1, 2, 3, 4), keys(1, 2, 3, 5)))).toEqual([0, 1]);
});

test("infinities and NaN are not finite", () => {
  expect(elements(isFinite(x))).toEqual([1, 0, 1, 0]);
});
