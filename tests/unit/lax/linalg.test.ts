import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DType } from "../../../src/core/dtype.ts";
import { sizeOf } from "../../../src/core/shape.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { jvp } from "../../../src/interpreters/jvp.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import * as lax from "../../../src/lax/index.ts";
import { adjoint, product } from "../../../src/lax/linalg/matrices.ts";
import { withX64 } from "../../laws/samples.ts";
import { array, elements } from "./arrays.ts";

const { linalg } = lax;
const tall = array([1, 2, -0.5, 3, 1.5, 0.75, -2, 0.5, 1, 0.25, 1, -1], [4, 3]);
const complexOf = (re: readonly number[], im: readonly number[], shape: readonly number[]): ArrayValue =>
  array(
    re.flatMap((x, i) => [x, im[i]!]),
    shape,
    "complex64",
  );
/** The first three rows, and i times the last three. */
const complex = complexOf(
  [1, 2, -0.5, 3, 1.5, 0.75, -2, 0.5, 1],
  [3, 1.5, 0.75, -2, 0.5, 1, 0.25, 1, -1],
  [3, 3],
);
const near = (x: ArrayValue, expected: readonly number[], digits = 5): void => {
  const got = elements(x).map(Number);
  expect(got).toHaveLength(expected.length);
  got.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, digits));
};
const same = (x: ArrayValue, y: ArrayValue, digits = 4): void => near(x, elements(y).map(Number), digits);
const identity = (n: number, dtype: DType = "float32"): ArrayValue =>
  lax.convertElementType(
    lax.eq(lax.broadcastedIota("int32", [n, n], 0), lax.broadcastedIota("int32", [n, n], 1)),
    dtype,
  );
/** `u·diag(s)`. */
const scaled = (u: ArrayValue, s: ArrayValue): ArrayValue =>
  lax.mul(u, lax.convertElementType(lax.expandDims(s, [s.ndim - 1]), u.dtype));

describe("the values are those of JAX", () => {
  test("of qr, with the signs of LAPACK", () => {
    const [q, r] = linalg.qr(tall);
    near(q, [
      -0.26666677, 0.701202929, 0.246542811, -0.613530636, -0.8, 0.120457985, -0.518379629, 0.27707839, 0.533333361,
      0.580744922, -0.582341194, 0.197913185, -0.06666667, 0.395650774, 0.575654328, 0.712487221,
    ]); // prettier-ignore
    near(r, [-3.75, -1.53333354, 0.133333385, 0, 2.2691164, -0.0751638412, 0, 0, -1.67005157, 0, 0, 0]);
    expect(elements(linalg.qr(tall, { pivoting: true })[2]!)).toEqual([0, 1, 2]);
  });
  test("of qr of complex matrices, with a real diagonal", () => {
    near(linalg.qr(complex)[1], [
      -5.202162742614746, 0, -1.778106689453125, 0.4084838628768921, 0.048056840896606445, -1.6339356899261475,
      0, 0, -2.582920551300049, 0, -0.7754349708557129, 0.39129406213760376, 0, 0, 0, 0, -0.9739271402359009, 0,
    ]); // prettier-ignore
  });
  test("of lu, whose pivots are the largest by |re| + |im|", () => {
    const [lu, pivots, permutation] = linalg.lu(tall);
    near(lu, [3, 1.5, 0.75, 1 / 3, 1.5, -0.75, -2 / 3, 1, 2.25, 1 / 12, 0.583333373, -0.277777791]);
    expect(elements(pivots)).toEqual([1, 1, 2]);
    expect(elements(permutation)).toEqual([1, 0, 2, 3]);
    expect(elements(linalg.luPivotsToPermutation(pivots, 4))).toEqual([1, 0, 2, 3]);
    near(linalg.lu(complex)[0], [
      3, -2, 1.5, 0.5, 0.75, 1, -0.230769277, 0.846153855, 2.76923084, 0.346153736, 0.519230843, 0.346153885, -0.5,
      -0.25, 0.472222209, 0.527777851, 1.0625, -0.75,
    ]); // prettier-ignore
  });
  test("of singular values and eigenvalues", () => {
    near(linalg.svd(tall, { computeUv: false }), [4.17468119, 2.04077744, 1.66801083]);
    near(linalg.svd(complex, { computeUv: false }), [5.80691862, 2.64399219, 0.852345049]);
    near(linalg.eigh(lax.add(complex, adjoint(complex)))[1], [-4.61397457, 2.73338652, 8.88058853]);
  });
});

