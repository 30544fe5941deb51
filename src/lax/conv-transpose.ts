import { ArgumentError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import {
  convDimensionNumbers,
  type ConvDimensionNumbersLike,
  dilated,
  type Padding,
  type PaddingLike,
  spaceOf,
} from "./conv-dimensions.ts";
import { convGeneralDilated } from "./convolution.ts";
import { toArray } from "./operand.ts";
import type { ProductOptions } from "./precision.ts";
import { rev, transpose } from "./shape.ts";

export interface ConvTransposeOptions extends ProductOptions {
  /** Distance between neighbours of the kernel. Default: 1. */
  readonly rhsDilation?: readonly number[] | null;
  /** Layouts. Default: `NHWC`, `HWIO`, `NHWC`, with as many of `H`, `W`, `D` as there are spatial axes. */
  readonly dimensionNumbers?: ConvDimensionNumbersLike;
  /** The kernel is that of the convolution whose transpose this is: it is reversed, and its axes of features swapped. */
  readonly transposeKernel?: boolean;
  /** Pairs are the padding of the convolution whose transpose this is, as the words always are; else those of the dilated input. */
  readonly useConsistentPadding?: boolean;
}

const spaces = ["", "H", "HW", "HWD"] as const;

/** Padding of the dilated input, from that of the convolution whose transpose it is, for one axis of the dilated kernel. */
function paddingBack(size: number, stride: number, padding: PaddingLike[number] | Padding): Padding {
  if (typeof padding !== "string") return [size - padding[0] - 1, size - padding[1] - 1];
  const same = padding === "SAME";
  const total = size + stride - 2 + (same ? 0 : Math.max(size - stride, 0));
  const low = same && stride <= size - 1 ? Math.ceil(total / 2) : size - 1;
  return [low, total - low];
}

/**
 * A convolution of the input with `strides` between its elements: the transpose of a convolution with these strides, but for
 * the direction of the kernel, unless `transposeKernel` is set.
 *
 * Shape, in the default layout: `[N, …s, C], […k, C, O] → [N, …s·stride, O]` for padding `SAME`. Dtype as `convGeneralDilated`.
 * @throws ArgumentError on more than three spatial axes without layouts; else as `convGeneralDilated`.
 * @see `jax.lax.conv_transpose`
 */
export function convTranspose(
  lhs: Operand,
  rhs: Operand,
  strides: readonly number[],
  padding: PaddingLike,
  ...rest: Optionals<[rhsDilation: readonly number[] | null], ConvTransposeOptions>
): ArrayValue {
  const names = ["rhsDilation", "dimensionNumbers", "transposeKernel", "precision", "preferredElementType", "useConsistentPadding"] as const; // prettier-ignore
  const options = readOptions<ConvTransposeOptions>("conv_transpose", names, rest);
  const { transposeKernel = false, useConsistentPadding = false, ...passed } = options;
  const [x, w] = [toArray(lhs, "conv_transpose"), toArray(rhs, "conv_transpose", 1)];
  const layout = options.dimensionNumbers ?? usualLayout(x.ndim);
  const dimensionNumbers = convDimensionNumbers(x.shape, w.shape, layout);
  const { rhsSpec } = dimensionNumbers;
  const backwards = padding === "SAME" || padding === "VALID" || useConsistentPadding;
  const pads = backwards
    ? spaceOf(w.shape, rhsSpec).map((size, i) =>
        paddingBack(
          dilated(size, options.rhsDilation?.[i] ?? 1),
          strides[i]!,
          typeof padding === "string" ? padding : padding[i]!,
        ),
      )
    : padding;
  const kernel = transposeKernel ? rev(swapped(w, rhsSpec[0]!, rhsSpec[1]!), rhsSpec.slice(2)) : w;
  return convGeneralDilated(
    x,
    kernel,
    strides.map(() => 1),
    pads,
    { ...passed, lhsDilation: strides, dimensionNumbers },
  );
}

function usualLayout(rank: number): ConvDimensionNumbersLike {
  const space = spaces[rank - 2];
  if (space === undefined)
    throw new ArgumentError(
      "conv/layout",
      `conv_transpose: give dimensionNumbers; without them arrays have from 2 to 5 axes, got ${rank}`,
    );
  return [`N${space}C`, `${space}IO`, `N${space}C`];
}

function swapped(x: ArrayValue, i: number, j: number): ArrayValue {
  return transpose(
    x,
    x.shape.map((_, axis) => (axis === i ? j : axis === j ? i : axis)),
  );
}
