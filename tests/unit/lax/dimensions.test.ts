import { expect, test } from "vitest";
import {
  argsort,
  checkAxes,
  checkIntegers,
  dimWithout,
  inserted,
  inversePermutation,
  shiftAxes,
} from "../../../src/lax/dimensions.ts";

test("lists of integers hold nothing else", () => {
  expect(() => checkIntegers([0, -2], "sizes", "f")).not.toThrow();
  for (const bad of [[0.5], [NaN], ["1"], 3, null])
    expect(() => checkIntegers(bad, "sizes", "f")).toThrow("f sizes must be a list of integers, got");
  expect(() => checkIntegers([-1], "sizes", "f", 0)).toThrow(
    "must be a list of non-negative integers, got (-1,)",
  );
  expect(() => checkIntegers([0], "sizes", "f", 1)).toThrow("must be a list of positive integers, got (0,)");
});

test("axes are distinct and within the rank", () => {
  expect(() => checkAxes([1, 0], 2, "axes", "f")).not.toThrow();
  expect(() => checkAxes([2], 2, "axes", "f")).toThrow("f axes must be in [0, 2), got (2,)");
  expect(() => checkAxes([-1], 2, "axes", "f")).toThrow("count axes from the front");
  expect(() => checkAxes([1, 1], 2, "axes", "f")).toThrow("f axes must be unique, got (1, 1)");
});

test("an axis put in moves those behind it, and one taken out moves them back", () => {
  expect(shiftAxes([0, 1, 2], 1)).toEqual([0, 2, 3]);
  expect(dimWithout(3, [0, 2])).toBe(1);
  expect(inserted(["a", "c"], 1, "b")).toEqual(["a", "b", "c"]);
});

test("a permutation has an inverse, and every list one that sorts it", () => {
  expect(inversePermutation([2, 0, 1])).toEqual([1, 2, 0]);
  expect(argsort([30, 10, 20])).toEqual([1, 2, 0]);
});
