import { expect, test } from "vitest";
import { DifferentiationError } from "../../../src/core/errors.ts";
import { grad } from "../../../src/interpreters/vjp.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { digamma, erf, erfc, erfInv, lgamma, polygamma, zeta } from "../../../src/lax/special.ts";
import { array, elements } from "./arrays.ts";

const value = (x: unknown) => Number(elements(x as ArrayValue)[0]);
const scalar = (x: number) => array([x], []);

test("erf and erfc sum to 1, and erfInv inverts", () => {
  expect(value(erf(0.5)) + value(erfc(0.5))).toBeCloseTo(1, 6);
  expect(value(erfInv(erf(0.5)))).toBeCloseTo(0.5, 5);
  expect(elements(erfInv(array([1, -1, 2])))).toEqual([Infinity, -Infinity, NaN]);
});

test("their slopes are Gaussian", () => {
  const gauss = (2 / Math.sqrt(Math.PI)) * Math.exp(-0.25);
  expect(value(grad(erf)(scalar(0.5)))).toBeCloseTo(gauss, 5);
  expect(value(grad(erfc)(scalar(0.5)))).toBeCloseTo(-gauss, 5);
  expect(value(grad(erfInv)(erf(scalar(0.5))))).toBeCloseTo(1 / gauss, 5);
});

test("lgamma, digamma and polygamma are derivatives of each other", () => {
  expect(value(lgamma(5))).toBeCloseTo(Math.log(24), 5);
  expect(value(grad(lgamma)(scalar(3)))).toBe(value(digamma(3)));
  expect(value(grad(digamma)(scalar(3)))).toBe(value(polygamma(1, 3)));
  expect(value(grad((x: ArrayValue) => polygamma(1, x))(scalar(3)))).toBe(value(polygamma(2, 3)));
  expect(value(polygamma(1, 1))).toBeCloseTo(Math.PI ** 2 / 6, 5);
});

test("zeta(2) = π²/6", () => {
  expect(value(zeta(2, 1))).toBeCloseTo(Math.PI ** 2 / 6, 5);
});

test("the order of polygamma, and zeta, are not differentiated", () => {
  expect(() => grad((m: ArrayValue) => polygamma(m, 2))(scalar(1))).toThrow(DifferentiationError);
  expect(() => grad((x: ArrayValue) => zeta(x, 2))(scalar(2))).toThrow("zeta is not differentiated");
});
