import { range, sizeOf } from "../core/shape.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import {
  batchOf,
  column,
  type Coordinates,
  entriesOf,
  groups,
  indicesBy,
  inside,
  joined,
  NOWHERE,
  scatterRows,
  sparser,
  sumBy,
  summed,
} from "./coordinates.ts";
import { moved } from "./sparse-layout.ts";

/** The sum over axes. Of the sparse ones, those that are left may be none: then the values is the result. */
export function reduced(x: Coordinates, axes: readonly number[]): Coordinates {
  const batch = batchOf(x);
  const gone = axes.filter((axis) => axis < batch.length);
  const kept = range(batch.length).filter((axis) => !gone.includes(axis));
  const order = [...kept, ...gone];
  const rank = batch.length;
  const nse = gone.reduce((count, axis) => count * batch[axis]!, entriesOf(x));
  const shape = kept.map((axis) => batch[axis]!);
  const y: Coordinates = {
    values: lax.reshape(lax.transpose(x.values, [...order, rank]), [...shape, nse]),
    indices: lax.reshape(lax.transpose(x.indices, [...order, rank, rank + 1]), [
      ...shape,
      nse,
      x.sizes.length,
    ]),
    sizes: x.sizes,
    unique: x.unique && gone.length === 0,
  };
  const left = range(x.sizes.length).filter((axis) => !axes.includes(axis + rank));
  if (left.length === x.sizes.length) return y;
  return moved(
    y,
    left.map((axis) => column(y, axis)),
    left.map((axis) => x.sizes[axis]!),
    false,
  );
}

/** A reduction that picks an element, with the operations that do the same with two, and with many at one place. */
export interface Pick {
  readonly reduce: typeof lax.reduceMax | typeof lax.reduceMin | typeof lax.reduceAnd | typeof lax.reduceOr;
  readonly pair: (x: ArrayValue, y: ArrayValue) => ArrayValue;
  readonly scatter: typeof lax.scatterMax | typeof lax.scatterMin;
}

/**
 * The greatest element, or the least one, over axes that are not empty: that of the entries, and 0 where there are fewer
 * of them than places. Without a sparse axis left there is one entry, the result.
 */
export function picked(
  x: Coordinates,
  axes: readonly number[],
  { reduce, pair, scatter }: Pick,
): Coordinates {
  const keep = Math.min(batchOf(x).length, ...axes);
  const y = summed(sparser(x, keep));
  const left = range(y.sizes.length).filter((axis) => !axes.includes(axis + keep));
  const sizes = left.map((axis) => y.sizes[axis]!);
  const columns = left.map((axis) => column(y, axis));
  const rest = { ...y, indices: joined(columns, y), sizes };
  const held = groups(rest);
  const ids = lax.select(inside(y), held, lax.fullLike(held, NOWHERE));
  const count = left.length === 0 ? 1 : entriesOf(y);
  // What a reduction of nothing gives takes no part in others.
  const neutral = reduce(lax.full([0], 0, y.values.dtype), [0]);
  const most = scatterRows(scatter, lax.broadcast(neutral, y.values.shape.with(-1, count)), ids, y.values);
  const places = sizeOf(y.sizes) / sizeOf(sizes);
  const full = lax.eq(sumBy(ids, lax.fullLike(ids, 1), count), places);
  const values = lax.select(full, most, pair(most, lax.fullLike(most, 0)));
  return { values, indices: indicesBy(ids, rest, count), sizes, unique: true };
}