test("they are written as JAX writes them", () => {
  const square = lax.slice(tall, [0, 0], [3, 3]);
  expect(String(makeJaxpr((x: ArrayValue) => linalg.qr(x))(tall))).toMatchInlineSnapshot(`
    "{ lambda ; a:f32[4,3]. let
        b:f32[4,4] c:f32[4,3] = qr[full_matrices=True pivoting=False use_magma=None] a
      in (b, c) }"
  `);
  expect(String(makeJaxpr((x: ArrayValue) => linalg.svd(x))(tall))).toMatchInlineSnapshot(`
    "{ lambda ; a:f32[4,3]. let
        b:f32[3] c:f32[4,4] d:f32[3,3] = svd[
          algorithm=None
          compute_uv=True
          full_matrices=True
          subset_by_index=None
        ] a
      in (c, b, d) }"
  `);
  expect(String(makeJaxpr((x: ArrayValue) => linalg.eigh(x))(square))).toMatchInlineSnapshot(`
    "{ lambda ; a:f32[3,3]. let
        b:f32[3,3] = transpose[permutation=(1, 0)] a
        c:f32[3,3] = add a b
        d:f32[3,3] = div c 2.0:f32[]
        e:f32[3,3] f:f32[3] = eigh[
          algorithm=None
          lower=True
          sort_eigenvalues=True
          subset_by_index=None
        ] d
      in (e, f) }"
  `);
  expect(String(makeJaxpr((x: ArrayValue) => linalg.triangularSolve(x, x))(square))).toMatchInlineSnapshot(`
    "{ lambda ; a:f32[3,3]. let
        b:f32[3,3] = triangular_solve[
          conjugate_a=False
          left_side=False
          lower=False
          transpose_a=False
          unit_diagonal=False
        ] a a
      in (b,) }"
  `);
});

/** Sizes, and numbers for a matrix of them; some are 0 or repeated, so that ranks are not always full. */
const matrices = fc
  .record({ m: fc.integer({ min: 0, max: 7 }), n: fc.integer({ min: 0, max: 7 }) })
  .chain(({ m, n }) =>
    fc.record({
      shape: fc.constant([m, n] as const),
      data: fc.array(fc.oneof(fc.constantFrom(0, 1, -2), fc.float({ min: -4, max: 4, noNaN: true })), {
        minLength: 2 * m * n,
        maxLength: 2 * m * n,
      }),
      dtype: fc.constantFrom<DType[]>("float32", "float64", "complex64"),
    }),
  )
  .map(({ shape, data, dtype }) =>
    array(dtype === "complex64" ? data : data.slice(0, sizeOf(shape)), shape, dtype),
  );
const forAll = (law: (x: ArrayValue) => void): void =>
  withX64(() => fc.assert(fc.property(matrices, law), { numRuns: 60, seed: 7 }));
const square = (x: ArrayValue): ArrayValue => product(x, adjoint(x));

