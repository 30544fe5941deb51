import type { Atom } from "../../core/jaxpr.ts";
import { range, sameShape, type Shape, sizeOf } from "../../core/shape.ts";
import { inversePermutation } from "../../lax/dimensions.ts";
import * as lax from "../../lax/index.ts";
import { uniform, uniformValue } from "../uniform.ts";
import {
  type Apply,
  type Identity,
  identity,
  itselfWhen,
  type Made,
  madeBy,
  numberIn,
  operation,
} from "./identity.ts";
import type { ParamsOf } from "../../core/primitive.ts";

// Where elements go. Axes of size 1 come and go by reshape only; so a reshape that changes nothing else, a squeeze and
// an expand_dims are one form.

const inOrder = (axes: readonly number[] | null): boolean =>
  axes === null || axes.every((axis, i) => axis === i);

const reshaped = (x: Atom, newSizes: Shape) => operation(lax.reshape, [x], { newSizes, dimensions: null });

/** The axes of a shape that are not of size 1. */
const wideAxes = (shape: Shape): number[] => range(shape.length).filter((axis) => shape[axis] !== 1);

/** Whether the shapes differ by axes of size 1 only. */
export const sameButOnes = (a: Shape, b: Shape): boolean =>
  sameShape(
    a.filter((n) => n !== 1),
    b.filter((n) => n !== 1),
  );

/**
 * Places for axes of size `sizes` of which some are known (-1: not): those of size 1 go wherever one of the `rank` places
 * is free. Null when there are too few.
 */
function placed(sizes: Shape, known: readonly number[], rank: number): readonly number[] | null {
  const free = range(rank).filter((axis) => !known.includes(axis));
  const places = known.map((place, i) => (place < 0 && sizes[i] === 1 ? (free.shift() ?? -1) : place));
  return places.includes(-1) ? null : places;
}

/** Moving elements of an array that holds one number everywhere. */
const ofUniform: Apply<object> = ([x], _params, program, { outputs }) => {
  const scalar = uniformValue(x!, program);
  return scalar && uniform(scalar, outputs[0]!.aval.shape);
};

const transposeTwice: Apply<ParamsOf<typeof lax.transpose>> = ([x], { permutation }, program) => {
  const inner = madeBy(lax.transpose, x, program);
  return (
    inner &&
    operation(lax.transpose, inner.inputs, {
      permutation: permutation.map((axis) => inner.params.permutation[axis]!),
    })
  );
};

/** A broadcast with its axes in another order: `permutation` of those of `x`. */
export const turnedBroadcast = (
  { inputs, params }: Made<typeof lax.broadcastInDim>,
  permutation: readonly number[],
  { aval }: Atom,
) => {
  const places = inversePermutation(permutation);
  return operation(lax.broadcastInDim, inputs, {
    shape: permutation.map((axis) => aval.shape[axis]!),
    broadcastDimensions: params.broadcastDimensions.map((axis) => places[axis]!),
  });
};
const transposeOfBroadcast: Apply<ParamsOf<typeof lax.transpose>> = ([x], { permutation }, program) => {
  const inner = madeBy(lax.broadcastInDim, x, program);
  return inner && turnedBroadcast(inner, permutation, x!);
};

const transposeOfOnes: Apply<ParamsOf<typeof lax.transpose>> = ([x], { permutation }, _program, eqn) => {
  const wide = permutation.filter((axis) => x!.aval.shape[axis] !== 1);
  return wide.every((axis, i) => i === 0 || wide[i - 1]! < axis)
    ? reshaped(x!, eqn.outputs[0]!.aval.shape)
    : null;
};

const reshapeTwice: Apply<ParamsOf<typeof lax.reshape>> = ([x], { newSizes, dimensions }, program) => {
  const inner = madeBy(lax.reshape, x, program);
  return inner && dimensions === null
    ? operation(lax.reshape, inner.inputs, { newSizes, dimensions: inner.params.dimensions })
    : null;
};

const reshapeOfBroadcast: Apply<ParamsOf<typeof lax.reshape>> = ([x], { newSizes, dimensions }, program) => {
  const inner = dimensions === null ? madeBy(lax.broadcastInDim, x, program) : null;
  if (inner === null || !sameButOnes(x!.aval.shape, newSizes)) return null;
  const [source] = inner.inputs;
  const [from, to] = [wideAxes(x!.aval.shape), wideAxes(newSizes)];
  const known = inner.params.broadcastDimensions.map((axis) => to[from.indexOf(axis)] ?? -1);
  const broadcastDimensions = placed(source!.aval.shape, known, newSizes.length);
  return (
    broadcastDimensions && operation(lax.broadcastInDim, [source!], { shape: newSizes, broadcastDimensions })
  );
};

