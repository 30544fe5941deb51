import { ShapeError } from "../core/errors.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, type Op } from "../core/primitive.ts";
import {
  broadcastShapes as commonShape,
  canonicalAxis,
  checkShape,
  range,
  sameShape,
  type Shape,
  showShape,
} from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import { argsort, checkAxes, checkIntegers, inserted, inversePermutation } from "./dimensions.ts";
import { toArray } from "./operand.ts";
import { reduceSum } from "./reduce.ts";
import { transpose } from "./shape.ts";

export interface BroadcastInDimParams {
  readonly shape: Shape;
  /** The axis of the result that each axis of the operand becomes. */
  readonly broadcastDimensions: readonly number[];
}

/**
 * `x` repeated to fill `shape`: its axis `i` becomes axis `broadcastDimensions[i]`, of the same size or repeated from 1;
 * the other axes of the result are new.
 *
 * Shape: `[…s] → shape`. Dtype: that of `x`.
 * @throws ShapeError when the axes or sizes do not fit.
 * @see `jax.lax.broadcast_in_dim`
 */
export const broadcastInDim: Op<
  (x: Operand, shape: Shape, broadcastDimensions: readonly number[]) => ArrayValue,
  "broadcast_in_dim",
  [x: ArrayValue],
  BroadcastInDimParams
> = definePrimitive("broadcast_in_dim", {
  call: (operand, shape, broadcastDimensions) => {
    const x = toArray(operand, "broadcast_in_dim");
    if (x.ndim === 0 && Array.isArray(shape) && shape.length === 0) return x;
    return broadcastInDim.bind([x], { shape, broadcastDimensions })[0]!;
  },
  arity: 1,
  params: {
    shape: param.following(param.integers, (_operands, [out]) => out!.shape),
    broadcastDimensions: param.unless([], param.integers),
  },
  abstract: ([x], params) => {
    checkBroadcastInDim(x.shape, params);
    return { ...x, shape: params.shape };
  },
  jvp: "linear",
  transpose: [
    (ct, [x], { broadcastDimensions }) => {
      const { shape } = x.aval;
      const kept = broadcastDimensions.filter((_, axis) => shape[axis] !== 1);
      const axes = range(ct.ndim).filter((axis) => !kept.includes(axis));
      const summed = axes.length === 0 ? ct : reduceSum.bind([ct], { axes })[0]!;
      // The sum has the kept axes in the order of the result, the operand in its own.
      const ordered = transpose(summed, inversePermutation(argsort(kept)));
      return expandDims(
        ordered,
        range(shape.length).filter((axis) => shape[axis] === 1),
      );
    },
  ],
  batch: ([x], [dim], size, { shape, broadcastDimensions }) => {
    const axes = inserted(
      broadcastDimensions.map((axis) => axis + 1),
      dim!,
      0,
    );
    return [broadcastInDim.bind([x], { shape: [size, ...shape], broadcastDimensions: axes }), [0]];
  },
  samples: [
    { operands: [{ shape: [3] }], params: { shape: [2, 3], broadcastDimensions: [1] } },
    { operands: [{ shape: [1, 3] }], params: { shape: [2, 3, 2], broadcastDimensions: [0, 1] } },
    { operands: [{ shape: [2, 3] }], params: { shape: [3, 2], broadcastDimensions: [1, 0] } },
    { operands: [{ shape: [] }], params: { shape: [2, 2], broadcastDimensions: [] } },
  ],
});

function checkBroadcastInDim(operand: Shape, { shape, broadcastDimensions }: BroadcastInDimParams): void {
  checkShape(shape, "broadcast_in_dim");
  checkIntegers(broadcastDimensions, "broadcast_dimensions", "broadcast_in_dim");
  const got = `got operand of shape ${showShape(operand)}, target broadcast shape ${showShape(shape)}, broadcast_dimensions ${showShape(broadcastDimensions)}`;
  const refuse = (expected: string): never => {
    throw new ShapeError("lax/broadcast", `broadcast_in_dim ${expected}; ${got}`);
  };
  if (operand.length !== broadcastDimensions.length)
    refuse("broadcast_dimensions must have length equal to operand ndim");
  checkAxes(broadcastDimensions, shape.length, "broadcast_dimensions", "broadcast_in_dim");
  for (let axis = 0; axis < operand.length; axis++) {
    if (operand[axis] !== 1 && operand[axis] !== shape[broadcastDimensions[axis]!])
      refuse(
        "operand dimension sizes must either be 1, or be equal to their corresponding dimensions in the target broadcast shape",
      );
  }
}

/**
 * `x` with new leading axes of the given sizes.
 *
 * Shape: `[…s] → [...sizes, …s]`. @see `jax.lax.broadcast`
 */
export function broadcast(operand: Operand, sizes: Shape): ArrayValue {
  const x = toArray(operand, "broadcast");
  checkShape(sizes, "broadcast");
  if (sizes.length === 0) return x;
  return broadcastInDim(x, [...sizes, ...x.aval.shape], range(x.ndim, sizes.length));
}

/** `x` with leading axes of size 1 up to `rank` axes. @see `jax.lax.broadcast_to_rank` */
export function broadcastToRank(operand: Operand, rank: number): ArrayValue {
  const x = toArray(operand, "broadcast_to_rank");
  return broadcast(
    x,
    range(rank - x.ndim).map(() => 1),
  );
}

/**
 * `x` with new axes of size 1 at the places `dimensions` of the result; negative ones count from its end.
 *
 * @throws ShapeError when one is out of bounds or named twice.
 * @see `jax.lax.expand_dims`
 */
export function expandDims(operand: Operand, dimensions: readonly number[]): ArrayValue {
  const x = toArray(operand, "expand_dims");
  checkIntegers(dimensions, "dimensions", "expand_dims");
  if (dimensions.length === 0) return x;
  const rank = x.ndim + dimensions.length;
  const axes = dimensions.map((axis) => canonicalAxis(axis, rank, "expand_dims"));
  if (new Set(axes).size !== axes.length)
    throw new ShapeError("shape/axis", `expand_dims: repeated axis in ${showShape(dimensions)}`);
  const kept = range(rank).filter((axis) => !axes.includes(axis));
  const shape = range(rank).map((axis) => x.shape[kept.indexOf(axis)] ?? 1);
  return broadcastInDim(x, shape, kept);
}

/**
 * `x` repeated to the shape of `like`, aligned at the last axis.
 *
 * @throws ShapeError when its sizes are neither 1 nor those of `like`. @see `jax.lax.broadcast_like`
 */
export function broadcastLike(operand: Operand, like: Operand): ArrayValue {
  const x = toArray(operand, "broadcast_like");
  const { shape } = toArray(like, "broadcast_like", 1).aval;
  return sameShape(x.shape, shape) ? x : broadcastInDim(x, shape, range(x.ndim, shape.length - x.ndim));
}

/** The shape that shapes broadcast to. @throws ShapeError where there is none. @see `jax.lax.broadcast_shapes` */
export const broadcastShapes = (...shapes: readonly Shape[]): number[] =>
  commonShape(
    shapes.map((shape) => checkShape(shape, "broadcast_shapes")),
    "broadcast_shapes",
  );
