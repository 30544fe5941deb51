import { range, sameShape, type Shape, sizeOf } from "../../core/shape.ts";
import type { DotGeneralParams } from "../../lax/dot.ts";
import { keptAxes } from "../../lax/dot-dimensions.ts";
import type { Lower, LoweringTable } from "../lowering.ts";
import type { Numbers } from "./elementwise.ts";
import { type Accumulate, type Order, sumsOfProducts } from "./products.ts";
import { offsetsOf } from "./reduce.ts";

/** Products of `batch` pairs of matrices: `out[m, n] = ∑ₖ lhs[m, k] · rhs[n, k]`, both with the sum on their last axis. */
interface Sizes {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** The order [batch, kept, contracted]. */
function orderOf(
  shape: Shape,
  batch: readonly number[],
  kept: readonly number[],
  contract: readonly number[],
): Order {
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

const dotGeneral: Lower<DotGeneralParams> = ({ dimensionNumbers }, avals, [out]) => {
  const [[xContract, yContract], [xBatch, yBatch]] = dimensionNumbers;
  const [x, y] = [avals[0]!.shape, avals[1]!.shape];
  const [xKept, yKept] = [keptAxes(x.length, xContract, xBatch), keptAxes(y.length, yContract, yBatch)];
  const count = (shape: Shape, axes: readonly number[]) => sizeOf(axes.map((axis) => shape[axis]!));
  const sizes = { batch: count(x, xBatch), m: count(x, xKept), n: count(y, yKept), k: count(x, xContract) };
  const sums: Accumulate = {
    doubles: (a, b, out, sign) => accumulate(a, b, out, sizes, sign),
    integers: (a, b, out) => accumulateInts(a, b, out, sizes),
    bigints: (a, b, out) => accumulateBigints(a, b, out, sizes),
  };
  return sumsOfProducts(sums, avals, out!, [
    orderOf(x, xBatch, xKept, xContract),
    orderOf(y, yBatch, yKept, yContract),
  ]);
};

export const dots = { dot_general: dotGeneral } satisfies Partial<LoweringTable>;
