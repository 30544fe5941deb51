import { describe, expect, test } from "vitest";
import {
  and,
  bitwiseAnd,
  clz,
  not,
  or,
  populationCount,
  shiftLeft,
  shiftRightArithmetic,
  shiftRightLogical,
  xor,
} from "../../../src/lax/bits.ts";
import { array, elements } from "./arrays.ts";

const words = array([12, -1], [2], "int32");

describe("bitwise functions", () => {
  test("of bools are logical", () => {
    const [p, q] = [array([true, true, false], [3], "bool"), array([true, false, false], [3], "bool")];
    expect(elements(and(p, q))).toEqual([1, 0, 0]);
    expect(elements(or(p, q))).toEqual([1, 1, 0]);
    expect(elements(xor(p, q))).toEqual([0, 1, 0]);
    expect(elements(not(p))).toEqual([0, 0, 1]);
  });

  test("of integers work on each bit", () => {
    expect(elements(and(words, 10))).toEqual([8, 10]);
    expect(elements(or(words, 3))).toEqual([15, -1]);
    expect(elements(xor(words, -1))).toEqual([-13, 0]);
    expect(elements(not(array([200], [1], "uint8")))).toEqual([55]);
  });

  test("refuse floats", () => {
    expect(() => not(array([1]))).toThrow("not does not accept dtype float32");
  });

  test("go by JAX's function names too", () => {
    expect(bitwiseAnd).toBe(and);
  });
});

describe("shifts", () => {
  test("of the width or more leave nothing but the sign", () => {
    const [x, by] = [array([-8, 8, -1], [3], "int32"), array([1, 32, -1], [3], "int32")];
    expect(elements(shiftLeft(x, by))).toEqual([-16, 0, 0]);
    expect(elements(shiftRightArithmetic(x, by))).toEqual([-4, 0, -1]);
    expect(elements(shiftRightLogical(x, by))).toEqual([2 ** 31 - 4, 0, 0]);
  });

  test("know the width of their dtype", () => {
    const x = array([-128], [1], "int8");
    expect(elements(shiftRightLogical(x, 7))).toEqual([1]);
    expect(elements(shiftLeft(x, 1))).toEqual([0]);
  });
});

test("ones, and zeros ahead of them, are counted within the width", () => {
  expect(elements(populationCount(array([-1, 5], [2], "int8")))).toEqual([8, 2]);
  expect(elements(clz(array([0, 1, 255], [3], "uint8")))).toEqual([8, 7, 0]);
});
