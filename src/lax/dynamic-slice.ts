import { isInteger, kindOf } from "../core/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, Linear, type Op } from "../core/primitive.ts";
import { zerosOf } from "../core/rules.ts";
import { isWeakInt, scalarOf, weakScalar } from "../core/scalar.ts";
import { checkShape, range, type Shape, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, avalOf, type Aval, type Operand } from "../core/value.ts";
import { zeros } from "./algebra.ts";
import { add } from "./arithmetic.ts";
import { lt } from "./compare.ts";
import { concatenate } from "./join.ts";
import { gather } from "./indexing.ts";
import { sameDTypes, toArray } from "./operand.ts";
import { slice } from "./pad-slice.ts";
import { scatter } from "./scatter.ts";
import { select } from "./select.ts";
import { broadcastInDim } from "./broadcast.ts";
import { squeeze } from "./shape.ts";

/** One integer for each axis, or a 1-D array of them. */
export type StartIndices = readonly Operand[] | ArrayValue;

/** @throws when the indices are not one integer scalar for each axis, all of one dtype. */
function checkStarts(starts: readonly Aval[], operand: Shape, caller: string): void {
  if (starts.length !== operand.length) {
    throw new ShapeError(
      "lax/starts",
      `${caller}: there must be one start index for each axis of the operand, got ${starts.length} for operand shape ${showShape(operand)}`,
    );
  }
  for (const { shape, dtype } of starts) {
    if (shape.length !== 0) {
      throw new ShapeError(
        "lax/starts",
        `start_indices arguments to ${caller} must be scalars, got shapes ${starts.map((x) => showShape(x.shape)).join(", ")}`,
      );
    }
    if (!isInteger(dtype) || dtype !== starts[0]!.dtype) {
      throw new DTypeError(
        "lax/dtype",
        `index arguments to ${caller} must be integers of the same type, got ${starts.map((x) => x.dtype).join(", ")}`,
      );
    }
  }
}

/** The start indices as scalars of one dtype; negative ones count from the end where `wrap` says so. */
function startArrays(
  starts: StartIndices,
  shape: Shape,
  wrap: boolean | readonly boolean[],
  caller: string,
): ArrayValue[] {
  const list = starts instanceof ArrayValue ? scalarsOf(starts, caller) : starts;
  if (!Array.isArray(list) || list.length !== shape.length) {
    throw new ShapeError(
      "lax/starts",
      `${caller}: length of slice indices must match the number of operand dimensions (${Array.isArray(list) ? list.length : describe(list)} vs ${showShape(shape)})`,
    );
  }
  const wrapped = (list as readonly Operand[]).map((start, axis): Operand => {
    const wraps = typeof wrap === "boolean" ? wrap : wrap[axis]!;
    const size = shape[axis]!;
    if (start instanceof ArrayValue) {
      if (!wraps || kindOf(start.dtype) !== "int") return start;
      return select(lt(start, 0), add(start, size), start);
    }
    if (typeof start !== "number" || !isWeakInt(start)) {
      throw new ArgumentError(
        "lax/starts",
        `${caller}: start indices must be integers, got ${describe(start)} at axis ${axis}`,
      );
    }
    if (start >= 0) return start;
    if (wraps) return start + size;
    throw new ShapeError(
      "lax/starts",
      `${caller}: index ${start} is out of bounds for dimension ${size}: allowNegativeIndices counts it from the end`,
    );
  });
  const dtype = wrapped.find((x) => x instanceof ArrayValue)?.dtype;
  return wrapped.map((x) =>
    x instanceof ArrayValue ? x : dtype === undefined ? asInt(x as number) : scalarOf(x, dtype),
  );
}

const asInt = (value: number): ArrayValue => scalarOf(value, weakScalar(value).dtype);

function scalarsOf(starts: ArrayValue, caller: string): ArrayValue[] {
  if (starts.ndim !== 1) {
    throw new ShapeError(
      "lax/starts",
      `${caller}: slice indices must be a 1D sequence, got shape ${showShape(starts.shape)}`,
    );
  }
  return range(starts.shape[0]!).map((i) => squeeze(slice(starts, [i], [i + 1]), [0]));
}

