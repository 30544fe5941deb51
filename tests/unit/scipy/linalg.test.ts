import { expect, test } from "vitest";
import "../../../src/backends/default.ts";
import "../../../src/numpy/methods.ts";
import { config } from "../../../src/core/config.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { jit } from "../../../src/control/index.ts";
import { grad } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import * as lax from "../../../src/lax/index.ts";
import * as np from "../../../src/numpy/index.ts";
import { linalg } from "../../../src/scipy/index.ts";

const a = np.array([[4, 1], [1, 3]]); // prettier-ignore
const wide = np.ones([2, 3]);
const stack = np.ones([2, 2, 2]);
const same = (x: ArrayValue, y: ArrayValue): void =>
  expect((np.allclose(x, y, { rtol: 1e-4, atol: 1e-5 }) as ArrayValue).tolist()).toBe(true);

test("the exponential of a sum of matrices that commute is the product of theirs", () => {
  const b = np.divide(np.matmul(a, a), 8);
  same(
    linalg.expm(np.divide(np.add(a, b), 4)),
    np.matmul(linalg.expm(np.divide(a, 4)), linalg.expm(np.divide(b, 4))),
  );
});
test("the gradient of its trace is its transpose", () => {
  const x = np.array([[0.5, 2], [-1, 0.25]]); // prettier-ignore
  const slope = grad((y: ArrayValue) => np.trace(linalg.expm(y)));
  for (const f of [slope, jit(slope)]) same(f(x) as ArrayValue, np.matrixTranspose(linalg.expm(x)));
});
test("in float64 it is exact to its digits", () => {
  config.enableX64 = true;
  try {
    const out = linalg.expm(np.array([[0, -1], [1, 0]], "float64")).tolist() as number[][]; // prettier-ignore
    expect(out[0]![0]).toBeCloseTo(Math.cos(1), 14);
    expect(out[1]![0]).toBeCloseTo(Math.sin(1), 14);
  } finally {
    config.enableX64 = false;
  }
});
test("roots squared are the matrix, singly and in a batch", () => {
  for (const root of [linalg.sqrtm(a), vmap(linalg.sqrtm)(np.stack([np.eye(2), a]) as ArrayValue)]) {
    const last = root.ndim === 2 ? root : lax.indexInDim(root, 1, 0, false);
    same(np.real(np.matmul(last, last)), a);
  }
});
test("a polar decomposition has a gradient", () => {
  const f = (x: ArrayValue) => np.sum(np.multiply(linalg.polar(x)[0], np.array([[1, 2], [3, 5]]))); // prettier-ignore
  const g = (x: ArrayValue) => np.sum(np.multiply(linalg.polar(x, { method: "svd" })[0], np.array([[1, 2], [3, 5]]))); // prettier-ignore
  const x = np.array([[1, 2], [-1, 0.5]]); // prettier-ignore
  same(grad(f)(x) as ArrayValue, grad(g)(x) as ArrayValue);
});
test("too few iterations have not converged", () => {
  const [, , steps, isConverged] = lax.linalg.qdwh(a, { maxIterations: 2 });
  expect([steps.tolist(), isConverged.tolist()]).toEqual([2, false]);
});

test.each([
  ["a triangle of a matrix that is not square", () => linalg.cholesky(wide), "takes a square matrix"],
  ["sides that do not fit", () => linalg.choSolve(linalg.choFactor(a), np.ones([3])), "b has as many rows"],
  [
    "an unknown transpose",
    () => linalg.luSolve(linalg.luFactor(a), a, { trans: 3 as never }),
    "trans is 0, 1 or 2",
  ],
  [
    "an unknown transpose of a triangle",
    () => linalg.solveTriangular(a, a, { trans: "H" as never }),
    'trans is one of "N", "T", "C"',
  ],
  [
    "an unknown mode",
    () => linalg.qr(a, { mode: "half" as never }),
    'mode is one of "full", "economic", "r"',
  ],
  ["an unknown output", () => linalg.schur(a, "both" as never), 'output is one of "real", "complex"'],
  ["an unknown assumption", () => linalg.solve(a, a, { assumeA: "low" as never }), 'assumeA is one of "gen"'],
  [
    "an exponential of half floats",
    () => linalg.expm(np.astype(a, "float16")),
    "takes float32, float64 or complex64",
  ],
  ["an exponential of a wide matrix", () => linalg.expm(wide), "takes a square matrix"],
  ["a direction of another shape", () => linalg.expmFrechet(a, np.eye(3)), "both matrices have one shape"],
  ["a root of a stack", () => linalg.sqrtm(stack), "takes one matrix, got shape (2, 2, 2): vmap it"],
  ["a function of a wide matrix", () => linalg.funm(wide, np.exp), "takes a square matrix"],
  ["an unknown side", () => linalg.polar(a, "up" as never), 'side is one of "right", "left"'],
  ["iteration of a wide matrix on the right", () => linalg.polar(wide), 'give method: "svd"'],
  ["wide iteration", () => lax.linalg.qdwh(wide), "at least as many rows as columns"],
  [
    "half an iteration",
    () => lax.linalg.qdwh(a, { maxIterations: 0.5 }),
    "maxIterations is a natural number",
  ],
  [
    "an equation of other sizes",
    () => linalg.solveSylvester(a, a, wide),
    "square with as many rows and columns",
  ],
  [
    "an unknown method",
    () => linalg.solveSylvester(a, a, a, { method: "lu" as never }),
    'method is one of "schur"',
  ],
  ["a block of three axes", () => linalg.blockDiag(a, stack), "at most two axes, got shape (2, 2, 2)"],
  ["a Hankel matrix of a number", () => linalg.hankel(1), "takes vectors, got a scalar"],
  ["a polynomial of one number", () => linalg.companion(np.ones([1])), "at least two numbers"],
  ["as many survivors as births", () => linalg.leslie(np.ones([2]), np.ones([2])), "one less"],
  [
    "a convolution with nothing",
    () => linalg.convolutionMatrix(np.ones([0]), 2),
    "takes vectors with elements",
  ],
  [
    "a convolution of nothing",
    () => linalg.convolutionMatrix(np.ones([2]), 0),
    "n is an integer of at least 1",
  ],
  [
    "an unknown mode of convolution",
    () => linalg.convolutionMatrix(np.ones([2]), 2, "half" as never),
    'mode is one of "full"',
  ],
  ["coefficients of a matrix", () => linalg.fiedlerCompanion(a), "takes a vector with elements"],
  ["a negative size", () => linalg.hilbert(-1), "n is an integer of at least 0"],
  ["an unknown triangle", () => linalg.pascal(3, "left" as never), 'kind is one of "symmetric"'],
  ["no rows", () => linalg.helmert(0), "n is an integer of at least 1"],
  ["rows that are no power of 2", () => linalg.hadamard(6), "n is a power of 2"],
  ["an unknown scale", () => linalg.dft(4, "half" as never), 'scale is one of "sqrtn", "n"'],
])("%s is refused", (_what, call, message) => {
  expect(call).toThrow(message);
});

test.each(["gen", "pos"] as const)(
  "a right-hand side that does not fit is refused by name, with %s matrices",
  (assumeA) => {
    expect(() => linalg.solve(a, np.ones([3]), { assumeA })).toThrow(
      "scipy.linalg.solve: a is a square matrix",
    );
  },
);
