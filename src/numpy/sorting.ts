import { toDType } from "../core/dtype.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import type { ArgsortOptions, SortOptions } from "../core/method-types.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { canonicalAxis, sameShape, showShape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { get } from "./indexing.ts";
import { less, lessEqual } from "./logic.ts";
import { cast, defaultInt, promoteDTypes, toArray } from "./promotion.ts";
import { take } from "./take.ts";
import { choose } from "./where.ts";

type SortRest = Optionals<[axis: number | null], SortOptions>;

/** The array to sort, and along which axis. */
function along(x: Operand, axis: number | null, caller: string): [x: ArrayValue, dimension: number] {
  const given = toArray(x, caller);
  const a = axis === null ? lax.reshape(given, [given.size]) : given;
  return [a, canonicalAxis(axis ?? 0, a.ndim, caller)];
}

/**
 * The elements in order along an axis, NaNs last.
 *
 * Shape and dtype: those of `x`.
 * @throws ShapeError on an axis out of bounds. @see `jax.numpy.sort`
 */
export function sort(x: Operand, ...rest: SortRest): ArrayValue {
  const caller = "np.sort";
  const {
    axis = -1,
    stable = true,
    descending = false,
  } = readOptions<SortOptions>(caller, ["axis", "stable", "descending"], rest);
  const [a, dimension] = along(x, axis, caller);
  const sorted = lax.sort(a, { dimension, isStable: stable });
  return descending ? lax.rev(sorted, [dimension]) : sorted;
}

/**
 * Where the elements come from that {@link sort} puts in order.
 *
 * Shape: that of `x`. Dtype: int32.
 * @throws ShapeError on an axis out of bounds. @see `jax.numpy.argsort`
 */
export function argsort(x: Operand, ...rest: Optionals<[axis: number | null], ArgsortOptions>): ArrayValue {
  const caller = "np.argsort";
  const names = ["axis", "stable", "descending", "dtype"] as const;
  const {
    axis = -1,
    stable = true,
    descending = false,
    dtype,
  } = readOptions<ArgsortOptions>(caller, names, rest);
  const [a, dimension] = along(x, axis, caller);
  const places = lax.broadcastedIota(toDType(dtype ?? defaultInt(), caller), a.shape, dimension);
  // Reversed before and after, equal elements keep their order.
  const turn = descending && stable ? (y: ArrayValue) => lax.rev(y, [dimension]) : (y: ArrayValue) => y;
  const [, indices] = lax.sortKeyVal(turn(a), turn(places), { dimension, isStable: stable });
  return descending ? lax.rev(indices, [dimension]) : indices;
}

/**
 * The order of places by several keys, the last one counting most.
 *
 * Shape: that of each key. Dtype: int32.
 * @throws ArgumentError on no keys; ShapeError when their shapes differ. @see `jax.numpy.lexsort`
 */
export function lexsort(
  keys: readonly Operand[] | ArrayValue,
  ...rest: Optionals<[axis: number], { axis?: number | undefined }>
): ArrayValue {
  const caller = "np.lexsort";
  const { axis = -1 } = readOptions<{ axis?: number }>(caller, ["axis"], rest);
  const list = (Array.isArray(keys) ? (keys as readonly Operand[]) : lax.unstack(keys as ArrayValue, 0)).map(
    (key, i) => toArray(key, caller, i),
  );
  const [first] = list;
  if (first === undefined) throw new ArgumentError("numpy/list", `${caller} needs at least one key`);
  if (list.some((key) => !sameShape(key.shape, first.shape)))
    throw new ShapeError(
      "numpy/shape",
      `${caller}: keys must have one shape, got ${list.map((key) => showShape(key.shape)).join(", ")}`,
    );
  if (first.ndim === 0) return lax.full([], 0, defaultInt());
  const dimension = canonicalAxis(axis, first.ndim, caller);
  const places = lax.broadcastedIota(defaultInt(), first.shape, dimension);
  return lax.sort([...list.reverse(), places], { dimension, numKeys: list.length }).at(-1)!;
}

/** {@link sort} along the last axis, as complex numbers. Dtype: complex64. @see `jax.numpy.sort_complex` */
export const sortComplex = (x: Operand): ArrayValue => cast(sort(x), "complex64", false, "np.sortComplex");

export interface PartitionOptions {
  axis?: number | undefined;
}
/**
 * The elements with the `kth` in its sorted place, what is less before it, rising, and what is greater after it, falling.
 *
 * Shape and dtype: those of `x`.
 * @throws ShapeError on a place or axis out of bounds; DTypeError on complex numbers. @see `jax.numpy.partition`
 */
export function partition(
  x: Operand,
  kth: number,
  ...rest: Optionals<[axis: number], PartitionOptions>
): ArrayValue {
  const { axis = -1 } = readOptions<PartitionOptions>("np.partition", ["axis"], rest);
  const [a, dimension] = along(x, axis, "np.partition");
  const place = canonicalAxis(kth, a.shape[dimension]!, "np.partition");
  return partedAt(lax.sort(a, { dimension }), place, dimension, (after) => lax.rev(after, [dimension]));
}
/** Where they come from, with the `kth` in its place and those after it in the order of the array. Dtype: int32. @see `jax.numpy.argpartition` */
export function argpartition(
  x: Operand,
  kth: number,
  ...rest: Optionals<[axis: number], PartitionOptions>
): ArrayValue {
  const { axis = -1 } = readOptions<PartitionOptions>("np.argpartition", ["axis"], rest);
  const [a, dimension] = along(x, axis, "np.argpartition");
  const place = canonicalAxis(kth, a.shape[dimension]!, "np.argpartition");
  return partedAt(argsort(a, dimension), place, dimension, (after) => lax.sort(after, { dimension }));
}
/** What is sorted, with its part after `place` in the order that JAX gives it. */
function partedAt(
  x: ArrayValue,
  place: number,
  axis: number,
  reorder: (after: ArrayValue) => ArrayValue,
): ArrayValue {
  const size = x.shape[axis]!;
  const before = lax.sliceInDim(x, 0, place + 1, { axis });
  return lax.concatenate([before, reorder(lax.sliceInDim(x, place + 1, size, { axis }))], axis);
}

export interface SearchOptions {
  /** `left` (the default) gives the first place that keeps the order, `right` the last. */
  side?: "left" | "right" | undefined;
  /** The order that sorts the array, where it is not sorted itself. */
  sorter?: Operand | null | undefined;
}
/**
 * Where values belong in a sorted vector.
 *
 * Shape: `[n], […v] → […v]`. Dtype: int32. NaNs are last.
 * @throws ShapeError when the array has not one axis; ArgumentError on another side. @see `jax.numpy.searchsorted`
 */
export function searchsorted(
  sorted: Operand,
  values: Operand,
  ...rest: Optionals<[side: "left" | "right"], SearchOptions>
): ArrayValue {
  const caller = "np.searchsorted";
  const { side = "left", sorter = null } = readOptions<SearchOptions>(caller, ["side", "sorter"], rest);
  if (side !== "left" && side !== "right")
    throw new ArgumentError("numpy/side", `${caller}: side must be "left" or "right", got ${String(side)}`);
  const [given, v] = promoteDTypes(caller, sorted, values);
  if (given.ndim !== 1)
    throw new ShapeError(
      "numpy/rank",
      `${caller}: the array must have one axis, got shape ${showShape(given.shape)}`,
    );
  const a = sorter === null ? given : take(given, sorter, 0);
  const size = a.shape[0]!;
  let [low, high] = [lax.full(v.shape, 0, "int32"), lax.full(v.shape, size, "int32")];
  // Each step halves what lies between; a and v are compared as sort does.
  for (let steps = Math.ceil(Math.log2(size + 1)); steps > 0; steps--) {
    const middle = lax.add(low, lax.div(lax.sub(high, low), 2));
    const goLeft = precedes(v, take(a, middle, 0, { mode: "clip" }), side === "left");
    [low, high] = [lax.select(goLeft, low, middle), lax.select(goLeft, middle, high)];
  }
  return high;
}

/** Whether `x` comes before `y`, or with it, in sorted order. */
function precedes(x: ArrayValue, y: ArrayValue, orEqual: boolean): ArrayValue {
  const [xNan, yNan] = [lax.ne(x, x), lax.ne(y, y)];
  const before = orEqual ? lessEqual(x, y) : less(x, y);
  return lax.or(before, orEqual ? yNan : lax.and(yNan, lax.not(xNan)));
}

export interface DigitizeOptions {
  /** Whether a bin contains its right edge. */
  right?: boolean | undefined;
}
/**
 * The bins that values fall in; edges increase or decrease.
 *
 * Shape: `[…v], [n] → […v]`. Dtype: int32.
 * @throws ShapeError when the edges have not one axis. @see `jax.numpy.digitize`
 */
export function digitize(
  x: Operand,
  bins: Operand,
  ...rest: Optionals<[right: boolean], DigitizeOptions>
): ArrayValue {
  const caller = "np.digitize";
  const { right = false } = readOptions<DigitizeOptions>(caller, ["right"], rest);
  const edges = toArray(bins, caller, 1);
  if (edges.ndim !== 1)
    throw new ShapeError(
      "numpy/rank",
      `${caller}: bins must have one axis, got shape ${showShape(edges.shape)}`,
    );
  const size = edges.shape[0]!;
  if (size === 0) return lax.full(toArray(x, caller).shape, 0, "int32");
  const side = right ? "left" : "right";
  const up = searchsorted(edges, x, side);
  const down = lax.sub(size, searchsorted(lax.rev(edges, [0]), x, side));
  return choose(lax.ge(get(edges, -1), get(edges, 0)), up, down, caller);
}
