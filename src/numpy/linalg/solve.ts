import { ArgumentError, ShapeError } from "../../core/errors.ts";
import { type Optionals, readOptions } from "../../core/options.ts";
import { range, sameShape, showShape, sizeOf } from "../../core/shape.ts";
import { describe } from "../../core/trace.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import { customJvp } from "../../control/index.ts";
import { finfo } from "../limits.ts";
import { cast, promoteDTypesInexact, toArray } from "../promotion.ts";
import { max, sum } from "../reduce.ts";
import { moveaxis } from "../shape.ts";
import { eye } from "../triangles.ts";
import { broadcastArray, choose } from "../where.ts";
import { adjoint, times } from "./conjugates.ts";
import { svd, toMatrices, toSquare } from "./decompositions.ts";
import { norm } from "./norm.ts";
import { overSides } from "./sides.ts";

/**
 * The solution `x` of the linear equations `a·x = b`, by what the class of `a` allows: `values.Diagonal` divides,
 * `TridiagonalMatrix` reduces cyclically, `LowRankUpdate` solves with its base and a matrix as small as its rank. A plain
 * matrix is solved by its LU decomposition with partial pivoting. Differentiable in both arguments.
 *
 * Shape: `[…s, n, n], […s, n, k] → […s, n, k]`, or `[…s, n, n], [n] → […s, n]`; leading axes broadcast. Dtype: the promoted
 * one, integers becoming floats. Where `a` is singular, elements are infinite or NaN.
 * @throws ShapeError when `a` is not square or `b` does not fit.
 * @example
 * np.linalg.solve(new values.Diagonal(np.array([2, 4])), np.array([1, 1])); // [0.5, 0.25]
 * @see `jax.numpy.linalg.solve`
 */
export function solve(a: Operand, b: Operand): ArrayValue {
  return overSides(
    "np.linalg.solve",
    a,
    b,
    (matrix, sides) => lax.linalg.linearSolve.bind([matrix, sides], {})[0]!,
  );
}

/** The inverse of square matrices. Shape: `[…s, n, n] → […s, n, n]`. @throws ShapeError when `a` is not square. @see `jax.numpy.linalg.inv` */
export function inv(a: Operand): ArrayValue {
  const x = toSquare(a, "np.linalg.inv");
  const identity = eye(x.shape.at(-1)!, { dtype: x.dtype });
  return solve(x, lax.broadcast(identity, x.shape.slice(0, -2)));
}

/** The last axes of `a`, as many as `b` has, are those of the unknowns. */
export interface TensorsolveOptions {
  /** Axes of `a` that are moved to its end before. */
  axes?: readonly number[] | null | undefined;
}

/**
 * The solution `x` of `tensordot(a, x, x.ndim) = b`.
 *
 * Shape: `[…b, …x], […b] → […x]`, where `b` and `x` have as many elements.
 * @throws ShapeError when the shapes do not fit. @see `jax.numpy.linalg.tensorsolve`
 */
export function tensorsolve(
  a: Operand,
  b: Operand,
  ...rest: Optionals<[axes: readonly number[] | null], TensorsolveOptions>
): ArrayValue {
  const caller = "np.linalg.tensorsolve";
  const { axes = null } = readOptions<TensorsolveOptions>(caller, ["axes"], rest);
  const given = toArray(a, caller);
  const sides = toArray(b, caller, 1);
  // To the end in their order, as if each were moved there after the others.
  const x = axes === null ? given : moveaxis(given, axes, range(axes.length, given.ndim - axes.length));
  const shape = x.shape.slice(sides.ndim);
  if (!sameShape(x.shape.slice(0, sides.ndim), sides.shape) || sizeOf(shape) !== sides.size)
    throw new ShapeError(
      "linalg/solve",
      `${caller}: a begins with the shape of b, and its other axes have as many elements; got ${showShape(x.shape)} and ${showShape(sides.shape)}`,
    );
  const flat = solve(lax.reshape(x, [sides.size, sides.size]), lax.reshape(sides, [sides.size]));
  return lax.reshape(flat, shape);
}

/**
 * The inverse of `x ↦ tensordot(a, x, ind')`: the first `ind` axes of `a`, 2 by default, are those of the results.
 *
 * Shape: `[…b, …x] → […x, …b]`, where both have as many elements.
 * @throws ShapeError when they have not; ArgumentError when `ind` is no positive integer. @see `jax.numpy.linalg.tensorinv`
 */
export function tensorinv(
  a: Operand,
  ...rest: Optionals<[ind: number], { ind?: number | undefined }>
): ArrayValue {
  const caller = "np.linalg.tensorinv";
  const { ind = 2 } = readOptions<{ ind?: number }>(caller, ["ind"], rest);
  if (!Number.isInteger(ind) || ind < 1)
    throw new ArgumentError("linalg/tensorinv", `${caller}: ind is a positive integer, got ${describe(ind)}`);
  const x = toArray(a, caller);
  const [results, unknowns] = [x.shape.slice(0, ind), x.shape.slice(ind)];
  const n = sizeOf(results);
  if (sizeOf(unknowns) !== n)
    throw new ShapeError(
      "linalg/solve",
      `${caller}: the first ${ind} axes have as many elements as the others, got ${showShape(x.shape)}`,
    );
  return lax.reshape(inv(lax.reshape(x, [n, n])), [...unknowns, ...results]);
}

