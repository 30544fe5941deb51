import { ShapeError } from "../core/errors.ts";
import * as param from "../core/param-kind.ts";
import { range, type Shape, showShape } from "../core/shape.ts";
import type { Aval } from "../core/value.ts";
import { checkAscending, checkIndices, type GatherScatterMode, modeKind } from "./dimension-numbers.ts";

/**
 * Which axes of a scatter's operand, indices and updates belong together: the mirror image of `GatherDimensionNumbers`.
 * @see https://openxla.org/stablehlo/spec#scatter
 */
export interface ScatterDimensionNumbers {
  /** Axes of the updates that run through the window, ascending. */
  readonly updateWindowDims: readonly number[];
  /** Axes of the operand where the window has size 1 and that the updates lack, ascending. */
  readonly insertedWindowDims: readonly number[];
  /** The axis of the operand that each entry of an index vector is for. */
  readonly scatterDimsToOperandDims: readonly number[];
  /** Axes of the operand, ascending, that run along with those of the indices in `scatterIndicesBatchingDims`. */
  readonly operandBatchingDims: readonly number[];
  readonly scatterIndicesBatchingDims: readonly number[];
}
export interface ScatterParams {
  readonly dimensionNumbers: ScatterDimensionNumbers;
  readonly indicesAreSorted: boolean;
  readonly uniqueIndices: boolean;
  readonly mode: GatherScatterMode;
}
export const scatterKinds: param.ParamKinds<ScatterParams> = {
  dimensionNumbers: param.record("ScatterDimensionNumbers", {
    updateWindowDims: param.integers,
    insertedWindowDims: param.integers,
    scatterDimsToOperandDims: param.integers,
    operandBatchingDims: param.integers,
    scatterIndicesBatchingDims: param.integers,
  }),
  indicesAreSorted: param.boolean,
  uniqueIndices: param.boolean,
  mode: modeKind,
};
/** Batching dims may be left out. */
export type ScatterDimensionNumbersLike = Omit<
  ScatterDimensionNumbers,
  "operandBatchingDims" | "scatterIndicesBatchingDims"
> &
  Partial<ScatterDimensionNumbers>;

/** @throws ShapeError when axes or sizes of a scatter do not fit; DTypeError when the indices are not integers. */
export function checkScatter(
  x: Aval,
  indices: Aval,
  updates: Aval,
  d: ScatterDimensionNumbers,
  name: string,
): void {
  const names = { map: "scatter_dims_to_operand_dims", gone: "inserted_window_dims", indexBatching: "scatter_indices_batching_dims" }; // prettier-ignore
  checkIndices(
    x,
    indices,
    names,
    d.scatterDimsToOperandDims,
    d.insertedWindowDims,
    d.operandBatchingDims,
    d.scatterIndicesBatchingDims,
    name,
  );
  const refuse = (message: string): never => {
    throw new ShapeError(
      "lax/scatter",
      `${name}: ${message}; operand ${showShape(x.shape)}, indices ${showShape(indices.shape)}, updates ${showShape(updates.shape)}`,
    );
  };
  const rank = indices.shape.length - 1 + d.updateWindowDims.length;
  if (updates.shape.length !== rank) refuse(`updates must be of rank ${rank}, got ${updates.shape.length}`);
  checkAscending(d.updateWindowDims, rank, "update_window_dims", name);
  const gone = [...d.insertedWindowDims, ...d.operandBatchingDims];
  if (d.updateWindowDims.length + gone.length !== x.shape.length)
    refuse(
      `a window of ${d.updateWindowDims.length + gone.length} axes does not match an operand of rank ${x.shape.length}`,
    );
  const bounds = x.shape.filter((_, axis) => !gone.includes(axis));
  d.updateWindowDims.forEach((axis, i) => {
    if (updates.shape[axis]! > bounds[i]!) {
      refuse(
        `bounds of the window dimensions of updates must not exceed the bounds of the corresponding dimensions of operand: for axis ${axis} they are ${updates.shape[axis]} and ${bounds[i]}`,
      );
    }
  });
  scatterDimsOf(updates.shape, d).forEach((axis, i) => {
    if (updates.shape[axis] !== indices.shape[i]) {
      refuse(
        `bounds of the scatter dimensions of updates must be the same as those of the indices: for axis ${axis} they are ${updates.shape[axis]} and ${indices.shape[i]}`,
      );
    }
  });
}

/** Axes of the updates that run through the index vectors. */
export const scatterDimsOf = (updates: Shape, { updateWindowDims }: ScatterDimensionNumbers): number[] =>
  range(updates.length).filter((axis) => !updateWindowDims.includes(axis));

/** Size of the window on each axis of the operand. */
export function windowSizes(x: Shape, updates: Shape, d: ScatterDimensionNumbers): number[] {
  let next = 0;
  return x.map((size, axis) => {
    if (d.insertedWindowDims.includes(axis)) return 1;
    if (d.operandBatchingDims.includes(axis)) return Math.min(size, 1);
    return updates[d.updateWindowDims[next++]!]!;
  });
}
