import { allocate, type DType, isBigint, isInteger, kindOf, type TypedArray } from "../../core/dtype.ts";
import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from "../../core/float16.ts";
import { store } from "../../core/scalar.ts";
import { range, type Shape, sizeOf, stridesOf } from "../../core/shape.ts";
import type { Aval } from "../../core/value.ts";
import type { ParamsOf } from "../../core/primitive.ts";
import type { gather as gatherPrimitive, scatter as scatterPrimitive } from "../../lax/index.ts";
import type { Kernel, Lower, LoweringTable } from "../lowering.ts";
import { blank, copier, offsetsOf, type Words, wordsOf, wordStrides } from "./strided.ts";

type GatherParams = ParamsOf<typeof gatherPrimitive>;
type ScatterParams = ParamsOf<typeof scatterPrimitive>;

/** Where the windows of a gather or scatter lie. */
interface Windows {
  /** Axes of the operand that an index vector's entries are for. */
  readonly map: readonly number[];
  readonly sizes: Shape;
  readonly operandBatching: readonly number[];
  readonly indexBatching: readonly number[];
}

/**
 * Start of each window in the operand, in units of `strides`; -1 for one that does not lie inside, unless `clip`.
 */
function windowStarts(x: Aval, indices: Aval, windows: Windows, strides: readonly number[], clip: boolean) {
  const batch = indices.shape.slice(0, -1);
  const { map, sizes } = windows;
  const base = offsetsOf(
    batch,
    batch.map((_, axis) => {
      const pair = windows.indexBatching.indexOf(axis);
      return pair < 0 ? 0 : strides[windows.operandBatching[pair]!]!;
    }),
  );
  const steps = map.map((axis) => strides[axis]!);
  const limits = map.map((axis) => x.shape[axis]! - sizes[axis]!);
  const bigint = isBigint(indices.dtype);
  return (storage: TypedArray): Int32Array => {
    const vectors = bigint ? Float64Array.from(storage as BigInt64Array, Number) : (storage as Int32Array);
    return base.map((start, i) => {
      for (let k = 0; k < map.length; k++) {
        let index = vectors[i * map.length + k]!;
        if (index < 0 || index > limits[k]!) {
          if (!clip) return -1;
          index = index < 0 ? 0 : limits[k]!;
        }
        start += index * steps[k]!;
      }
      return start;
    });
  };
}

/** Strides of `inner` for the window's axes of the operand; those that `inner` lacks have stride 0. */
function windowStrides(
  rank: number,
  gone: readonly number[],
  windowDims: readonly number[],
  inner: readonly number[],
) {
  let next = 0;
  return range(rank).map((axis) => (gone.includes(axis) ? 0 : inner[windowDims[next++]!]!));
}

/** Start of each window in the array that holds them one by one. */
function windowOffsets(shape: Shape, strides: readonly number[], windowDims: readonly number[]): Int32Array {
  const axes = range(shape.length).filter((axis) => !windowDims.includes(axis));
  return offsetsOf(axes.map((axis) => shape[axis]!), axes.map((axis) => strides[axis]!)); // prettier-ignore
}

function fillWith(storage: TypedArray, dtype: DType, value: number | bigint | boolean): void {
  const element = allocate(dtype, 1);
  if (kindOf(dtype) === "key") (element as Uint32Array).fill(Number(value));
  else store(element, dtype, 0, isBigint(dtype) ? integral(value) : value);
  const [from, to] = [wordsOf(element), wordsOf(storage)];
  for (let i = 0; i < to.length; i += from.length) to.set(from, i);
}
const integral = (value: number | bigint | boolean) => (typeof value === "bigint" ? value : BigInt(Math.trunc(Number(value)) || 0)); // prettier-ignore

const gather: Lower<GatherParams> = (
  { dimensionNumbers: d, sliceSizes, mode, fillValue },
  [x, indices],
  [out],
) => {
  const strides = wordStrides(x!);
  const outStrides = wordStrides(out!);
  const windows = { map: d.startIndexMap, sizes: sliceSizes, operandBatching: d.operandBatchingDims, indexBatching: d.startIndicesBatchingDims }; // prettier-ignore
  const startsOf = windowStarts(x!, indices!, windows, strides, mode !== "fill");
  const places = windowOffsets(out!.shape, outStrides, d.offsetDims);
  const gone = [...d.collapsedSliceDims, ...d.operandBatchingDims];
  const copy = copier(
    sliceSizes,
    strides,
    windowStrides(x!.shape.length, gone, d.offsetDims, outStrides),
    x!.dtype,
  );
  return ([operand, vectors]) => {
    const result = blank(out!);
    if (mode === "fill" && fillValue !== null) fillWith(result.storage, out!.dtype, fillValue);
    const source = wordsOf(operand!);
    const starts = startsOf(vectors!);
    for (let i = 0; i < places.length; i++)
      if (starts[i]! >= 0) copy(source, starts[i]!, result.words, places[i]!);
    return [result.storage];
  };
};

/** Size of the window on each axis of the operand. */
function scatterWindow(x: Shape, updates: Shape, { dimensionNumbers: d }: ScatterParams): number[] {
  let next = 0;
  return x.map((_, axis) =>
    d.insertedWindowDims.includes(axis) || d.operandBatchingDims.includes(axis)
      ? 1
      : updates[d.updateWindowDims[next++]!]!,
  );
}

