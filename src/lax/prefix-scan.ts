import { scalarOf } from "../core/scalar.ts";
import { range } from "../core/shape.ts";
import type { ArrayValue } from "../core/value.ts";
import { add } from "./arithmetic.ts";
import { or } from "./bits.ts";
import { concatenate } from "./join.ts";
import { type AxisPadding, pad } from "./pad-slice.ts";
import { rev } from "./shape.ts";
import { sliceInDim } from "./slice-in-dim.ts";

type Arrays = readonly ArrayValue[];

/**
 * `[x₀, x₀∘x₁, x₀∘x₁∘x₂, …]` along `axis`, in about 2·log n applications of an associative `combine` to whole slices.
 * The elements are tuples: one of `elements[i]` for each `i`, of equal sizes along `axis`.
 *
 * @see Blelloch, "Prefix sums and their applications" (CMU-CS-90-190); `jax.lax.associative_scan`
 */
export function prefixScan(
  combine: (before: Arrays, after: Arrays) => Arrays,
  elements: Arrays,
  axis: number,
  reverse: boolean,
): ArrayValue[] {
  if (reverse) {
    const reversed = prefixScan(
      combine,
      elements.map((x) => rev(x, [axis])),
      axis,
      false,
    );
    return reversed.map((x) => rev(x, [axis]));
  }
  const take = (xs: Arrays, start: number, limit: number | null, stride = 1) =>
    xs.map((x) => sliceInDim(x, start, limit, { stride, axis }));
  const scan = (xs: Arrays): Arrays => {
    const size = xs[0]!.shape[axis]!;
    if (size < 2) return xs;
    // Odd places: the scan of adjacent pairs. Even ones: the odd place before, and one element more.
    const odd = scan(combine(take(xs, 0, -1, 2), take(xs, 1, null, 2)));
    const before = size % 2 === 0 ? take(odd, 0, -1) : odd;
    const later = combine(before, take(xs, 2, null, 2));
    const even = take(xs, 0, 1).map((first, i) => concatenate([first, later[i]!], axis));
    return even.map((x, i) => interleave(x, odd[i]!, axis));
  };
  return [...scan(elements)];
}

/** `[a₀, b₀, a₁, b₁, …]` along `axis`; `a` may have one element more. */
function interleave(a: ArrayValue, b: ArrayValue, axis: number): ArrayValue {
  const equal = a.shape[axis] === b.shape[axis];
  const spread = (x: ArrayValue, padding: AxisPadding) =>
    pad(
      x,
      scalarOf(0, x.dtype, x.aval.weak),
      range(x.ndim).map((i): AxisPadding => (i === axis ? padding : [0, 0, 0])),
    );
  const merge = a.dtype === "bool" ? or : add;
  return merge(spread(a, [0, equal ? 1 : 0, 1]), spread(b, [1, equal ? 0 : 1, 1]));
}
