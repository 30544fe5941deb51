import { DTypeError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, Linear, type Op } from "../core/primitive.ts";
import { addTangents } from "../core/rules.ts";
import { range, type Shape, showShape } from "../core/shape.ts";
import { type ArrayValue, type Operand } from "../core/value.ts";
import { broadcastBatch, zeros } from "./algebra.ts";
import { neg } from "./arithmetic.ts";
import { checkIntegers, inserted, showList } from "./dimensions.ts";
import { full } from "./create.ts";
import { sameDTypes, toArray } from "./operand.ts";
import { reduceSum } from "./reduce.ts";
import { select } from "./select.ts";
import { broadcastInDim } from "./broadcast.ts";

/** What is put before, after and between the elements of one axis; negative `low` and `high` remove elements. */
export type AxisPadding = readonly [low: number, high: number, interior: number];
export interface PadParams {
  readonly paddingConfig: readonly AxisPadding[];
}

const paddedSize = (size: number, [low, high, interior]: AxisPadding): number =>
  low + high + (size === 0 ? 0 : size + (size - 1) * interior);

/**
 * `x` with `paddingValue` around and between its elements: for each axis `[low, high, interior]`.
 *
 * Shape: `[n] → [low + n + (n - 1)·interior + high]` on each axis. Dtype: both the same.
 * @throws ShapeError when the config does not fit, or removes more than there is; DTypeError when the dtypes differ.
 * @see `jax.lax.pad`
 */
export const pad: Op<
  (x: Operand, paddingValue: Operand, paddingConfig: readonly AxisPadding[]) => ArrayValue,
  "pad",
  [x: ArrayValue, paddingValue: ArrayValue],
  PadParams
> = definePrimitive("pad", {
  call: (x, paddingValue, paddingConfig) =>
    pad.bind(sameDTypes([x, paddingValue], "pad") as [ArrayValue, ArrayValue], { paddingConfig })[0]!,
  arity: 2,
  params: { paddingConfig: param.list(param.tuple(param.integer, param.integer, param.integer)) },
  abstract: ([x, value], { paddingConfig }) => {
    if (x.dtype !== value.dtype) {
      throw new DTypeError(
        "lax/dtype",
        `pad operand and padding_value must be same dtype: got ${x.dtype} and ${value.dtype}`,
      );
    }
    const shape = paddedShape(x.shape, value.shape, paddingConfig);
    return { shape, dtype: x.dtype, weak: x.weak && value.weak };
  },
  jvp: "linear",
  transpose: ([ct], [x, value], { paddingConfig }) => {
    if (!ct) return [null, null];
    const inside = unpad(ct, paddingConfig);
    const total = (t: ArrayValue) => reduceSum.bind([t], { axes: range(t.ndim) })[0]!;
    return [
      x instanceof Linear ? inside : null,
      value instanceof Linear ? addTangents(total(ct), neg(total(inside))) : null,
    ];
  },
  batch: ([x, value], [dim, valueDim], size, { paddingConfig }) => {
    const place = dim ?? 0;
    const operand = dim === null ? broadcastBatch(x, size) : x;
    const config = inserted<AxisPadding>(paddingConfig, place, [0, 0, 0]);
    if (valueDim === null) return [pad.bind([operand, value], { paddingConfig: config }), [place]];
    const padded = pad(operand, zeros({ ...x.aval, shape: [] }), config);
    const mask = pad(full(operand.shape, true), false, config);
    return [[select(mask, padded, broadcastInDim(value, padded.shape, [place]))], [place]];
  },
  samples: [
    {
      operands: [{ shape: [2, 3] }, { shape: [] }],
      params: {
        paddingConfig: [
          [1, 2, 0],
          [0, 1, 1],
        ],
      },
    },
    {
      operands: [{ shape: [4, 3] }, { shape: [] }],
      params: {
        paddingConfig: [
          [-1, 2, 0],
          [1, -1, 2],
        ],
      },
    },
    { operands: [{ shape: [3] }, { shape: [] }], params: { paddingConfig: [[-2, -1, 1]] } },
  ],
});

function paddedShape(operand: Shape, value: Shape, config: readonly AxisPadding[]): number[] {
  if (value.length !== 0) {
    throw new ShapeError("lax/pad", `pad: padding_value must be a scalar, got shape ${showShape(value)}`);
  }
  const show = () => (Array.isArray(config) ? `(${config.map(showList).join(", ")})` : String(config));
  if (!Array.isArray(config) || config.length !== operand.length) {
    throw new ShapeError(
      "lax/pad",
      `pad: length of padding_config must equal the number of axes of operand, got padding_config ${show()} for operand shape ${showShape(operand)}`,
    );
  }
  for (const axis of config) {
    checkIntegers(axis, "padding_config", "pad");
    if (axis.length !== 3 || axis[2] < 0) {
      throw new ShapeError(
        "lax/pad",
        `pad: each axis takes [low, high, interior], and interior padding must be nonnegative, got padding_config ${show()}`,
      );
    }
  }
  const shape = operand.map((size, axis) => paddedSize(size, config[axis]!));
  if (shape.some((size) => size < 0)) {
    throw new ShapeError(
      "lax/pad",
      `pad: dimension size after padding is not at least 0, got result shape ${showShape(shape)}, for padding_config ${show()} and operand shape ${showShape(operand)}`,
    );
  }
  return shape;
}

