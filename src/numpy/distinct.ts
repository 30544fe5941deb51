import { ShapeError } from "../core/errors.ts";
import { canonicalAxis, range } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { scatterUpdate } from "./at.ts";
import { get } from "./indexing.ts";
import { cast, defaultInt } from "./promotion.ts";
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

/** The different slices of an array, each part worked out when it is asked for. */
export interface Distinct {
  /** How many there are, the places that fill up not counted. */
  readonly number: ArrayValue;
  readonly values: () => ArrayValue;
  readonly indices: () => ArrayValue;
  readonly inverseIndices: () => ArrayValue;
  readonly counts: () => ArrayValue;
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

/**
 * @throws ConcretizationError when `given` is traced and there is no size; ShapeError when it is empty and there is nothing
 * to fill up a result with.
 */
export function distinct(given: ArrayValue, options: UniqueOptions, caller: string): Distinct {
  const { axis = null, equalNan = true, size = null, fillValue = null } = options;
  const flat = axis === null ? lax.reshape(given, [given.size]) : given;
  const place = canonicalAxis(axis ?? 0, flat.ndim, caller);
  const a = moveaxis(flat, place, 0);
  const rows = a.shape[0]!;
  const fill = (like: ArrayValue) => cast(fillValue as Operand, like.dtype, like.aval.weak, caller);
  if (rows === 0 && size && fillValue === null)
    throw new ShapeError(
      "numpy/empty",
      `${caller}: there is nothing to fill a result of size ${size} with; give fillValue`,
    );
  const { sorted, first, order } = sortSlices(a, equalNan);
  const number = sum(first);
  const length = size ?? knownSize(number, caller);
  const begins = nonzero(first, { size: length })[0]!;
  const missing = lax.ge(lax.iota(number.dtype, length), number);
  return {
    number,
    values: () => {
      if (rows === 0 && length > 0)
        return moveaxis(lax.broadcast(lax.broadcast(fill(a), a.shape.slice(1)), [length]), 0, place);
      const values = take(sorted, begins, 0);
      if (size === null || fillValue === null) return moveaxis(values, 0, place);
      return moveaxis(
        choose(lax.expandDims(missing, range(a.ndim - 1, 1)), fill(a), values, caller),
        0,
        place,
      );
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
