import { ShapeError } from "../../core/errors.ts";
import { type Optionals, readOptions } from "../../core/options.ts";
import { showShape } from "../../core/shape.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import { finfo } from "../limits.ts";
import { cast, defaultInt, promoteDTypesInexact } from "../promotion.ts";
import { any, max, sum } from "../reduce.ts";
import { broadcastArray, choose } from "../where.ts";
import { svd, svdvals, toMatrices, toSquare } from "./decompositions.ts";
import { norm, type Order } from "./norm.ts";
import { inv } from "./solve.ts";

export interface MatrixRankOptions {
  /** Singular values up to this number are 0. Default: the largest one times `max(m, n)` roundings. */
  rtol?: Operand | null | undefined;
  /** `x` is Hermitian. */
  hermitian?: boolean | undefined;
}

/**
 * How many singular values of matrices are not 0; of a vector or number, 1 unless all is 0.
 *
 * Shape: `[…s, m, n] → […s]`. Dtype: integer.
 * @see `jax.numpy.linalg.matrix_rank`
 */
export function matrixRank(
  x: Operand,
  ...rest: Optionals<[rtol: Operand | null], MatrixRankOptions>
): ArrayValue {
  const caller = "np.linalg.matrixRank";
  const { rtol = null, hermitian = false } = readOptions<MatrixRankOptions>(
    caller,
    ["rtol", "hermitian"],
    rest,
  );
  const [a] = promoteDTypesInexact(caller, x);
  if (a.ndim < 2) return cast(any(lax.ne(a, 0)), "int32", false, caller);
  const s = svd(a, { fullMatrices: false, computeUv: false, hermitian });
  const least =
    rtol === null
      ? lax.mul(max(s, { axis: -1, initial: 0 }), Math.max(...a.shape.slice(-2)) * finfo(a.dtype).eps)
      : cast(rtol, s.dtype, false, caller);
  const isKept = lax.gt(s, broadcastArray(lax.expandDims(least, [least.ndim]), s.shape, caller));
  return sum(cast(isKept, defaultInt(), false, caller), { axis: -1 });
}

/**
 * The condition number: the norm of matrices times that of their inverses, for the norm `p`; of the 2-norm, which is the
 * default, the largest singular value over the smallest.
 *
 * Shape: `[…s, m, n] → […s]`; m is n unless `p` is ±2.
 * @throws ShapeError when there are fewer than two axes, no elements, or `x` is not square. @see `jax.numpy.linalg.cond`
 */
export function cond(x: Operand, ...rest: Optionals<[p: Order], { p?: Order | undefined }>): ArrayValue {
  const caller = "np.linalg.cond";
  const { p = null } = readOptions<{ p?: Order }>(caller, ["p"], rest);
  const a = toMatrices(x, caller);
  if (a.shape.slice(-2).includes(0))
    throw new ShapeError(
      "linalg/matrix",
      `${caller} takes matrices with elements, got shape ${showShape(a.shape)}`,
    );
  const ofValues = () => {
    const s = svdvals(a);
    const [first, last] = [0, -1].map((i) => lax.indexInDim(s, i, -1, false)) as [ArrayValue, ArrayValue];
    return p === -2 ? lax.div(last, first) : lax.div(first, last);
  };
  if (p === null || p === 2) return ofValues();
  const over = { ord: p, axis: [-2, -1] };
  const out = p === -2 ? ofValues() : lax.mul(norm(toSquare(a, caller), over), norm(inv(a), over));
  const hasNaN = any(lax.ne(a, a), { axis: [-2, -1] });
  return choose(lax.and(lax.ne(out, out), lax.not(hasNaN)), Infinity, out, caller);
}