/** What the scatters share: the windows, and where they lie in operand and updates, in units of the given strides. */
function scatterPlan(
  params: ScatterParams,
  x: Aval,
  indices: Aval,
  updates: Aval,
  strides: readonly number[],
  updateStrides: readonly number[],
) {
  // prettier-ignore
  const { dimensionNumbers: d, mode } = params;
  const sizes = scatterWindow(x.shape, updates.shape, params);
  const windows = { map: d.scatterDimsToOperandDims, sizes, operandBatching: d.operandBatchingDims, indexBatching: d.scatterIndicesBatchingDims }; // prettier-ignore
  const gone = [...d.insertedWindowDims, ...d.operandBatchingDims];
  return {
    sizes,
    startsOf: windowStarts(x, indices, windows, strides, mode === "clip"),
    places: windowOffsets(updates.shape, updateStrides, d.updateWindowDims),
    within: windowStrides(x.shape.length, gone, d.updateWindowDims, updateStrides),
  };
}

const scatter: Lower<ScatterParams> = (params, [x, indices, updates]) => {
  const [strides, updateStrides] = [wordStrides(x!), wordStrides(updates!)];
  const { sizes, startsOf, places, within } = scatterPlan(
    params,
    x!,
    indices!,
    updates!,
    strides,
    updateStrides,
  );
  const copy = copier(sizes, within, strides, x!.dtype);
  return ([operand, vectors, values]) => {
    const result = operand!.slice();
    const [source, target]: [Words, Words] = [wordsOf(values!), wordsOf(result)];
    const starts = startsOf(vectors!);
    for (let i = 0; i < places.length; i++) if (starts[i]! >= 0) copy(source, places[i]!, target, starts[i]!);
    return [result];
  };
};

/** What a scatter does with an old element and an update. */
interface Combine {
  readonly float: (x: number, y: number) => number;
  /** 8 to 32 bits; the result wraps. `float` if absent. */
  readonly int?: (x: number, y: number) => number;
  readonly bigint: (x: bigint, y: bigint) => bigint;
  /** Of real and imaginary parts; null keeps the old element. */
  readonly complex: (a: number, b: number, c: number, d: number) => readonly [number, number] | null;
}

/** Puts element `j` of the updates into element `i` of the result. */
type Put = (result: TypedArray, i: number, updates: TypedArray, j: number) => void;

function putOf(dtype: DType, { float, int, bigint, complex }: Combine): Put {
  if (isBigint(dtype)) {
    return (result, i, updates, j) => {
      result[i] = bigint((result as BigInt64Array)[i]!, (updates as BigInt64Array)[j]!);
    };
  }
  if (dtype === "float16" || dtype === "bfloat16") {
    const [decode, encode] =
      dtype === "float16" ? [decodeFloat16, encodeFloat16] : [decodeBfloat16, encodeBfloat16];
    return (result, i, updates, j) => {
      const [xs, ys] = [result as Uint16Array, updates as Uint16Array];
      xs[i] = encode(float(decode(xs[i]!), decode(ys[j]!)));
    };
  }
  if (kindOf(dtype) === "complex") {
    return (result, i, updates, j) => {
      const [xs, ys] = [result as Float32Array, updates as Float32Array];
      const z = complex(xs[2 * i]!, xs[2 * i + 1]!, ys[2 * j]!, ys[2 * j + 1]!);
      if (z !== null) [xs[2 * i], xs[2 * i + 1]] = z;
    };
  }
  const f = (isInteger(dtype) ? int : undefined) ?? float;
  return (result, i, updates, j) => {
    const [xs, ys] = [result as Float32Array, updates as Float32Array]; // or integers of at most 32 bits
    xs[i] = f(xs[i]!, ys[j]!);
  };
}

const combining =
  (combine: Combine): Lower<ScatterParams> =>
  (params, [x, indices, updates]): Kernel => {
    const [strides, updateStrides] = [stridesOf(x!.shape), stridesOf(updates!.shape)];
    const { sizes, startsOf, places, within } = scatterPlan(
      params,
      x!,
      indices!,
      updates!,
      strides,
      updateStrides,
    );
    const [into, from] = [offsetsOf(sizes, strides), offsetsOf(sizes, within)];
    const put = putOf(x!.dtype, combine);
    const count = sizeOf(sizes);
    return ([operand, vectors, values]) => {
      const result = operand!.slice();
      const starts = startsOf(vectors!);
      for (let i = 0; i < places.length; i++) {
        const [start, place] = [starts[i]!, places[i]!];
        if (start < 0) continue;
        for (let k = 0; k < count; k++) put(result, start + into[k]!, values!, place + from[k]!);
      }
      return [result];
    };
  };

/** XLA's order of complex numbers: by real part, then by imaginary part. */
const less = (a: number, b: number, c: number, d: number): boolean => a < c || (a === c && b < d);

/** Lowerings of gather and the scatters. */
export const indexing = {
  gather,
  scatter,
  "scatter-add": combining({
    float: (x, y) => x + y,
    bigint: (x, y) => x + y,
    complex: (a, b, c, d) => [a + c, b + d],
  }),
  "scatter-sub": combining({
    float: (x, y) => x - y,
    bigint: (x, y) => x - y,
    complex: (a, b, c, d) => [a - c, b - d],
  }),
  "scatter-mul": combining({
    float: (x, y) => x * y,
    int: Math.imul,
    bigint: (x, y) => x * y,
    complex: (a, b, c, d) => [a * c - b * d, a * d + b * c],
  }),
  "scatter-min": combining({
    float: Math.min,
    bigint: (x, y) => (x < y ? x : y),
    complex: (a, b, c, d) => (less(c, d, a, b) ? [c, d] : null),
  }),
  "scatter-max": combining({
    float: Math.max,
    bigint: (x, y) => (x > y ? x : y),
    complex: (a, b, c, d) => (less(a, b, c, d) ? [c, d] : null),
  }),
} satisfies Partial<LoweringTable>;