/** Tolerances of singular values, relative to the largest one of each matrix. */
const relativeTo = (s: ArrayValue, rtol: Operand, caller: string): ArrayValue => {
  const factor = cast(rtol, s.dtype, false, caller);
  const largest = max(s, { axis: -1, keepdims: true, initial: 0 });
  return lax.mul(factor.ndim === 0 ? factor : broadcastArray(lax.expandDims(factor, [factor.ndim]), largest.shape, caller), largest); // prettier-ignore
};

export interface PinvOptions {
  /** Singular values up to this part of the largest one are 0. Default: `10·max(m, n)` roundings. */
  rtol?: Operand | null | undefined;
  /** `a` is Hermitian. */
  hermitian?: boolean | undefined;
}

/** Of the pseudo-inverse `p` of `a`. @see Golub and Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems whose variables separate" (1973) */
function pinvTangent(a: ArrayValue, p: ArrayValue, t: ArrayValue): ArrayValue {
  const [ph, th] = [adjoint(p), adjoint(t)];
  const isTall = a.shape.at(-2)! >= a.shape.at(-1)!;
  const s = isTall ? times(times(p, ph), th) : times(p, times(ph, th));
  const r = isTall ? times(times(th, ph), p) : times(th, times(ph, p));
  // In the order in which products are small.
  const along = isTall
    ? [times(times(p, t), p), times(times(s, a), p), times(times(p, a), r)]
    : [times(p, times(t, p)), times(s, times(a, p)), times(p, times(a, r))];
  const [moved, left, right] = along as [ArrayValue, ArrayValue, ArrayValue];
  return lax.add(lax.sub(lax.sub(s, left), moved), lax.sub(r, right));
}

/**
 * The Moore–Penrose pseudo-inverse.
 *
 * Shape: `[…s, m, n] → […s, n, m]`. Dtype: that of `a`, integers becoming floats.
 * @throws ShapeError when `a` has fewer than two axes. @see `jax.numpy.linalg.pinv`
 */
export function pinv(
  a: Operand,
  ...rest: Optionals<[rtol: Operand | null, hermitian: boolean], PinvOptions>
): ArrayValue {
  const caller = "np.linalg.pinv";
  const options = readOptions<PinvOptions>(caller, ["rtol", "hermitian"], rest);
  const { hermitian = false } = options;
  const x = toMatrices(a, caller);
  const rtol = options.rtol ?? 10 * Math.max(...x.shape.slice(-2)) * finfo(x.dtype).eps;
  const inverse = customJvp(function pinv(y: ArrayValue): ArrayValue {
    const [u, s, vh] = svd(y, { fullMatrices: false, hermitian });
    const isKept = lax.gt(s, broadcastArray(relativeTo(s, rtol, caller), s.shape, caller));
    const inverted = lax.div(1, choose(isKept, s, Infinity, caller));
    const row = cast(lax.expandDims(inverted, [s.ndim - 1]), y.dtype, false, caller);
    return times(lax.mul(adjoint(vh), row), adjoint(u));
  });
  inverse.defjvp(([y]: ArrayValue[], [t]: ArrayValue[]) => {
    const p = inverse(y!);
    const symmetric = (z: ArrayValue) => (hermitian ? lax.div(lax.add(z, adjoint(z)), 2) : z);
    return [p, pinvTangent(symmetric(y!), p, symmetric(t!))];
  });
  return inverse(x);
}

export interface LstsqOptions {
  /** Singular values below this part of the largest one are 0. Default: `max(m, n)` roundings. */
  rcond?: number | null | undefined;
}

/**
 * The least squares solution of `a·x = b`, the smallest one where there are several; its squared residuals, of each
 * right-hand side; the rank of `a`; and its singular values.
 *
 * Shape: `[m, n], [m, k] → [n, k], [k], [], [min(m, n)]`; of one right-hand side, `[m] → [n]` and `[1]`.
 * @throws ShapeError when `a` is no matrix, or `b` does not fit. @see `jax.numpy.linalg.lstsq`
 */
export function lstsq(
  a: Operand,
  b: Operand,
  ...rest: Optionals<[rcond: number | null], LstsqOptions>
): [x: ArrayValue, residuals: ArrayValue, rank: ArrayValue, s: ArrayValue] {
  const caller = "np.linalg.lstsq";
  const options = readOptions<LstsqOptions>(caller, ["rcond"], rest);
  const [matrix, given] = promoteDTypesInexact(caller, a, b);
  if (matrix.ndim !== 2 || (given.ndim !== 1 && given.ndim !== 2) || matrix.shape[0] !== given.shape[0])
    throw new ShapeError(
      "linalg/solve",
      `${caller}: a is a matrix, and b a vector or matrix with as many rows; got ${showShape(matrix.shape)} and ${showShape(given.shape)}`,
    );
  const sides = given.ndim === 1 ? lax.expandDims(given, [1]) : given;
  const { eps } = finfo(matrix.dtype);
  const asked = options.rcond ?? eps * Math.max(...matrix.shape);
  const [u, s, vh] = svd(matrix, { fullMatrices: false });
  const least = relativeTo(s, asked < 0 ? eps : asked, caller);
  const isKept = lax.and(lax.gt(s, 0), lax.ge(s, broadcastArray(least, s.shape, caller)));
  const inverse = lax.div(1, choose(isKept, s, Infinity, caller));
  const column = cast(lax.expandDims(inverse, [1]), matrix.dtype, false, caller);
  const x = times(adjoint(vh), lax.mul(column, times(adjoint(u), sides)));
  const residuals = lax.square(norm(lax.sub(sides, times(matrix, x)), { axis: 0 }));
  const rank = sum(cast(isKept, "int32", false, caller));
  return [given.ndim === 1 ? lax.squeeze(x, [1]) : x, residuals, rank, s];
}
