import { ArgumentError, ShapeError } from "../core/errors.ts";
import type { Axis, AxisOption, ShapeLike } from "../core/method-types.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import {
  broadcastShapes as commonShape,
  canonicalAxes,
  canonicalAxis,
  checkShape,
  range,
  type Shape,
  showShape,
  sizeOf,
} from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { toArray } from "./promotion.ts";
import { broadcastArray, broadcastTogether } from "./where.ts";

const axisOf = (caller: string, rest: readonly unknown[]): Axis | undefined =>
  readOptions<AxisOption>(caller, ["axis"], rest).axis;

/** Sizes with -1 worked out. */
function completed(shape: ShapeLike, size: number, of: Shape, caller: string): Shape {
  const sizes = typeof shape === "number" ? [shape] : shape;
  const place = Array.isArray(sizes) ? sizes.indexOf(-1) : -1;
  if (place < 0) return checkShape(sizes, caller);
  const others = checkShape((sizes as Shape).toSpliced(place, 1), caller);
  const rest = sizeOf(others);
  if (rest === 0 ? size !== 0 : size % rest !== 0) {
    throw new ShapeError(
      "numpy/reshape",
      `${caller}: cannot reshape array of shape ${showShape(of)} (size ${size}) into shape ${showShape(sizes as Shape)}: the product of the given sizes (${rest}) does not divide ${size}`,
    );
  }
  return others.toSpliced(place, 0, rest === 0 ? 0 : size / rest);
}

/**
 * The elements of `x`, row by row, in another shape; one size may be -1, to be worked out.
 *
 * Dtype: that of `x`.
 * @throws ShapeError when the sizes do not make the same number of elements. @see `jax.numpy.reshape`
 */
export function reshape(x: Operand, shape: ShapeLike): ArrayValue {
  const a = toArray(x, "np.reshape");
  return lax.reshape(a, completed(shape, a.size, a.shape, "np.reshape"));
}

/** The elements row by row. Shape: `[…s] → [size]`. Dtype: that of `x`. @see `jax.numpy.ravel` */
export function ravel(x: Operand): ArrayValue {
  const a = toArray(x, "np.ravel");
  return lax.reshape(a, [a.size]);
}

/**
 * The axes in another order, by default reversed.
 *
 * Shape: axis i of the result is axis `axes[i]`. Dtype: that of `x`.
 * @throws ShapeError when `axes` is no permutation. @see `jax.numpy.transpose`
 */
export function transpose(
  x: Operand,
  ...rest: Optionals<[axes: readonly number[] | null], { axes?: readonly number[] | null | undefined }>
): ArrayValue {
  const { axes = null } = readOptions<{ axes?: readonly number[] | null }>("np.transpose", ["axes"], rest);
  const a = toArray(x, "np.transpose");
  const permutation = axes
    ? axes.map((axis) => canonicalAxis(axis, a.ndim, "np.transpose"))
    : range(a.ndim).reverse();
  return lax.transpose(a, permutation);
}
/** {@link transpose} under the array API's name. @see `jax.numpy.permute_dims` */
export const permuteDims = (x: Operand, axes: readonly number[]): ArrayValue => transpose(x, axes);

/** The last two axes exchanged. @throws ShapeError when there are fewer. @see `jax.numpy.matrix_transpose` */
export function matrixTranspose(x: Operand): ArrayValue {
  const a = toArray(x, "np.matrixTranspose");
  if (a.ndim < 2)
    throw new ShapeError(
      "numpy/rank",
      `np.matrixTranspose takes at least two axes, got shape ${showShape(a.shape)}`,
    );
  return swapaxes(a, -1, -2);
}

/** Two axes exchanged. @throws ShapeError on an axis out of bounds. @see `jax.numpy.swapaxes` */
export function swapaxes(x: Operand, axis1: number, axis2: number): ArrayValue {
  const a = toArray(x, "np.swapaxes");
  const [i, j] = [axis1, axis2].map((axis) => canonicalAxis(axis, a.ndim, "np.swapaxes")) as [number, number];
  return lax.transpose(a, range(a.ndim).with(i, j).with(j, i));
}

/**
 * Axes moved to other places, the rest keeping their order.
 * @throws ShapeError on an axis out of bounds or named twice, or lists of unequal length. @see `jax.numpy.moveaxis`
 */
export function moveaxis(
  x: Operand,
  source: number | readonly number[],
  destination: number | readonly number[],
): ArrayValue {
  const caller = "np.moveaxis";
  const a = toArray(x, caller);
  const from = canonicalAxes(source, a.ndim, caller);
  const to = canonicalAxes(destination, a.ndim, caller);
  if (from.length !== to.length)
    throw new ShapeError("shape/axis", `${caller}: ${from.length} axes cannot move to ${to.length} places`);
  const permutation = range(a.ndim).filter((axis) => !from.includes(axis));
  const moves = to.map((place, i) => [place, from[i]!] as const).sort(([p], [q]) => p - q);
  for (const [place, axis] of moves) permutation.splice(place, 0, axis);
  return lax.transpose(a, permutation);
}

