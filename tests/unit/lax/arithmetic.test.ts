import { describe, expect, test } from "vitest";
import { jvp } from "../../../src/interpreters/jvp.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import { vjp } from "../../../src/interpreters/vjp.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import type { Binary } from "../../../src/lax/elementwise.ts";
import { abs, add, div, fma, max, min, mul, neg, rem, sign, sub } from "../../../src/lax/arithmetic.ts";
import { array, elements } from "./arrays.ts";

const pulled = (f: (...xs: ArrayValue[]) => ArrayValue, ...xs: ArrayValue[]) => {
  const [out, pull] = vjp(f, xs) as [ArrayValue, (ct: ArrayValue) => ArrayValue[]];
  return pull(array(Array<number>(out.size).fill(1), out.shape)).map(elements);
};

describe("sums and products", () => {
  test("broadcast sizes of 1 and scalars, and their cotangents are summed back", () => {
    const [column, row] = [array([1, 2], [2, 1]), array([10, 20, 30], [1, 3])];
    expect(elements(add(column, row))).toEqual([11, 21, 31, 12, 22, 32]);
    expect(pulled(mul, column, row)).toEqual([
      [60, 60],
      [3, 3, 3],
    ]);
    expect(pulled(sub, array([5], []), array([1, 2, 3]))).toEqual([[3], [-1, -1, -1]]);
  });

  test("of two ranks are refused, with numpy's function as the remedy", () => {
    expect(() => add(array([1, 2]), array([1], [1, 1]))).toThrow("np.add, which broadcasts");
    expect(() => add(array([1, 2]), array([1, 2, 3]))).toThrow("incompatible shapes");
  });

  test("of two dtypes are refused; numbers take the dtype of the array", () => {
    expect(() => mul(array([1]), array([1], [1], "int32"))).toThrow("np.multiply, which promotes");
    expect(() => mul(array([1], [1], "int32"), 2.5)).toThrow("2.5 does not fit");
    expect(mul(array([3], [1], "bfloat16"), 2).dtype).toBe("bfloat16");
    expect(add(1, 2).aval).toEqual({ shape: [], dtype: "int32", weak: true });
  });

  test("have one equation in their jvp where both operands move", () => {
    const x = array([1, 2]);
    const twice = (op: Binary<string>) => (x: ArrayValue) => jvp(op, [x, x], [x, x])[1];
    expect(String(makeJaxpr(twice(sub))(x))).toMatchInlineSnapshot(`
      "{ lambda ; a:f32[2]. let _:f32[2] = sub a a; b:f32[2] = sub a a in (b,) }"
    `);
  });

  test("wrap in integers", () => {
    const largest = array([2 ** 31 - 1], [1], "int32");
    expect(elements(add(largest, 1))).toEqual([-(2 ** 31)]);
    expect(elements(mul(largest, largest))).toEqual([1]);
    expect(elements(neg(array([1], [1], "uint8")))).toEqual([255]);
  });
});

describe("division", () => {
  test("of integers is towards zero, and by zero gives -1", () => {
    const quotient = div(array([7, -7, 5, -(2 ** 31)], [4], "int32"), array([2, 2, 0, -1], [4], "int32"));
    expect(elements(quotient)).toEqual([3, -3, -1, -(2 ** 31)]);
  });

  test("leaves a remainder with the sign of the dividend", () => {
    expect(elements(rem(array([5.5, -5.5]), 2))).toEqual([1.5, -1.5]);
    expect(elements(rem(array([5, -5], [2], "int32"), 0))).toEqual([5, -5]);
  });
});

describe("max and min", () => {
  test("split the derivative at ties", () => {
    const [x, y] = [array([1, 2, 5]), array([1, 3, 4])];
    expect(pulled(max, x, y)).toEqual([
      [0.5, 0, 1],
      [0.5, 1, 0],
    ]);
    expect(pulled(min, x, y)).toEqual([
      [0.5, 1, 0],
      [0.5, 0, 1],
    ]);
  });

  test("are NaN where an operand is, and order complex numbers by real part", () => {
    expect(elements(max(array([NaN, 1]), array([1, NaN])))).toEqual([NaN, NaN]);
    expect(elements(max(array([1, 2], [1], "complex64"), array([1, -2], [1], "complex64")))).toEqual([1, 2]);
  });
});

describe("absolute value and sign", () => {
  test("of a complex number are its modulus and direction", () => {
    const z = array([3, 4], [1], "complex64");
    expect(abs(z).dtype).toBe("float32");
    expect(elements(abs(z))).toEqual([5]);
    expect(elements(sign(z)).map((x) => Number(x).toFixed(3))).toEqual(["0.600", "0.800"]);
  });

  test("have slope 1 at zero, as JAX", () => {
    expect(pulled(abs, array([0, -0, -2]))).toEqual([[1, 1, -1]]);
  });

  test("pull a cotangent back to a complex operand without conjugate, as JAX", () => {
    const [, pull] = vjp(abs, [array([3, 4, 0, 0], [2], "complex64")]);
    const [ct] = pull(array([1, 1])) as [ArrayValue];
    expect(elements(ct)).toEqual([Math.fround(0.6), -Math.fround(0.8), 0, 0]);
  });

  test("of unsigned integers: only the sign", () => {
    expect(() => abs(array([1], [1], "uint8"))).toThrow("abs does not accept dtype uint8");
    expect(elements(sign(array([0, 200], [2], "uint8")))).toEqual([0, 1]);
  });
});

test("fma rounds once", () => {
  const x = 1 + 2 ** -12;
  expect(elements(fma(x, x, array([-(1 + 2 ** -11)])))).toEqual([2 ** -24]);
  expect(elements(sub(mul(array([x]), x), 1 + 2 ** -11))).toEqual([0]);
});