/** The start indices as one array of index vectors, with the batch axis first if any of them has one. */
function stackStarts(
  starts: readonly ArrayValue[],
  dims: readonly (number | null)[],
  size: number,
): [indices: ArrayValue, dim: number | null] {
  if (starts.length === 0) return [zeros(avalOf([0], "int32")), null];
  const batched = dims.some((dim) => dim !== null);
  const columns = starts.map((x, i) =>
    broadcastInDim(x, batched ? [size, 1] : [1], dims[i] === null ? [] : [0]),
  );
  return [concatenate(columns, batched ? 1 : 0), batched ? 0 : null];
}

export interface DynamicSliceParams {
  readonly sliceSizes: Shape;
}
interface NegativeIndices {
  /** Whether negative start indices count from the end; for all axes or each. Default: true. */
  readonly allowNegativeIndices?: boolean | readonly boolean[];
}
type Wraps = Optionals<[], NegativeIndices>;
const wrapOption = (caller: string, rest: Wraps): boolean | readonly boolean[] =>
  readOptions<NegativeIndices>(caller, ["allowNegativeIndices"], rest).allowNegativeIndices ?? true;

/**
 * The block of `sliceSizes` elements of `x` that begins at `startIndices`, which may be traced. A block that would
 * overrun an axis begins earlier.
 *
 * Shape: `[…s] → sliceSizes`. Dtype: that of `x`.
 * @throws ShapeError when the block is larger than `x`; DTypeError when the indices are not integers of one dtype.
 * @see `jax.lax.dynamic_slice`
 */
export const dynamicSlice: Op<
  (x: Operand, startIndices: StartIndices, sliceSizes: Shape, ...rest: Wraps) => ArrayValue,
  "dynamic_slice",
  [x: ArrayValue, ...starts: ArrayValue[]],
  DynamicSliceParams
> = definePrimitive("dynamic_slice", {
  call: (operand, startIndices, sliceSizes, ...rest) => {
    const x = toArray(operand, "dynamic_slice");
    const wrap = wrapOption("dynamic_slice", rest);
    const starts = startArrays(startIndices, x.shape, wrap, "dynamic_slice");
    return dynamicSlice.bind([x, ...starts], { sliceSizes })[0]!;
  },
  params: { sliceSizes: param.integers },
  abstract: ([x, ...starts], { sliceSizes }) => {
    checkShape(sliceSizes, "dynamic_slice");
    checkStarts(starts, x.shape, "dynamic_slice");
    if (sliceSizes.length !== x.shape.length || sliceSizes.some((size, axis) => size > x.shape[axis]!)) {
      throw new ShapeError(
        "lax/slice",
        `dynamic_slice slice_sizes must be less than or equal to operand shape, got slice_sizes ${showShape(sliceSizes)} for operand shape ${showShape(x.shape)}`,
      );
    }
    return { ...x, shape: sliceSizes };
  },
  jvp: [(t, _out, [, ...starts], params) => dynamicSlice.bind([t, ...starts], params)[0]!],
  transpose: [(ct, [x, ...starts]) => dynamicUpdateSlice.bind([zerosOf(x.aval), ct, ...starts], {})[0]!],
  batch: ([x, ...starts], [dim, ...dims], size, { sliceSizes }) => {
    if (dims.every((d) => d === null)) {
      const sizes = sliceSizes.toSpliced(dim!, 0, size);
      const first = scalarOf(0, starts[0]?.dtype ?? "int32");
      return [dynamicSlice.bind([x, ...starts.toSpliced(dim!, 0, first)], { sliceSizes: sizes }), [dim!]];
    }
    const axes = range(sliceSizes.length);
    const [indices, indexDim] = stackStarts(starts, dims, size);
    return gather.rules.batch([x, indices], [dim ?? null, indexDim], size, {
      dimensionNumbers: {
        offsetDims: axes,
        collapsedSliceDims: [],
        startIndexMap: axes,
        operandBatchingDims: [],
        startIndicesBatchingDims: [],
      },
      sliceSizes,
      indicesAreSorted: true,
      uniqueIndices: true,
      mode: "clip",
      fillValue: null,
    });
  },
  samples: [
    {
      operands: [
        { shape: [4, 3] },
        { shape: [], dtype: "int32", values: [1] },
        { shape: [], dtype: "int32", values: [2] },
      ],
      params: { sliceSizes: [2, 2] },
    },
    { operands: [{ shape: [5] }, { shape: [], dtype: "int32", values: [-3] }], params: { sliceSizes: [2] } },
  ],
});

