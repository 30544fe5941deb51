import { describe, expect, test } from "vitest";
import { grad, vjp } from "../../../src/interpreters/vjp.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { cbrt, integerPow, pow, reciprocal, rsqrt, sqrt, square } from "../../../src/lax/power.ts";
import { array, elements } from "./arrays.ts";

const x = array([1, 4, 0.25]);

describe("pow", () => {
  test("takes an integral number as an int32 exponent, another as a float", () => {
    expect(String(makeJaxpr((x: ArrayValue) => pow(x, 2))(x))).toContain("pow a 2:i32[]");
    expect(String(makeJaxpr((x: ArrayValue) => pow(x, 0.5))(x))).toContain("pow a 0.5:f32[]");
    expect(pow(array([2], [1], "bfloat16"), 0.5).dtype).toBe("bfloat16");
    expect(elements(pow(2, array([3, -1], [2], "int32")))).toEqual([8, 0.5]);
    expect(elements(pow(2, 3))).toEqual([8]);
  });

  test("refuses integer bases and exponents of another float", () => {
    expect(() => pow(array([1], [1], "int32"), 2)).toThrow("pow does not accept dtype int32 at position 0");
    expect(() => pow(x, array([1, 1, 1], [3], "bfloat16"))).toThrow("np.power, which promotes");
  });

  test("has JAX's derivatives at base 0", () => {
    const [zero, exponents] = [array([0, 0, 0]), array([0, 1, 2])];
    const [, pull] = vjp(pow, [zero, exponents]);
    const [byBase, byExponent] = pull(array([1, 1, 1])) as [ArrayValue, ArrayValue];
    expect(elements(byBase)).toEqual([NaN, 1, 0]);
    expect(elements(byExponent)).toEqual([0, 0, 0]);
    expect(elements(grad((x: ArrayValue) => pow(x, 0))(array([0], [])) as ArrayValue)).toEqual([0]);
  });
});

describe("integer powers", () => {
  test("are repeated products", () => {
    expect(elements(integerPow(array([-2, 3]), 3))).toEqual([-8, 27]);
    expect(elements(integerPow(array([-2, 3], [2], "int32"), 3))).toEqual([-8, 27]);
    expect(elements(integerPow(array([NaN, 0]), 0))).toEqual([1, 1]);
  });

  test("reject fractions, and negative ones of integers", () => {
    expect(() => integerPow(x, 2.5)).toThrow("must be an integer, got 2.5");
    expect(() => integerPow(array([2], [1], "int32"), -1)).toThrow("negative powers");
  });

  test("of -1 are the reciprocal, also of a number", () => {
    expect(elements(reciprocal(x))).toEqual([1, 0.25, 4]);
    expect(elements(reciprocal(2))).toEqual([0.5]);
    expect(String(makeJaxpr(reciprocal)(x))).toContain("integer_pow[y=-1]");
  });
});

test("roots invert squares and cubes", () => {
  expect(elements(sqrt(square(x)))).toEqual(elements(x));
  expect(elements(rsqrt(x))).toEqual([1, 0.5, 2]);
  expect(elements(cbrt(array([-8, 27])))).toEqual([-2, 3]);
  expect(elements(sqrt(array([-4, 0], [1], "complex64")))).toEqual([0, 2]);
});
