import { ShapeError } from "../core/errors.ts";
import { range, type Shape, sizeOf } from "../core/shape.ts";
import { type ArrayValue, NDArray } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { integersOf } from "./elements.ts";
import { expandEllipsis, expandMasks, integerArray, type ParsedIndex } from "./index-parser.ts";
import { cast, isUnsigned } from "./promotion.ts";
import { resolveSlice } from "../core/slices.ts";
import { broadcastTogether } from "./where.ts";

/** A gather, or the scatter to the same places. */
export interface GatherIndex {
  /** Shape of what is indexed, new axes included. */
  readonly shape: Shape;
  /** Index vectors along the last axis. */
  readonly indices: ArrayValue;
  readonly dimensionNumbers: lax.GatherDimensionNumbersLike;
  readonly sliceSizes: Shape;
  /** Whether no element is named twice, and they are in order: there are no index arrays. */
  readonly distinct: boolean;
  /** Axes of what is gathered that a negative step turned around. */
  readonly reversed: readonly number[];
  /** New axes, counted in `shape`. */
  readonly newAxes: readonly number[];
  /** Axes to insert into the operand first: scalar booleans index them. */
  readonly flagAxes: readonly number[];
}

type Entry =
  | { readonly kind: "newaxis" }
  | { readonly kind: "slice"; readonly axis: number; readonly start: number; readonly step: number; readonly length: number }
  | { readonly kind: "array"; readonly axis: number; readonly value: ArrayValue }; // prettier-ignore

/** Negative indices counted from the front; what is known now without an equation. */
function normalized(index: ArrayValue, size: number, caller: string): ArrayValue {
  if (isUnsigned(index)) return index;
  if (index instanceof NDArray) {
    const values = integersOf(index);
    return values.every((value) => value >= 0)
      ? index
      : integerArray(
          values.map((value) => (value < 0 ? value + size : value)),
          index.shape,
        );
  }
  const wide = cast(index, index.dtype, index.aval.weak, caller);
  return lax.select(lax.lt(wide, 0), lax.add(wide, size), wide);
}

/** Scalar booleans as index arrays on axes of their own. */
function withFlags(parsed: readonly ParsedIndex[]): { indices: ParsedIndex[]; flagAxes: number[] } {
  const flagAxes: number[] = [];
  const indices = parsed.map((index): ParsedIndex => {
    const axis = index.axis + flagAxes.length;
    if (index.kind !== "mask") return { ...index, axis };
    flagAxes.push(axis);
    const flag = index.value as NDArray; // expandMasks left only concrete scalars
    return { kind: "array", axis, value: integerArray(flag.storage[0] ? [0] : []) };
  });
  return { indices, flagAxes };
}

/**
 * The gather that an index means, as JAX lowers it.
 *
 * @throws ShapeError when an axis of size 0 is indexed or index arrays do not broadcast.
 * @see `jax._src.numpy.indexing._index_to_gather`
 */
export function toGather(
  parsed: readonly ParsedIndex[],
  operandShape: Shape,
  wrapNegative: boolean,
  caller: string,
): GatherIndex {
  const masked = expandMasks(parsed, operandShape, caller);
  const isPoint = ({ kind }: ParsedIndex) => kind === "array" || kind === "integer" || kind === "mask";
  const points = masked.flatMap((index, i) => (isPoint(index) ? [i] : []));
  const contiguous = points.every((place, i) => i === 0 || place === points[i - 1]! + 1);
  const { indices, flagAxes } = withFlags(expandEllipsis(masked, operandShape.length));
  const shape = flagAxes.reduce<number[]>((sizes, axis) => sizes.toSpliced(axis, 0, 1), [...operandShape]);

  const entries = indices.map((index): Entry => {
    if (index.kind === "newaxis") return { kind: "newaxis" };
    const { axis } = index;
    const size = shape[axis]!;
    if (index.kind === "slice") return { kind: "slice", axis, ...resolveSlice(index.slice, size) };
    const scalar = index.kind === "integer" || (index.kind === "array" && index.value.ndim === 0);
    if (scalar && size === 0)
      throw new ShapeError("index/empty", `${caller}: index is out of bounds for axis ${axis} with size 0`);
    if (index.kind === "integer") {
      const value = wrapNegative && index.value < 0 ? index.value + size : index.value;
      return { kind: "array", axis, value: integerArray([value], []) };
    }
    const { value } = index as Extract<ParsedIndex, { kind: "array" }>;
    return { kind: "array", axis, value: wrapNegative ? normalized(value, size, caller) : value };
  });
  return { ...joined(entries, shape, contiguous, caller), flagAxes };
}

