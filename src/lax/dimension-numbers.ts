import { isInteger } from "../core/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.ts";
import { oneOf, type ParamKind } from "../core/param-kind.ts";
import { sameShape, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Aval } from "../core/value.ts";
import { moveAxis } from "./algebra.ts";
import { checkAxes, inserted, shiftAxes } from "./dimensions.ts";

/**
 * What happens where a window does not lie inside the operand:
 * `clip` moves it inside; `fill` gathers the fill value, and drops what would be scattered; `promise_in_bounds` says
 * that it does not happen (a gather then clips, a scatter drops).
 */
export type GatherScatterMode = "clip" | "fill" | "promise_in_bounds";
export type GatherScatterModeLike = GatherScatterMode | "drop" | null;

/** @throws ArgumentError when `mode` is none. */
export function toMode(mode: unknown, whenNull: GatherScatterMode, caller: string): GatherScatterMode {
  if (mode === null) return whenNull;
  if (mode === "drop") return "fill";
  if (mode === "clip" || mode === "fill" || mode === "promise_in_bounds") return mode;
  throw new ArgumentError(
    "lax/mode",
    `${caller}: mode must be "clip", "fill", "drop" or "promise_in_bounds", got ${describe(mode)}`,
  );
}

export const modeKind: ParamKind<GatherScatterMode> = oneOf(
  ["clip", "fill", "promise_in_bounds"],
  (mode) => `GatherScatterMode.${mode === "fill" ? "FILL_OR_DROP" : mode.toUpperCase()}`,
);

/** @throws ShapeError when axes among dimension numbers are not ascending, or not distinct and in `[0, rank)`. */
export function checkAscending(axes: readonly number[], rank: number, name: string, primitive: string): void {
  checkAxes(axes, rank, name, primitive);
  if (axes.some((axis, i) => i > 0 && axis < axes[i - 1]!))
    throw new ShapeError("lax/axes", `${name} in ${primitive} op must be sorted; got ${showShape(axes)}`);
}

/** Checks what gather and scatter have in common: the index vectors, and the axes that operand and indices share. */
export function checkIndices(
  x: Aval,
  indices: Aval,
  names: { readonly map: string; readonly gone: string; readonly indexBatching: string },
  map: readonly number[],
  gone: readonly number[],
  operandBatching: readonly number[],
  indexBatching: readonly number[],
  primitive: string,
): void {
  const refuse = (message: string): never => {
    throw new ShapeError("lax/dimension-numbers", `${primitive} op ${message}`);
  };
  if (!isInteger(indices.dtype))
    throw new DTypeError("lax/dtype", `${primitive} indices must have an integer type, got ${indices.dtype}`);
  const rank = x.shape.length;
  const last = indices.shape.length - 1;
  if (last < 0)
    refuse("takes indices of at least one axis, the last one being the index vectors; got a scalar");
  checkAxes(map, rank, names.map, primitive);
  if (map.length !== indices.shape[last]) {
    refuse(
      `has ${map.length} elements in ${names.map}, and the index vectors along the last axis of indices ${showShape(indices.shape)} have ${indices.shape[last]}: these must be equal`,
    );
  }
  checkAscending(gone, rank, names.gone, primitive);
  checkAscending(operandBatching, rank, "operand_batching_dims", primitive);
  checkAxes(indexBatching, last, names.indexBatching, primitive);
  for (const [name, axes] of [
    [names.gone, gone],
    [names.map, map],
  ] as const) {
    if (axes.some((axis) => operandBatching.includes(axis)))
      refuse(
        `requires ${name} and operand_batching_dims to be disjoint, got ${showShape(axes)} and ${showShape(operandBatching)}`,
      );
  }
  const sizes = operandBatching.map((axis) => x.shape[axis]!);
  const indexSizes = indexBatching.map((axis) => indices.shape[axis]!);
  if (!sameShape(sizes, indexSizes)) {
    refuse(
      `requires operand batching dimensions and indices batching dimensions to have the same shape, got ${showShape(sizes)} and ${showShape(indexSizes)}`,
    );
  }
}

/** Where a new axis of the indices at `dim` comes out among the axes of the result, which has `windowDims` too. */
export function placeOfIndexAxis(dim: number, windowDims: readonly number[]): number {
  if (dim === 0) return 0;
  let seen = 0;
  for (let axis = 0; ; axis++) if (!windowDims.includes(axis) && ++seen === dim) return axis + 1;
}

/** Where a new axis of the operand at `dim` comes among the window dims of the result, and its place in their list. */
export function placeOfWindowAxis(
  dim: number,
  gone: readonly number[],
  windowDims: readonly number[],
): [place: number, position: number] {
  const position = dim - gone.filter((axis) => axis < dim).length;
  return [position === 0 ? 0 : windowDims[position - 1]! + 1, position];
}

/** The batching dims with a pair more, the operand's in ascending order. */
export function withBatchingPair(
  operandDims: readonly number[],
  indexDims: readonly number[],
  operandDim: number,
  indexDim: number,
): [operandDims: number[], indexDims: number[]] {
  const shifted = shiftAxes(operandDims, operandDim);
  const position = shifted.filter((axis) => axis < operandDim).length;
  return [
    inserted(shifted, position, operandDim),
    inserted(shiftAxes(indexDims, indexDim), position, indexDim),
  ];
}

/** Indices whose batch axis is not the last one, where the index vectors are. */
export const indicesAhead = (indices: ArrayValue, dim: number): [indices: ArrayValue, dim: number] =>
  dim === indices.ndim - 1 ? [moveAxis(indices, dim, 0), 0] : [indices, dim];
