import { allocate, isBigint, type TypedArray } from "../../core/dtype.ts";
import { range, type Shape, sizeOf, stridesOf } from "../../core/shape.ts";
import type { ArgReduceParams, ReduceParams } from "../../lax/reduce.ts";
import type { Kernel, Lower, LoweringTable } from "../lowering.ts";
import { complexResult, type Numbers, toNumbers } from "./elementwise.ts";
import { type ComplexFold, type Fold, folding, type Monoid, monoids } from "./monoid.ts";

/** Offset of each combination of coordinates on `axes`, the last one running fastest. */
export function offsetsOf(shape: Shape, axes: readonly number[]): Int32Array {
  const strides = stridesOf(shape);
  const out = new Int32Array(sizeOf(axes.map((axis) => shape[axis]!)));
  let filled = 1;
  for (const axis of axes) {
    // Each offset so far is the first of `size` that differ on this axis: spread them out from the back.
    const size = shape[axis]!;
    for (let i = filled - 1; i >= 0; i--)
      for (let k = size - 1; k >= 0; k--) out[i * size + k] = out[i]! + k * strides[axis]!;
    filled *= size;
  }
  return out;
}

/** Output `i` folds the elements at `bases[i] + offsets[k]`; without offsets, `count` neighbours from `i · count` on. */
interface Plan {
  readonly size: number;
  readonly count: number;
  readonly bases: Int32Array;
  readonly offsets: Int32Array | null;
}

function planOf(shape: Shape, axes: readonly number[]): Plan {
  const kept = range(shape.length).filter((axis) => !axes.includes(axis));
  const reduced = range(shape.length).filter((axis) => axes.includes(axis));
  const size = sizeOf(kept.map((axis) => shape[axis]!));
  const count = sizeOf(reduced.map((axis) => shape[axis]!));
  if (kept.every((axis, i) => axis === i)) return { size, count, bases: new Int32Array(0), offsets: null };
  return { size, count, bases: offsetsOf(shape, kept), offsets: offsetsOf(shape, reduced) };
}

function foldAll<T extends number | bigint>(
  x: ArrayLike<T>,
  out: { [i: number]: T },
  { identity, step }: Fold<T>,
  { size, count, bases, offsets }: Plan,
): void {
  for (let i = 0; i < size; i++) {
    let total = identity;
    if (offsets === null) for (let k = i * count, end = k + count; k < end; k++) total = step(total, x[k]!);
    else for (let k = 0, base = bases[i]!; k < count; k++) total = step(total, x[base + offsets[k]!]!);
    out[i] = total;
  }
}

/** `foldAll` with addition written out, the most frequent fold by far. */
function sumAll(x: Numbers, out: Numbers, { size, count, bases, offsets }: Plan): void {
  for (let i = 0; i < size; i++) {
    let total = 0;
    if (offsets === null) for (let k = i * count, end = k + count; k < end; k++) total += x[k]!;
    else for (let k = 0, base = bases[i]!; k < count; k++) total += x[base + offsets[k]!]!;
    out[i] = total;
  }
}

function foldComplex(
  x: Numbers,
  out: Numbers,
  { identity, step }: ComplexFold,
  { size, count, bases, offsets }: Plan,
): void {
  for (let i = 0; i < size; i++) {
    complexResult[0] = identity[0];
    complexResult[1] = identity[1];
    for (let k = 0; k < count; k++) {
      const at = 2 * (offsets === null ? i * count + k : bases[i]! + offsets[k]!);
      step(complexResult[0]!, complexResult[1]!, x[at]!, x[at + 1]!);
    }
    out[2 * i] = complexResult[0]!;
    out[2 * i + 1] = complexResult[1]!;
  }
}

const reduce =
  (name: string, monoid: Monoid): Lower<ReduceParams> =>
  ({ axes }, [x]): Kernel => {
    const plan = planOf(x!.shape, axes);
    // A fold of one element is that element: 0 + -0 would lose the sign.
    if (plan.count === 1) return ([data]) => [data!.slice()];
    return folding(name, monoid, x!.dtype, plan.size, {
      plain: (data, out, fold) => foldAll(data, out, fold, plan),
      ...(monoid === monoids.sum && { floats: (data, out) => sumAll(data, out, plan) }),
      complex: (data, out, fold) => foldComplex(data, out, fold, plan),
    });
  };

type Comparison = (x: number | bigint, best: number | bigint) => boolean;

/** The first NaN wins; otherwise the first element that no other is better than. */
function argReduce(better: Comparison): Lower<ArgReduceParams> {
  return ({ axes }, [x], [out]) => {
    const { size, count, bases, offsets } = planOf(x!.shape, axes);
    return ([data]) => {
      const elements: TypedArray = toNumbers(data!, x!.dtype);
      const result = allocate(out!.dtype, size);
      const wide = isBigint(out!.dtype);
      for (let i = 0; i < size; i++) {
        const base = offsets === null ? i * count : bases[i]!;
        let place = 0;
        let best = elements[base]!;
        for (let k = 1; k < count && best === best; k++) {
          const element = elements[base + (offsets === null ? k : offsets[k]!)]!;
          if (!better(element, best) && element === element) continue;
          best = element;
          place = k;
        }
        result[i] = wide ? BigInt(place) : place;
      }
      return [result];
    };
  };
}

export const reductions = {
  reduce_sum: reduce("reduce_sum", monoids.sum),
  reduce_prod: reduce("reduce_prod", monoids.prod),
  reduce_max: reduce("reduce_max", monoids.max),
  reduce_min: reduce("reduce_min", monoids.min),
  reduce_and: reduce("reduce_and", monoids.and),
  reduce_or: reduce("reduce_or", monoids.or),
  reduce_xor: reduce("reduce_xor", monoids.xor),
  argmax: argReduce((x, best) => x > best),
  argmin: argReduce((x, best) => x < best),
} satisfies Partial<LoweringTable>;
