import { isInteger } from "../core/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { checkShape, range, type Shape, showShape, stridesOf } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { ones } from "./creation.ts";
import { floorDivide, remainder } from "./division.ts";
import { add, multiply } from "./elementwise.ts";
import { integerArray } from "./index-parser.ts";
import { defaultInt, promoteDTypes, toArray } from "./promotion.ts";
import { nonzero } from "./search.ts";
import { clip } from "./select.ts";
import { checkInteger } from "./triangles.ts";
import { choose } from "./where.ts";

export interface TriangleOptions {
  /** Which diagonal ends the triangle: 0 the main one, above it positive. */
  k?: number | undefined;
  /** Columns; by default as many as rows. */
  m?: number | null | undefined;
}
type TriangleRest = Optionals<[k: number, m: number | null], TriangleOptions>;

function places(
  caller: string,
  n: number,
  rest: TriangleRest,
  inside: (row: number, column: number, k: number) => boolean,
): [rows: ArrayValue, columns: ArrayValue] {
  const { k = 0, m = null } = readOptions<TriangleOptions>(caller, ["k", "m"], rest);
  const diagonal = checkInteger(k, "k", caller);
  const [rows, columns] = checkShape([n, m ?? n], caller) as [number, number];
  const pairs = range(rows).flatMap((i) =>
    range(columns).flatMap((j) => (inside(i, j, diagonal) ? [[i, j] as const] : [])),
  );
  return [integerArray(pairs.map(([i]) => i)), integerArray(pairs.map(([, j]) => j))];
}

/** Rows and columns of the places of a lower triangle. Dtype: int32. @see `jax.numpy.tril_indices` */
export const trilIndices = (n: number, ...rest: TriangleRest): [rows: ArrayValue, columns: ArrayValue] =>
  places("np.trilIndices", n, rest, (i, j, k) => j - i <= k);
/** Rows and columns of the places of an upper triangle. Dtype: int32. @see `jax.numpy.triu_indices` */
export const triuIndices = (n: number, ...rest: TriangleRest): [rows: ArrayValue, columns: ArrayValue] =>
  places("np.triuIndices", n, rest, (i, j, k) => j - i >= k);

/** The sizes of a matrix. @throws ShapeError when `x` has not two axes. */
function matrixShape(x: Operand, caller: string): [rows: number, columns: number] {
  const { shape } = toArray(x, caller);
  if (shape.length === 2) return shape as [number, number];
  throw new ShapeError("numpy/rank", `${caller} takes a matrix, got shape ${showShape(shape)}`);
}
type DiagonalRest = Optionals<[k: number], { k?: number | undefined }>;

function placesIn(
  caller: string,
  x: Operand,
  rest: DiagonalRest,
  indicesOf: typeof trilIndices,
): [rows: ArrayValue, columns: ArrayValue] {
  const { k = 0 } = readOptions<{ k?: number }>(caller, ["k"], rest);
  const [n, m] = matrixShape(x, caller);
  return indicesOf(n, checkInteger(k, "k", caller), m);
}
/** {@link trilIndices} for a matrix `x`. @throws ShapeError when it is none. @see `jax.numpy.tril_indices_from` */
export const trilIndicesFrom = (x: Operand, ...rest: DiagonalRest): [rows: ArrayValue, columns: ArrayValue] =>
  placesIn("np.trilIndicesFrom", x, rest, trilIndices);
/** {@link triuIndices} for a matrix `x`. @throws ShapeError when it is none. @see `jax.numpy.triu_indices_from` */
export const triuIndicesFrom = (x: Operand, ...rest: DiagonalRest): [rows: ArrayValue, columns: ArrayValue] =>
  placesIn("np.triuIndicesFrom", x, rest, triuIndices);

export interface MaskIndicesOptions {
  /** What `maskFunction` gets beside the matrix; 0 by default. */
  k?: number | undefined;
  /** Size of the results, which makes traced masks possible: more is cut off, less filled up with 0. */
  size?: number | null | undefined;
}
/**
 * Rows and columns of the places that a function of a matrix of ones and `k` leaves other than 0:
 * `np.maskIndices(3, np.triu, 1)`.
 *
 * Shape: `[count]`, or `[size]`. Dtype: int32.
 * @throws ConcretizationError when the mask is traced and `size` is not given; ShapeError when it is no matrix of `n` rows.
 * @see `jax.numpy.mask_indices`
 */