/** The elements of a padded array that came from its operand; zero where the operand's were removed. */
function unpad(ct: ArrayValue, config: readonly AxisPadding[]): ArrayValue {
  const zero = zeros({ ...ct.aval, shape: [] });
  const outer = config.map(([low, high]): AxisPadding => [-low, -high, 0]);
  const trimmed = config.some(([low, high]) => low !== 0 || high !== 0) ? pad(ct, zero, outer) : ct;
  if (config.every(([, , interior]) => interior === 0)) return trimmed;
  const strides = config.map(([, , interior]) => interior + 1);
  return slice(
    trimmed,
    range(ct.ndim).map(() => 0),
    trimmed.shape,
    strides,
  );
}

interface SliceOptions {
  /** Null: all 1. */
  readonly strides?: readonly number[] | null;
}
export interface SliceParams extends Required<SliceOptions> {
  readonly startIndices: readonly number[];
  readonly limitIndices: readonly number[];
}

/**
 * The elements of `x` from `startIndices` up to `limitIndices` (exclusive), every `strides[i]`-th of axis `i`.
 *
 * Shape: `[n] → [⌈(limit - start) / stride⌉]` on each axis. Dtype: that of `x`.
 * @throws ShapeError when the indices lie outside `x` or do not fit its rank.
 * @see `jax.lax.slice`
 */
export const slice: Op<
  (
    x: Operand,
    startIndices: readonly number[],
    limitIndices: readonly number[],
    ...rest: Optionals<[strides: readonly number[] | null], SliceOptions>
  ) => ArrayValue,
  "slice",
  [x: ArrayValue],
  SliceParams
> = definePrimitive("slice", {
  call: (x, startIndices, limitIndices, ...rest) => {
    const { strides = null } = readOptions<SliceOptions>("slice", ["strides"], rest);
    return slice.bind([toArray(x, "slice")], { startIndices, limitIndices, strides })[0]!;
  },
  arity: 1,
  params: {
    startIndices: param.integers,
    limitIndices: param.integers,
    strides: param.nullable(param.integers),
  },
  abstract: ([x], params) => ({ ...x, shape: slicedShape(x.shape, params) }),
  jvp: "linear",
  transpose: [
    (ct, [x], { startIndices, limitIndices, strides }) => {
      const config = x.aval.shape.map((size, axis): AxisPadding => {
        const [start, stride] = [startIndices[axis]!, strides?.[axis] ?? 1];
        if (stride === 1) return [start, size - limitIndices[axis]!, 0];
        const taken = ct.shape[axis]!;
        const limit = start + (taken === 0 ? 0 : 1 + (taken - 1) * stride);
        return [start, size - limit, stride - 1];
      });
      return pad(ct, zeros({ ...ct.aval, shape: [] }), config);
    },
  ],
  batch: ([x], [dim], size, { startIndices, limitIndices, strides }) => [
    slice.bind([x], {
      startIndices: inserted(startIndices, dim!, 0),
      limitIndices: inserted(limitIndices, dim!, size),
      strides: strides && inserted(strides, dim!, 1),
    }),
    [dim!],
  ],
  samples: [
    { operands: [{ shape: [4, 3] }], params: { startIndices: [1, 0], limitIndices: [3, 2], strides: null } },
    {
      operands: [{ shape: [5, 3] }],
      params: { startIndices: [0, 1], limitIndices: [5, 3], strides: [2, 1] },
    },
    { operands: [{ shape: [6] }], params: { startIndices: [1], limitIndices: [5], strides: [3] } },
  ],
});

function slicedShape(operand: Shape, { startIndices, limitIndices, strides }: SliceParams): number[] {
  checkIntegers(startIndices, "start_indices", "slice", 0);
  checkIntegers(limitIndices, "limit_indices", "slice", 0);
  if (strides !== null) checkIntegers(strides, "strides", "slice", 1);
  for (const [name, list] of Object.entries({
    start_indices: startIndices,
    limit_indices: limitIndices,
    strides,
  })) {
    if (list !== null && list.length !== operand.length) {
      throw new ShapeError(
        "lax/slice",
        `slice ${name} must have length equal to the number of dimensions of the operand, got ${showShape(list)} for operand shape ${showShape(operand)}`,
      );
    }
  }
  return operand.map((size, axis) => {
    const [start, limit] = [startIndices[axis]!, limitIndices[axis]!];
    if (limit > size) {
      throw new ShapeError(
        "lax/slice",
        `slice limit_indices must be less than or equal to operand shape, got limit_indices ${showShape(limitIndices)} for operand shape ${showShape(operand)}`,
      );
    }
    if (start > limit) {
      throw new ShapeError(
        "lax/slice",
        `slice limit_indices must be greater than or equal to start_indices, got start_indices ${showShape(startIndices)} and limit_indices ${showShape(limitIndices)}`,
      );
    }
    return Math.ceil((limit - start) / (strides?.[axis] ?? 1));
  });
}