/** `axis` moved to lie before `start`. @throws ShapeError on an axis out of bounds. @see `jax.numpy.rollaxis` */
export function rollaxis(
  x: Operand,
  axis: number,
  ...rest: Optionals<[start: number], { start?: number | undefined }>
): ArrayValue {
  const { start = 0 } = readOptions<{ start?: number }>("np.rollaxis", ["start"], rest);
  const a = toArray(x, "np.rollaxis");
  const from = canonicalAxis(axis, a.ndim, "np.rollaxis");
  const before = canonicalAxis(start, a.ndim + 1, "np.rollaxis");
  return moveaxis(a, from, before > from ? before - 1 : before);
}

/**
 * New axes of size 1 at places of the result.
 * @throws ShapeError on a place out of bounds or named twice. @see `jax.numpy.expand_dims`
 */
export const expandDims = (x: Operand, axis: number | readonly number[]): ArrayValue =>
  lax.expandDims(toArray(x, "np.expandDims"), typeof axis === "number" ? [axis] : axis);

/**
 * Without axes of size 1: all of them, or those named.
 * @throws ShapeError when a named axis has another size. @see `jax.numpy.squeeze`
 */
export function squeeze(x: Operand, ...rest: Optionals<[axis: Axis], AxisOption>): ArrayValue {
  const axis = axisOf("np.squeeze", rest) ?? null;
  const a = toArray(x, "np.squeeze");
  const axes =
    axis === null ? range(a.ndim).filter((i) => a.shape[i] === 1) : canonicalAxes(axis, a.ndim, "np.squeeze");
  return lax.squeeze(a, axes);
}

/** At least one axis. Shape: `[] → [1]`. @see `jax.numpy.atleast_1d` */
export const atleast1d = (x: Operand): ArrayValue => lax.broadcastToRank(toArray(x, "np.atleast1d"), 1);
/** At least two axes. Shape: `[n] → [1, n]`. @see `jax.numpy.atleast_2d` */
export const atleast2d = (x: Operand): ArrayValue => lax.broadcastToRank(toArray(x, "np.atleast2d"), 2);
/** At least three axes. Shape: `[n] → [1, n, 1]`, `[n, m] → [n, m, 1]`. @see `jax.numpy.atleast_3d` */
export function atleast3d(x: Operand): ArrayValue {
  const a = toArray(x, "np.atleast3d");
  return lax.expandDims(a, [[0, 1, 2], [0, 2], [2]][a.ndim] ?? []);
}

/** `x` repeated to fill `shape`, by NumPy's rule. @throws ShapeError where it does not fit. @see `jax.numpy.broadcast_to` */
export const broadcastTo = (x: Operand, shape: ShapeLike): ArrayValue =>
  broadcastArray(toArray(x, "np.broadcastTo"), checkShape(shape, "np.broadcastTo"), "np.broadcastTo");
/** Arrays broadcast to their common shape. @throws ShapeError where there is none. @see `jax.numpy.broadcast_arrays` */
export const broadcastArrays = (...arrays: readonly Operand[]): ArrayValue[] =>
  broadcastTogether(
    arrays.map((x, i) => toArray(x, "np.broadcastArrays", i)),
    "np.broadcastArrays",
  );

/** Reversed along axes, by default all. @throws ShapeError on an axis out of bounds. @see `jax.numpy.flip` */
export function flip(x: Operand, ...rest: Optionals<[axis: Axis], AxisOption>): ArrayValue {
  const a = toArray(x, "np.flip");
  return lax.rev(a, canonicalAxes(axisOf("np.flip", rest), a.ndim, "np.flip"));
}
/** Reversed along axis 1. @throws ShapeError when there is none. @see `jax.numpy.fliplr` */
export const fliplr = (x: Operand): ArrayValue => flip(x, 1);
/** Reversed along axis 0. @throws ShapeError when there is none. @see `jax.numpy.flipud` */
export const flipud = (x: Operand): ArrayValue => flip(x, 0);

export interface Rot90Options {
  /** Quarter turns, from the first axis towards the second. */
  k?: number | undefined;
  axes?: readonly [number, number] | undefined;
}
/** Turned by quarters in the plane of two axes. @throws ShapeError when the axes are one. @see `jax.numpy.rot90` */
export function rot90(
  x: Operand,
  ...rest: Optionals<[k: number, axes: readonly [number, number]], Rot90Options>
): ArrayValue {
  const caller = "np.rot90";
  const { k = 1, axes = [0, 1] } = readOptions<Rot90Options>(caller, ["k", "axes"], rest);
  if (!Number.isInteger(k))
    throw new ArgumentError("numpy/integer", `${caller}: k must be an integer, got ${k}`);
  const a = toArray(x, caller);
  const [i, j] = canonicalAxes(axes, a.ndim, caller) as [number, number];
  const turns = ((k % 4) + 4) % 4;
  if (turns === 0) return a;
  if (turns === 2) return lax.rev(lax.rev(a, [i]), [j]);
  return turns === 1 ? swapaxes(lax.rev(a, [j]), i, j) : lax.rev(swapaxes(a, i, j), [j]);
}

/** The shape that shapes broadcast to. @throws ShapeError where there is none. @see `jax.numpy.broadcast_shapes` */
export const broadcastShapes = (...shapes: readonly ShapeLike[]): number[] =>
  commonShape(
    shapes.map((shape) => checkShape(shape, "np.broadcastShapes")),
    "np.broadcastShapes",
  );
