import { toDType } from "../core/dtype.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import type { DTypeOption } from "../core/method-types.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { canonicalAxis, checkShape, range, type Shape, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { power } from "./division.ts";
import { get } from "./indexing.ts";
import { cast, defaultFloat, toArray } from "./promotion.ts";
import { moveaxis } from "./shape.ts";
import { choose } from "./where.ts";

export interface DiagonalGridOptions extends DTypeOption {
  /** Columns; by default as many as rows. */
  M?: number | null | undefined;
  /** Which diagonal: 0 the main one, above it positive. */
  k?: number | undefined;
}
type GridRest = Optionals<[M: number | null, k: number], DiagonalGridOptions>;

/** @throws ArgumentError when `value` is no integer. */
export function checkInteger(value: unknown, name: string, caller: string): number {
  if (typeof value === "number" && Number.isInteger(value)) return value;
  throw new ArgumentError("numpy/integer", `${caller}: ${name} must be an integer, got ${describe(value)}`);
}

const rowOf = (shape: Shape): ArrayValue => lax.broadcastedIota("int32", shape, 0);
const columnOf = (shape: Shape): ArrayValue => lax.broadcastedIota("int32", shape, 1);

/** What a rule says of each place of a grid and diagonal `k`, as `dtype`. */
function grid(
  caller: string,
  rows: number,
  rest: GridRest,
  flagsOf: (shape: Shape, k: number) => ArrayValue,
): ArrayValue {
  const { M = null, k = 0, dtype } = readOptions<DiagonalGridOptions>(caller, ["M", "k", "dtype"], rest);
  const shape = checkShape([rows, M ?? rows], caller);
  const flags = flagsOf(shape, checkInteger(k, "k", caller));
  return cast(flags, toDType(dtype ?? defaultFloat(), caller), false, caller);
}

/**
 * Ones on a diagonal, zeros elsewhere: `np.eye(2, 3, { k: 1 })`.
 *
 * Shape: `[N, M]`. Dtype: float32 unless given.
 * @throws ShapeError on a size that is no natural number. @see `jax.numpy.eye`
 */
export const eye = (N: number, ...rest: GridRest): ArrayValue =>
  grid("np.eye", N, rest, (shape, k) => {
    const [row, column] = [rowOf(shape), columnOf(shape)];
    return lax.eq(lax.add(row, k), column);
  });

/** The square matrix {@link eye}. Shape: `[n, n]`. Dtype: float32 unless given. @see `jax.numpy.identity` */
export function identity(
  n: number,
  ...rest: Optionals<[dtype: DTypeOption["dtype"]], DTypeOption>
): ArrayValue {
  const { dtype = null } = readOptions<DTypeOption>("np.identity", ["dtype"], rest);
  return eye(n, { dtype });
}

/**
 * Ones on a diagonal and below, zeros above.
 *
 * Shape: `[N, M]`. Dtype: float32 unless given.
 * @throws ShapeError on a size that is no natural number. @see `jax.numpy.tri`
 */
export const tri = (N: number, ...rest: GridRest): ArrayValue =>
  grid("np.tri", N, rest, (shape, k) => lax.ge(lax.add(rowOf(shape), k), columnOf(shape)));

interface DiagonalOption {
  /** Which diagonal: 0 the main one, above it positive. */
  k?: number | undefined;
}
type DiagonalRest = Optionals<[k: number], DiagonalOption>;

/** The mask of `tri` for the last two axes of `x`. */
function below(x: ArrayValue, k: number, caller: string): ArrayValue {
  if (x.ndim < 2) {
    throw new ShapeError(
      "numpy/rank",
      `${caller} takes an array of at least two axes, got shape ${showShape(x.shape)}`,
    );
  }
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  return lax.broadcast(tri(rows, columns, k, { dtype: "bool" }), x.shape.slice(0, -2));
}

/**
 * The lower triangle of matrices: zeros above diagonal `k`.
 *
 * Shape and dtype: those of `x`.
 * @throws ShapeError when `x` has fewer than two axes. @see `jax.numpy.tril`
 */
export function tril(x: Operand, ...rest: DiagonalRest): ArrayValue {
  const { k = 0 } = readOptions<DiagonalOption>("np.tril", ["k"], rest);
  const a = toArray(x, "np.tril");
  return lax.select(below(a, checkInteger(k, "k", "np.tril"), "np.tril"), a, lax.fullLike(a, zeroOf(a)));
}

/**
 * The upper triangle of matrices: zeros below diagonal `k`.
 *
 * Shape and dtype: those of `x`.
 * @throws ShapeError when `x` has fewer than two axes. @see `jax.numpy.triu`
 */
export function triu(x: Operand, ...rest: DiagonalRest): ArrayValue {
  const { k = 0 } = readOptions<DiagonalOption>("np.triu", ["k"], rest);
  const a = toArray(x, "np.triu");
  return lax.select(below(a, checkInteger(k, "k", "np.triu") - 1, "np.triu"), lax.fullLike(a, zeroOf(a)), a);
}

const zeroOf = (x: ArrayValue): number | boolean => (x.dtype === "bool" ? false : 0);

export interface DiagonalOptions {
  offset?: number | undefined;
  axis1?: number | undefined;
  axis2?: number | undefined;
}

/**
 * A diagonal of the planes of two axes.
 *
 * Shape: `[…s, n, m] → […s, length]` for the last two; the diagonal lies along the last axis. Dtype: that of `x`.
 * @throws ShapeError when `x` has fewer than two axes, or the axes are one.
 * @see `jax.numpy.diagonal`
 */
export function diagonal(
  x: Operand,
  ...rest: Optionals<[offset: number, axis1: number, axis2: number], DiagonalOptions>
): ArrayValue {
  const caller = "np.diagonal";
  const {
    offset = 0,
    axis1 = 0,
    axis2 = 1,
  } = readOptions<DiagonalOptions>(caller, ["offset", "axis1", "axis2"], rest);
  checkInteger(offset, "offset", caller);
  const a = planes(toArray(x, caller), axis1, axis2, caller);
  const [rows, columns] = a.shape.slice(-2) as [number, number];
  const length = Math.max(0, Math.min(rows + Math.min(offset, 0), columns - Math.max(offset, 0)));
  const [near, far] = [range(length), range(length, Math.abs(offset))];
  return offset >= 0 ? get(a, "...", near, far) : get(a, "...", far, near);
}

/** `x` with the two axes last. @throws ShapeError when there are none such. */
export function planes(x: ArrayValue, axis1: number, axis2: number, caller: string): ArrayValue {
  if (x.ndim < 2) {
    throw new ShapeError(
      "numpy/rank",
      `${caller} takes an array of at least two axes, got shape ${showShape(x.shape)}`,
    );
  }
  const axes = [axis1, axis2].map((axis) => canonicalAxis(axis, x.ndim, caller));
  if (axes[0] === axes[1])
    throw new ShapeError("shape/axis", `${caller}: axis1 and axis2 are both axis ${axes[0]}`);
  return moveaxis(x, axes, [-2, -1]);
}

/**
 * Of a vector, the matrix with it on diagonal `k`; of a matrix, its diagonal `k`.
 *
 * Shape: `[n] → [n + |k|, n + |k|]`, or `[n, m] → [length]`. Dtype: that of `x`.
 * @throws ShapeError when `x` has neither one axis nor two. @see `jax.numpy.diag`
 */
export function diag(x: Operand, ...rest: DiagonalRest): ArrayValue {
  const caller = "np.diag";
  const { k = 0 } = readOptions<DiagonalOption>(caller, ["k"], rest);
  const a = toArray(x, caller);
  if (a.ndim === 2) return diagonal(a, checkInteger(k, "k", caller));
  if (a.ndim !== 1) {
    throw new ShapeError(
      "numpy/rank",
      `${caller} takes an array of one or two axes, got shape ${showShape(a.shape)}`,
    );
  }
  const n = a.shape[0]! + Math.abs(checkInteger(k, "k", caller));
  const padded = lax.pad(a, zeroOf(a), [[Math.max(0, -k), Math.max(0, k), 0]]);
  return choose(
    eye(n, { k, dtype: "bool" }),
    lax.expandDims(padded, [1]),
    cast(zeroOf(a), a.dtype, a.aval.weak, caller),
    caller,
  );
}

/** {@link diag} of the elements of `x`, flattened. @see `jax.numpy.diagflat` */
export function diagflat(x: Operand, ...rest: DiagonalRest): ArrayValue {
  const a = toArray(x, "np.diagflat");
  const { k = 0 } = readOptions<DiagonalOption>("np.diagflat", ["k"], rest);
  return diag(lax.reshape(a, [a.size]), k);
}

export interface VanderOptions {
  /** Columns; by default as many as `x` has elements. */
  N?: number | null | undefined;
  /** Whether powers increase along a row. */
  increasing?: boolean | undefined;
}
/**
 * Powers of the elements of a vector, one row for each.
 *
 * Shape: `[n] → [n, N]`. Dtype: that of `x`.
 * @throws ShapeError when `x` has not one axis. @see `jax.numpy.vander`
 */
export function vander(
  x: Operand,
  ...rest: Optionals<[N: number | null, increasing: boolean], VanderOptions>
): ArrayValue {
  const caller = "np.vander";
  const { N = null, increasing = false } = readOptions<VanderOptions>(caller, ["N", "increasing"], rest);
  const a = toArray(x, caller);
  if (a.ndim !== 1)
    throw new ShapeError("numpy/rank", `${caller} takes a vector, got shape ${showShape(a.shape)}`);
  const columns = checkShape(N ?? a.shape[0]!, caller)[0]!;
  const up = lax.iota(a.dtype, columns);
  const exponents = increasing ? up : lax.sub(columns - 1, up);
  return power(lax.expandDims(a, [1]), lax.expandDims(exponents, [0]));
}
