import { ArgumentError, ShapeError } from "../core/errors.ts";
import { range, type Shape, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { argsort, checkAxes, checkIntegers } from "./dimensions.ts";

/**
 * Which axes of a convolution's operands and result belong together.
 * @see https://openxla.org/stablehlo/spec#convolution
 */
export interface ConvDimensionNumbers {
  /** Axes of the input: batch, features, then space. */
  readonly lhsSpec: readonly number[];
  /** Axes of the kernel: features of the result, features of the input, then space. */
  readonly rhsSpec: readonly number[];
  /** Axes of the result: batch, features, then space. */
  readonly outSpec: readonly number[];
}

/** Layouts as in `["NHWC", "HWIO", "NHWC"]`, whose spatial axes are in the order of the kernel's; null: batch or result's features first, then features, then space. */
export type ConvDimensionNumbersLike =
  | ConvDimensionNumbers
  | readonly [lhs: string, rhs: string, out: string]
  | null;

/** Zeros before and after one spatial axis; a negative number removes elements. */
export type Padding = readonly [low: number, high: number];
/** `VALID`: none. `SAME`: `⌈size / stride⌉` places; where it is odd, the larger half is after, for `SAME_LOWER` before. */
export type PaddingLike = "SAME" | "SAME_LOWER" | "VALID" | readonly Padding[];

const names = ["NC", "OI", "NC"] as const;

/** Places of the two named axes, then those of space in the order of `space`. */
const placesIn = (layout: string, [first, second]: string, space: readonly string[]): number[] =>
  [first!, second!, ...space].map((letter) => layout.indexOf(letter));

/**
 * Dimension numbers of a convolution as lists of axes.
 *
 * @throws ShapeError when the ranks differ; ArgumentError when the layouts do not fit them or each other.
 * @see `jax.lax.conv_dimension_numbers`
 */
export function convDimensionNumbers(
  lhsShape: Shape,
  rhsShape: Shape,
  dimensionNumbers: ConvDimensionNumbersLike,
): ConvDimensionNumbers {
  if (dimensionNumbers !== null && typeof dimensionNumbers === "object" && "lhsSpec" in dimensionNumbers)
    return dimensionNumbers;
  const rank = lhsShape.length;
  if (rank !== rhsShape.length || rank < 2) {
    throw new ShapeError(
      "conv/rank",
      `convolution requires lhs and rhs of equal rank, at least 2; got shapes ${showShape(lhsShape)} and ${showShape(rhsShape)}: a batch axis, an axis of features, and those of space`,
    );
  }
  if (dimensionNumbers === null) {
    const axes = range(rank);
    return { lhsSpec: axes, rhsSpec: axes, outSpec: axes };
  }
  const refuse = (message: string): never => {
    throw new ArgumentError("conv/layout", `convolution dimensionNumbers ${message}`);
  };
  const layouts: readonly unknown[] = Array.isArray(dimensionNumbers) ? dimensionNumbers : [];
  if (layouts.length !== 3 || !layouts.every((layout) => typeof layout === "string"))
    return refuse(
      `must be three strings such as "NHWC", "HWIO", "NHWC", or what lax.convDimensionNumbers returns; got ${describe(dimensionNumbers)}`,
    );
  const spaces = layouts.map((layout, i) => {
    const letters = Array.from(layout);
    const [first, second] = names[i]!;
    if (letters.length !== rank)
      refuse(`[${i}] must name the ${rank} axes of shape ${showShape(lhsShape)}, got "${layout}"`);
    if (new Set(letters).size !== rank || !letters.includes(first!) || !letters.includes(second!))
      refuse(`[${i}] must have the letters ${first} and ${second}, and each letter once; got "${layout}"`);
    return letters.filter((letter) => letter !== first && letter !== second);
  });
  const space = spaces[1]!;
  if (spaces.some((letters) => !letters.every((letter) => space.includes(letter))))
    refuse(`must have the same letters for space, got "${layouts.join('", "')}"`);
  const [lhsSpec, rhsSpec, outSpec] = layouts.map((layout, i) => placesIn(layout, names[i]!, space));
  return { lhsSpec: lhsSpec!, rhsSpec: rhsSpec!, outSpec: outSpec! };
}

/** The sizes of `shape` along the spatial axes of a spec. */
export const spaceOf = (shape: Shape, spec: readonly number[]): number[] =>
  spec.slice(2).map((axis) => shape[axis]!);

/** Size of an axis once `dilation - 1` zeros are put between its elements. */
export const dilated = (size: number, dilation: number): number =>
  size === 0 ? 0 : 1 + (size - 1) * dilation;

/**
 * Padding that makes the places of a `window` on `sizes` what a word says.
 * @throws ArgumentError when it is none of the words.
 */
export function paddingOf(
  word: unknown,
  sizes: Shape,
  window: Shape,
  strides: readonly number[],
  caller: string,
): Padding[] {
  const name = typeof word === "string" ? word.toUpperCase() : undefined;
  if (name === "VALID") return sizes.map(() => [0, 0]);
  if (name !== "SAME" && name !== "SAME_LOWER")
    throw new ArgumentError(
      "conv/padding",
      `${caller}: padding is "SAME", "SAME_LOWER", "VALID" or a list of pairs [low, high], got ${describe(word)}`,
    );
  return sizes.map((size, i) => {
    const stride = strides[i]!;
    const total = Math.max((Math.ceil(size / stride) - 1) * stride + window[i]! - size, 0);
    const half = Math.floor(total / 2);
    return name === "SAME" ? [half, total - half] : [total - half, half];
  });
}

export interface ConvGeneralDilatedWindow {
  readonly windowStrides: readonly number[];
  readonly padding: readonly Padding[];
  readonly lhsDilation: readonly number[];
  readonly rhsDilation: readonly number[];
  readonly dimensionNumbers: ConvDimensionNumbers;
  readonly featureGroupCount: number;
  readonly batchGroupCount: number;
}

/**
 * The shape of a convolution's result.
 * @throws ShapeError when operands and window do not fit.
 */
export function convShape(lhs: Shape, rhs: Shape, window: ConvGeneralDilatedWindow): number[] {
  const { lhsSpec, rhsSpec, outSpec } = window.dimensionNumbers;
  const { featureGroupCount, batchGroupCount } = window;
  const refuse = (message: string): never => {
    throw new ShapeError("conv/shape", `conv_general_dilated ${message}`);
  };
  const rank = lhs.length;
  if (rank !== rhs.length || rank < 2)
    refuse(
      `lhs and rhs must have the same rank, at least 2; got shapes ${showShape(lhs)} and ${showShape(rhs)}`,
    );
  for (const [name, spec] of Object.entries({ lhs_spec: lhsSpec, rhs_spec: rhsSpec, out_spec: outSpec })) {
    checkAxes(spec, rank, name, "conv_general_dilated");
    if (spec.length !== rank) refuse(`${name} must name all of the ${rank} axes, got ${showShape(spec)}`);
  }
  const [batch, features] = [lhs[lhsSpec[0]!]!, lhs[lhsSpec[1]!]!];
  const [outFeatures, kernelFeatures] = [rhs[rhsSpec[0]!]!, rhs[rhsSpec[1]!]!];
  const counts = { feature_group_count: featureGroupCount, batch_group_count: batchGroupCount };
  for (const [name, count] of Object.entries(counts)) {
    if (!Number.isInteger(count) || count < 1) refuse(`${name} must be a positive integer, got ${count}`);
    if (outFeatures % count !== 0)
      refuse(
        `rhs output feature dimension size must be a multiple of ${name}, but ${outFeatures} is not a multiple of ${count}`,
      );
  }
  if (features % featureGroupCount !== 0)
    refuse(
      `feature_group_count must divide lhs feature dimension size, but ${featureGroupCount} does not divide ${features}`,
    );
  if (features / featureGroupCount !== kernelFeatures)
    refuse(
      `lhs feature dimension size divided by feature_group_count must equal the rhs input feature dimension size, but ${features} / ${featureGroupCount} != ${kernelFeatures}`,
    );
  if (batch % batchGroupCount !== 0)
    refuse(
      `batch_group_count must divide lhs batch dimension size, but ${batchGroupCount} does not divide ${batch}`,
    );
  if (featureGroupCount > 1 && batchGroupCount > 1)
    refuse(
      `takes at most one of batch_group_count and feature_group_count above 1, got ${batchGroupCount} and ${featureGroupCount}`,
    );
  return permuted(
    [batch / batchGroupCount, outFeatures, ...outSpace(spaceOf(lhs, lhsSpec), spaceOf(rhs, rhsSpec), window)],
    argsort(outSpec),
  );
}

const permuted = (sizes: Shape, order: readonly number[]): number[] => order.map((i) => sizes[i]!);

/** How many places the window has along each spatial axis. */
function outSpace(
  sizes: Shape,
  kernel: Shape,
  { windowStrides, padding, lhsDilation, rhsDilation }: ConvGeneralDilatedWindow,
): number[] {
  const lists = { window_strides: windowStrides, lhs_dilation: lhsDilation, rhs_dilation: rhsDilation };
  for (const [name, list] of Object.entries(lists)) checkIntegers(list, name, "conv_general_dilated", 1);
  for (const pair of padding) checkIntegers(pair, "padding", "conv_general_dilated");
  for (const [name, list] of Object.entries({ ...lists, padding })) {
    if (list.length !== sizes.length)
      throw new ShapeError(
        "conv/window",
        `conv_general_dilated: ${name} must have one entry for each of the ${sizes.length} spatial axes, got ${list.length}`,
      );
  }
  return sizes.map((size, i) => {
    const [low, high] = padding[i]!;
    const padded = low + dilated(size, lhsDilation[i]!) + high;
    if (padded < 0)
      throw new ShapeError(
        "conv/padding",
        `conv_general_dilated: negative padding (${low}, ${high}) is larger than spatial axis ${i}, which has size ${dilated(size, lhsDilation[i]!)}`,
      );
    return Math.max(0, Math.floor((padded - dilated(kernel[i]!, rhsDilation[i]!)) / windowStrides[i]!) + 1);
  });
}
