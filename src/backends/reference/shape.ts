import { allocate, type TypedArray } from "../../core/dtype.ts";
import { store } from "../../core/scalar.ts";
import { range, type Shape, sizeOf } from "../../core/shape.ts";
import type { Aval } from "../../core/value.ts";
import type { Kernel, Lower, LoweringTable } from "../lowering.ts";
import { blank, copier, lanesOf, type Words, wordsOf, wordStrides } from "./strided.ts";

const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
const dot = (a: readonly number[], b: readonly number[]): number => sum(a.map((x, i) => x * b[i]!));

const same: Kernel = ([x]) => [x!];

/** Fills the result from one operand, walking it with `strides` (in words, for the axes of the result) from `start`. */
function read(out: Aval, strides: readonly number[], start = 0): Kernel {
  const copy = copier(out.shape, strides, wordStrides(out), out.dtype);
  return ([x]) => {
    const result = blank(out);
    copy(wordsOf(x!), start, result.words, 0);
    return [result.storage];
  };
}

/** Whether walking with `strides` meets every element in order. */
const inOrder = (out: Aval, strides: readonly number[]): boolean => {
  const own = wordStrides(out);
  return out.shape.every((size, axis) => size === 1 || strides[axis] === own[axis]);
};

const permuted = (x: Aval, permutation: readonly number[]): Kernel => {
  const strides = wordStrides(x);
  const out = { ...x, shape: permutation.map((axis) => x.shape[axis]!) };
  const walk = permutation.map((axis) => strides[axis]!);
  return inOrder(out, walk) ? same : read(out, walk);
};

/** Writes the operands one after the other; operand `i` begins at `starts[i]` words. */
function write(
  operands: readonly Aval[],
  out: Aval,
  strides: readonly number[],
  starts: readonly number[],
): Kernel {
  const copies = operands.map((x) => copier(x.shape, wordStrides(x), strides, out.dtype));
  return (xs) => {
    const result = blank(out);
    copies.forEach((copy, i) => copy(wordsOf(xs[i]!), 0, result.words, starts[i]!));
    return [result.storage];
  };
}

/** Parts of one operand; part `i` begins at `starts[i]` words. */
function parts(outs: readonly Aval[], strides: readonly number[], starts: readonly number[]): Kernel {
  const kernels = outs.map((out, i) => read(out, strides, starts[i]!));
  return (xs) => kernels.flatMap((kernel) => kernel(xs));
}

/** `[0, a, a + b, …]`. */
const runningSums = (sizes: readonly number[]): number[] => {
  let total = 0;
  return sizes.map((size) => (total += size) - size);
};

function fillWords(words: Words, value: Words): void {
  if (value.length === 1) words.fill(value[0]!);
  else for (let i = 0; i < words.length; i += 2) words.set(value, i);
}

const pad: Lower<{ readonly paddingConfig: readonly (readonly [number, number, number])[] }> = (
  { paddingConfig },
  [x],
  [out],
) => {
  // Of each axis, the elements that are not cut off: which comes first, and how many there are.
  const kept = paddingConfig.map(([low, , interior], axis) => {
    const step = interior + 1;
    const first = Math.max(0, Math.ceil(-low / step));
    const last = Math.min(x!.shape[axis]! - 1, Math.floor((out!.shape[axis]! - 1 - low) / step));
    return { first, count: Math.max(0, last - first + 1), at: low + first * step, step };
  });
  const [strides, outStrides] = [wordStrides(x!), wordStrides(out!)];
  const from = dot(kept.map((k) => k.first), strides); // prettier-ignore
  const to = dot(kept.map((k) => k.at), outStrides); // prettier-ignore
  const steps = outStrides.map((stride, axis) => stride * kept[axis]!.step);
  const copy = copier(kept.map((k) => k.count), strides, steps, out!.dtype); // prettier-ignore
  return ([operand, value]) => {
    const result = blank(out!);
    fillWords(result.words, wordsOf(value!));
    copy(wordsOf(operand!), from, result.words, to);
    return [result.storage];
  };
};

