import { range, type Shape, sizeOf, stridesOf } from "../core/shape.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";

/**
 * The entries of a sparse array: for each place of the batch axes, `values` at `indices` among the sparse axes. Entries at
 * one place add up; those outside of `sizes` are none.
 */
export interface Coordinates {
  /** Shape: `[…batch, nse]`. */
  readonly values: ArrayValue;
  /** Shape: `[…batch, nse, axes]`; integers. */
  readonly indices: ArrayValue;
  /** Sizes of the sparse axes. */
  readonly sizes: Shape;
  /** No two entries inside of the sizes are at one place. */
  readonly unique: boolean;
}

/** Follows every place that an entry may have. */
export const NOWHERE = 2 ** 31 - 1;

export const batchOf = ({ values }: Coordinates): Shape => values.shape.slice(0, -1);
export const entriesOf = ({ values }: Coordinates): number => values.shape.at(-1)!;

/** Numbers as one row for each entry. Shape: that of `indices`. */
const rows = (numbers: readonly number[], { shape, dtype }: ArrayValue): ArrayValue =>
  lax.broadcastInDim(np.array(numbers, dtype), [...shape.slice(0, -1), numbers.length], [shape.length - 1]);

/** Which entries are inside of the sizes. Shape: `[…batch, nse]`. */
export function inside({ indices, sizes }: Coordinates): ArrayValue {
  const held = lax.and(lax.ge(indices, 0), lax.lt(indices, rows(sizes, indices)));
  return lax.reduceAnd.bind([held], { axes: [indices.ndim - 1] })[0]!;
}

/** The values, with 0 for entries outside. */
export const guarded = (x: Coordinates): ArrayValue =>
  lax.select(inside(x), x.values, lax.fullLike(x.values, 0));

/** One coordinate of every entry. Shape: `[…batch, nse]`. */
export function column({ indices }: Coordinates, axis: number): ArrayValue {
  const last = indices.ndim - 1;
  return lax.squeeze(lax.sliceInDim(indices, axis, axis + 1, { axis: last }), [last]);
}

/** Coordinates side by side, as `indices` has them. */
export function joined(columns: readonly ArrayValue[], x: Coordinates): ArrayValue {
  const { shape } = x.values;
  if (columns.length === 0) return lax.full([...shape, 0], 0, x.indices.dtype);
  return lax.concatenate(
    columns.map((c) => lax.expandDims(c, [c.ndim])),
    shape.length,
  );
}

/** The place of each entry in row-major order; those outside come after all others. Shape: `[…batch, nse]`. */
export function places(x: Coordinates): ArrayValue {
  const wide = { ...x, indices: lax.convertElementType(x.indices, "int32") };
  const strides = stridesOf(x.sizes);
  const sum = strides.reduce(
    (total, stride, axis) => lax.add(total, lax.mul(column(wide, axis), stride)),
    lax.full(x.values.shape, 0, "int32"),
  );
  return lax.select(inside(x), sum, lax.fullLike(sum, NOWHERE));
}

/** The indices of places that {@link places} gave, among other sizes of the same product. */
export function indicesAt(at: ArrayValue, sizes: Shape, x: Coordinates): ArrayValue {
  const known = lax.ne(at, NOWHERE);
  const columns = stridesOf(sizes).map((stride, axis) => {
    const size = sizes[axis]!;
    const index = lax.rem(lax.div(at, Math.max(stride, 1)), Math.max(size, 1));
    return lax.convertElementType(lax.select(known, index, lax.fullLike(index, size)), x.indices.dtype);
  });
  return joined(columns, x);
}

/** `target` with rows of it combined with `updates`, at one position for each. Positions outside are dropped. */
export function scatterRows(
  op: typeof lax.scatter | typeof lax.scatterMin | ReturnType<typeof addition>,
  target: ArrayValue,
  positions: ArrayValue,
  updates: ArrayValue,
): ArrayValue {
  const batch = range(positions.ndim - 1);
  const axis = batch.length;
  return op.bind([target, lax.expandDims(positions, [positions.ndim]), updates], {
    dimensionNumbers: {
      updateWindowDims: range(updates.ndim - positions.ndim, positions.ndim),
      insertedWindowDims: [axis],
      scatterDimsToOperandDims: [axis],
      operandBatchingDims: batch,
      scatterIndicesBatchingDims: batch,
    },
    indicesAreSorted: false,
    uniqueIndices: false,
    mode: "fill",
  })[0]!;
}

