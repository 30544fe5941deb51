import {
  type DType,
  type DTypeLike,
  dtypeInfo,
  isComplex,
  isFloat,
  isInteger,
  toDType,
} from "../core/dtype.ts";
import { ArgumentError, DTypeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, type Op } from "../core/primitive.ts";
import { type ArrayValue, avalOf, type Operand } from "../core/value.ts";
import {
  type ConvDimensionNumbers,
  convDimensionNumbers,
  type ConvDimensionNumbersLike,
  type ConvGeneralDilatedWindow,
  convShape,
  dilated,
  type Padding,
  type PaddingLike,
  paddingOf,
  spaceOf,
} from "./conv-dimensions.ts";
import { batchConv, pullBackInput, pullBackKernel } from "./conv-rules.ts";
import { convSamples } from "./conv-samples.ts";
import { checkDType, toArray } from "./operand.ts";
import {
  type PrecisionLike,
  precisionOf,
  type PrecisionPair,
  precisionPair,
  type ProductOptions,
} from "./precision.ts";

export interface ConvGeneralDilatedParams extends ConvGeneralDilatedWindow {
  readonly precision: PrecisionPair | null;
  /** Dtype of the result, and of its sums; null: that of the operands. */
  readonly preferredElementType: DType | null;
}

interface ConvOptions extends ProductOptions {
  /** Distance between neighbours of the input, between which are zeros. Default: 1. */
  readonly lhsDilation?: readonly number[] | null;
  /** Distance between neighbours of the kernel. Default: 1. */
  readonly rhsDilation?: readonly number[] | null;
  /** Layouts. Default: batch or the result's features first, then features, then space. */
  readonly dimensionNumbers?: ConvDimensionNumbersLike;
  /** Parts that the features of input and result fall into, each result being made of the features of its part. Default: 1. */
  readonly featureGroupCount?: number;
  /** Parts that the batch falls into, each convolved with the kernels of its part of the result's features. Default: 1. */
  readonly batchGroupCount?: number;
}

const caller = "conv_general_dilated";

/** @throws DTypeError unless sums of products of `dtype` can be given as `preferred`. */
function checkPreferred(dtype: DType, preferred: DType): void {
  checkDType(preferred, "numberOrBool", `${caller} preferred_element_type`, 0);
  const [from, to] = [dtypeInfo[dtype], dtypeInfo[preferred]];
  const asFloats = isInteger(dtype) && isFloat(preferred);
  const numeric = [isInteger, isFloat, isComplex].every((kind) => !kind(dtype) || kind(preferred));
  const bits = (info: typeof from) => (info.kind === "bool" ? 8 : info.bits);
  const refuse = (why: string): never => {
    throw new DTypeError(
      "conv/preferred",
      `${caller}: preferredElementType ${preferred} ${why} the operands' type ${dtype}`,
    );
  };
  if (!asFloats && !numeric) refuse("is of another kind than");
  if (!asFloats && from.kind === "int" && to.kind !== "int") refuse("has another signedness than");
  if (bits(to) < bits(from)) refuse("is narrower than");
}

const dimensionNumbers = param.record<ConvDimensionNumbers>("ConvDimensionNumbers", {
  lhsSpec: param.integers,
  rhsSpec: param.integers,
  outSpec: param.integers,
});

/**
 * Sums of products of a kernel with each place of a window on the input, which is dilated and padded with zeros. The kernel
 * is not reversed: `out[n, o, i] = ∑ lhs[n, c, i·stride + k·rhsDilation - low] · rhs[o, c, k]` over `c` and `k`.
 *
 * Shape: `[N, C, …s], [O, C / groups, …k] → [N, O, …places]`, in the layouts that `dimensionNumbers` says. Dtype: that of both
 * operands, or `preferredElementType`.
 * @throws ShapeError when operands and window do not fit; DTypeError when the operands' dtypes differ, or do not go with
 * `preferredElementType`; ArgumentError on an unknown padding, layout or precision.
 * @see `jax.lax.conv_general_dilated`, https://openxla.org/stablehlo/spec#convolution
 */
export const convGeneralDilated: Op<
  (
    lhs: Operand,
    rhs: Operand,
    windowStrides: readonly number[],
    padding: PaddingLike,
    ...rest: Optionals<
      [lhsDilation: readonly number[] | null, rhsDilation: readonly number[] | null],
      ConvOptions
    >
  ) => ArrayValue,
  "conv_general_dilated",
  [lhs: ArrayValue, rhs: ArrayValue],
  ConvGeneralDilatedParams