/**
 * `x` with the block that begins at `startIndices`, which may be traced, replaced by `update`. A block that would
 * overrun an axis begins earlier.
 *
 * Shape: that of `x`. Dtype: that of both.
 * @throws ShapeError when the block is larger than `x`; DTypeError when dtypes differ, or the indices are not integers
 * of one dtype.
 * @see `jax.lax.dynamic_update_slice`
 */
export const dynamicUpdateSlice: Op<
  (x: Operand, update: Operand, startIndices: StartIndices, ...rest: Wraps) => ArrayValue,
  "dynamic_update_slice",
  [x: ArrayValue, update: ArrayValue, ...starts: ArrayValue[]],
  Record<never, never>
> = definePrimitive("dynamic_update_slice", {
  call: (operand, value, startIndices, ...rest) => {
    const [x, update] = sameDTypes([operand, value], "dynamic_update_slice") as [ArrayValue, ArrayValue];
    const wrap = wrapOption("dynamic_update_slice", rest);
    const starts = startArrays(startIndices, x.shape, wrap, "dynamic_update_slice");
    return dynamicUpdateSlice.bind([x, update, ...starts], {})[0]!;
  },
  abstract: ([x, update, ...starts]) => {
    checkStarts(starts, x.shape, "dynamic_update_slice");
    if (x.dtype !== update.dtype) {
      throw new DTypeError(
        "lax/dtype",
        `lax.dynamic_update_slice requires arguments to have the same dtypes, got ${x.dtype}, ${update.dtype}: convert one with astype`,
      );
    }
    if (update.shape.length !== x.shape.length || update.shape.some((size, axis) => size > x.shape[axis]!)) {
      throw new ShapeError(
        "lax/slice",
        `dynamic_update_slice update must have the rank of operand and be no larger, got update shape ${showShape(update.shape)} for operand shape ${showShape(x.shape)}`,
      );
    }
    return { ...x, weak: [x, update, ...starts].every((operand) => operand.weak) };
  },
  jvp: ([x, update, ...starts], [tx, tu]) => {
    const out = dynamicUpdateSlice.bind([x, update, ...starts], {});
    if (!tx && !tu) return [out, [null]];
    const tangents = [tx ?? zerosOf(x.aval), tu ?? zerosOf(update.aval)] as const;
    return [out, dynamicUpdateSlice.bind([...tangents, ...starts], {})];
  },
  transpose: ([ct], [x, update, ...starts]) => {
    const none = starts.map(() => null);
    if (!ct) return [null, null, ...none];
    const at = starts as readonly ArrayValue[]; // integers are never linear
    const blank = { ...ct.aval, shape: update!.aval.shape };
    return [
      x instanceof Linear ? dynamicUpdateSlice.bind([ct, zeros(blank), ...at], {})[0]! : null,
      update instanceof Linear ? dynamicSlice.bind([ct, ...at], { sliceSizes: blank.shape })[0]! : null,
      ...none,
    ];
  },
  batch: ([x, update, ...starts], [dim, updateDim, ...dims], size) => {
    const rank = x.ndim - (dim === null ? 0 : 1);
    const axes = range(rank);
    const [indices, indexDim] = stackStarts(starts, dims, size);
    return scatter.rules.batch([x, indices, update], [dim ?? null, indexDim, updateDim ?? null], size, {
      dimensionNumbers: {
        updateWindowDims: axes,
        insertedWindowDims: [],
        scatterDimsToOperandDims: axes,
        operandBatchingDims: [],
        scatterIndicesBatchingDims: [],
      },
      indicesAreSorted: true,
      uniqueIndices: true,
      mode: "clip",
    });
  },
  samples: [
    {
      operands: [
        { shape: [4, 3] },
        { shape: [2, 1] },
        { shape: [], dtype: "int32", values: [1] },
        { shape: [], dtype: "int32", values: [5] },
      ],
      params: {},
    },
  ],
});
