import { ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, type Op } from "../core/primitive.ts";
import { canonicalAxis, checkShape, range, sameShape, type Shape, showShape, sizeOf } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import { moveAxis } from "./algebra.ts";
import { expandDims } from "./broadcast.ts";
import {
  checkAxes,
  checkIntegers,
  dimWithout,
  inserted,
  inversePermutation,
  shiftAxes,
  showList,
} from "./dimensions.ts";
import { toArray } from "./operand.ts";

interface ReshapeOptions {
  /** Order in which the operand's axes are read; null is their own. */
  readonly dimensions?: readonly number[] | null;
}
export interface ReshapeParams extends Required<ReshapeOptions> {
  readonly newSizes: Shape;
}

/**
 * The elements of `x`, in row-major order, in another shape.
 *
 * Shape: `[…s] → newSizes`, of equal size. Dtype: that of `x`.
 * @throws ShapeError when the sizes differ, or `dimensions` is no permutation of the axes.
 * @see `jax.lax.reshape`
 */
export const reshape: Op<
  (
    x: Operand,
    newSizes: Shape,
    ...rest: Optionals<[dimensions: readonly number[] | null], ReshapeOptions>
  ) => ArrayValue,
  "reshape",
  [x: ArrayValue],
  ReshapeParams
> = definePrimitive("reshape", {
  call: (operand, newSizes, ...rest) => {
    const x = toArray(operand, "reshape");
    const { dimensions = null } = readOptions<ReshapeOptions>("reshape", ["dimensions"], rest);
    const sizes = checkShape(newSizes, "reshape");
    const inOrder = dimensions === null || sameShape(dimensions, range(x.ndim));
    if (x.ndim > 0 && inOrder && sameShape(x.shape, sizes)) return x;
    return reshape.bind([x], { newSizes: sizes, dimensions: inOrder ? null : dimensions })[0]!;
  },
  arity: 1,
  params: { newSizes: param.integers, dimensions: param.nullable(param.integers) },
  abstract: ([x], { newSizes, dimensions }) => {
    checkShape(newSizes, "reshape");
    if (dimensions !== null && !isPermutation(dimensions, x.shape.length)) {
      throw new ShapeError(
        "lax/reshape",
        `reshape dimensions must be a permutation of operand dimensions, got dimensions ${showList(dimensions)} for shape ${showShape(x.shape)}`,
      );
    }
    if (sizeOf(newSizes) !== sizeOf(x.shape)) {
      throw new ShapeError(
        "lax/reshape",
        `cannot reshape array of shape ${showShape(x.shape)} (size ${sizeOf(x.shape)}) into shape ${showShape(newSizes)} (size ${sizeOf(newSizes)}): both must have the same number of elements`,
      );
    }
    return { ...x, shape: newSizes };
  },
  jvp: "linear",
  transpose: [
    (ct, [x], { dimensions }) => {
      if (dimensions === null) return reshape(ct, x.aval.shape);
      const permuted = reshape(
        ct,
        dimensions.map((axis) => x.aval.shape[axis]!),
      );
      return transpose(permuted, inversePermutation(dimensions));
    },
  ],
  batch: ([x], [dim], size, { newSizes, dimensions }) => {
    const place = dimensions === null ? samePlace(x.shape, dim!, newSizes) : -1;
    if (place >= 0)
      return [reshape.bind([x], { newSizes: inserted(newSizes, place, size), dimensions }), [place]];
    const front = moveAxis(x, dim!, 0);
    const order = dimensions && [0, ...dimensions.map((axis) => axis + 1)];
    return [reshape.bind([front], { newSizes: [size, ...newSizes], dimensions: order }), [0]];
  },
  alsoShow: () => ({ sharding: null }),
  samples: [
    { operands: [{ shape: [2, 3] }], params: { newSizes: [3, 2], dimensions: null } },
    { operands: [{ shape: [2, 3, 2] }], params: { newSizes: [2, 6], dimensions: [2, 0, 1] } },
    { operands: [{ shape: [] }], params: { newSizes: [1, 1], dimensions: null } },
  ],
});

const isPermutation = (list: unknown, rank: number): list is readonly number[] =>
  Array.isArray(list) && list.length === rank && range(rank).every((axis) => list.includes(axis));

/** Where in `newSizes` a batch axis at `dim` can stay because as many elements lie before it; -1 if nowhere. */
function samePlace(shape: Shape, dim: number, newSizes: Shape): number {
  const before = sizeOf(shape.slice(0, dim));
  let product = 1;
  for (let place = 0; place <= newSizes.length; place++) {
    if (product === before) return place;
    product *= newSizes[place] ?? 1;
  }
  return -1;
}

/**
 * `x` with its axes in another order: axis `i` of the result is axis `permutation[i]` of `x`.
 *
 * Dtype: that of `x`.
 * @throws ShapeError when `permutation` is no permutation of the axes.
 * @see `jax.lax.transpose`
 */
export const transpose: Op<
  (x: Operand, permutation: readonly number[]) => ArrayValue,
  "transpose",
  [x: ArrayValue],
  { readonly permutation: readonly number[] }
