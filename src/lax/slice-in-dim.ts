import { ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { canonicalAxis, range } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import { dynamicSlice, dynamicUpdateSlice } from "./dynamic-slice.ts";
import { sameDTypes, toArray } from "./operand.ts";
import { slice } from "./pad-slice.ts";
import { expandDims } from "./broadcast.ts";
import { squeeze } from "./shape.ts";

/**
 * `x[start:limit:stride]` on one axis; null is the axis's end, negative indices count from it.
 *
 * @throws ShapeError when the indices lie outside the axis. @see `jax.lax.slice_in_dim`
 */
export function sliceInDim(
  operand: Operand,
  startIndex: number | null,
  limitIndex: number | null,
  ...rest: Optionals<[stride: number, axis: number], SliceInDimOptions>
): ArrayValue {
  const x = toArray(operand, "slice_in_dim");
  const options = readOptions<SliceInDimOptions>("slice_in_dim", ["stride", "axis"], rest);
  const { stride = 1 } = options;
  const axis = canonicalAxis(options.axis ?? 0, x.ndim, "slice_in_dim");
  const size = x.shape[axis]!;
  const wrapped = (index: number) => (index < 0 ? index + size : index);
  const zero = range(x.ndim).map(() => 0);
  return slice(
    x,
    zero.with(axis, wrapped(startIndex ?? 0)),
    x.shape.with(axis, wrapped(limitIndex ?? size)),
    zero.map((_, i) => (i === axis ? stride : 1)),
  );
}
interface SliceInDimOptions {
  readonly stride?: number;
  readonly axis?: number;
}

/**
 * `x[index]` on one axis, which is kept with size 1 unless `keepdims` is false. A negative index counts from the end.
 *
 * @throws ShapeError when the index is out of bounds. @see `jax.lax.index_in_dim`
 */
export function indexInDim(
  operand: Operand,
  index: number,
  ...rest: Optionals<[axis: number, keepdims: boolean], IndexInDimOptions>
): ArrayValue {
  const x = toArray(operand, "index_in_dim");
  const options = readOptions<IndexInDimOptions>("index_in_dim", ["axis", "keepdims"], rest);
  const { keepdims = true } = options;
  const axis = canonicalAxis(options.axis ?? 0, x.ndim, "index_in_dim");
  const size = x.shape[axis]!;
  if (!Number.isInteger(index) || index < -size || index >= size) {
    throw new ShapeError(
      "lax/index",
      `index_in_dim: index ${String(index)} is out of bounds for axis ${axis} with size ${size}`,
    );
  }
  const start = index < 0 ? index + size : index;
  const taken = sliceInDim(x, start, start + 1, 1, axis);
  return keepdims ? taken : squeeze(taken, [axis]);
}
interface IndexInDimOptions {
  readonly axis?: number;
  readonly keepdims?: boolean;
}

interface InDim {
  readonly axis?: number;
  readonly allowNegativeIndices?: boolean;
}
const inDimNames = ["axis", "allowNegativeIndices"] as const;
interface InDimKeep extends InDim {
  /** Whether the axis is kept with size 1. Default: true. */
  readonly keepdims?: boolean;
}

/** Start indices that are 0 but on one axis, and where they may be negative. */
function startsInDim(start: Operand, axis: number, rank: number, wraps: boolean): [Operand[], boolean[]] {
  const starts = range(rank).map((i): Operand => (i === axis ? start : 0));
  return [starts, range(rank).map((i) => wraps && i === axis)];
}

/** `x[start : start + size]` on one axis; `start` may be traced. @see `jax.lax.dynamic_slice_in_dim` */
export function dynamicSliceInDim(
  operand: Operand,
  startIndex: Operand,
  sliceSize: number,
  ...rest: Optionals<[axis: number], InDim>
): ArrayValue {
  const x = toArray(operand, "dynamic_slice_in_dim");
  const options = readOptions<InDim>("dynamic_slice_in_dim", inDimNames, rest);
  const axis = canonicalAxis(options.axis ?? 0, x.ndim, "dynamic_slice_in_dim");
  const [starts, wrap] = startsInDim(startIndex, axis, x.ndim, options.allowNegativeIndices ?? true);
  return dynamicSlice(x, starts, x.shape.with(axis, sliceSize), { allowNegativeIndices: wrap });
}

/** `x[index]` on one axis; `index` may be traced. @see `jax.lax.dynamic_index_in_dim` */
export function dynamicIndexInDim(
  operand: Operand,
  index: Operand,
  ...rest: Optionals<[axis: number, keepdims: boolean], InDimKeep>
): ArrayValue {
  const x = toArray(operand, "dynamic_index_in_dim");
  const names = ["axis", "keepdims", "allowNegativeIndices"] as const;
  const { keepdims = true, ...options } = readOptions<InDimKeep>("dynamic_index_in_dim", names, rest);
  const axis = canonicalAxis(options.axis ?? 0, x.ndim, "dynamic_index_in_dim");
  const taken = dynamicSliceInDim(x, index, 1, { ...options, axis });
  return keepdims ? taken : squeeze(taken, [axis]);
}

/** `x` with `update` written from `startIndex` on along one axis. @see `jax.lax.dynamic_update_slice_in_dim` */
export function dynamicUpdateSliceInDim(
  operand: Operand,
  update: Operand,
  startIndex: Operand,
  ...rest: Optionals<[axis: number], InDim>
): ArrayValue {
  const x = toArray(operand, "dynamic_update_slice_in_dim");
  const options = readOptions<InDim>("dynamic_update_slice_in_dim", inDimNames, rest);
  const axis = canonicalAxis(options.axis ?? 0, x.ndim, "dynamic_update_slice_in_dim");
  const [starts, wrap] = startsInDim(startIndex, axis, x.ndim, options.allowNegativeIndices ?? true);
  return dynamicUpdateSlice(x, update, starts, { allowNegativeIndices: wrap });
}

/** `x` with `update`, which may lack the axis, written at `index` of one axis. @see `jax.lax.dynamic_update_index_in_dim` */
export function dynamicUpdateIndexInDim(
  operand: Operand,
  update: Operand,
  index: Operand,
  ...rest: Optionals<[axis: number], InDim>
): ArrayValue {
  const [x, value] = sameDTypes([operand, update], "dynamic_update_index_in_dim") as [ArrayValue, ArrayValue];
  const options = readOptions<InDim>("dynamic_update_index_in_dim", inDimNames, rest);
  const axis = canonicalAxis(options.axis ?? 0, x.ndim, "dynamic_update_index_in_dim");
  const block = value.ndim === x.ndim ? value : expandDims(value, [axis]);
  return dynamicUpdateSliceInDim(x, block, index, { ...options, axis });
}