/** How entries at one place add up; booleans by "or". */
const addition = ({ dtype }: ArrayValue): typeof lax.scatterAdd | typeof lax.scatterMax =>
  dtype === "bool" ? lax.scatterMax : lax.scatterAdd;

/** A dense array with the entries added to it. Shape: `[…batch, …sizes]`. */
export function addTo(dense: ArrayValue, { values, indices, sizes }: Coordinates): ArrayValue {
  const batch = range(values.ndim - 1);
  const sparse = range(sizes.length, batch.length);
  return addition(dense).bind([dense, indices, values], {
    dimensionNumbers: {
      updateWindowDims: [],
      insertedWindowDims: sparse,
      scatterDimsToOperandDims: sparse,
      operandBatchingDims: batch,
      scatterIndicesBatchingDims: batch,
    },
    indicesAreSorted: false,
    uniqueIndices: false,
    mode: "fill",
  })[0]!;
}

/** The elements of a dense array where the entries are; `fill` outside. Shape: `[…batch, …sizes] → […batch, nse]`. */
export function takeAt(dense: ArrayValue, { values, indices, sizes }: Coordinates, fill = 0): ArrayValue {
  const batch = range(values.ndim - 1);
  const sparse = range(sizes.length, batch.length);
  return lax.gather(
    dense,
    indices,
    {
      offsetDims: [],
      collapsedSliceDims: sparse,
      startIndexMap: sparse,
      operandBatchingDims: batch,
      startIndicesBatchingDims: batch,
    },
    dense.shape.map((size) => Math.min(size, 1)),
    { mode: "fill", fillValue: fill },
  );
}

/** The same array with the batch axes from `keep` on as the first sparse ones. */
export function sparser(x: Coordinates, keep: number): Coordinates {
  const { values, indices, sizes, unique } = x;
  const batch = batchOf(x);
  const gone = batch.slice(keep);
  if (gone.length === 0) return x;
  const kept = batch.slice(0, keep);
  const own = range(gone.length, keep).map((axis) => lax.broadcastedIota(indices.dtype, values.shape, axis));
  const all = range(sizes.length).map((axis) => column(x, axis));
  const nse = sizeOf(gone) * entriesOf(x);
  return {
    values: lax.reshape(values, [...kept, nse]),
    indices: lax.reshape(joined([...own, ...all], x), [...kept, nse, gone.length + sizes.length]),
    sizes: [...gone, ...sizes],
    unique,
  };
}

/** The number of the place of each entry, among the distinct ones in row-major order; outside, one past all entries. */
export function groups(x: Coordinates): ArrayValue {
  const axis = x.values.ndim - 1;
  const nse = entriesOf(x);
  if (nse === 0) return lax.full(x.values.shape, 0, "int32");
  const numbers = lax.broadcastedIota("int32", x.values.shape, axis);
  const [sorted, origin] = lax.sort([places(x), numbers], { dimension: axis, numKeys: 1 });
  const later = lax.sliceInDim(sorted!, 1, nse, { axis });
  const changes = lax.ne(later, lax.sliceInDim(sorted!, 0, nse - 1, { axis }));
  const first = lax.full(x.values.shape.with(axis, 1), 0, "int32");
  const ids = lax.cumsum(lax.concatenate([first, lax.convertElementType(changes, "int32")], axis), axis);
  const dropped = lax.select(lax.eq(sorted!, NOWHERE), lax.fullLike(ids, NOWHERE), ids);
  return lax.sort([origin!, dropped], { dimension: axis, numKeys: 1 })[1]!;
}

/** Sums of values by group. Shape: `[…batch, nse] → […batch, count]`. */
export function sumBy(ids: ArrayValue, values: ArrayValue, count: number): ArrayValue {
  const zeros = lax.fullLike(values, 0, { shape: values.shape.with(-1, count) });
  return scatterRows(addition(values), zeros, ids, values);
}

