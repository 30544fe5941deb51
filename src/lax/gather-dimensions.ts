import { ShapeError } from "../core/errors.ts";
import * as param from "../core/param-kind.ts";
import { checkShape, type Shape, showShape } from "../core/shape.ts";
import type { Aval } from "../core/value.ts";
import { checkAscending, checkIndices, type GatherScatterMode, modeKind } from "./dimension-numbers.ts";

/**
 * Which axes of a gather's operand, indices and result belong together. The index vectors lie along the last axis of the
 * indices.
 * @see https://openxla.org/stablehlo/spec#gather
 */
export interface GatherDimensionNumbers {
  /** Axes of the result that run through the window, ascending. */
  readonly offsetDims: readonly number[];
  /** Axes of the operand where the window has size 1 and that the result lacks, ascending. */
  readonly collapsedSliceDims: readonly number[];
  /** The axis of the operand that each entry of an index vector is for. */
  readonly startIndexMap: readonly number[];
  /** Axes of the operand, ascending, that run along with those of the indices in `startIndicesBatchingDims`. */
  readonly operandBatchingDims: readonly number[];
  readonly startIndicesBatchingDims: readonly number[];
}

/** Batching dims may be left out. */
export type GatherDimensionNumbersLike = Omit<
  GatherDimensionNumbers,
  "operandBatchingDims" | "startIndicesBatchingDims"
> &
  Partial<GatherDimensionNumbers>;

export interface GatherParams {
  readonly dimensionNumbers: GatherDimensionNumbers;
  /** Size of the window on each axis of the operand. */
  readonly sliceSizes: Shape;
  readonly indicesAreSorted: boolean;
  readonly uniqueIndices: boolean;
  readonly mode: GatherScatterMode;
  /** What stands for elements out of bounds; null unless the mode is `fill`. */
  readonly fillValue: number | bigint | boolean | null;
}

export const gatherKinds: param.ParamKinds<GatherParams> = {
  dimensionNumbers: param.record("GatherDimensionNumbers", {
    offsetDims: param.integers,
    collapsedSliceDims: param.integers,
    startIndexMap: param.integers,
    operandBatchingDims: param.integers,
    startIndicesBatchingDims: param.integers,
  }),
  sliceSizes: param.integers,
  indicesAreSorted: param.boolean,
  uniqueIndices: param.boolean,
  mode: modeKind,
  fillValue: param.nullable(param.element),
};

/** @throws ShapeError when axes or sizes of a gather do not fit; DTypeError when the indices are not integers. */
export function checkGather(x: Aval, indices: Aval, { dimensionNumbers, sliceSizes }: GatherParams): void {
  const { offsetDims, collapsedSliceDims, startIndexMap, operandBatchingDims, startIndicesBatchingDims } =
    dimensionNumbers;
  const names = { map: "start_index_map", gone: "collapsed_slice_dims", indexBatching: "start_indices_batching_dims" }; // prettier-ignore
  checkIndices(
    x,
    indices,
    names,
    startIndexMap,
    collapsedSliceDims,
    operandBatchingDims,
    startIndicesBatchingDims,
    "gather",
  );
  checkAscending(offsetDims, offsetDims.length + indices.shape.length - 1, "offset_dims", "gather");
  checkShape(sliceSizes, "gather slice_sizes");
  const refuse = (message: string): never => {
    throw new ShapeError("lax/gather", `gather op ${message}`);
  };
  const rank = x.shape.length;
  if (sliceSizes.length !== rank)
    refuse(
      `must have one slice size for every operand axis; got ${showShape(sliceSizes)} for shape ${showShape(x.shape)}`,
    );
  if (rank !== offsetDims.length + collapsedSliceDims.length + operandBatchingDims.length) {
    refuse(
      `must have every operand axis among the offset, collapsed or batching dimensions: there are ${rank} axes, and ${offsetDims.length} + ${collapsedSliceDims.length} + ${operandBatchingDims.length} dimensions`,
    );
  }
  const empty = indices.shape.includes(0);
  sliceSizes.forEach((size, axis) => {
    if (!empty && size > x.shape[axis]!)
      refuse(`slice size at axis ${axis} is out of range, must be within [0, ${x.shape[axis]}], got ${size}`);
    const collapsed = collapsedSliceDims.includes(axis);
    if (collapsed ? size !== 1 : operandBatchingDims.includes(axis) && size > 1)
      refuse(`slice size at ${collapsed ? "collapsed" : "batching"} axis ${axis} must be 1, got ${size}`);
  });
}