> = definePrimitive("conv_general_dilated", {
  call: (lhs, rhs, windowStrides, padding, ...rest) => {
    const [x, w] = [toArray(lhs, caller), toArray(rhs, caller, 1)];
    const names = ["lhsDilation", "rhsDilation", "dimensionNumbers", "featureGroupCount", "batchGroupCount", "precision", "preferredElementType"] as const; // prettier-ignore
    const options = readOptions<ConvOptions>(caller, names, rest);
    const numbers = convDimensionNumbers(x.shape, w.shape, options.dimensionNumbers ?? null);
    const ones = numbers.rhsSpec.slice(2).map(() => 1);
    const { precision = null, preferredElementType = null } = options;
    const window = {
      windowStrides,
      lhsDilation: options.lhsDilation ?? ones,
      rhsDilation: options.rhsDilation ?? ones,
      dimensionNumbers: numbers,
      featureGroupCount: options.featureGroupCount ?? 1,
      batchGroupCount: options.batchGroupCount ?? 1,
    };
    return convGeneralDilated.bind([x, w], {
      ...window,
      padding: paddingPairs(padding, x, w, window),
      precision: precisionOf(precision, caller),
      preferredElementType: preferredElementType && toDType(preferredElementType, caller),
    })[0]!;
  },
  arity: 2,
  params: {
    windowStrides: param.integers,
    padding: param.list(param.tuple(param.integer, param.integer)),
    lhsDilation: param.integers,
    rhsDilation: param.integers,
    dimensionNumbers,
    featureGroupCount: param.integer,
    batchGroupCount: param.integer,
    precision: param.nullable(precisionPair),
    preferredElementType: param.nullable(param.dtype),
  },
  alsoShow: () => ({ out_sharding: null }),
  abstract: ([lhs, rhs], params) => {
    checkDType(lhs.dtype, "numberOrBool", caller, 0);
    checkDType(rhs.dtype, "numberOrBool", caller, 1);
    if (lhs.dtype !== rhs.dtype)
      throw new DTypeError(
        "lax/dtype",
        `lax.${caller} requires arguments to have the same dtypes, got ${lhs.dtype}, ${rhs.dtype}: convert them with astype`,
      );
    const { preferredElementType } = params;
    if (preferredElementType !== null) checkPreferred(lhs.dtype, preferredElementType);
    const shape = convShape(lhs.shape, rhs.shape, params);
    return avalOf(shape, preferredElementType ?? lhs.dtype, lhs.weak && rhs.weak);
  },
  jvp: "multilinear",
  transpose: [
    (ct, [lhs, rhs], params) => pullBackInput(ct, lhs.aval, rhs, params),
    (ct, [lhs, rhs], params) => pullBackKernel(ct, lhs, rhs.aval, params),
  ],
  batch: batchConv,
  samples: convSamples,
});

/** What the user gave as padding, in pairs. */
function paddingPairs(
  padding: unknown,
  { shape: lhs }: ArrayValue,
  { shape: rhs }: ArrayValue,
  window: Pick<
    ConvGeneralDilatedWindow,
    "windowStrides" | "lhsDilation" | "rhsDilation" | "dimensionNumbers"
  >,
): readonly Padding[] {
  if (Array.isArray(padding) && padding.every((pair) => Array.isArray(pair) && pair.length === 2))
    return padding as readonly Padding[];
  const { windowStrides, lhsDilation, rhsDilation, dimensionNumbers } = window;
  if (typeof padding === "string" && lhsDilation.some((dilation) => dilation !== 1))
    throw new ArgumentError(
      "conv/padding",
      `${caller}: padding "${padding}" does not say how to pad a dilated input: give pairs [low, high], or use lax.convTranspose`,
    );
  const kernel = spaceOf(rhs, dimensionNumbers.rhsSpec).map((size, i) => dilated(size, rhsDilation[i]!));
  return paddingOf(padding, spaceOf(lhs, dimensionNumbers.lhsSpec), kernel, windowStrides, caller);
}

/**
 * `convGeneralDilated` without dilations, in the layout of batch or the result's features, features, space.
 *
 * @throws As `convGeneralDilated`.
 * @see `jax.lax.conv`
 */
export function conv(
  lhs: Operand,
  rhs: Operand,
  windowStrides: readonly number[],
  padding: PaddingLike,
  ...rest: Optionals<[precision: PrecisionLike, preferredElementType: DTypeLike | null], ProductOptions>
): ArrayValue {
  const options = readOptions<ProductOptions>("conv", ["precision", "preferredElementType"], rest);
  return convGeneralDilated(lhs, rhs, windowStrides, padding, options);
}

/**
 * `convGeneralDilated` in the layout of batch or the result's features, features, space.
 *
 * @throws As `convGeneralDilated`.
 * @see `jax.lax.conv_with_general_padding`
 */
export function convWithGeneralPadding(
  lhs: Operand,
  rhs: Operand,
  windowStrides: readonly number[],
  padding: PaddingLike,
  lhsDilation: readonly number[] | null,
  rhsDilation: readonly number[] | null,
  ...rest: Optionals<[precision: PrecisionLike, preferredElementType: DTypeLike | null], ProductOptions>
): ArrayValue {
  const names = ["precision", "preferredElementType"] as const;
  const options = readOptions<ProductOptions>("conv_with_general_padding", names, rest);
  return convGeneralDilated(lhs, rhs, windowStrides, padding, { lhsDilation, rhsDilation, ...options });
}
