import { ShapeError } from "../core/errors.ts";
import type { ParamsOf } from "../core/primitive.ts";
import { range, type Shape, showShape } from "../core/shape.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import {
  batchOf,
  column,
  type Coordinates,
  entriesOf,
  guarded,
  indicesAt,
  inside,
  joined,
  places,
  sparser,
} from "./coordinates.ts";

/** The entries with other columns and sizes; those that were outside are outside of the new sizes too. */
export function moved(
  x: Coordinates,
  columns: readonly ArrayValue[],
  sizes: Shape,
  unique: boolean,
): Coordinates {
  const held = inside(x);
  const kept = columns.map((c, axis) => lax.select(held, c, lax.fullLike(c, sizes[axis]!)));
  // Without axes there is no outside: such an entry has to be 0.
  const values = columns.length === 0 ? guarded(x) : x.values;
  return { values, indices: joined(kept, x), sizes, unique };
}

/** Axes in another order. Batch axes remain batch axes as long as only such ones precede them. */
export function permuted(x: Coordinates, permutation: readonly number[]): Coordinates {
  const rank = batchOf(x).length;
  const lead = permutation.findIndex((axis) => axis >= rank);
  const kept = permutation.slice(0, lead < 0 ? rank : lead);
  const gone = range(rank).filter((axis) => !kept.includes(axis));
  const order = [...kept, ...gone];
  const y = sparser(
    {
      ...x,
      values: lax.transpose(x.values, [...order, rank]),
      indices: lax.transpose(x.indices, [...order, rank, rank + 1]),
    },
    kept.length,
  );
  const axes = [...gone, ...range(x.sizes.length, rank)];
  const from = permutation.slice(kept.length).map((axis) => axes.indexOf(axis));
  return {
    ...y,
    indices: joined(
      from.map((axis) => column(y, axis)),
      y,
    ),
    sizes: from.map((axis) => y.sizes[axis]!),
  };
}

/** The elements in row-major order, in another shape. Batch axes that both shapes begin with are kept. */
export function reshaped(x: Coordinates, shape: Shape): Coordinates {
  const batch = batchOf(x);
  const differing = batch.findIndex((size, axis) => size !== shape[axis]);
  const keep = differing < 0 ? batch.length : differing;
  const y = sparser(x, keep);
  const sizes = shape.slice(keep);
  if (sizes.length === 0) return moved(y, [], [], false);
  return { ...y, indices: indicesAt(places(y), sizes, y), sizes };
}

/** Every `strides[i]`-th element from `starts` up to `limits`. */
export function sliced(
  x: Coordinates,
  { startIndices, limitIndices, strides }: ParamsOf<typeof lax.slice>,
): Coordinates {
  const rank = batchOf(x).length;
  const rows = <T>(list: readonly T[], rest: readonly T[]): T[] => [...list.slice(0, rank), ...rest];
  const steps = strides ?? startIndices.map(() => 1);
  const cut = (leaf: ArrayValue): ArrayValue => {
    const rest = leaf.shape.slice(rank);
    return lax.slice(
      leaf,
      rows(
        startIndices,
        rest.map(() => 0),
      ),
      rows(limitIndices, rest),
      rows(
        steps,
        rest.map(() => 1),
      ),
    );
  };
  const y = rank === 0 ? x : { ...x, values: cut(x.values), indices: cut(x.indices) };
  const sizes = range(y.sizes.length, rank).map((axis) =>
    Math.ceil((limitIndices[axis]! - startIndices[axis]!) / steps[axis]!),
  );
  const columns = sizes.map((size, i) => {
    const [start, limit, step] = [startIndices[rank + i]!, limitIndices[rank + i]!, steps[rank + i]!];
    const given = column(y, i);
    const offset = lax.sub(given, start);
    const taken = lax.and(
      lax.and(lax.ge(given, start), lax.lt(given, limit)),
      lax.eq(lax.rem(offset, step), 0),
    );
    return lax.select(taken, lax.div(offset, step), lax.fullLike(given, size));
  });
  return moved(y, columns, sizes, y.unique);
}