/** Collects the columns of index vectors and the shape of the result, axis by axis. */
function joined(
  entries: readonly Entry[],
  shape: Shape,
  contiguous: boolean,
  caller: string,
): Omit<GatherIndex, "flagAxes"> {
  const arrays = entries.filter((entry) => entry.kind === "array");
  const advanced = arrays.some(({ value }) => value.ndim > 0);
  const columns: { value: ArrayValue; at: number }[] = [];
  const indexShape: number[] = [];
  const out: number[] = [];
  const [offsetDims, collapsed, map, newAxes, reversed]: number[][] = [[], [], [], [], []] as never;
  const sliceSizes = new Array<number>(shape.length);
  let axesOut = 0; // axes of the gather's result so far: new axes are not among them
  const toIndex = (value: ArrayValue) => cast(value, "int32", false, caller);

  const addAdvanced = () => {
    const together = broadcastTogether(
      arrays.map(({ value }) => value),
      caller,
    );
    const common = together[0]!.shape;
    for (const value of together) columns.push({ value: toIndex(value), at: indexShape.length });
    for (const { axis } of arrays) {
      map!.push(axis);
      collapsed!.push(axis);
    }
    indexShape.push(...common);
    out.push(...common);
    axesOut += common.length;
  };

  const place = contiguous ? entries.findIndex((entry) => entry.kind === "array") : 0;
  entries.forEach((entry, i) => {
    if (advanced && i === place) addAdvanced();
    if (entry.kind === "newaxis") {
      newAxes!.push(out.length);
      out.push(1);
      return;
    }
    const { axis } = entry;
    if (entry.kind === "array") {
      sliceSizes[axis] = 1;
      if (advanced) return;
      columns.push({ value: toIndex(entry.value), at: indexShape.length });
      collapsed!.push(axis);
      map!.push(axis);
      return;
    }
    const { start, step, length } = entry;
    out.push(length);
    if (step === 1) {
      if (length !== shape[axis]) {
        columns.push({ value: integerArray([start], []), at: indexShape.length });
        map!.push(axis);
      }
      sliceSizes[axis] = length;
      offsetDims!.push(axesOut);
    } else {
      const ascending = range(length).map((n) => start + step * (step < 0 ? length - 1 - n : n));
      if (step < 0) reversed!.push(axesOut);
      sliceSizes[axis] = 1;
      columns.push({ value: integerArray(ascending), at: indexShape.length });
      map!.push(axis);
      indexShape.push(length);
      collapsed!.push(axis);
    }
    axesOut++;
  });
  return {
    shape: out,
    indices: indexVectors(columns, indexShape),
    dimensionNumbers: {
      offsetDims: offsetDims!,
      collapsedSliceDims: collapsed!.toSorted((a, b) => a - b),
      startIndexMap: map!,
    },
    sliceSizes,
    distinct: !advanced,
    reversed: reversed!,
    newAxes: newAxes!,
  };
}

/** Columns side by side along a new last axis. */
function indexVectors(columns: readonly { value: ArrayValue; at: number }[], shape: Shape): ArrayValue {
  const [first] = columns;
  if (first === undefined) return integerArray([]);
  if (columns.length === 1) return lax.expandDims(first.value, [first.value.ndim]);
  const sizes = [...shape, 1];
  return lax.concatenate(
    columns.map(({ value, at }) => lax.broadcastInDim(value, sizes, range(value.ndim, at))),
    shape.length,
  );
}

/** Whether there is nothing at all to gather or scatter. */
export const isEmpty = ({ shape }: GatherIndex): boolean => sizeOf(shape) === 0;
