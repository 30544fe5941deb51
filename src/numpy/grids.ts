import { ArgumentError, ShapeError } from "../core/errors.ts";
import type { IndexList } from "../core/method-types.ts";
import { range, showShape } from "../core/shape.ts";
import { Slice } from "../core/slices.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { type ArrayLike, make } from "./array.ts";
import { arange, meshgrid } from "./creation.ts";
import { concreteMask, integerArray, listIndex } from "./index-parser.ts";
import { concatenate } from "./join.ts";
import { defaultFloat, defaultInt, promoteDTypes, toArray } from "./promotion.ts";
import { linspace } from "./spacing.ts";

/**
 * Numbers on a line, as Python's slices: `"0:5"` is `arange(0, 5)`, `"0:1:0.1"` is `arange(0, 1, 0.1)`, and `"0:1:5j"`, whose
 * step is imaginary, is `linspace(0, 1, 5)`. A number with a point makes them floats. Or what `np.s` makes.
 */
export type GridSlice = string | Slice;

const refuse = (caller: string, text: unknown, why: string): ArgumentError =>
  new ArgumentError("numpy/grid", `${caller}: ${JSON.stringify(text)} ${why}`);

const numeral = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?j?$/i;

/** The numbers that a slice stands for. Shape: `[n]`. Dtype: int32, or float32. */
function line(slice: GridSlice, caller: string): ArrayValue {
  const text =
    slice instanceof Slice ? `${slice.start ?? ""}:${slice.stop ?? ""}:${slice.step ?? ""}` : slice;
  if (typeof text !== "string")
    throw new ArgumentError("numpy/grid", `${caller} takes slices such as "0:5", got ${describe(slice)}`);
  const parts = text.split(":").map((part) => part.trim());
  const [start = "", stop = "", step = ""] = parts;
  const isNumeral = (part: string, last: boolean): boolean =>
    part === "" || (numeral.test(part) && (last || !/j$/i.test(part)));
  if (parts.length < 2 || parts.length > 3 || !parts.every((part, i) => isNumeral(part, i === 2)))
    throw refuse(caller, text, 'is no slice of numbers: those are such as "0:5", "0:1:0.1" and "0:1:5j"');
  if (stop === "") throw refuse(caller, text, "has no end");
  const [from, to] = [Number(start), Number(stop)];
  if (/j$/i.test(step)) return linspace(from, to, Math.floor(Math.abs(Number(step.slice(0, -1)))));
  const dtype = /[.e]/i.test(text) ? defaultFloat() : defaultInt();
  return arange(from, to, step === "" ? 1 : Number(step), dtype);
}

const lines = (slices: readonly GridSlice[], caller: string): ArrayValue[] =>
  promoteDTypes(caller, ...slices.map((slice) => line(slice, caller)));

/**
 * The coordinates of the points of a grid: `np.mgrid("0:5", "0:3")`. Of a single slice, its numbers.
 *
 * Shape: `[axes, n, m, …]`, or `[n]` of one slice. Dtype: int32, or float32 where a slice is of floats.
 * @throws ArgumentError on what is no slice of numbers with an end.
 * @see `jax.numpy.mgrid`
 */
export function mgrid(...slices: readonly GridSlice[]): ArrayValue {
  const caller = "np.mgrid";
  if (slices.length === 0) return arange(0);
  if (slices.length === 1) return line(slices[0]!, caller);
  return lax.stack(meshgrid(...lines(slices, caller), { indexing: "ij" }), 0);
}

/**
 * The coordinates along each axis of a grid, with axes of size 1 for broadcasting: `const [i, j] = np.ogrid("0:5", "0:3")`.
 * Of a single slice, its numbers.
 *
 * Shape: `[n, 1, …], [1, m, …], …`, or `[n]` of one slice. Dtype: int32, or float32 where a slice is of floats.
 * @throws ArgumentError on what is no slice of numbers with an end.
 * @see `jax.numpy.ogrid`
 */
export function ogrid(slice: GridSlice): ArrayValue;
export function ogrid(...slices: readonly GridSlice[]): ArrayValue[];
export function ogrid(...slices: readonly GridSlice[]): ArrayValue | ArrayValue[] {
  const caller = "np.ogrid";
  if (slices.length === 0) return [];
  if (slices.length === 1) return line(slices[0]!, caller);
  return meshgrid(...lines(slices, caller), { indexing: "ij", sparse: true });
}

/**
 * Indices of the places where given rows and columns cross: `x.get(...np.ix_([0, 2], [1, 3]))`. Masks stand for the places
 * where they are true.
 *
 * Shape: `[n], [m], … → [n, 1, …], [1, m, …], …`. Dtype: that of each array, int32 of lists and masks.
 * @throws ShapeError when an array has not one axis; ConcretizationError on a traced mask.
 * @see `jax.numpy.ix_`, which takes no masks, `numpy.ix_`
 */
