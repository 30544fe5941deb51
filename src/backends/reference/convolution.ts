import { stridesOf } from "../../core/shape.ts";
import { spaceOf } from "../../lax/conv-dimensions.ts";
import type { ConvGeneralDilatedParams } from "../../lax/convolution.ts";
import type { Lower, LoweringTable } from "../lowering.ts";
import { sumsOfProducts } from "./products.ts";

/** Distances in storage of what a window reads at one place: pair `i` is elements `left[i]` and `right[i]`. */
interface Taps {
  readonly left: readonly number[];
  readonly right: readonly number[];
}
/** A result: where its sum begins in both operands, and what is summed there, for each of the features. */
type Sum = (out: number, left: number, right: number, taps: Taps) => void;

/** What a window reads that is no element is a zero, far below the first. */
const OUTSIDE = -Infinity;
const at = (a: ArrayLike<number>, i: number): number => (i < 0 ? 0 : a[i]!);

/** For each place of the window along each axis, what it reads. */
function tapsOf(
  sizes: readonly number[],
  kernel: readonly number[],
  places: readonly number[],
  strides: readonly [left: readonly number[], right: readonly number[]],
  { windowStrides, padding, lhsDilation, rhsDilation }: ConvGeneralDilatedParams,
): Taps[] {
  let all: Taps[] = [{ left: [0], right: [0] }];
  for (let axis = 0; axis < sizes.length; axis++) {
    const along = Array.from({ length: places[axis]! }, (_, place) => {
      const taps: { left: number[]; right: number[] } = { left: [], right: [] };
      for (let k = 0; k < kernel[axis]!; k++) {
        const element =
          (place * windowStrides[axis]! + k * rhsDilation[axis]! - padding[axis]![0]) / lhsDilation[axis]!;
        const inside = Number.isInteger(element) && element >= 0 && element < sizes[axis]!;
        taps.left.push(inside ? element * strides[0][axis]! : OUTSIDE);
        taps.right.push(k * strides[1][axis]!);
      }
      return taps;
    });
    all = all.flatMap((outer) => along.map((inner) => crossed(outer, inner)));
  }
  return all;
}

const sums = (x: readonly number[], y: readonly number[]) => x.flatMap((a) => y.map((b) => a + b));
const crossed = (outer: Taps, inner: Taps): Taps => ({
  left: sums(outer.left, inner.left),
  right: sums(outer.right, inner.right),
});

const convolution: Lower<ConvGeneralDilatedParams> = (params, avals, [out]) => {
  const { dimensionNumbers, featureGroupCount, batchGroupCount } = params;
  const [lhs, rhs] = [avals[0]!.shape, avals[1]!.shape];
  const { lhsSpec, rhsSpec, outSpec } = dimensionNumbers;
  const along = (shape: readonly number[], spec: readonly number[]) => {
    const strides = stridesOf(shape);
    return spec.map((axis) => strides[axis]!);
  };
  const [leftBatch, leftFeature, ...left] = along(lhs, lhsSpec);
  const [rightOut, rightFeature, ...right] = along(rhs, rhsSpec);
  const [outBatch, outFeature, ...outSpace] = along(out!.shape, outSpec);
  const [batch, features, ...places] = outSpec.map((axis) => out!.shape[axis]!);
  const channels = rhs[rhsSpec[1]!]!;
  const groups = Math.max(featureGroupCount, batchGroupCount);
  const groupStride = batchGroupCount > 1 ? batch! * leftBatch! : channels * leftFeature!;
  const taps = tapsOf(spaceOf(lhs, lhsSpec), spaceOf(rhs, rhsSpec), places, [left, right], params);
  let offsets = [0];
  places.forEach((size, axis) => {
    const steps = Array.from({ length: size }, (_, place) => place * outSpace[axis]!);
    offsets = sums(offsets, steps);
  });
  const eachSum = (sum: Sum) => {
    for (let n = 0; n < batch!; n++)
      for (let o = 0; o < features!; o++) {
        const from = n * leftBatch! + Math.floor((o * groups) / features!) * groupStride;
        const to = n * outBatch! + o * outFeature!;
        taps.forEach((read, place) => sum(to + offsets[place]!, from, o * rightOut!, read));
      }
  };
  /** What adds, for each result, its terms one after the other. */
  const summed = (add: (out: number, left: number, right: number) => void) =>
    eachSum((to, from, kernel, taps) => {
      for (let c = 0; c < channels; c++)
        for (let i = 0; i < taps.left.length; i++)
          add(to, from + c * leftFeature! + taps.left[i]!, kernel + c * rightFeature! + taps.right[i]!);
    });
  return sumsOfProducts(
    {
      doubles: (a, b, out, sign) => summed((to, i, j) => (out[to]! += sign * at(a, i) * b[j]!)),
      integers: (a, b, out) => summed((to, i, j) => (out[to] = (out[to]! + Math.imul(at(a, i), b[j]!)) | 0)),
      bigints: (a, b, out) => summed((to, i, j) => (out[to]! += i < 0 ? 0n : a[i]! * b[j]!)),
    },
    avals,
    out!,
  );
};

export const convolutions = { conv_general_dilated: convolution } satisfies Partial<LoweringTable>;
