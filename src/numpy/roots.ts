import { ShapeError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { showShape } from "../core/shape.ts";
import { s } from "../core/slices.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { get } from "./indexing.ts";
import { eigvals } from "./linalg/eig.ts";
import { defaultInt, promoteDTypesInexact } from "./promotion.ts";
import { argmax } from "./reduce.ts";
import { roll } from "./repeat.ts";
import { eye } from "./triangles.ts";
import { leadingFalse } from "./trim.ts";
import { choose } from "./where.ts";

/**
 * The polynomial, with leading coefficient 1, that has these roots; of a square matrix, its characteristic polynomial.
 *
 * Shape: `[n] → [n + 1]`, or `[n, n] → [n + 1]`; of no roots, `[]`. Dtype: that of the roots, inexact.
 * @throws ShapeError on any other shape. @see `jax.numpy.poly`
 */
export function poly(zeros: Operand): ArrayValue {
  const caller = "np.poly";
  const given = lax.broadcastToRank(promoteDTypesInexact(caller, zeros)[0], 1);
  const isMatrix = given.ndim === 2 && given.shape[0] === given.shape[1] && given.size > 0;
  const at = isMatrix ? eigvals(given) : given;
  if (at.ndim !== 1)
    throw new ShapeError(
      "numpy/polynomial",
      `${caller} takes a vector of roots, or a square matrix; got shape ${showShape(given.shape)}`,
    );
  if (at.size === 0) return lax.full([], 1, at.dtype);
  // (x − z)·p: the coefficients moved up by one place, less z times themselves.
  return lax
    .unstack(at, 0)
    .reduce(
      (p, z) => lax.sub(lax.pad(p, 0, [[0, 1, 0]]), lax.mul(z, lax.pad(p, 0, [[1, 0, 0]]))),
      lax.full([1], 1, at.dtype),
    );
}

export interface RootsOptions {
  /**
   * Whether leading zeros are left out, as they are by default, for which the coefficients must be known. Otherwise, there
   * is a NaN in place of a root for each of them, at the end.
   */
  stripZeros?: boolean | undefined;
}
/**
 * The roots of the polynomial with coefficients `p`, highest power first, as eigenvalues of its companion matrix.
 *
 * Shape: `[n] → [n − 1]`, less the leading zeros. Dtype: complex64.
 * @throws ShapeError when `p` is no vector; ConcretizationError when it is traced and leading zeros are to be left out.
 * @see `jax.numpy.roots`
 */
export function roots(p: Operand, options: RootsOptions = {}): ArrayValue {
  const caller = "np.roots";
  const { stripZeros = true } = readOptions<RootsOptions>(caller, ["stripZeros"], [options]);
  const a = lax.broadcastToRank(promoteDTypesInexact(caller, p)[0], 1);
  if (a.ndim !== 1)
    throw new ShapeError("numpy/polynomial", `${caller} takes a vector, got shape ${showShape(a.shape)}`);
  if (a.size < 2) return none();
  const isZero = lax.eq(a, 0);
  if (stripZeros)
    return eigenvaluesOf(get(a, s(leadingFalse(lax.not(isZero), `${caller} without stripZeros: false`))));
  // The first that is not 0; where there is none, argmax says 0, and every root is missing.
  const hasNone = lax.reduceAnd.bind([isZero], { axes: [0] })[0]!;
  const leading = choose(hasNone, a.size, argmax(lax.not(isZero)), caller);
  const found = eigenvaluesOf(roll(choose(hasNone, 1, a, caller), lax.neg(leading)));
  // The leading zeros, which are last now, are roots at 0.
  const isRoot = lax.eq(found, 0);
  const ordered = lax.sortKeyVal(isRoot, found)[1];
  const isThere = lax.lt(lax.iota(defaultInt(), found.size), lax.sub(found.size, leading));
  return choose(isThere, ordered, lax.complex(NaN, NaN), caller);
}

const none = (): ArrayValue => lax.full([0], 0, "complex64");

/** The roots of a polynomial whose leading coefficient is not 0. */
function eigenvaluesOf(p: ArrayValue): ArrayValue {
  if (p.size < 2) return none();
  const first = lax.div(lax.neg(get(p, "1:")), get(p, 0));
  const below = eye(p.size - 2, p.size - 1, { dtype: p.dtype });
  return eigvals(lax.concatenate([lax.expandDims(first, [0]), below], 0));
}
