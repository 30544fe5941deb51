import { allocate, type DType, isBigint, isComplex, isFloat, type TypedArray } from "../../core/dtype.ts";
import { sizeOf } from "../../core/shape.ts";
import type { Aval } from "../../core/value.ts";
import type { Kernel } from "../lowering.ts";
import { fromNumbers, type Numbers, toNumbers } from "./elementwise.ts";
import { integerBounds } from "./monoid.ts";

/** Element `i` of an operand, as it is summed over, is element `order[i]` of its storage; null: in place. */
export type Order = Int32Array | null;

/** One part of the elements, real (0) or imaginary (1), as doubles in the order of the products. */
function doubles(data: TypedArray, dtype: DType, order: Order, part: 0 | 1): Float64Array {
  const size = order?.length ?? data.length / (isComplex(dtype) ? 2 : 1);
  const out = new Float64Array(size);
  if (part === 1 && !isComplex(dtype)) return out;
  const numbers = isBigint(dtype) ? Float64Array.from(data as BigInt64Array, Number) : toNumbers(data, dtype);
  if (isComplex(dtype)) for (let i = 0; i < size; i++) out[i] = numbers[2 * (order?.[i] ?? i) + part]!;
  else if (order === null) out.set(numbers);
  else for (let i = 0; i < size; i++) out[i] = numbers[order[i]!]!;
  return out;
}

const ordered = <T>(data: ArrayLike<T>, order: Order): ArrayLike<T> =>
  order === null ? data : Array.from(order, (i) => data[i]!);

/** Doubles as storage of `dtype`; integers saturate, as in XLA's conversion. */
function fromDoubles(re: Float64Array, im: Float64Array | null, dtype: DType): TypedArray {
  if (isFloat(dtype)) return dtype === "float32" ? new Float32Array(re) : fromNumbers(re, dtype);
  const out = allocate(dtype, re.length);
  if (isComplex(dtype)) {
    for (let i = 0; i < re.length; i++) {
      out[2 * i] = re[i]!;
      out[2 * i + 1] = im?.[i] ?? 0;
    }
  } else if (dtype === "bool") for (let i = 0; i < re.length; i++) out[i] = re[i] === 0 ? 0 : 1;
  else if (isBigint(dtype)) {
    const [low, high] = dtype === "int64" ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
    for (let i = 0; i < re.length; i++) {
      const x = re[i]!;
      const big = x !== x ? 0n : x === Infinity ? high : x === -Infinity ? low : BigInt(Math.trunc(x));
      out[i] = big < low ? low : big > high ? high : big;
    }
  } else {
    const [low, high] = integerBounds(dtype);
    for (let i = 0; i < re.length; i++) out[i] = Math.min(Math.max(re[i]!, low), high) || 0;
  }
  return out;
}

const integral = (dtype: DType): boolean => !isFloat(dtype) && !isComplex(dtype);

/** Adds products to sums that begin as zeros: of doubles, with a sign; of integers modulo 2³²; of bigints. */
export interface Accumulate {
  readonly doubles: (a: Float64Array, b: Float64Array, out: Float64Array, sign: number) => void;
  readonly integers: (a: Numbers, b: Numbers, out: Int32Array) => void;
  readonly bigints: (a: readonly bigint[], b: readonly bigint[], out: BigInt64Array) => void;
}

/**
 * Sums of products of two operands, of any dtypes: floats and complex numbers are added as doubles, integers exactly
 * but for what wraps.
 */
export function sumsOfProducts(
  { doubles: add, integers, bigints }: Accumulate,
  [x, y]: readonly Aval[],
  out: Aval,
  [leftOrder, rightOrder]: readonly [Order, Order] = [null, null],
): Kernel {
  const size = sizeOf(out.shape);
  const [left, right] = [x!.dtype, y!.dtype];
  if (integral(left) && integral(right) && integral(out.dtype)) {
    if (isBigint(out.dtype)) {
      const wide = (data: TypedArray, order: Order) =>
        Array.from(ordered<number | bigint>(data, order), BigInt);
      return ([a, b]) => {
        const result = allocate(out.dtype, size);
        bigints(wide(a!, leftOrder), wide(b!, rightOrder), result as BigInt64Array);
        return [result];
      };
    }
    return ([a, b]) => {
      const totals = new Int32Array(size);
      const [lhs, rhs] = [ordered(a as Numbers, leftOrder), ordered(b as Numbers, rightOrder)];
      integers(lhs as Numbers, rhs as Numbers, totals);
      if (out.dtype === "bool") return [Uint8Array.from(totals, (total) => (total === 0 ? 0 : 1))];
      const result = allocate(out.dtype, size) as Numbers;
      result.set(totals);
      return [result];
    };
  }
  const complexParts = isComplex(left) || isComplex(right);
  return ([a, b]) => {
    const re = new Float64Array(size);
    const [aRe, bRe] = [doubles(a!, left, leftOrder, 0), doubles(b!, right, rightOrder, 0)];
    add(aRe, bRe, re, 1);
    if (!complexParts) return [fromDoubles(re, null, out.dtype)];
    const im = new Float64Array(size);
    const [aIm, bIm] = [doubles(a!, left, leftOrder, 1), doubles(b!, right, rightOrder, 1)];
    add(aIm, bIm, re, -1);
    add(aRe, bIm, im, 1);
    add(aIm, bRe, im, 1);
    return [fromDoubles(re, im, out.dtype)];
  };
}
