import { allocate, type DType, isBigint, isComplex, isFloat, type TypedArray } from "../../core/dtype.ts";
import { range, sameShape, type Shape, sizeOf } from "../../core/shape.ts";
import type { Aval } from "../../core/value.ts";
import type { DotGeneralParams } from "../../lax/dot.ts";
import { keptAxes } from "../../lax/dot-dimensions.ts";
import type { Kernel, Lower, LoweringTable } from "../lowering.ts";
import { fromNumbers, type Numbers, toNumbers } from "./elementwise.ts";
import { integerBounds } from "./monoid.ts";
import { offsetsOf } from "./reduce.ts";

/** Products of `batch` pairs of matrices: `out[m, n] = ∑ₖ lhs[m, k] · rhs[n, k]`, both with the sum on their last axis. */
interface Sizes {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** Element `i` of an operand in the order [batch, kept, contracted] is element `order[i]` of its storage; null: in place. */
function orderOf(
  shape: Shape,
  batch: readonly number[],
  kept: readonly number[],
  contract: readonly number[],
) {
  const axes = [...batch, ...kept, ...contract];
  return sameShape(axes, range(shape.length)) ? null : offsetsOf(shape, axes);
}

/** Adds `sign` times the products to `out`. Blocks of 4 × 2 sums stay in registers. */
function accumulate(
  a: Float64Array,
  b: Float64Array,
  out: Float64Array,
  { batch, m, n, k }: Sizes,
  sign: number,
): void {
  for (let s = 0; s < batch; s++) {
    const [aStart, bStart, outStart] = [s * m * k, s * n * k, s * m * n];
    let i = 0;
    for (; i + 4 <= m; i += 4) {
      const a0 = aStart + i * k;
      const [a1, a2, a3] = [a0 + k, a0 + 2 * k, a0 + 3 * k];
      const o = outStart + i * n;
      let j = 0;
      for (; j + 2 <= n; j += 2) {
        const b0 = bStart + j * k;
        const b1 = b0 + k;
        let [t00, t01, t10, t11, t20, t21, t30, t31] = [0, 0, 0, 0, 0, 0, 0, 0];
        for (let p = 0; p < k; p++) {
          const x = b[b0 + p]!;
          const y = b[b1 + p]!;
          const u0 = a[a0 + p]!;
          const u1 = a[a1 + p]!;
          const u2 = a[a2 + p]!;
          const u3 = a[a3 + p]!;
          t00 += u0 * x;
          t01 += u0 * y;
          t10 += u1 * x;
          t11 += u1 * y;
          t20 += u2 * x;
          t21 += u2 * y;
          t30 += u3 * x;
          t31 += u3 * y;
        }
        out[o + j]! += sign * t00;
        out[o + j + 1]! += sign * t01;
        out[o + n + j]! += sign * t10;
        out[o + n + j + 1]! += sign * t11;
        out[o + 2 * n + j]! += sign * t20;
        out[o + 2 * n + j + 1]! += sign * t21;
        out[o + 3 * n + j]! += sign * t30;
        out[o + 3 * n + j + 1]! += sign * t31;
      }
      for (; j < n; j++) {
        const b0 = bStart + j * k;
        let [t0, t1, t2, t3] = [0, 0, 0, 0];
        for (let p = 0; p < k; p++) {
          const x = b[b0 + p]!;
          t0 += a[a0 + p]! * x;
          t1 += a[a1 + p]! * x;
          t2 += a[a2 + p]! * x;
          t3 += a[a3 + p]! * x;
        }
        out[o + j]! += sign * t0;
        out[o + n + j]! += sign * t1;
        out[o + 2 * n + j]! += sign * t2;
        out[o + 3 * n + j]! += sign * t3;
      }
    }
    for (; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let total = 0;
        for (let p = 0, at = aStart + i * k, bt = bStart + j * k; p < k; p++)
          total += a[at + p]! * b[bt + p]!;
        out[outStart + i * n + j]! += sign * total;
      }
    }
  }
}

/** The same on integers of at most 32 bits, modulo 2³². */
function accumulateInts(a: Numbers, b: Numbers, out: Int32Array, { batch, m, n, k }: Sizes): void {
  for (let row = 0, o = 0; row < batch * m; row++) {
    const bStart = Math.floor(row / m) * n * k;
    for (let j = 0; j < n; j++, o++) {
      let total = 0;
      for (let p = 0, at = row * k, bt = bStart + j * k; p < k; p++)
        total = (total + Math.imul(a[at + p]!, b[bt + p]!)) | 0;
      out[o] = total;
    }
  }
}