const broadcastTwice: Apply<ParamsOf<typeof lax.broadcastInDim>> = (
  [x],
  { shape, broadcastDimensions },
  program,
) => {
  const inner = madeBy(lax.broadcastInDim, x, program);
  return (
    inner &&
    operation(lax.broadcastInDim, inner.inputs, {
      shape,
      broadcastDimensions: inner.params.broadcastDimensions.map((axis) => broadcastDimensions[axis]!),
    })
  );
};

const broadcastOfTranspose: Apply<ParamsOf<typeof lax.broadcastInDim>> = (
  [x],
  { shape, broadcastDimensions },
  program,
) => {
  const inner = madeBy(lax.transpose, x, program);
  if (inner === null) return null;
  const places = inversePermutation(inner.params.permutation);
  return operation(lax.broadcastInDim, inner.inputs, {
    shape,
    broadcastDimensions: places.map((axis) => broadcastDimensions[axis]!),
  });
};

const broadcastOfReshape: Apply<ParamsOf<typeof lax.broadcastInDim>> = (
  [x],
  { shape, broadcastDimensions },
  program,
) => {
  const inner = madeBy(lax.reshape, x, program);
  if (inner === null || inner.params.dimensions !== null) return null;
  const [source] = inner.inputs;
  const [from, to] = [source!.aval.shape, x!.aval.shape];
  if (!sameButOnes(from, to)) return null;
  const [fromWide, toWide] = [wideAxes(from), wideAxes(to)];
  const known = from.map((_, axis) => broadcastDimensions[toWide[fromWide.indexOf(axis)] ?? -1] ?? -1);
  const places = placed(from, known, shape.length);
  return places && operation(lax.broadcastInDim, [source!], { shape, broadcastDimensions: places });
};

/** In the order in which they are, and nothing repeated. */
const broadcastOfOnes: Apply<ParamsOf<typeof lax.broadcastInDim>> = ([x], { shape, broadcastDimensions }) => {
  const from = x!.aval.shape;
  const wide = wideAxes(from).map((axis) => broadcastDimensions[axis]!);
  return from.length > 0 &&
    sizeOf(from) === sizeOf(shape) &&
    wide.every((axis, i) => i === 0 || wide[i - 1]! < axis)
    ? reshaped(x!, shape)
    : null;
};

const sliceTwice: Apply<ParamsOf<typeof lax.slice>> = (
  [x],
  { startIndices, limitIndices, strides },
  program,
) => {
  const inner = madeBy(lax.slice, x, program);
  if (inner === null) return null;
  const { params } = inner;
  const step = params.strides ?? startIndices.map(() => 1);
  // A step may lead beyond the end of the array: to its limit, and where nothing is taken to its start.
  const at = (indices: readonly number[]) =>
    indices.map((index, axis) =>
      Math.min(params.startIndices[axis]! + index * step[axis]!, params.limitIndices[axis]!),
    );
  return operation(lax.slice, inner.inputs, {
    startIndices: at(startIndices),
    limitIndices: at(limitIndices),
    strides: strides || params.strides ? step.map((n, axis) => n * (strides?.[axis] ?? 1)) : null,
  });
};

/** Of a slice that lies within one of the parts. */
const sliceOfPart: Apply<ParamsOf<typeof lax.slice>> = ([x], params, program) => {
  const joined = madeBy(lax.concatenate, x, program);
  if (joined === null) return null;
  const { dimension } = joined.params;
  const [first, last] = [params.startIndices[dimension]!, params.limitIndices[dimension]!];
  let start = 0;
  for (const part of joined.inputs) {
    const end = start + part.aval.shape[dimension]!;
    if (start <= first && last <= end) {
      const moved = (indices: readonly number[]) => indices.with(dimension, indices[dimension]! - start);
      const startIndices = moved(params.startIndices);
      return operation(lax.slice, [part], {
        ...params,
        startIndices,
        limitIndices: moved(params.limitIndices),
      });
    }
    start = end;
  }
  return null;
};

