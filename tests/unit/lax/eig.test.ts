import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DType } from "../../../src/core/dtype.ts";
import { range } from "../../../src/core/shape.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { grad } from "../../../src/interpreters/vjp.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import * as lax from "../../../src/lax/index.ts";
import { adjoint, product } from "../../../src/lax/linalg/matrices.ts";
import { array, elements } from "./arrays.ts";

const { linalg } = lax;

/** Matrices of what is hard: numbers that are equal, 0, or of very different sizes. */
const matrices = (dtype: DType): fc.Arbitrary<ArrayValue> =>
  fc.integer({ min: 1, max: 7 }).chain((n) => {
    const lanes = dtype === "complex64" ? 2 : 1;
    const entry = fc.constantFrom(0, 0, 1, -1, 2, 0.5, -3, 1.25, 100, 2 ** -10);
    return fc
      .array(entry, { minLength: n * n * lanes, maxLength: n * n * lanes })
      .map((data) => array(data, [n, n], dtype));
  });
const asComplex = (x: ArrayValue): ArrayValue => lax.convertElementType(x, "complex64");
const scaled = (v: ArrayValue, w: ArrayValue): ArrayValue => lax.mul(v, lax.broadcastInDim(w, v.shape, [1]));

/** Within some roundings of the largest number of `like`. */
function same(x: ArrayValue, y: ArrayValue, like: ArrayValue): void {
  const most = Math.max(...elements(like).map((z) => Math.abs(Number(z))), 1);
  const wanted = elements(y);
  elements(x).forEach((z, i) =>
    expect(Math.abs(Number(z) - Number(wanted[i]))).toBeLessThan(most * 2 ** -18),
  );
}

describe.each(["float32", "complex64"] as const)("%s", (dtype) => {
  test("eigenvalues and vectors satisfy A·v = λ·v and uᴴ·A = λ·uᴴ, and vectors have length 1", () => {
    fc.assert(
      fc.property(matrices(dtype), (a) => {
        const [w, u, v] = linalg.eig(a) as [ArrayValue, ArrayValue, ArrayValue];
        const x = asComplex(a);
        same(product(x, v), scaled(v, w), a);
        same(product(adjoint(x), u), scaled(u, lax.conj(w)), a);
        for (const vectors of [u, v])
          same(lax.reduceSum(lax.square(lax.abs(vectors)), [0]), lax.full([a.shape[0]!], 1), w);
      }),
      { numRuns: 60 },
    );
  });
  test("Z·T·Zᴴ is the matrix, Z unitary, and T 0 below its blocks", () => {
    fc.assert(
      fc.property(matrices(dtype), (a) => {
        const [t, z] = linalg.schur(a) as [ArrayValue, ArrayValue];
        const n = a.shape[0]!;
        same(product(z, t, adjoint(z)), a, a);
        same(
          product(z, adjoint(z)),
          lax.convertElementType(
            lax.eq(lax.broadcastedIota("int32", [n, n], 0), lax.broadcastedIota("int32", [n, n], 1)),
            dtype,
          ),
          t,
        );
        const lanes = dtype === "complex64" ? 2 : 1;
        const at = (i: number, j: number) => Number(elements(t)[(i * n + j) * lanes]);
        for (const j of range(n))
          for (const i of range(n - j - 1, j + 1)) {
            const isBlock = lanes === 1 && i === j + 1 && at(i, j) !== 0;
            if (!isBlock) expect(at(i, j)).toBe(0);
            else expect([at(i, i) - at(j, j), at(i, j) * at(j, i) < 0]).toEqual([0, true]);
          }
      }),
      { numRuns: 60 },
    );
  });
});

const bad = array([1, Infinity, 2, 3], [2, 2]);
test.each([
  ["eig", () => linalg.eig(bad)],
  ["schur", () => linalg.schur(bad)],
])("%s of what is not finite is NaN", (_what, call) => {
  for (const x of call()) expect(elements(x).every(Number.isNaN)).toBe(true);
});
test("of no rows there is nothing", () => {
  const none = array([], [0, 0]);
  expect(linalg.eig(none).map((x) => x.shape)).toEqual([[0], [0, 0], [0, 0]]);
  expect(linalg.hessenberg(none).map((x) => x.shape)).toEqual([[0, 0], [0]]);
});
test("the texts are JAX's", () => {
  const text = (f: (x: ArrayValue) => unknown) =>
    String(makeJaxpr(f as (x: ArrayValue) => ArrayValue[])(array([1], [1, 1])));
  expect(text((x) => linalg.eig(x, { computeLeftEigenvectors: false })).replaceAll(/\s+/g, " ")).toContain(
    "eig[ compute_left_eigenvectors=False compute_right_eigenvectors=True enable_eigvec_derivs=False implementation=None ] a",
  );
  expect(text((x) => linalg.schur(x)).replaceAll(/\s+/g, " ")).toContain(
    "schur[ compute_schur_vectors=True select_callable=None sort_eig_vals=False ] a",
  );
});

const square = array([1, 2, 3, 4], [2, 2]);
const wide = array([1, 2], [1, 2]);
test.each([
  ["a matrix that is not square", () => linalg.eig(wide), "eig takes a square matrix"],
  ["a Schur form of one", () => linalg.schur(wide), "schur takes a square matrix"],
  ["a Hessenberg form of one", () => linalg.hessenberg(wide), "hessenberg takes a square matrix"],
  ["a tridiagonal one", () => linalg.tridiagonal(wide), "tridiagonal takes a square matrix"],
  ["integers", () => linalg.eig(lax.convertElementType(square, "int32")), "eig does not accept dtype int32"],
  [
    "an update by too many numbers",
    () => linalg.choleskyUpdate(square, array([1, 2, 3])),
    "w has as many numbers",
  ],
  [
    "an update of complex numbers",
    () => linalg.choleskyUpdate(asComplex(square), asComplex(array([1, 2]))),
    "does not accept dtype complex64",
  ],
  [
    "reflections that do not fit",
    () => linalg.ormqr(square, array([1, 2]), array([1], [1, 1])),
    "does not fit c (1, 1) on the left",
  ],
  [
    "a derivative of vectors",
    () => grad((x: ArrayValue) => lax.reduceSum(lax.real(linalg.eig(x)[1]!), [0, 1]))(square),
    "give enableEigvecDerivs: true",
  ],
  [
    "a derivative of a Schur form",
    () => grad((x: ArrayValue) => lax.reduceSum(linalg.schur(x)[0]!, [0, 1]))(square),
    "schur is not differentiated",
  ],
])("%s is refused", (_what, call, message) => {
  expect(call).toThrow(message);
});
