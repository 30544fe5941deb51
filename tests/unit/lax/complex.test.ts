import { expect, test } from "vitest";
import { vjp } from "../../../src/interpreters/vjp.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { mul } from "../../../src/lax/arithmetic.ts";
import { complex, conj, imag, real } from "../../../src/lax/complex.ts";
import { array, elements } from "./arrays.ts";

const z = array([1, 2, 3, -1], [2], "complex64");

test("a complex number is made of its parts", () => {
  expect(elements(complex(real(z), imag(z)))).toEqual(elements(z));
  expect(elements(complex(array([1, 2]), 5))).toEqual([1, 5, 2, 5]);
});

test("the conjugate of a float is it, complex", () => {
  expect(elements(conj(z))).toEqual([1, -2, 3, 1]);
  expect(conj(array([1])).aval).toEqual({ shape: [1], dtype: "complex64", weak: false });
});

test("cotangents follow JAX: ∂f/∂x − i ∂f/∂y", () => {
  const [, pull] = vjp((z: ArrayValue) => mul(real(z), imag(z)), [z]);
  expect(elements((pull(array([1, 1])) as [ArrayValue])[0])).toEqual([2, -1, -1, -3]);
});

test("parts are taken of complex numbers only, and made of float32", () => {
  expect(() => real(array([1]))).toThrow("real does not accept dtype float32");
  expect(() => complex(array([1], [1], "bfloat16"), 1)).toThrow("complex does not accept dtype bfloat16");
});
