import type { DTypeLike } from "../core/dtype.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { range, sizeOf } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import { broadcastInDim } from "./broadcast.ts";
import { convertElementType } from "./cast.ts";
import { eq } from "./compare.ts";
import { convDimensionNumbers, type ConvDimensionNumbersLike, type PaddingLike } from "./conv-dimensions.ts";
import { convGeneralDilated } from "./convolution.ts";
import { broadcastedIota } from "./create.ts";
import { checkIntegers, inversePermutation } from "./dimensions.ts";
import { dotGeneral } from "./dot.ts";
import { toArray } from "./operand.ts";
import { type Precision, type PrecisionLike, precisionOf } from "./precision.ts";
import { reshape, transpose } from "./shape.ts";

interface WindowOptions {
  /** Distance between neighbours of the input, between which are zeros. Default: 1. */
  readonly lhsDilation?: readonly number[] | null;
  /** Distance between neighbours of the window. Default: 1. */
  readonly rhsDilation?: readonly number[] | null;
  /** Layouts. Default: batch or the result's features first, then features, then space. */
  readonly dimensionNumbers?: ConvDimensionNumbersLike;
}
export interface ConvPatchesOptions extends WindowOptions {
  readonly precision?: Precision | null;
  /** Dtype of the result. Default: that of the input. */
  readonly preferredElementType?: DTypeLike | null;
}
export interface ConvLocalOptions extends WindowOptions {
  readonly precision?: PrecisionLike;
}
type Dilations = [lhsDilation: readonly number[] | null, rhsDilation: readonly number[] | null];
const windowNames = ["lhsDilation", "rhsDilation", "dimensionNumbers", "precision"] as const;

/**
 * What a window sees at each of its places: a feature of the result for each of the input's and each element of the window,
 * the latter running faster.
 *
 * Shape: `[N, C, …s] → [N, C·∏ filterShape, …places]`, in the layouts that `dimensionNumbers` says.
 * @throws As `convGeneralDilated`.
 * @see `jax.lax.conv_general_dilated_patches`
 */
export function convGeneralDilatedPatches(
  lhs: Operand,
  filterShape: readonly number[],
  windowStrides: readonly number[],
  padding: PaddingLike,
  ...rest: Optionals<Dilations, ConvPatchesOptions>
): ArrayValue {
  const caller = "conv_general_dilated_patches";
  const names = [...windowNames, "preferredElementType"] as const;
  const { dimensionNumbers = null, precision = null, ...options } = readOptions<ConvPatchesOptions>(caller, names, rest); // prettier-ignore
  const x = toArray(lhs, caller);
  checkIntegers(filterShape, "filterShape", caller, 1);
  const numbers = convDimensionNumbers(x.shape, [1, 1, ...filterShape], dimensionNumbers);
  const [channels, size] = [x.shape[numbers.lhsSpec[1]!]!, sizeOf(filterShape)];
  // A kernel for each element of the window, which is 1 there.
  const [row, column] = [0, 1].map((axis) => broadcastedIota("int32", [size, size], axis));
  const identity = convertElementType(eq(row!, column!), x.dtype);
  const kernels = reshape(broadcastInDim(identity, [channels, size, size], [1, 2]), [channels * size, 1, ...filterShape]); // prettier-ignore
  return convGeneralDilated(
    x,
    transpose(kernels, inversePermutation(numbers.rhsSpec)),
    windowStrides,
    padding,
    {
      ...options,
      dimensionNumbers: numbers,
      featureGroupCount: channels,
      precision: precision && [precision, "default"],
    },
  );
}

/**
 * A convolution that has a kernel of its own at each place of the window: `rhs` has, in the layout of a kernel, features of
 * the result, for each of the input's and each element of the window, and places.
 *
 * Shape: `[N, C, …s], [O, C·∏ filterShape, …places] → [N, O, …places]`, in the layouts that `dimensionNumbers` says.
 * @throws As `convGeneralDilated`; ShapeError when `rhs` has not the places of the window.
 * @see `jax.lax.conv_general_dilated_local`
 */
export function convGeneralDilatedLocal(
  lhs: Operand,
  rhs: Operand,
  windowStrides: readonly number[],
  padding: PaddingLike,
  filterShape: readonly number[],
  ...rest: Optionals<Dilations, ConvLocalOptions>
): ArrayValue {
  const caller = "conv_general_dilated_local";
  const { precision = null, ...options } = readOptions<ConvLocalOptions>(caller, windowNames, rest);
  const [pair, x, w] = [precisionOf(precision, caller), toArray(lhs, caller), toArray(rhs, caller, 1)];
  const patches = convGeneralDilatedPatches(x, filterShape, windowStrides, padding, {
    ...options,
    precision: pair && pair[0],
  });
  const { rhsSpec, outSpec } = convDimensionNumbers(x.shape, [1, 1, ...filterShape], options.dimensionNumbers ?? null); // prettier-ignore
  const space = range(outSpec.length - 2, 2).sort((i, j) => outSpec[i]! - outSpec[j]!);
  const out = dotGeneral(
    patches,
    w,
    [
      [[outSpec[1]!], [rhsSpec[1]!]],
      [space.map((i) => outSpec[i]!), space.map((i) => rhsSpec[i]!)],
    ],
    { precision: pair },
  );
  // Places come first, then batch and features.
  const order = [...space.map((i) => outSpec[i]!), outSpec[0]!, outSpec[1]!];
  return transpose(out, inversePermutation(order));
}