describe("for matrices of any shape, rank and dtype", () => {
  test.each([true, false])("q·r is the matrix and q is unitary, fullMatrices being %s", (fullMatrices) => {
    forAll((x) => {
      const [q, r] = linalg.qr(x, { fullMatrices });
      same(product(q, r), x);
      same(product(adjoint(q), q), identity(q.shape[1]!, x.dtype));
    });
  });
  test("with pivoting, q·r is the matrix with its columns in order, and the diagonal descends", () => {
    forAll((x) => {
      const [q, r, order] = linalg.qr(x, { pivoting: true, fullMatrices: false });
      const places = elements(order!).map(Number);
      const inOrder = places.map((j) => lax.sliceInDim(x, j, j + 1, 1, 1));
      if (places.length > 0) same(product(q, r), lax.concatenate(inOrder, 1));
      const diagonal = elements(linalg.svd(r, { computeUv: false }));
      expect(diagonal).toHaveLength(Math.min(...x.shape));
      const sizes = Array.from({ length: Math.min(...x.shape) }, (_, i) =>
        Math.abs(Number(elements(lax.slice(r, [i, i], [i + 1, i + 1]))[0])),
      );
      sizes.forEach((size, i) =>
        expect(size).toBeLessThanOrEqual((sizes[i - 1] ?? Infinity) * (1 + 1e-5) + 1e-5),
      );
    });
  });
  test.each([true, false])("u·diag(s)·vᴴ is the matrix, fullMatrices being %s", (fullMatrices) => {
    forAll((x) => {
      const [u, s, vh] = linalg.svd(x, { fullMatrices });
      const least = Math.min(...x.shape);
      const [left, right] = [lax.sliceInDim(u, 0, least, 1, 1), lax.sliceInDim(vh, 0, least)];
      same(product(scaled(left, s), right), x);
      same(product(adjoint(u), u), identity(u.shape[1]!, x.dtype));
      same(product(vh, adjoint(vh)), identity(vh.shape[0]!, x.dtype));
      const values = elements(s).map(Number);
      expect(values).toEqual(values.toSorted((a, b) => b - a));
      expect(values.every((value) => value >= 0)).toBe(true);
      same(linalg.svd(x, { computeUv: false }), s);
    });
  });
  test("v·diag(w)·vᴴ is the Hermitian matrix, from either triangle", () => {
    forAll((x) => {
      const a = square(x);
      const [v, w] = linalg.eigh(a);
      same(product(scaled(v, w), adjoint(v)), a, 3);
      same(product(adjoint(v), v), identity(a.shape[0]!, a.dtype));
      same(linalg.eigh(a, { lower: false, symmetrizeInput: false })[1], w, 3);
    });
  });
  test("l·u is the matrix with its rows in order", () => {
    forAll((x) => {
      const [m, n] = x.shape as [number, number];
      const [lu, , permutation] = linalg.lu(x);
      const k = Math.min(m, n);
      const rows = elements(permutation).map((i) => lax.sliceInDim(x, Number(i), Number(i) + 1));
      if (k === 0) return;
      const [left, right] = [lax.sliceInDim(lu, 0, k, 1, 1), lax.sliceInDim(lu, 0, k)];
      const at = (y: ArrayValue, below: boolean) => {
        const [i, j] = [0, 1].map((axis) => lax.broadcastedIota("int32", y.shape, axis));
        return lax.select(below ? lax.gt(i!, j!) : lax.le(i!, j!), y, lax.fullLike(y, 0));
      };
      const unit = lax.sliceInDim(identity(m, x.dtype), 0, k, 1, 1);
      same(product(lax.add(at(left, true), unit), at(right, false)), lax.concatenate(rows, 0));
    });
  });
  test("l·lᴴ is the positive definite matrix, and solves are of it", () => {
    forAll((x) => {
      const a = lax.add(square(x), identity(x.shape[0]!, x.dtype));
      const l = linalg.cholesky(a);
      same(product(l, adjoint(l)), a, 3);
      const options = { lower: true, conjugateA: true };
      for (const leftSide of [true, false]) {
        const b = leftSide ? x : adjoint(x);
        const solved = linalg.triangularSolve(l, b, { ...options, leftSide, transposeA: true });
        same(leftSide ? product(adjoint(l), solved) : product(solved, adjoint(l)), b, 3);
      }
    });
  });
});

test("the symmetric product is alpha·A·Aᵀ + beta·C, of which the lower triangle may be mirrored", () => {
  const [a, c] = [array([1, 2, 3, 4], [2, 2]), array([1, 5, 2, 3], [2, 2])];
  near(linalg.symmetricProduct(a, c), [5, 11, 11, 25]);
  near(linalg.symmetricProduct(a, c, { alpha: 2, beta: -1 }), [9, 17, 20, 47]);
  near(linalg.symmetricProduct(a, c, { alpha: 2, beta: -1, symmetrizeOutput: true }), [9, 20, 20, 47]);
});

test("numbers that would overflow when squared, or vanish, do not", () => {
  for (const size of [1e-300, 1e-160, 1e160, 1e300]) {
    const x = array([3 * size, 0, 4 * size, 0, 0, 2 * size], [3, 2], "float64");
    const s = elements(linalg.svd(x, { computeUv: false })).map((value) => Number(value) / size);
    expect(s[0]).toBeCloseTo(5, 12);
    expect(s[1]).toBeCloseTo(2, 12);
    const r = elements(linalg.qr(x, { fullMatrices: false })[1]).map((value) => Number(value) / size);
    expect(r[0]).toBeCloseTo(-5, 12);
  }
});

