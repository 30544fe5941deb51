import { type Optionals, readOptions } from "../../core/options.ts";
import * as param from "../../core/param-kind.ts";
import { definePrimitive, type NoParams, type Op } from "../../core/primitive.ts";
import { type ArrayValue, avalOf, type Operand } from "../../core/value.ts";
import { notDifferentiable } from "../elementwise.ts";
import { toArray } from "../operand.ts";
import { batchInFront, checkMatrices, realType } from "./matrices.ts";

/** Of a square matrix, one less than it has rows. */
const besides = (shape: readonly number[]): readonly number[] => [
  ...shape.slice(0, -2),
  Math.max(shape.at(-1)! - 1, 0),
];

/**
 * `A = Q·H·Qᴴ` as reflections: `H`, which is 0 below the diagonal beside the main one; below that, the vectors `v` of reflections
 * `I - τ·v·vᴴ` that begin one row further down, whose first number, 1, is left out; and their factors `τ`.
 * `scipy.linalg.hessenberg` has both apart.
 *
 * Shape: `[…s, n, n] → […s, n, n], […s, n - 1]`. Dtype: that of `x`. No derivative.
 * @throws DTypeError when `x` is not inexact; ShapeError when it is no square matrix or stack of them.
 * @see `jax.lax.linalg.hessenberg`; LAPACK `gehrd`
 */
export const hessenberg: Op<
  (x: Operand) => [a: ArrayValue, taus: ArrayValue],
  "hessenberg",
  [x: ArrayValue],
  NoParams
> = definePrimitive("hessenberg", {
  // A primitive gives a list.
  call: (x) => hessenberg.bind([toArray(x, "hessenberg")], {}) as [ArrayValue, ArrayValue],
  arity: 1,
  abstract: ([x]) => {
    checkMatrices("hessenberg", x);
    return [x, { ...x, shape: besides(x.shape) }];
  },
  jvp: [notDifferentiable("hessenberg", "x")],
  batch: batchInFront(() => hessenberg),
  samples: [
    [3, 3],
    [1, 1],
    [2, 4, 4],
  ].map((shape) => ({ operands: [{ shape }], params: {} })),
});

export interface SchurParams {
  readonly computeSchurVectors: boolean;
}

/**
 * `A = Z·T·Zᴴ` with unitary `Z`, as `[T, Z]`, or `[T]`: of complex matrices, `T` is triangular; of real ones it has 2×2 blocks
 * `(a, b; c, a)` with `b·c < 0` on its diagonal, one for each pair of conjugate eigenvalues. Signs are free. Where elements are
 * not finite, all is NaN.
 *
 * Shape: `[…s, n, n] → […s, n, n], […s, n, n]`. Dtype: that of `x`. No derivative.
 * @throws DTypeError when `x` is not inexact; ShapeError when it is no square matrix or stack of them.
 * @see `jax.lax.linalg.schur`; LAPACK `gees`
 */
export const schur: Op<
  (
    x: Operand,
    ...rest: Optionals<[], { readonly computeSchurVectors?: boolean | undefined }>
  ) => ArrayValue[],
  "schur",
  [x: ArrayValue],
  SchurParams
> = definePrimitive("schur", {
  call: (x, ...rest) => {
    const options = readOptions<Partial<SchurParams>>("schur", ["computeSchurVectors"], rest);
    const { computeSchurVectors = true } = options;
    return schur.bind([toArray(x, "schur")], { computeSchurVectors }) as ArrayValue[];
  },
  arity: 1,
  params: { computeSchurVectors: param.boolean },
  alsoShow: () => ({ select_callable: null, sort_eig_vals: false }),
  abstract: ([x], { computeSchurVectors }) => {
    checkMatrices("schur", x);
    return computeSchurVectors ? [x, x] : [x];
  },
  jvp: [notDifferentiable("schur", "x")],
  batch: batchInFront(() => schur),
  samples: [
    { operands: [{ shape: [3, 3] }], params: { computeSchurVectors: true } },
    { operands: [{ shape: [2, 2, 2] }], params: { computeSchurVectors: false } },
  ],
});

export interface TridiagonalParams {
  /** Which triangle is read and holds the reflections. */
  readonly lower: boolean;
}

/**
 * `A = Q·T·Qᴴ` of Hermitian matrices, with real tridiagonal `T`: one triangle of `A` with the vectors of reflections in it, the
 * diagonal of `T`, what is beside it, and the factors of the reflections.
 *
 * Shape: `[…s, n, n] → […s, n, n], […s, n], […s, n - 1], […s, n - 1]`. Dtype: that of `x`; that of its absolute values for `T`. No derivative.
 * @throws DTypeError when `x` is not inexact; ShapeError when it is no square matrix or stack of them.
 * @see `jax.lax.linalg.tridiagonal`; LAPACK `sytrd`, `hetrd`
 */
export const tridiagonal: Op<
  (
    x: Operand,
    ...rest: Optionals<[], { readonly lower?: boolean | undefined }>
  ) => [a: ArrayValue, d: ArrayValue, e: ArrayValue, taus: ArrayValue],
  "tridiagonal",
  [x: ArrayValue],
  TridiagonalParams
> = definePrimitive("tridiagonal", {
  call: (x, ...rest) => {
    const { lower = true } = readOptions<Partial<TridiagonalParams>>("tridiagonal", ["lower"], rest);
    // A primitive gives a list.
    return tridiagonal.bind([toArray(x, "tridiagonal")], { lower }) as [ArrayValue, ArrayValue, ArrayValue, ArrayValue]; // prettier-ignore
  },
  arity: 1,
  params: { lower: param.boolean },
  abstract: ([x], _params) => {
    checkMatrices("tridiagonal", x);
    const real = realType(x.dtype);
    const beside = besides(x.shape);
    return [
      x,
      avalOf(x.shape.slice(0, -1), real, x.weak),
      avalOf(beside, real, x.weak),
      { ...x, shape: beside },
    ];
  },
  jvp: [notDifferentiable("tridiagonal", "x")],
  batch: batchInFront(() => tridiagonal),
  samples: [
    { operands: [{ shape: [3, 3], values: [1, 2, 0.5, 2, -1, 3, 0.5, 3, 1] }], params: { lower: true } },
    { operands: [{ shape: [2, 2, 2] }], params: { lower: false } },
  ],
});