/** Where the groups are: one index vector for each, and outside of the sizes for those that there are not. */
export function indicesBy(ids: ArrayValue, { indices, sizes }: Coordinates, count: number): ArrayValue {
  const shape = indices.shape.with(-2, count);
  return scatterRows(lax.scatter, rows(sizes, lax.full(shape, 0, indices.dtype)), ids, indices);
}

/** One entry for each place, in row-major order; the rest, up to `count`, is outside. */
export function summed(x: Coordinates, count = entriesOf(x)): Coordinates {
  const ids = groups(x);
  return {
    values: sumBy(ids, x.values, count),
    indices: indicesBy(ids, x, count),
    sizes: x.sizes,
    unique: true,
  };
}

/** The entries of all, for equal batch axes and sizes; values of the dtype of the first. */
export function together(...xs: readonly Coordinates[]): Coordinates {
  const { values, indices, sizes } = xs[0]!;
  const axis = values.ndim - 1;
  return {
    values: lax.concatenate(
      xs.map((x) => lax.convertElementType(x.values, values.dtype)),
      axis,
    ),
    indices: lax.concatenate(
      xs.map((x) => lax.convertElementType(x.indices, indices.dtype)),
      axis,
    ),
    sizes,
    unique: false,
  };
}

/** The dense array of zeros with the entries added. */
export const scattered = (x: Coordinates): ArrayValue =>
  addTo(lax.fullLike(x.values, 0, { shape: [...batchOf(x), ...x.sizes] }), x);

/** The products of entries of `x` with the sums of those of `y` at the same places: `x∘y` on the pattern of `x`. */
export function sparseProduct(x: Coordinates, y: Coordinates): Coordinates {
  const axis = x.values.ndim - 1;
  const ids = groups(together(x, y));
  const [nx, count] = [entriesOf(x), ids.shape[axis]!];
  const sums = sumBy(lax.sliceInDim(ids, nx, count, { axis }), y.values, count);
  const own = lax.sliceInDim(ids, 0, nx, { axis });
  return {
    ...x,
    values: lax.mul(
      x.values,
      takeAt(sums, {
        values: x.values,
        indices: lax.expandDims(own, [own.ndim]),
        sizes: [count],
        unique: false,
      }),
    ),
  };
}

/** `op` of arrays, if `op(0, …)` is 0: on the places of all of them. */
export function sparseUnion(
  op: (...xs: readonly ArrayValue[]) => ArrayValue,
  xs: readonly Coordinates[],
): Coordinates {
  const axis = xs[0]!.values.ndim - 1;
  const all = together(...xs);
  const ids = groups(all);
  const count = entriesOf(all);
  let start = 0;
  const sums = xs.map(({ values }) => {
    const own = lax.sliceInDim(ids, start, (start += values.shape[axis]!), { axis });
    return sumBy(own, values, count);
  });
  return { values: op(...sums), indices: indicesBy(ids, all, count), sizes: all.sizes, unique: true };
}

/** The entries in row-major order of their places. */
export function sorted(x: Coordinates): Coordinates {
  const dimension = x.values.ndim - 1;
  const [at, values] = lax.sort([places(x), x.values], { dimension, numKeys: 1 });
  return { ...x, values: values!, indices: indicesAt(at!, x.sizes, x) };
}

/**
 * The elements of a dense array that entries meet, where it has the shape of theirs or 1 on some axes; 1 outside.
 *
 * Shape: that of the values.
 */
export function metBy(x: Coordinates, dense: ArrayValue): ArrayValue {
  const flat = sparser(x, 0);
  const axes = range(dense.ndim).filter((axis) => dense.shape[axis] !== 1);
  const columns = axes.map((axis) => column(flat, axis));
  const narrow = lax.reshape(
    dense,
    axes.map((axis) => dense.shape[axis]!),
  );
  const met = { ...flat, indices: joined(columns, flat), sizes: narrow.shape };
  return lax.reshape(takeAt(narrow, met, 1), x.values.shape);
}
