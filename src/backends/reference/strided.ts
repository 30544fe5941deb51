import { allocate, type DType, dtypeInfo, type TypedArray } from "../../core/dtype.ts";
import { type Shape, sizeOf, stridesOf } from "../../core/shape.ts";
import type { Aval } from "../../core/value.ts";

/** Storage of any dtype as unsigned words of its width; 64-bit elements take two. Moving words moves any element. */
export type Words = Uint8Array | Uint16Array | Uint32Array;

/** The words of one element. */
export function lanesOf(dtype: DType): 1 | 2 {
  const { storage, lanes } = dtypeInfo[dtype];
  return lanes === 2 || storage === Float64Array || storage === BigInt64Array || storage === BigUint64Array
    ? 2
    : 1;
}

/** The same memory as words. */
export function wordsOf(storage: TypedArray): Words {
  const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT: bytes } = storage;
  if (bytes === 1) return new Uint8Array(buffer, byteOffset, byteLength);
  if (bytes === 2) return new Uint16Array(buffer, byteOffset, byteLength / 2);
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}

/** Storage for an array, and its words. */
export function blank({ dtype, shape }: Aval): { readonly storage: TypedArray; readonly words: Words } {
  const storage = allocate(dtype, sizeOf(shape));
  return { storage, words: wordsOf(storage) };
}

/** Row-major strides of an array in words, without the last axis that runs through one element. */
export const wordStrides = ({ dtype, shape }: Aval): number[] => {
  const lanes = lanesOf(dtype);
  return stridesOf(shape).map((stride) => stride * lanes);
};

/** Moves one block of words; positions are those of its first word. */
export type Copy = (source: Words, from: number, target: Words, to: number) => void;

interface Axis {
  readonly size: number;
  readonly from: number;
  readonly to: number;
}

/** Axes that matter: those of size 1 are dropped, neighbours that run on in both arrays are one. */
function merged(axes: readonly Axis[]): Axis[] {
  const out: Axis[] = [];
  for (const axis of axes) {
    if (axis.size === 1) continue;
    const outer = out.at(-1);
    if (outer && outer.from === axis.from * axis.size && outer.to === axis.to * axis.size) {
      out[out.length - 1] = { ...axis, size: outer.size * axis.size };
    } else out.push(axis);
  }
  return out;
}

const FEW = 16;
const TILE = 32;

function line({ size, from: a, to: b }: Axis): Copy {
  if (b === 1 && a === 1 && size > FEW)
    return (source, from, target, to) => target.set(source.subarray(from, from + size), to);
  if (b === 1 && a === 0 && size > FEW)
    return (source, from, target, to) => target.fill(source[from]!, to, to + size);
  return (source, from, target, to) => {
    for (let i = 0, f = from, t = to; i < size; i++, f += a, t += b) target[t] = source[f]!;
  };
}

/** Two axes that change places: by tiles, so that both arrays are read and written in cache lines. */
function tiled(outer: Axis, inner: Axis): Copy {
  return (source, from, target, to) => {
    for (let i = 0; i < outer.size; i += TILE) {
      const rows = Math.min(TILE, outer.size - i);
      for (let j = 0; j < inner.size; j += TILE) {
        const columns = Math.min(TILE, inner.size - j);
        for (let p = 0; p < rows; p++) {
          let f = from + (i + p) * outer.from + j * inner.from;
          let t = to + (i + p) * outer.to + j * inner.to;
          for (let q = 0; q < columns; q++, f += inner.from, t += inner.to) target[t] = source[f]!;
        }
      }
    }
  };
}

const nothing: Copy = () => undefined;

/** Moves a block of the given sizes between arrays with these strides, in words; a stride of 0 repeats. */
function copierOf(axes: readonly Axis[]): Copy {
  if (axes.some((axis) => axis.size === 0)) return nothing;
  const rest = merged(axes);
  const inner = rest.pop();
  if (inner === undefined) return (source, from, target, to) => void (target[to] = source[from]!);
  const last = rest.at(-1);
  const swap =
    last !== undefined && Math.abs(last.from) < Math.abs(inner.from) && last.size > FEW && inner.size > FEW;
  let copy = swap ? tiled(rest.pop()!, inner) : line(inner);
  for (const { size, from: a, to: b } of rest.toReversed()) {
    const within = copy;
    copy = (source, from, target, to) => {
      for (let i = 0; i < size; i++) within(source, from + i * a, target, to + i * b);
    };
  }
  return copy;
}

/** Moves a block of elements of `dtype` between arrays with these strides in words. */
export function copier(sizes: Shape, from: readonly number[], to: readonly number[], dtype: DType): Copy {
  const axes = sizes.map((size, i) => ({ size, from: from[i]!, to: to[i]! }));
  return copierOf([...axes, { size: lanesOf(dtype), from: 1, to: 1 }]);
}

/** Position of each element of a block, row by row. */
export function offsetsOf(sizes: Shape, strides: readonly number[]): Int32Array {
  const offsets = new Int32Array(sizeOf(sizes));
  if (offsets.length === 0) return offsets;
  let count = 1;
  for (let axis = sizes.length - 1; axis >= 0; axis--) {
    const stride = strides[axis]!;
    for (let i = 1; i < sizes[axis]!; i++)
      for (let j = 0; j < count; j++) offsets[i * count + j] = offsets[j]! + i * stride;
    count *= sizes[axis]!;
  }
  return offsets;
}