const iota: Lower<{ readonly dimension: number }> = ({ dimension }, _operands, [out]) => {
  const size = out!.shape[dimension]!;
  const line = { ...out!, shape: [size] };
  const strides = range(out!.shape.length).map((axis) => (axis === dimension ? lanesOf(out!.dtype) : 0));
  const spread = read(out!, strides);
  return () => {
    const counts = allocate(line.dtype, size);
    for (let i = 0; i < size; i++) store(counts, line.dtype, i, i);
    return spread([counts]);
  };
};

/** Where a block begins: the start indices, moved so that it lies inside, in words. */
function startOf(
  starts: readonly TypedArray[],
  shape: Shape,
  sizes: Shape,
  strides: readonly number[],
): number {
  let position = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    const start = Math.min(Math.max(Number(starts[axis]![0]!), 0), shape[axis]! - sizes[axis]!);
    position += start * strides[axis]!;
  }
  return position;
}

/** Lowerings of what moves elements to places that are known beforehand, and of dynamic slices. */
export const shape = {
  reshape: ({ dimensions }, [x]) => (dimensions === null ? same : permuted(x!, dimensions)),
  squeeze: () => same,
  transpose: ({ permutation }, [x]) => permuted(x!, permutation),
  broadcast_in_dim: ({ broadcastDimensions }, [x], [out]) => {
    const own = wordStrides(x!);
    const strides = out!.shape.map((_, axis) => {
      const from = broadcastDimensions.indexOf(axis);
      return from < 0 || x!.shape[from] === 1 ? 0 : own[from]!;
    });
    return sizeOf(x!.shape) === sizeOf(out!.shape) && inOrder(out!, strides) ? same : read(out!, strides);
  },
  rev: ({ dimensions }, [x], [out]) => {
    const strides = wordStrides(x!);
    const ends = dimensions.map((axis) => (x!.shape[axis]! - 1) * strides[axis]!);
    const signed = strides.map((stride, axis) => (dimensions.includes(axis) ? -stride : stride));
    return read(out!, signed, sum(ends));
  },
  slice: ({ startIndices, strides: steps }, [x], [out]) => {
    const strides = wordStrides(x!);
    const walk = strides.map((stride, axis) => stride * (steps?.[axis] ?? 1));
    return read(out!, walk, dot(startIndices, strides));
  },
  pad,
  concatenate: ({ dimension }, operands, [out]) => {
    const strides = wordStrides(out!);
    const starts = runningSums(operands.map((x) => x.shape[dimension]!));
    return write(operands, out!, strides, starts.map((start) => start * strides[dimension]!)); // prettier-ignore
  },
  stack: ({ axis }, operands, [out]) => {
    const strides = wordStrides(out!);
    return write(operands, out!, strides.toSpliced(axis, 1), operands.map((_, i) => i * strides[axis]!)); // prettier-ignore
  },
  unstack: ({ axis }, [x], outs) => {
    const strides = wordStrides(x!);
    return parts(outs, strides.toSpliced(axis, 1), outs.map((_, i) => i * strides[axis]!)); // prettier-ignore
  },
  split: ({ sizes, axis }, [x], outs) => {
    const strides = wordStrides(x!);
    return parts(outs, strides, runningSums(sizes).map((start) => start * strides[axis]!)); // prettier-ignore
  },
  iota,
  dynamic_slice: ({ sliceSizes }, [x], [out]) => {
    const strides = wordStrides(x!);
    const copy = copier(sliceSizes, strides, wordStrides(out!), out!.dtype);
    return ([operand, ...starts]) => {
      const result = blank(out!);
      copy(wordsOf(operand!), startOf(starts, x!.shape, sliceSizes, strides), result.words, 0);
      return [result.storage];
    };
  },
  dynamic_update_slice: (_params, [x, update]) => {
    const strides = wordStrides(x!);
    const copy = copier(update!.shape, wordStrides(update!), strides, x!.dtype);
    return ([operand, block, ...starts]) => {
      const result = operand!.slice();
      copy(wordsOf(block!), 0, wordsOf(result), startOf(starts, x!.shape, update!.shape, strides));
      return [result];
    };
  },
} satisfies Partial<LoweringTable>;
