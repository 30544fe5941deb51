import { sizeOf } from "../../core/shape.ts";
import type { CumulativeParams } from "../../lax/cumulative.ts";
import type { Lower, LoweringTable } from "../lowering.ts";
import { complexResult, type Numbers } from "./elementwise.ts";
import { type ComplexFold, type Fold, folding, type Monoid, monoids } from "./monoid.ts";

/** Rows along one axis: row `r` starts at `starts[r]`, its `count` elements are `stride` apart. */
interface Rows {
  readonly starts: Int32Array;
  readonly count: number;
  readonly stride: number;
}

/** The rows of an array along `axis`; from the last element to the first if `reverse`. */
export function rowsOf(shape: readonly number[], axis: number, reverse = false): Rows {
  const count = shape[axis]!;
  const inner = sizeOf(shape.slice(axis + 1));
  const starts = new Int32Array(sizeOf(shape.slice(0, axis)) * inner);
  for (let row = 0; row < starts.length; row++) {
    const outer = Math.floor(row / inner);
    starts[row] = outer * count * inner + (row - outer * inner) + (reverse ? (count - 1) * inner : 0);
  }
  return { starts, count, stride: reverse ? -inner : inner };
}

function run<T extends number | bigint>(
  x: ArrayLike<T>,
  out: { [i: number]: T },
  { identity, step }: Fold<T>,
  { starts, count, stride }: Rows,
): void {
  for (let row = 0; row < starts.length; row++) {
    let total = identity;
    for (let k = 0, at = starts[row]!; k < count; k++, at += stride) {
      total = k === 0 ? x[at]! : step(total, x[at]!);
      out[at] = total;
    }
  }
}

function runComplex(x: Numbers, out: Numbers, { step }: ComplexFold, { starts, count, stride }: Rows): void {
  for (let row = 0; row < starts.length; row++) {
    for (let k = 0, at = 2 * starts[row]!; k < count; k++, at += 2 * stride) {
      if (k > 0) step(complexResult[0]!, complexResult[1]!, x[at]!, x[at + 1]!);
      else complexResult.set([x[at]!, x[at + 1]!]);
      out[at] = complexResult[0]!;
      out[at + 1] = complexResult[1]!;
    }
  }
}

const cumulative =
  (name: string, monoid: Monoid): Lower<CumulativeParams> =>
  ({ axis, reverse }, [x]) => {
    const rows = rowsOf(x!.shape, axis, reverse);
    return folding(name, monoid, x!.dtype, sizeOf(x!.shape), {
      plain: (data, out, fold) => run(data, out, fold, rows),
      complex: (data, out, fold) => runComplex(data, out, fold, rows),
    });
  };

export const cumulatives = {
  cumsum: cumulative("cumsum", monoids.sum),
  cumprod: cumulative("cumprod", monoids.prod),
  cummax: cumulative("cummax", monoids.max),
  cummin: cumulative("cummin", monoids.min),
  cumlogsumexp: cumulative("cumlogsumexp", monoids.logSumExp),
} satisfies Partial<LoweringTable>;