/** The same on bigints; storing them wraps. */
function accumulateBigints(
  a: readonly bigint[],
  b: readonly bigint[],
  out: BigInt64Array,
  sizes: Sizes,
): void {
  const { m, n, k } = sizes;
  for (let o = 0; o < out.length; o++) {
    const row = Math.floor(o / n);
    const column = Math.floor(row / m) * n + (o - row * n);
    let total = 0n;
    for (let p = 0; p < k; p++) total += a[row * k + p]! * b[column * k + p]!;
    out[o] = total;
  }
}

/** One part of the elements, real (0) or imaginary (1), as doubles in the order of the products. */
function doubles(data: TypedArray, dtype: DType, order: Int32Array | null, part: 0 | 1): Float64Array {
  const size = order?.length ?? data.length / (isComplex(dtype) ? 2 : 1);
  const out = new Float64Array(size);
  if (part === 1 && !isComplex(dtype)) return out;
  const numbers = isBigint(dtype) ? Float64Array.from(data as BigInt64Array, Number) : toNumbers(data, dtype);
  if (isComplex(dtype)) for (let i = 0; i < size; i++) out[i] = numbers[2 * (order?.[i] ?? i) + part]!;
  else if (order === null) out.set(numbers);
  else for (let i = 0; i < size; i++) out[i] = numbers[order[i]!]!;
  return out;
}

const ordered = <T>(data: ArrayLike<T>, order: Int32Array | null): ArrayLike<T> =>
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

function kernelOf(
  sizes: Sizes,
  orders: readonly (Int32Array | null)[],
  [x, y]: readonly Aval[],
  out: DType,
): Kernel {
  const size = sizes.batch * sizes.m * sizes.n;
  const [left, right] = [x!.dtype, y!.dtype];
  const [leftOrder, rightOrder] = [orders[0]!, orders[1]!];
  if (integral(left) && integral(right) && integral(out)) {
    if (isBigint(out)) {
      const bigints = (data: TypedArray, order: Int32Array | null) =>
        Array.from(ordered<number | bigint>(data, order), BigInt);
      return ([a, b]) => {
        const result = allocate(out, size);
        accumulateBigints(bigints(a!, leftOrder), bigints(b!, rightOrder), result as BigInt64Array, sizes);
        return [result];
      };
    }
    return ([a, b]) => {
      const totals = new Int32Array(size);
      const [lhs, rhs] = [ordered(a as Numbers, leftOrder), ordered(b as Numbers, rightOrder)];
      accumulateInts(lhs as Numbers, rhs as Numbers, totals, sizes);
      if (out === "bool") return [Uint8Array.from(totals, (total) => (total === 0 ? 0 : 1))];
      const result = allocate(out, size) as Numbers;
      result.set(totals);
      return [result];
    };
  }
  const complexParts = isComplex(left) || isComplex(right);
  return ([a, b]) => {
    const re = new Float64Array(size);
    const [aRe, bRe] = [doubles(a!, left, leftOrder, 0), doubles(b!, right, rightOrder, 0)];
    accumulate(aRe, bRe, re, sizes, 1);
    if (!complexParts) return [fromDoubles(re, null, out)];
    const im = new Float64Array(size);
    const [aIm, bIm] = [doubles(a!, left, leftOrder, 1), doubles(b!, right, rightOrder, 1)];
    accumulate(aIm, bIm, re, sizes, -1);
    accumulate(aRe, bIm, im, sizes, 1);
    accumulate(aIm, bRe, im, sizes, 1);
    return [fromDoubles(re, im, out)];
  };
}

const dotGeneral: Lower<DotGeneralParams> = ({ dimensionNumbers }, avals, [out]) => {
  const [[xContract, yContract], [xBatch, yBatch]] = dimensionNumbers;
  const [x, y] = [avals[0]!.shape, avals[1]!.shape];
  const [xKept, yKept] = [keptAxes(x.length, xContract, xBatch), keptAxes(y.length, yContract, yBatch)];
  const count = (shape: Shape, axes: readonly number[]) => sizeOf(axes.map((axis) => shape[axis]!));
  const sizes = { batch: count(x, xBatch), m: count(x, xKept), n: count(y, yKept), k: count(x, xContract) };
  const orders = [orderOf(x, xBatch, xKept, xContract), orderOf(y, yBatch, yKept, yContract)];
  return kernelOf(sizes, orders, avals, out!.dtype);
};

export const dots = { dot_general: dotGeneral } satisfies Partial<LoweringTable>;
