import { type ArrayValue, grad, jit, jvp, lax, numpy as np } from "cotangent";
import { expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

const pooled = (x: ArrayValue, ...rest: readonly unknown[]): ArrayValue =>
  lax.reduceWindow(x, -Infinity, lax.max, [2], ...(rest as []));

test("of equal largest elements the first has the derivative, in both modes, and a NaN goes before", () => {
  const tie = np.array([1, 1, 2, 2]);
  expectValues(grad((x: ArrayValue) => np.sum(pooled(x, [2])))(tie), [1, 0, 1, 0]);
  expectValues(jvp((x: ArrayValue) => pooled(x, [2]), [tie], [np.array([1, 2, 3, 4])])[1], [1, 3]);
  const holes = np.array([1, NaN, NaN, 2]);
  expectValues(grad((x: ArrayValue) => np.sum(pooled(x)))(holes), [0, 2, 1, 0]);
});

test("a window that sees no element has no derivative", () => {
  const f = (x: ArrayValue): ArrayValue => pooled(x, [2], [[2, 2]]);
  expect(f(np.array([1, 3])).toList()).toEqual([-Infinity, 3, -Infinity]);
  const lowest = np.array([-Infinity, -Infinity]);
  expectValues(grad((x: ArrayValue) => np.sum(f(x)))(lowest), [1, 0]);
});

test("the derivative of a window whose elements are apart is there in reverse", () => {
  const f = (x: ArrayValue): ArrayValue => np.sum(pooled(x, { windowDilation: [2], baseDilation: [2] }));
  expectValues(jit(grad(f))(np.array([3, 1, 2])), [1, 0, 1]);
});

test("complex numbers have no derivative here, and say so", () => {
  const z = np.array([1, 2], "complex64");
  expect(() => jvp((x: ArrayValue) => pooled(x), [z], [z])).toThrow(/reduce_window_max has no derivative/);
});