/** One after another along an axis; a batch axis there becomes sparse. */
export function concatenated(parts: readonly Coordinates[], axis: number): Coordinates {
  const keep = Math.min(axis, ...parts.map((x) => batchOf(x).length));
  let offset = 0;
  const total = parts.reduce((sum, x) => sum + sizeAt(x, axis), 0);
  const shifted = parts.map((part) => {
    const x = sparser(part, keep);
    const sizes = x.sizes.with(axis - keep, total);
    const columns = range(sizes.length).map((i) =>
      i === axis - keep ? lax.add(column(x, i), offset) : column(x, i),
    );
    offset += sizeAt(part, axis);
    return moved(x, columns, sizes, x.unique);
  });
  const [first] = shifted;
  const along = batchOf(first!).length;
  return {
    values: lax.concatenate(
      shifted.map((x) => x.values),
      along,
    ),
    indices: lax.concatenate(
      shifted.map((x) => lax.convertElementType(x.indices, first!.indices.dtype)),
      along,
    ),
    sizes: first!.sizes,
    unique: shifted.every((x) => x.unique),
  };
}
const sizeAt = (x: Coordinates, axis: number): number => [...batchOf(x), ...x.sizes][axis]!;

/** What becomes of sparse axes when an array is broadcast: axis `from` of the operand, or a new one; of which size. */
export interface Broadcast {
  readonly x: Coordinates;
  /** Sparse axes of the result along which each entry lies everywhere. */
  readonly repeated: readonly number[];
}

/**
 * The array repeated to fill a shape. New axes before the sparse ones are batch axes; a sparse axis of size 1, or a new
 * one among them, is only marked as repeated, so that the entries remain as many as they are.
 */
export function broadcasted(
  x: Coordinates,
  marked: readonly number[],
  { shape, broadcastDimensions }: ParamsOf<typeof lax.broadcastInDim>,
): Broadcast {
  const rank = batchOf(x).length;
  const [ofBatch, ofSparse] = [broadcastDimensions.slice(0, rank), broadcastDimensions.slice(rank)];
  if (broadcastDimensions.some((axis, i) => i > 0 && axis < broadcastDimensions[i - 1]!))
    throw new ShapeError(
      "sparse/broadcast",
      `BCOO: the axes are broadcast in their order, got ${showShape(broadcastDimensions)}: transpose it first`,
    );
  const lead = ofSparse[0] ?? shape.length;
  const batch = shape.slice(0, lead);
  const values = lax.broadcastInDim(x.values, [...batch, entriesOf(x)], [...ofBatch, lead]);
  const y = {
    ...x,
    values,
    indices: lax.broadcastInDim(x.indices, [...values.shape, x.sizes.length], [...ofBatch, lead, lead + 1]),
  };
  const sizes = shape.slice(lead);
  const sources = sizes.map((_, i) => ofSparse.indexOf(lead + i));
  const columns = sources.map((from) =>
    from < 0 ? lax.full(values.shape, 0, x.indices.dtype) : column(y, from),
  );
  const repeated = range(sizes.length).filter((axis) => {
    const from = sources[axis]!;
    return sizes[axis] !== (from < 0 ? 1 : x.sizes[from]) || marked.includes(from);
  });
  const sameAxes = sources.every((from, axis) => from === axis);
  return { x: { ...y, indices: sameAxes ? y.indices : joined(columns, y), sizes }, repeated };
}

/** The entries of an array in which those along the axes `repeated` lie everywhere. */
export function expanded(x: Coordinates, repeated: readonly number[]): Coordinates {
  return repeated.reduce((y, axis) => {
    const size = y.sizes[axis]!;
    const [shape, nse] = [y.values.shape, entriesOf(y) * size];
    const dims = range(shape.length);
    const wide = (leaf: ArrayValue): ArrayValue => lax.broadcastInDim(leaf, [...shape, size], dims);
    const columns = range(y.sizes.length).map((i) => {
      const c = wide(column(y, i));
      if (i !== axis) return c;
      const everywhere = lax.broadcastedIota(c.dtype, c.shape, shape.length);
      return lax.select(lax.eq(c, 0), everywhere, lax.fullLike(c, size));
    });
    const flat = (leaf: ArrayValue): ArrayValue => lax.reshape(leaf, shape.with(-1, nse));
    const values = flat(wide(y.values));
    return { ...y, values, indices: joined(columns.map(flat), { ...y, values }) };
  }, x);
}