test("what has no decomposition is NaN", () => {
  const all = (x: ArrayValue) => elements(x).every((value) => Number.isNaN(value));
  expect(linalg.svd(array([1, NaN, 2, 1], [2, 2])).every(all)).toBe(true);
  expect(linalg.eigh(array([1, 0, Infinity, 1], [2, 2])).every(all)).toBe(true);
  // Of a stack, only the one.
  const stack = linalg.cholesky(array([1, 2, 2, 1, 4, 0, 0, 9], [2, 2, 2]));
  expect(elements(stack)).toEqual([NaN, 0, NaN, NaN, 2, 0, 0, 3]);
});

test("singular matrices are solved to what division by zero gives", () => {
  const x = linalg.triangularSolve(array([0, 1, 0, 2], [2, 2]), array([1, 2]), { leftSide: true });
  expect(elements(x)).toEqual([NaN, 1]);
});

describe("vectors of complex matrices have any phase, but", () => {
  const t = complexOf([1, 0, 2, -1, 1, 0, 0.5, 1, 1], [0, 1, 0, 2, -1, 1, 0, 0.25, 1], [3, 3]);
  test("the tangents of u, s and vᴴ make that of the matrix", () => {
    const [[u, s, vh], [du, ds, dvh]] = jvp((x: ArrayValue) => linalg.svd(x), [complex], [t]) as [
      ArrayValue[],
      ArrayValue[],
    ];
    const terms = [
      product(scaled(du!, s!), vh!),
      product(scaled(u!, ds!), vh!),
      product(scaled(u!, s!), dvh!),
    ];
    same(
      terms.reduce((x, y) => lax.add(x, y)),
      t,
    );
  });
  test("those of v and w make that of the Hermitian one", () => {
    const hermitian = (x: ArrayValue) => lax.add(x, adjoint(x));
    const [[v, w], [dv, dw]] = jvp(
      (x: ArrayValue) => linalg.eigh(x),
      [hermitian(complex)],
      [hermitian(t)],
    ) as [ArrayValue[], ArrayValue[]];
    const terms = [
      product(scaled(dv!, w!), adjoint(v!)),
      product(scaled(v!, dw!), adjoint(v!)),
      product(scaled(v!, w!), adjoint(dv!)),
    ];
    same(
      terms.reduce((x, y) => lax.add(x, y)),
      hermitian(t),
      3,
    );
  });
});

test.each([
  ["a vector", () => linalg.qr(array([1, 2])), "qr: operand 0 must have at least 2 axes, got shape (2,)"],
  ["integers", () => linalg.svd(array([1], [1, 1], "int32")), "svd does not accept dtype int32"],
  ["a matrix that is not square", () => linalg.cholesky(tall), "cholesky takes a square matrix"],
  ["eigenvalues of one", () => linalg.eigh(tall), "eigh takes a square matrix"],
  [
    "sides that do not fit",
    () => linalg.triangularSolve(identity(3), tall, { leftSide: true }),
    "b with as many rows",
  ],
  ["two dtypes", () => linalg.triangularSolve(identity(2), identity(2, "complex64")), "same dtypes"],
  ["more exchanges than rows", () => linalg.luPivotsToPermutation(array([0, 1], [2], "int32"), 1), "got 1"],
  [
    "wide reflections",
    () => linalg.householderProduct(lax.transpose(tall, [1, 0]), array([1])),
    "at least as many rows",
  ],
  [
    "pivots of other integers",
    () => linalg.geqp3(tall, array([0, 0], [2], "uint8")),
    "does not accept dtype uint8 at position 1",
  ],
  [
    "exchanges of other integers",
    () => linalg.luPivotsToPermutation(array([0], [1], "uint8"), 1),
    "accepted are int32",
  ],
  ["pivots of other columns", () => linalg.geqp3(tall, array([0], [1], "int32")), "pivots have shape (3,)"],
  ["an unknown option", () => linalg.svd(tall, { fullMatrice: true } as never), "did you mean fullMatrices"],
])("%s is refused", (_what, call, message) => {
  expect(call).toThrow(message);
});

test.each([
  ["svd with fullMatrices", (x: ArrayValue) => linalg.svd(x)],
  ["geqrf", (x: ArrayValue) => linalg.geqrf(x)],
])("%s has no derivative", (name, f) => {
  expect(() => jvp(f as never, [tall], [tall])).toThrow(name);
});
