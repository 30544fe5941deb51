import { type Optionals, readOptions } from "../../core/options.ts";
import { definePrimitive, type NoParams, type Op } from "../../core/primitive.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import { add, div } from "../arithmetic.ts";
import { toArray } from "../operand.ts";
import {
  batchInFront,
  checkMatrices,
  hermitian,
  identityLike,
  lowerTriangle,
  product,
  symmetrized,
} from "./matrices.ts";
import { triangularSolve } from "./triangular-solve.ts";

/** The lower triangle, the diagonal halved. */
const lowerHalf = (x: ArrayValue): ArrayValue => div(lowerTriangle(x), add(identityLike(x), 1));

/**
 * The lower triangular `L` of `A = L·Lᴴ`, for Hermitian positive definite `A`; NaN where it is not.
 *
 * `(A + Aᴴ) / 2` is decomposed; with `symmetrizeInput: false`, `A`, of which the lower triangle is read.
 * Shape: `[…s, n, n] → […s, n, n]`. Dtype: that of `x`.
 * @throws DTypeError when `x` is not inexact; ShapeError when it is no square matrix or stack of them.
 * @see `jax.lax.linalg.cholesky`
 */
export const cholesky: Op<
  (x: Operand, ...rest: Optionals<[], { readonly symmetrizeInput?: boolean | undefined }>) => ArrayValue,
  "cholesky",
  [x: ArrayValue],
  NoParams
> = definePrimitive("cholesky", {
  call: (operand, ...rest) => {
    const options = readOptions<{ symmetrizeInput?: boolean }>("cholesky", ["symmetrizeInput"], rest);
    const x = toArray(operand, "cholesky");
    const { symmetrizeInput = true } = options;
    if (!symmetrizeInput) return cholesky.bind([x], {})[0]!;
    checkMatrices("cholesky", x.aval);
    return cholesky.bind([symmetrized(x)], {})[0]!;
  },
  arity: 1,
  abstract: ([x]) => checkMatrices("cholesky", x),
  // With L⁻¹·Ȧ·L⁻ᴴ = F, L̇ = L·Φ(F), where Φ takes the lower triangle and half of the diagonal: arXiv:1602.07527.
  jvp: ([x], [t]) => {
    const [l] = cholesky.bind([x], {}) as [ArrayValue];
    if (!t) return [[l], [null]];
    const onRight = triangularSolve(l, hermitian(t), { lower: true, transposeA: true, conjugateA: true });
    const f = triangularSolve(l, onRight, { leftSide: true, lower: true });
    return [[l], [product(l, lowerHalf(f))]];
  },
  batch: batchInFront(() => cholesky),
  samples: [
    { operands: [{ shape: [2, 2], values: [4, 1, 1, 3] }], params: {} },
    { operands: [{ shape: [2, 2, 2], values: [4, 1, 1, 3, 2, -1, -1, 5] }], params: {} },
  ],
});
