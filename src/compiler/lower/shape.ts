import { type Shape, sizeOf, stridesOf } from "../../core/shape.ts";
import { Affine } from "../kernel/affine.ts";
import type { Index, Reader } from "../kernel/reader.ts";
import { converted } from "./convert.ts";
import { elements, type Elements, type Rows } from "./row.ts";

const start = Affine.of(0);

/** An output whose elements are those of the operand at another place. */
const view = (place: (index: Index) => Index): Elements =>
  elements("view", ([x]) => [(index) => x!(place(index))]);
/** The same elements in the same order. */
const inOrder = (place: (index: Index) => Index): Elements => ({ ...view(place), inOrder: true });

/** Several of them. */
const views = (count: number, place: (index: Index, out: number) => Index): Elements =>
  elements("view", ([x]) =>
    Array.from(
      { length: count },
      (_, out): Reader =>
        (index) =>
          x!(place(index, out)),
    ),
  );

/** The place in an array of `shape` of the element at `position`, row by row. */
function placeAt(position: Affine, shape: Shape): Index {
  const place: Affine[] = [];
  let rest = position;
  for (const size of shape.slice(1).toReversed()) {
    const [quotient, remainder] = rest.divide(size);
    place.unshift(remainder);
    rest = quotient;
  }
  return shape.length === 0 ? [] : [rest, ...place];
}

/** Where the element at `index` of an array of shape `from`, row by row, is in one of shape `to`. */
function reshaped(index: Index, from: Shape, to: Shape): Index {
  if (sizeOf(to) === 0) return to.map(() => start);
  const place: Affine[] = [];
  // Runs of axes that hold equally many elements are taken apart on their own.
  for (let [i, j] = [0, 0]; i < from.length || j < to.length;) {
    const [firstOf, firstTo] = [i, j];
    let [of, into] = [from[i++] ?? 1, to[j++] ?? 1];
    while (of !== into)
      if (of < into) of *= from[i++]!;
      else into *= to[j++]!;
    const sizes = from.slice(firstOf, i);
    const strides = stridesOf(sizes);
    const position = sizes.reduce((sum, _, k) => sum.plus(index[firstOf + k]!.times(strides[k]!)), start);
    place.push(...placeAt(position, to.slice(firstTo, j)));
  }
  return place;
}

/** `index` of permuted axes as that of the axes in their own order. */
function unpermuted(index: Index, permutation: readonly number[]): Index {
  const place: Affine[] = [];
  permutation.forEach((axis, i) => (place[axis] = index[i]!));
  return place;
}

/** Rows of what moves elements to places that are known beforehand. */
export const shape = {
  reshape: ({ dimensions }, [x], [out]) => {
    if (dimensions === null) return inOrder((index) => reshaped(index, out!.shape, x!.shape));
    const order = dimensions.map((axis) => x!.shape[axis]!);
    return view((index) => unpermuted(reshaped(index, out!.shape, order), dimensions));
  },
  transpose: ({ permutation }) => view((index) => unpermuted(index, permutation)),
  squeeze: ({ dimensions }, [x]) =>
    inOrder((index) => {
      let next = 0;
      return x!.shape.map((_, axis) => (dimensions.includes(axis) ? start : index[next++]!));
    }),
  broadcast_in_dim: ({ broadcastDimensions }, [x]) =>
    view((index) => x!.shape.map((size, axis) => (size === 1 ? start : index[broadcastDimensions[axis]!]!))),
  rev: ({ dimensions }, [x]) =>
    view((index) =>
      index.map((i, axis) => (dimensions.includes(axis) ? i.times(-1).plus(x!.shape[axis]! - 1) : i)),
    ),
  slice: ({ startIndices, strides }) =>
    view((index) => index.map((i, axis) => i.times(strides?.[axis] ?? 1).plus(startIndices[axis]!))),
  unstack: ({ axis }, _operands, outs) =>
    views(outs.length, (index, out) => index.toSpliced(axis, 0, Affine.of(out))),
  split: ({ sizes, axis }) => {
    let end = 0;
    const starts = sizes.map((size) => (end += size) - size);
    return views(sizes.length, (index, out) => index.with(axis, index[axis]!.plus(starts[out]!)));
  },
  iota: ({ dimension, dtype }) =>
    elements("map", () => [(index) => converted([index[dimension]!.value()], "int32", dtype)]),
} satisfies Partial<Rows>;