export function maskIndices(
  n: number,
  maskFunction: (ones: ArrayValue, k: number) => ArrayValue,
  ...rest: Optionals<[k: number], MaskIndicesOptions>
): [rows: ArrayValue, columns: ArrayValue] {
  const caller = "np.maskIndices";
  const { k = 0, size = null } = readOptions<MaskIndicesOptions>(caller, ["k", "size"], rest);
  const mask = maskFunction(ones([n, n]), k);
  matrixShape(mask, `${caller}: of maskFunction`);
  return nonzero(mask, { size }) as [ArrayValue, ArrayValue];
}

/**
 * Indices of the main diagonal of an array with `ndim` axes of size `n`. Dtype: int32.
 * @see `jax.numpy.diag_indices`
 */
export function diagIndices(
  n: number,
  ...rest: Optionals<[ndim: number], { ndim?: number | undefined }>
): ArrayValue[] {
  const { ndim = 2 } = readOptions<{ ndim?: number }>("np.diagIndices", ["ndim"], rest);
  const iota = lax.iota(defaultInt(), checkShape(n, "np.diagIndices")[0]!);
  return checkShape(new Array<number>(ndim).fill(n), "np.diagIndices").map(() => iota);
}

/**
 * Indices of the main diagonal of `x`, whose axes are of one size. Dtype: int32.
 *
 * @throws ShapeError when `x` has fewer than two axes, or they differ in size.
 * @see `jax.numpy.diag_indices_from`
 */
export function diagIndicesFrom(x: Operand): ArrayValue[] {
  const { shape, ndim } = toArray(x, "np.diagIndicesFrom");
  const [size] = shape;
  if (ndim < 2 || shape.some((other) => other !== size))
    throw new ShapeError(
      "numpy/rank",
      `np.diagIndicesFrom takes an array of at least two axes of one size, got shape ${showShape(shape)}`,
    );
  return diagIndices(size!, ndim);
}

/**
 * For places in the flattened array, their indices on each axis of `shape`; those out of bounds are the nearest ones.
 *
 * Shape: that of `indices`, once for each axis. Dtype: that of `indices`.
 * @throws DTypeError when indices are no integers. @see `jax.numpy.unravel_index`
 */
export function unravelIndex(indices: Operand, shape: number | Shape): ArrayValue[] {
  const caller = "np.unravelIndex";
  let left = toArray(indices, caller);
  if (!isInteger(left.dtype))
    throw new DTypeError("index/dtype", `${caller}: indices must be integers, got ${left.dtype}`);
  const sizes = checkShape(shape, caller);
  const found = sizes.toReversed().map((size) => {
    const place = remainder(left, size);
    left = floorDivide(left, size);
    return place;
  });
  // What is left is 0 within bounds, and -1 for a negative index that counts from the end.
  const [above, below] = [lax.gt(left, 0), lax.lt(left, -1)];
  return found
    .reverse()
    .map((place, axis) => choose(above, sizes[axis]! - 1, choose(below, 0, place, caller), caller));
}

export interface RavelOptions {
  /** What is taken for indices out of bounds: with `clip` (the default) the nearest, with `wrap` they count on. */
  mode?: "clip" | "wrap" | undefined;
}
/**
 * The places in the flattened array that indices on each axis of `shape` mean: the inverse of {@link unravelIndex}.
 *
 * Shape: broadcast. Dtype: int32.
 * @throws ShapeError when there is not one array for each axis; ArgumentError on another mode.
 * @see `jax.numpy.ravel_multi_index`
 */
export function ravelMultiIndex(
  indices: readonly Operand[],
  shape: Shape,
  ...rest: Optionals<[mode: "clip" | "wrap"], RavelOptions>
): ArrayValue {
  const caller = "np.ravelMultiIndex";
  const { mode = "clip" } = readOptions<RavelOptions>(caller, ["mode"], rest);
  const sizes = checkShape(shape, caller);
  if (indices.length !== sizes.length) {
    throw new ShapeError(
      "numpy/index",
      `${caller}: there are ${indices.length} indices for the axes of ${showShape(sizes)}`,
    );
  }
  if (mode !== "clip" && mode !== "wrap")
    throw new ArgumentError("index/mode", `${caller}: mode must be "clip" or "wrap", got ${String(mode)}`);
  const strides = stridesOf(sizes);
  return promoteDTypes(caller, 0, ...indices)
    .slice(1)
    .map((index, axis) => {
      const bounded = mode === "wrap" ? remainder(index, sizes[axis]!) : clip(index, 0, sizes[axis]! - 1);
      return multiply(bounded, strides[axis]!);
    })
    .reduce(add, lax.full([], 0, defaultInt()));
}
