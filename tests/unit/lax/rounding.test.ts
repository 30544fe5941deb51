import { expect, test } from "vitest";
import { DifferentiationError } from "../../../src/core/errors.ts";
import { grad } from "../../../src/interpreters/vjp.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { ceil, floor, nextafter, round, RoundingMethod } from "../../../src/lax/rounding.ts";
import { array, elements } from "./arrays.ts";

const halves = array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]);

test("halves go away from zero, or to even", () => {
  expect(elements(round(halves))).toEqual([-3, -2, -1, 1, 2, 3]);
  expect(elements(round(halves, RoundingMethod.TO_NEAREST_EVEN))).toEqual([-2, -2, -0, 0, 2, 2]);
  expect(elements(round(halves, { roundingMethod: RoundingMethod.TO_NEAREST_EVEN }))).toEqual([
    -2, -2, -0, 0, 2, 2,
  ]);
  expect(elements(floor(halves))).toEqual([-3, -2, -1, 0, 1, 2]);
  expect(elements(ceil(halves))).toEqual([-2, -1, -0, 1, 2, 3]);
});

test("the method is printed as JAX prints it", () => {
  expect(String(makeJaxpr((x: ArrayValue) => round(x))(halves))).toContain("round[rounding_method=0]");
});

test("a method that is none, and integers, are refused", () => {
  expect(() => round.bind([halves], { roundingMethod: 3 as RoundingMethod })).toThrow("no rounding method");
  expect(() => floor(array([1], [1], "int32"))).toThrow("floor does not accept dtype int32");
});

test("the next number is one unit in the last place away", () => {
  expect(elements(nextafter(1, array([2, 0, 1])))).toEqual([1 + 2 ** -23, 1 - 2 ** -24, 1]);
  expect(elements(nextafter(array([1], [1], "bfloat16"), 2))).toEqual([1 + 2 ** -7]);
});

test("the next number has no derivative", () => {
  expect(() => grad((x: ArrayValue) => nextafter(x, 2))(array([1], []))).toThrow(DifferentiationError);
});
