import { expect, test } from "vitest";
import { precisionReducer } from "../../../../src/backends/reference/precision.ts";

const float32 = { exponentBits: 8, mantissaBits: 23 };
const to = (exponentBits: number, mantissaBits: number) =>
  precisionReducer(float32, { exponentBits, mantissaBits });

// All results: JAX 0.10.2 on CPU.

test("numbers are rounded to nearest even", () => {
  expect([3.14159, 65519, 1.5].map(to(5, 10))).toEqual([3.140625, 65504, 1.5]);
  expect([1 + 2 ** -11, 1 + 3 * 2 ** -11].map(to(5, 10))).toEqual([1, 1 + 2 ** -9]);
});

test("what is too large is infinite, what is not normal any more 0", () => {
  expect([65520, 6e-5, -5e-8, -Infinity].map(to(5, 10))).toEqual([Infinity, 0, -0, -Infinity]);
  expect(to(5, 10)(NaN)).toBeNaN();
});

test("a format with more bits changes nothing", () => {
  expect([1e-39, 3.4e38].map(to(11, 52))).toEqual([1e-39, 3.4e38]);
});

test("without mantissa bits, ties go to an even exponent", () => {
  expect([1.5, 2.5, 3, 6, 3.2].map(to(8, 0))).toEqual([2, 2, 2, 8, 4]);
});

test("with one exponent bit nothing finite is left but 0", () => {
  expect([1, 1.75, 2, 1e38].map(to(1, 3))).toEqual([0, 0, Infinity, Infinity]);
});
