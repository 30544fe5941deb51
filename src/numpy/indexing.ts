import { ShapeError } from "../core/errors.ts";
import type { GetOptions, Index } from "../core/method-types.ts";
import type { Shape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { isEmpty, toGather } from "./gather-index.ts";
import { expandEllipsis, parseIndices, type ParsedIndex } from "./index-parser.ts";
import { cast, toArray } from "./promotion.ts";
import { resolveSlice, type ResolvedSlice } from "../core/slices.ts";

/**
 * `x[indices]` of NumPy.
 *
 * Integers and slices that are known become a `slice`; traced scalars a `dynamic_slice`; arrays and masks a `gather`.
 * Integers out of bounds are clipped.
 * @throws ShapeError on too many indices, or an axis of size 0; ArgumentError on what is no index; DTypeError on float
 * indices; ConcretizationError on a traced mask.
 */
export function get(x: Operand, ...indices: readonly Index[]): ArrayValue {
  return index(toArray(x, "np.get"), indices, {}, "get");
}

/** `x[indices]` with options. */
export function index(
  x: ArrayValue,
  indices: readonly Index[],
  {
    mode = null,
    fillValue = null,
    indicesAreSorted = false,
    uniqueIndices = false,
    wrapNegativeIndices = true,
  }: GetOptions,
  caller: string,
): ArrayValue {
  const parsed = parseIndices(indices, x.shape, caller);
  if (mode !== "fill" && mode !== "drop") {
    const expanded = expandEllipsis(parsed, x.ndim);
    if (isStatic(parsed)) return staticSlice(x, expanded, wrapNegativeIndices, caller);
    if (isDynamic(parsed)) return dynamicSlice(x, expanded, wrapNegativeIndices, caller);
  }
  const gathered = toGather(parsed, x.shape, wrapNegativeIndices, caller);
  let y = lax.expandDims(x, gathered.flagAxes);
  if (isEmpty(gathered)) return lax.fullLike(y, 0, { shape: gathered.shape });
  if (gathered.indices.size > 0) {
    y = lax.gather(y, gathered.indices, gathered.dimensionNumbers, gathered.sliceSizes, {
      uniqueIndices: uniqueIndices || gathered.distinct,
      indicesAreSorted: indicesAreSorted || gathered.distinct,
      mode,
      fillValue,
    });
  }
  return lax.expandDims(reversed(y, gathered.reversed), gathered.newAxes);
}

const reversed = (x: ArrayValue, axes: readonly number[]): ArrayValue =>
  axes.length === 0 ? x : lax.rev(x, axes);

const isStatic = (indices: readonly ParsedIndex[]): boolean =>
  indices.every(({ kind }) => kind !== "array" && kind !== "mask");
const isDynamic = (indices: readonly ParsedIndex[]): boolean =>
  indices.every((index) =>
    index.kind === "slice"
      ? Math.abs(index.slice.step ?? 1) === 1
      : index.kind === "array"
        ? index.value.ndim === 0
        : index.kind !== "mask",
  );

/** What becomes of the axes once elements are taken. */
interface AfterSlice {
  readonly rev: number[];
  readonly squeeze: number[];
  readonly newAxes: number[];
}
function finish(x: ArrayValue, { rev, squeeze, newAxes }: AfterSlice): ArrayValue {
  const turned = reversed(x, rev);
  const dropped = squeeze.length === 0 ? turned : lax.squeeze(turned, squeeze);
  return lax.expandDims(dropped, newAxes);
}

/** The same elements with a positive step. */
const forwards = ({ start, step, length }: ResolvedSlice): ResolvedSlice =>
  step > 0
    ? { start, step, length }
    : { start: length === 0 ? 0 : start + (length - 1) * step, step: -step, length };

function requireElements(size: number, axis: number, caller: string): void {
  if (size === 0)
    throw new ShapeError("index/empty", `${caller}: index is out of bounds for axis ${axis} with size 0`);
}

function staticSlice(
  x: ArrayValue,
  indices: readonly ParsedIndex[],
  wrapNegative: boolean,
  caller: string,
): ArrayValue {
  const [starts, limits, strides]: [number[], number[], number[]] = [[], [], []];
  const after: AfterSlice = { rev: [], squeeze: [], newAxes: [] };
  for (const index of indices) {
    if (index.kind === "newaxis") {
      after.newAxes.push(starts.length - after.squeeze.length + after.newAxes.length);
      continue;
    }
    const { axis } = index;
    const size = x.shape[axis]!;
    if (index.kind === "integer") {
      requireElements(size, axis, caller);
      const wrapped = wrapNegative && index.value < 0 ? index.value + size : index.value;
      const start = Math.min(Math.max(wrapped, 0), size - 1);
      starts.push(start);
      limits.push(start + 1);
      strides.push(1);
      after.squeeze.push(axis);
    } else if (index.kind === "slice") {
      const resolved = resolveSlice(index.slice, size);
      const { start, step, length } = forwards(resolved);
      // NumPy's own bounds, where there are elements: JAX shows them.
      const limit = resolved.step < 0 ? resolved.start + 1 : stopOf(index.slice.stop, size);
      starts.push(start);
      limits.push(length === 0 ? start : Math.max(start, limit));
      strides.push(step);
      if (resolved.step < 0) after.rev.push(axis);
    }
  }
  return finish(sliceOf(x, starts, limits, strides), after);
}

const stopOf = (stop: number | null, size: number): number =>
  stop === null ? size : Math.min(Math.max(stop < 0 ? stop + size : stop, 0), size);

function sliceOf(x: ArrayValue, starts: Shape, limits: Shape, strides: Shape): ArrayValue {
  const unit = strides.every((stride) => stride === 1);
  if (unit && starts.every((start, axis) => start === 0 && limits[axis] === x.shape[axis])) return x;
  return lax.slice(x, starts, limits, unit ? null : strides);
}

function dynamicSlice(
  x: ArrayValue,
  indices: readonly ParsedIndex[],
  wrapNegative: boolean,
  caller: string,
): ArrayValue {
  const starts: Operand[] = [];
  const sizes: number[] = [];
  const after: AfterSlice = { rev: [], squeeze: [], newAxes: [] };
  for (const index of indices) {
    if (index.kind === "newaxis") {
      after.newAxes.push(starts.length - after.squeeze.length + after.newAxes.length);
      continue;
    }
    const { axis } = index;
    if (index.kind === "slice") {
      const { start, step, length } = resolveSlice(index.slice, x.shape[axis]!);
      starts.push(forwards({ start, step, length }).start);
      sizes.push(length);
      if (step < 0) after.rev.push(axis);
    } else if (index.kind === "integer" || index.kind === "array") {
      requireElements(x.shape[axis]!, axis, caller);
      starts.push(index.value);
      sizes.push(1);
      after.squeeze.push(axis);
    }
  }
  const same = starts.length === 1 ? starts : starts.map((start) => asIndex(start, caller));
  return finish(lax.dynamicSlice(x, same, sizes, { allowNegativeIndices: wrapNegative }), after);
}

/** Start indices are arrays of one dtype: a known one is counted from the end by equations too, as JAX shows them. */
const asIndex = (start: Operand, caller: string): Operand => cast(start, "int32", false, caller);