export function ix_(...indices: readonly (ArrayValue | IndexList)[]): ArrayValue[] {
  const caller = "np.ix_";
  return indices.map((index, axis) => {
    const given = index instanceof ArrayValue ? index : listIndex(index, caller);
    if (given.ndim !== 1)
      throw new ShapeError(
        "numpy/rank",
        `${caller}: argument ${axis} must have one axis, got shape ${showShape(given.shape)}`,
      );
    const places = given.dtype === "bool" ? placesOf(given, caller) : given;
    const shape = indices.map((_, i) => (i === axis ? places.shape[0]! : 1));
    return places.size === 0 ? lax.full(shape, 0, defaultInt()) : lax.broadcastInDim(places, shape, [axis]);
  });
}

const placesOf = (mask: ArrayValue, caller: string): ArrayValue =>
  integerArray([...concreteMask(mask, caller).storage].flatMap((flag, i) => (flag ? [i] : [])));

/** What is joined: numbers, lists, arrays, or a slice that stands for numbers. */
export type GridItem = GridSlice | ArrayLike;

/** How arrays become of one rank and are joined. */
interface Join {
  readonly axis: number;
  /** The least rank. */
  readonly ndmin: number;
  /** Where in the shape the axes of an array of lower rank are; -1: at its end. */
  readonly place: number;
  /** Where a vector as the result gets another axis; -1: nowhere. */
  readonly matrix: number;
}

const directive = /^\s*(?:[rc]|[+-]?\d+(?:\s*,\s*[+-]?\d+)*)\s*$/;

function directed(text: string, join: Join): Join {
  const word = text.trim();
  if (word === "r" || word === "c") return { ...join, matrix: word === "r" ? 0 : 1 };
  const [axis = join.axis, ndmin = join.ndmin, place = join.place] = word.split(",").map(Number);
  return { ...join, axis, ndmin, place };
}

/** @see `jax._src.numpy.index_tricks._AxisConcat` */
function joined(items: readonly GridItem[], usual: Join, caller: string): ArrayValue {
  const [first, ...rest] = items;
  const isDirected = typeof first === "string" && directive.test(first);
  const { axis, ndmin, place, matrix } = isDirected ? directed(first, usual) : usual;
  const arrays = (isDirected ? rest : items).map((item) => {
    const isLine = typeof item === "string" || item instanceof Slice;
    const given = isLine ? line(item, caller) : toItem(item, caller);
    const whole = lax.broadcastToRank(given, ndmin);
    const missing = ndmin - (isLine ? 0 : given.ndim);
    if (place === -1 || missing <= 0) return whole;
    const shift = ndmin - (Math.abs(ndmin + place + 1) % ndmin);
    const axes = range(ndmin);
    return lax.transpose(whole, [...axes.slice(shift), ...axes.slice(0, shift)]);
  });
  const out = concatenate(arrays, axis);
  return matrix !== -1 && out.ndim === 1 ? lax.expandDims(out, [matrix]) : out;
}

/** Numbers are weakly typed, lists are not. */
const toItem = (item: ArrayLike, caller: string): ArrayValue =>
  typeof item === "number" || typeof item === "boolean" ? toArray(item, caller) : make(item, null, caller);

/**
 * Numbers, lists, arrays and slices one after the other: `np.r_("0:3", 7, x)`. First there may be a directive: `"axis"`,
 * `"axis,rank"` or `"axis,rank,place"` say along which axis, of which least rank, and where in the shape the axes of arrays of
 * lower rank are; `"r"` and `"c"` make a row and a column of vectors.
 *
 * Dtype: the promoted one; slices are of int32 or float32.
 * @throws ArgumentError on no items, or a string that is neither directive nor slice; ShapeError when shapes do not fit.
 * @see `jax.numpy.r_`
 */
export const r_ = (...items: readonly GridItem[]): ArrayValue =>
  joined(items, { axis: 0, ndmin: 1, place: -1, matrix: -1 }, "np.r_");

/**
 * Vectors side by side as columns, beside matrices: `np.c_(x, y)` is `np.r_("-1,2,0", x, y)`. Directives are those of {@link r_}.
 *
 * Dtype: the promoted one; slices are of int32 or float32.
 * @throws ArgumentError on no items, or a string that is neither directive nor slice; ShapeError when shapes do not fit.
 * @see `jax.numpy.c_`
 */
export const c_ = (...items: readonly GridItem[]): ArrayValue =>
  joined(items, { axis: -1, ndmin: 2, place: 0, matrix: -1 }, "np.c_");