> = definePrimitive("transpose", {
  call: (operand, permutation) => {
    const x = toArray(operand, "transpose");
    if (Array.isArray(permutation) && sameShape(permutation, range(x.ndim))) return x;
    return transpose.bind([x], { permutation })[0]!;
  },
  arity: 1,
  params: { permutation: param.integers },
  abstract: ([x], { permutation }) => {
    if (!isPermutation(permutation, x.shape.length)) {
      throw new ShapeError(
        "lax/transpose",
        `transpose permutation isn't a permutation of operand dimensions, got permutation ${showList(permutation)} for operand shape ${showShape(x.shape)}: name each of the axes 0 … ${x.shape.length - 1} once`,
      );
    }
    return { ...x, shape: permutation.map((axis) => x.shape[axis]!) };
  },
  jvp: "linear",
  transpose: [(ct, _x, { permutation }) => transpose(ct, inversePermutation(permutation))],
  batch: ([x], [dim], _size, { permutation }) => [
    transpose.bind([x], { permutation: [dim!, ...shiftAxes(permutation, dim!)] }),
    [0],
  ],
  samples: [
    { operands: [{ shape: [2, 3] }], params: { permutation: [1, 0] } },
    { operands: [{ shape: [2, 3, 4] }], params: { permutation: [2, 0, 1] } },
  ],
});

/**
 * `x` without the axes `dimensions`, which have size 1; negative ones count from the end.
 *
 * @throws ShapeError when one is not an axis, is named twice or has another size.
 * @see `jax.lax.squeeze`
 */
export const squeeze: Op<
  (x: Operand, dimensions: readonly number[]) => ArrayValue,
  "squeeze",
  [x: ArrayValue],
  { readonly dimensions: readonly number[] }
> = definePrimitive("squeeze", {
  call: (operand, dimensions) => {
    const x = toArray(operand, "squeeze");
    checkIntegers(dimensions, "dimensions", "squeeze");
    if (dimensions.length === 0) return x;
    const axes = dimensions.map((axis) => canonicalAxis(axis, x.ndim, "squeeze"));
    return squeeze.bind([x], { dimensions: axes.sort((a, b) => a - b) })[0]!;
  },
  arity: 1,
  params: { dimensions: param.integers },
  abstract: ([x], { dimensions }) => {
    checkAxes(dimensions, x.shape.length, "dimensions", "squeeze");
    if (dimensions.some((axis) => x.shape[axis] !== 1)) {
      throw new ShapeError(
        "lax/squeeze",
        `cannot select an axis to squeeze out which has size not equal to one, got shape=${showShape(x.shape)} and dimensions=${showShape(dimensions)}`,
      );
    }
    return { ...x, shape: x.shape.filter((_, axis) => !dimensions.includes(axis)) };
  },
  jvp: "linear",
  transpose: [(ct, _x, { dimensions }) => expandDims(ct, dimensions)],
  batch: ([x], [dim], _size, { dimensions }) => {
    const axes = shiftAxes(dimensions, dim!);
    return [squeeze.bind([x], { dimensions: axes }), [dimWithout(dim!, axes)]];
  },
  samples: [
    { operands: [{ shape: [1, 3] }], params: { dimensions: [0] } },
    { operands: [{ shape: [2, 1, 3, 1] }], params: { dimensions: [1, 3] } },
  ],
});

/**
 * `x` with the axes from `startDimension` up to `stopDimension` (exclusive; all that follow, if left out) made one.
 *
 * Shape: `[2, 3, 4] → [6, 4]` for 0, 2. @see `jax.lax.collapse`
 */
export function collapse(
  operand: Operand,
  startDimension: number,
  ...rest: Optionals<[stopDimension: number | null], { stopDimension?: number | null }>
): ArrayValue {
  const x = toArray(operand, "collapse");
  const { stopDimension: stop = null } = readOptions<{ stopDimension?: number | null }>(
    "collapse",
    ["stopDimension"],
    rest,
  );
  const bound = (axis: number): number => {
    checkIntegers([axis], "dimension range", "collapse");
    return Math.min(Math.max(axis < 0 ? axis + x.ndim : axis, 0), x.ndim);
  };
  const [low, high] = [bound(startDimension), bound(stop ?? x.ndim)];
  if (high < low) {
    throw new ShapeError(
      "lax/collapse",
      `collapse: invalid dimension range [${startDimension}:${String(stop)}] for shape ${showShape(x.shape)}: the stop comes before the start`,
    );
  }
  return reshape(x, [...x.shape.slice(0, low), sizeOf(x.shape.slice(low, high)), ...x.shape.slice(high)]);
}

/**
 * `x` reversed along the axes `dimensions`.
 *
 * @throws ShapeError when one is not an axis of `x` or is named twice.
 * @see `jax.lax.rev`
 */
export const rev: Op<
  (x: Operand, dimensions: readonly number[]) => ArrayValue,
  "rev",
  [x: ArrayValue],
  { readonly dimensions: readonly number[] }
> = definePrimitive("rev", {
  call: (operand, dimensions) => rev.bind([toArray(operand, "rev")], { dimensions })[0]!,
  arity: 1,
  params: { dimensions: param.integers },
  abstract: ([x], { dimensions }) => {
    checkAxes(dimensions, x.shape.length, "dimensions", "rev");
    return x;
  },
  jvp: "linear",
  transpose: [(ct, _x, { dimensions }) => rev(ct, dimensions)],
  batch: ([x], [dim], _size, { dimensions }) => [
    rev.bind([x], { dimensions: shiftAxes(dimensions, dim!) }),
    [dim!],
  ],
  samples: [
    { operands: [{ shape: [4] }], params: { dimensions: [0] } },
    { operands: [{ shape: [2, 3, 2] }], params: { dimensions: [0, 2] } },
  ],
});