const sliceAtKnown: Apply<ParamsOf<typeof lax.dynamicSlice>> = ([x, ...starts], { sliceSizes }, program) => {
  const scalars = starts.map((start) => uniformValue(start, program));
  if (!scalars.every((scalar) => scalar !== null)) return null;
  const { shape } = x!.aval;
  // A block that would overrun an axis begins earlier.
  const startIndices = scalars.map(({ value }, axis) =>
    Math.max(0, Math.min(Number(numberIn(value)), shape[axis]! - sliceSizes[axis]!)),
  );
  const limitIndices = startIndices.map((start, axis) => start + sliceSizes[axis]!);
  return operation(lax.slice, [x!], { startIndices, limitIndices, strides: null });
};

const revTwice: Apply<ParamsOf<typeof lax.rev>> = ([x], { dimensions }, program) => {
  const inner = madeBy(lax.rev, x, program);
  if (inner === null) return null;
  const once = (axes: readonly number[], others: readonly number[]) =>
    axes.filter((axis) => !others.includes(axis));
  const before = inner.params.dimensions;
  return operation(lax.rev, inner.inputs, {
    dimensions: [...once(before, dimensions), ...once(dimensions, before)],
  });
};

export const movement: readonly Identity[] = [
  identity(
    "a transpose of no axis",
    lax.transpose,
    itselfWhen(({ permutation }) => inOrder(permutation)),
  ),
  identity("a transpose of a transpose", lax.transpose, transposeTwice),
  identity("a transpose of axes of size 1 is a reshape", lax.transpose, transposeOfOnes),
  identity("a transpose of a broadcast is a broadcast", lax.transpose, transposeOfBroadcast),
  identity(
    "a reshape to the same shape",
    lax.reshape,
    itselfWhen(({ newSizes, dimensions }, x) => sameShape(newSizes, x.aval.shape) && inOrder(dimensions)),
  ),
  identity("a reshape that names the order of the axes", lax.reshape, ([x], { newSizes, dimensions }) =>
    dimensions !== null && inOrder(dimensions) ? reshaped(x!, newSizes) : null,
  ),
  identity("a reshape of a reshape", lax.reshape, reshapeTwice),
  identity("a reshape of a broadcast by axes of size 1", lax.reshape, reshapeOfBroadcast),
  identity(
    "a broadcast to the same shape",
    lax.broadcastInDim,
    itselfWhen(
      ({ shape, broadcastDimensions }, x) => sameShape(shape, x.aval.shape) && inOrder(broadcastDimensions),
    ),
  ),
  identity("a broadcast of a broadcast", lax.broadcastInDim, broadcastTwice),
  identity("a broadcast of a transpose", lax.broadcastInDim, broadcastOfTranspose),
  identity("a broadcast of a reshape by axes of size 1", lax.broadcastInDim, broadcastOfReshape),
  identity("a broadcast that repeats nothing is a reshape", lax.broadcastInDim, broadcastOfOnes),
  identity("a squeeze is a reshape", lax.squeeze, ([x], _params, _program, { outputs }) =>
    reshaped(x!, outputs[0]!.aval.shape),
  ),
  identity(
    "a slice of all",
    lax.slice,
    itselfWhen(
      ({ startIndices, limitIndices, strides }, { aval }) =>
        startIndices.every((start) => start === 0) &&
        (strides ?? []).every((stride) => stride === 1) &&
        sameShape(limitIndices, aval.shape),
    ),
  ),
  identity("a slice of a slice", lax.slice, sliceTwice),
  identity("a slice of one part", lax.slice, sliceOfPart),
  identity(
    "a dynamic slice of all",
    lax.dynamicSlice,
    itselfWhen(({ sliceSizes }, x) => sameShape(sliceSizes, x.aval.shape)),
  ),
  identity("a dynamic slice at known places is a slice", lax.dynamicSlice, sliceAtKnown),
  identity("an update of all", lax.dynamicUpdateSlice, ([x, update]) =>
    sameShape(x!.aval.shape, update!.aval.shape) ? [update!] : null,
  ),
  identity(
    "axes of one element turned round",
    lax.rev,
    itselfWhen(({ dimensions }, x) => dimensions.every((axis) => x.aval.shape[axis]! <= 1)),
  ),
  identity("axes turned round twice", lax.rev, revTwice),
  identity(
    "a pad by nothing",
    lax.pad,
    itselfWhen(({ paddingConfig }) => paddingConfig.every((axis) => axis.every((n) => n === 0))),
  ),
  identity("a concatenate of one", lax.concatenate, (inputs) => (inputs.length === 1 ? inputs : null)),
  identity(
    "elements of a repeated scalar moved",
    [lax.transpose, lax.reshape, lax.squeeze, lax.slice, lax.dynamicSlice, lax.rev],
    ofUniform,
  ),
];
