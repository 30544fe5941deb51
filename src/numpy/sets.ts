import { ShapeError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { canonicalAxis, range } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { scatterUpdate } from "./at.ts";
import { get } from "./indexing.ts";
import { cast, defaultInt, promoteDTypes, toArray } from "./promotion.ts";
import { any, sum } from "./reduce.ts";
import { knownSize, nonzero, type SizedOptions } from "./search.ts";
import { moveaxis } from "./shape.ts";
import { lexsort } from "./sorting.ts";
import { take } from "./take.ts";
import { choose } from "./where.ts";

export interface UniqueOptions extends SizedOptions {
  /** The axis whose slices are compared; by default the array is flattened. */
  axis?: number | null | undefined;
  /** Whether NaNs equal one another, as they do by default. */
  equalNan?: boolean | undefined;
}
interface Sorted {
  readonly sorted: ArrayValue;
  /** Whether each slice begins a new run. */
  readonly first: ArrayValue;
  readonly order: ArrayValue;
}

function sortSlices(x: ArrayValue, equalNan: boolean): Sorted {
  const rows = x.shape[0]!;
  const columns = lax.reshape(x, [rows, x.size / Math.max(rows, 1)]);
  const keys = lax.unstack(columns, 1).reverse();
  const order = keys.length > 0 ? lexsort(keys) : lax.iota(defaultInt(), rows);
  const sorted = take(x, order, 0);
  const [next, before] = [get(sorted, "1:"), get(sorted, ":-1")];
  const bothNan = equalNan ? lax.and(lax.ne(next, next), lax.ne(before, before)) : null;
  const differ = bothNan ? lax.and(lax.ne(next, before), lax.not(bothNan)) : lax.ne(next, before);
  const changes = any(differ, { axis: range(x.ndim - 1, 1) });
  return { sorted, order, first: lax.concatenate([lax.full([Math.min(1, rows)], true), changes], 0) };
}

/** The result of {@link uniqueAll}. */
export interface Unique {
  readonly values: ArrayValue;
  /** Where each value occurs first. */
  readonly indices: ArrayValue;
  /** Which value each element has; of the shape of the array when it was flattened. */
  readonly inverseIndices: ArrayValue;
  readonly counts: ArrayValue;
}

function uniqueParts(
  x: Operand,
  options: UniqueOptions,
  caller: string,
): { [K in keyof Unique]: () => ArrayValue } {
  const names = ["axis", "equalNan", "size", "fillValue"] as const;
  const {
    axis = null,
    equalNan = true,
    size = null,
    fillValue = null,
  } = readOptions<UniqueOptions>(caller, names, [options]);
  const given = toArray(x, caller);
  const flat = axis === null ? lax.reshape(given, [given.size]) : given;
  const place = canonicalAxis(axis ?? 0, flat.ndim, caller);
  const a = moveaxis(flat, place, 0);
  const rows = a.shape[0]!;
  if (rows === 0 && size)
    throw new ShapeError("numpy/empty", `${caller}: there is nothing to fill a result of size ${size} with`);
  const { sorted, first, order } = sortSlices(a, equalNan);
  const number = sum(first);
  const length = size ?? knownSize(number, caller);
  const begins = nonzero(first, { size: length })[0]!;
  const missing = lax.ge(lax.iota(number.dtype, length), number);
  return {
    values: () => {
      let values = take(sorted, begins, 0);
      if (size !== null && fillValue !== null && !Array.isArray(fillValue)) {
        const fill = cast(fillValue as Operand, values.dtype, values.aval.weak, caller);
        values = choose(lax.expandDims(missing, range(a.ndim - 1, 1)), fill, values, caller);
      }
      return moveaxis(values, 0, place);
    },
    indices: () => take(order, begins, 0),
    inverseIndices: () => {
      const runs = lax.sub(lax.cumsum(cast(first, defaultInt(), false, caller), 0), 1);
      const inverse = scatterUpdate(
        lax.full([rows], 0, defaultInt()),
        [order],
        runs,
        lax.scatter,
        {},
        caller,
      );
      return axis === null ? lax.reshape(inverse, given.shape) : inverse;
    },
    counts: () => {
      // Values that only fill up the result begin, and end, where all elements do.
      const filled = nonzero(first, { size: length, fillValue: rows })[0]!;
      const after = lax.concatenate(
        [get(filled, "1:"), lax.full([Math.min(1, length)], rows, defaultInt())],
        0,
      );
      return lax.sub(after, filled);
    },
  };
}

/**
 * The different elements in order, or the different slices along an axis.
 *
 * Shape: `[…s] → [number]`, or `[size]`. Dtype: that of `x`.
 * @throws ConcretizationError when `x` is traced and `size` is not given. @see `jax.numpy.unique`
 */
export const unique = (x: Operand, options: UniqueOptions = {}): ArrayValue =>
  uniqueParts(x, options, "np.unique").values();

/** {@link unique} with where they occur first, which one each element is, and how often they occur. @see `jax.numpy.unique_all` */
export function uniqueAll(x: Operand, options: UniqueOptions = {}): Unique {
  const parts = uniqueParts(x, options, "np.uniqueAll");
  return {
    values: parts.values(),
    indices: parts.indices(),
    inverseIndices: parts.inverseIndices(),
    counts: parts.counts(),
  };
}

/** Whether each element is among others. Shape: that of `x`. Dtype: bool. @see `jax.numpy.isin` */
export function isin(x: Operand, among: Operand, options: { invert?: boolean | undefined } = {}): ArrayValue {
  const caller = "np.isin";
  const { invert = false } = readOptions<{ invert?: boolean }>(caller, ["invert"], [options]);
  const [a, others] = promoteDTypes(caller, x, among);
  const pairs = lax.eq(lax.reshape(a, [a.size, 1]), lax.reshape(others, [1, others.size]));
  const found = lax.reshape(any(pairs, 1), a.shape);
  return invert ? lax.not(found) : found;
}
