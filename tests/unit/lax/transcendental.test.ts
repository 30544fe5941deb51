import { describe, expect, test } from "vitest";
import { grad } from "../../../src/interpreters/vjp.ts";
import type { Unary } from "../../../src/lax/elementwise.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import * as lax from "../../../src/lax/transcendental.ts";
import { array, elements } from "./arrays.ts";

const close = (x: ArrayValue, wanted: number) => expect(Number(elements(x)[0])).toBeCloseTo(wanted, 5);

describe("inverses", () => {
  const pairs: readonly (readonly [f: Unary<string>, inverse: Unary<string>, x: number])[] = [
    [lax.exp, lax.log, 0.7],
    [lax.expm1, lax.log1p, 1e-6],
    [lax.sin, lax.asin, 0.3],
    [lax.cos, lax.acos, 0.3],
    [lax.tan, lax.atan, 0.3],
    [lax.sinh, lax.asinh, 0.3],
    [lax.cosh, lax.acosh, 0.3],
    [lax.tanh, lax.atanh, 0.3],
  ];
  test.each(pairs)("%o undoes %o", (f, inverse, x) => close(inverse(f(x)), x));

  test.each(pairs)("%o and %o have reciprocal slopes", (f, inverse, x) => {
    const slope = (g: Unary<string>, at: ArrayValue) => grad(g)(at) as ArrayValue;
    const y = f(array([x], []));
    expect(
      Number(elements(slope(f, array([x], [])))[0]) * Number(elements(slope(inverse, y))[0]),
    ).toBeCloseTo(1, 4);
  });
});

test("numbers are floats, integer arrays are refused", () => {
  expect(lax.sin(1).aval).toEqual({ shape: [], dtype: "float32", weak: true });
  expect(() => lax.sin(array([1], [1], "int32"))).toThrow("sin does not accept dtype int32");
});

test("the logistic function is flat in both tails", () => {
  const slope = grad(lax.logistic);
  expect(elements(slope(array([200], [])) as ArrayValue)).toEqual([0]);
  expect(elements(slope(array([-200], [])) as ArrayValue)).toEqual([0]);
});

test("exp2 is a power of 2, and its slope log 2 times it", () => {
  close(lax.exp2(3), 8);
  close(grad(lax.exp2)(array([3], [])) as ArrayValue, 8 * Math.LN2);
});

test("atan2 knows the quadrant", () => {
  close(lax.atan2(1, -1), (3 * Math.PI) / 4);
  close(lax.atan2(-1, -1), (-3 * Math.PI) / 4);
});

test("e^(iπ) = −1", () => {
  const [re, im] = elements(lax.exp(array([0, Math.PI], [1], "complex64")));
  expect(re).toBeCloseTo(-1, 6);
  expect(im).toBeCloseTo(0, 6);
});
