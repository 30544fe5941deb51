import { type ArrayValue, grad, jit, lax, numpy as np } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

// Made by jax.lax.linalg.tridiagonal_solve.
const lower = np.array([0, 1, -2, 0.5]);
const main = np.array([4, 5, 6, 3]);
const upper = np.array([1, 2, -1, 0]);
const b = np.array([
  [1, 2],
  [3, -1],
  [0.5, 4],
  [2, 2],
]);
const solution = [
  0.1401752233505249, 0.6395494341850281, 0.4392991364002228, -0.5581977367401123, 0.3316645920276642,
  0.5757196545600891, 0.6113892197608948, 0.5707134008407593,
];

describe("tridiagonal_solve", () => {
  test("is JAX's", () => {
    expectValues(lax.linalg.tridiagonalSolve(lower, main, upper, b), solution);
    expectValues(jit(lax.linalg.tridiagonalSolve)(lower, main, upper, b), solution);
  });

  test("does not read what lies outside of the matrix", () => {
    expectValues(lax.linalg.tridiagonalSolve(lower.at(0).set(7), main, upper.at(3).set(-7), b), solution);
  });

  test("has JAX's gradients", () => {
    const f = (...operands: [ArrayValue, ArrayValue, ArrayValue, ArrayValue]) =>
      np.sum(np.sin(lax.linalg.tridiagonalSolve(...operands)));
    const expected = [
      [0, -0.1274438202381134, 0.0005606934428215027, -0.2720755338668823],
      [-0.13112711906433105, 0.015532881021499634, -0.060165442526340485, -0.3540007472038269],
      [-0.0006612390279769897, -0.14973652362823486, -0.08110103011131287, 0],
      [
        0.2049497663974762, 0.16010995209217072, 0.1703924685716629, 0.16192495822906494, 0.07593104243278503,
        0.060761868953704834, 0.29826080799102783, 0.3007592260837555,
      ],
    ];
    grad(f, { argnums: [0, 1, 2, 3] })(lower, main, upper, b).forEach((g, i) =>
      expectValues(g, expected[i]!),
    );
  });

  test("refuses what does not fit", () => {
    const solve = lax.linalg.tridiagonalSolve;
    expect(() => solve(lower, main, upper, np.ones([4]))).toThrow(
      "for b of shape (…s, n, k) the three diagonals have shape (…s, n); got (4,), (4,), (4,) and b (4,)",
    );
    expect(() => solve(np.ones([3]), main, upper, b)).toThrow("got (3,), (4,), (4,)");
    expect(() => solve(lower, main, upper, np.ones([4, 1], "float16"))).toThrow("same dtypes");
    const whole = np.ones([2], "int32");
    expect(() => solve(whole, whole, whole, np.ones([2, 1], "int32"))).toThrow(
      "takes arrays of one inexact dtype, got int32, int32, int32, int32",
    );
  });
});
