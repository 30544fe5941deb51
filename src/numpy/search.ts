import { isInteger } from "../core/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { canonicalAxis, range, showShape, stridesOf } from "../core/shape.ts";
import { type ArrayValue, concreteOf, type Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { scatterUpdate } from "./at.ts";
import { maximum } from "./elementwise.ts";
import { integersOf } from "./elements.ts";
import { get } from "./indexing.ts";
import { toBool } from "./logic.ts";
import { cast, defaultInt, promoteDTypes, toArray } from "./promotion.ts";
import { any, sum } from "./reduce.ts";
import { moveaxis } from "./shape.ts";
import { lexsort } from "./sorting.ts";
import { take } from "./take.ts";
import { choose } from "./where.ts";

export interface SizedOptions {
  /** Size of the result, which makes traced arrays possible: more is cut off, less filled up. */
  size?: number | null | undefined;
  /** What fills up the result; 0 by default. */
  fillValue?: Operand | readonly Operand[] | null | undefined;
}

/** @throws ConcretizationError when the size of the result depends on a traced array. */
const knownSize = (count: ArrayValue, caller: string): number =>
  integersOf(concreteOf(count, `${caller} without size`))[0]!;

/**
 * For each axis, where the elements are that are not 0.
 *
 * Shape: `[…s] → [size]`, once for each axis. Dtype: int32.
 * @throws ConcretizationError when `x` is traced and `size` is not given; ShapeError on a scalar.
 * @see `jax.numpy.nonzero`
 */
export function nonzero(x: Operand, options: SizedOptions = {}): ArrayValue[] {
  const caller = "np.nonzero";
  const { size = null, fillValue = null } = readOptions<SizedOptions>(caller, ["size", "fillValue"], [options]);
  const a = toArray(x, caller);
  if (a.ndim === 0) throw new ShapeError("numpy/rank", `${caller} takes an array with axes; np.atleast1d gives it one`);
  const mask = toBool(a);
  const length = size ?? knownSize(sum(mask), caller);
  const dtype = defaultInt();
  if (a.size === 0 || length === 0) return a.shape.map(() => lax.full([length], 0, dtype));
  // The n-th place is as far as the running count is n or less.
  const running = lax.cumsum(cast(lax.reshape(mask, [a.size]), dtype, false, caller), 0);
  const places = lax.cumsum(bincount(running, { length }), 0);
  const found = stridesOf(a.shape).map((stride, axis) => lax.rem(lax.div(places, stride), a.shape[axis]!));
  if (fillValue === null) return found;
  const fills = Array.isArray(fillValue) ? (fillValue as readonly Operand[]) : a.shape.map(() => fillValue as Operand);
  if (fills.length !== a.ndim)
    throw new ArgumentError("numpy/fill", `${caller}: there must be one fillValue, or one for each of ${a.ndim} axes`);
  const beyond = lax.ge(lax.iota(dtype, length), sum(mask));
  return found.map((places, axis) => choose(beyond, fills[axis]!, places, caller));
}

/** {@link nonzero} of the flattened array. Shape: `[…s] → [size]`. Dtype: int32. @see `jax.numpy.flatnonzero` */
export function flatnonzero(x: Operand, options: SizedOptions = {}): ArrayValue {
  const a = toArray(x, "np.flatnonzero");
  return nonzero(lax.reshape(a, [a.size]), options)[0]!;
}

/** {@link nonzero} with the places as rows. Shape: `[…s] → [size, axes]`. Dtype: int32. @see `jax.numpy.argwhere` */
export function argwhere(x: Operand, options: SizedOptions = {}): ArrayValue {
  const a = toArray(x, "np.argwhere");
  const found = nonzero(lax.broadcastToRank(a, 1), options);
  const rows = lax.stack(found, 1);
  return a.ndim === 0 ? lax.full([rows.shape[0]!, 0], 0, rows.dtype) : rows;
}

/**
 * `condition ? x : y` for each element; with the condition alone, {@link nonzero}.
 *
 * Gradients go to the chosen element only, and are 0 for the other; a NaN that arises in computing the other one's
 * gradient still reaches its operands (guard the operand itself, not only the result).
 *
 * Shape: all three broadcast. Dtype: that to which `x` and `y` promote.
 * @throws ArgumentError when only one of `x` and `y` is given. @see `jax.numpy.where`
 */
export function where(condition: Operand, x: Operand, y: Operand): ArrayValue;
export function where(condition: Operand, options?: SizedOptions): ArrayValue[];
export function where(condition: Operand, x?: Operand | SizedOptions, y?: Operand): ArrayValue | ArrayValue[] {
  if (y !== undefined) return choose(condition, x as Operand, y, "np.where");
  if (x === undefined || (typeof x === "object" && !("aval" in x))) return nonzero(condition, x ?? {});
  throw new ArgumentError("numpy/where", "np.where takes a condition alone, or a condition, x and y");
}

export interface BincountOptions {
  /** How much each element counts; 1 by default. */
  weights?: Operand | null | undefined;
  /** The least length of the result. */
  minlength?: number | undefined;
  /** The length of the result, which makes traced arrays possible: greater numbers are not counted. */
  length?: number | null | undefined;
}
/**
 * How often each natural number occurs in a vector; negative ones count as 0.
 *
 * Shape: `[n] → [greatest + 1]`, or `[length]`. Dtype: int32, or that of the weights.
 * @throws ConcretizationError when `x` is traced and `length` is not given; DTypeError when it holds no integers; ShapeError
 * when it has not one axis. @see `jax.numpy.bincount`
 */
export function bincount(
  x: Operand,
  ...rest: Optionals<[weights: Operand | null, minlength: number], BincountOptions>
): ArrayValue {
  const caller = "np.bincount";
  const { weights = null, minlength = 0, length: given = null } = readOptions<BincountOptions>(caller, ["weights", "minlength", "length"], rest);
  const [a] = [toArray(x, caller)].map((y) => (y.dtype === "bool" ? cast(y, "int32", false, caller) : y)) as [ArrayValue];
  if (!isInteger(a.dtype)) throw new DTypeError("numpy/dtype", `${caller} counts integers, got dtype ${a.dtype}`);
  if (a.ndim !== 1) throw new ShapeError("numpy/rank", `${caller} takes a vector, got shape ${showShape(a.shape)}`);
  const length = given ?? Math.max(minlength, ...greatest(a, caller));
  const counts = weights === null ? cast(1, defaultInt(), false, caller) : toArray(weights, caller, 1);
  const zeros = lax.full([length], counts.dtype === "bool" ? false : 0, counts.dtype);
  return scatterUpdate(zeros, [maximum(a, 0)], counts, lax.scatterAdd, { mode: "drop" }, caller);
}
function greatest(x: ArrayValue, caller: string): number[] {
  const values = integersOf(concreteOf(x, `${caller} without length`));
  return [values.reduce((most, value) => Math.max(most, value + 1), 0)];
}

export interface UniqueOptions extends SizedOptions {
  /** The axis whose slices are compared; by default the array is flattened. */
  axis?: number | null | undefined;
  /** Whether NaNs equal one another, as they do by default. */
  equalNan?: boolean | undefined;
}
interface Sorted {
  readonly sorted: ArrayValue;
  /** Whether each slice begins a new run. */
  readonly first: ArrayValue;
  readonly order: ArrayValue;
}

function sortSlices(x: ArrayValue, equalNan: boolean): Sorted {
  const rows = x.shape[0]!;
  const columns = lax.reshape(x, [rows, x.size / Math.max(rows, 1)]);
  const keys = lax.unstack(columns, 1).reverse();
  const order = keys.length > 0 ? lexsort(keys) : lax.iota("int32", rows);
  const sorted = take(x, order, 0);
  const [next, before] = [get(sorted, "1:"), get(sorted, ":-1")];
  const bothNan = equalNan ? lax.and(lax.ne(next, next), lax.ne(before, before)) : null;
  const differ = bothNan ? lax.and(lax.ne(next, before), lax.not(bothNan)) : lax.ne(next, before);
  const changes = any(differ, { axis: range(x.ndim - 1, 1) });
  return { sorted, order, first: lax.concatenate([lax.full([Math.min(1, rows)], true), changes], 0) };
}

/** The result of {@link uniqueAll}. */
export interface Unique {
  readonly values: ArrayValue;
  /** Where each value occurs first. */
  readonly indices: ArrayValue;
  /** Which value each element has; of the shape of the array when it was flattened. */
  readonly inverseIndices: ArrayValue;
  readonly counts: ArrayValue;
}

function uniqueParts(x: Operand, options: UniqueOptions, caller: string): { [K in keyof Unique]: () => ArrayValue } {
  const names = ["axis", "equalNan", "size", "fillValue"] as const;
  const { axis = null, equalNan = true, size = null, fillValue = null } = readOptions<UniqueOptions>(caller, names, [options]);
  const given = toArray(x, caller);
  const flat = axis === null ? lax.reshape(given, [given.size]) : given;
  const place = canonicalAxis(axis ?? 0, flat.ndim, caller);
  const a = moveaxis(flat, place, 0);
  const rows = a.shape[0]!;
  if (rows === 0 && size) throw new ShapeError("numpy/empty", `${caller}: there is nothing to fill a result of size ${size} with`);
  const { sorted, first, order } = sortSlices(a, equalNan);
  const number = sum(first);
  const length = size ?? knownSize(number, caller);
  const begins = nonzero(first, { size: length })[0]!;
  const missing = lax.ge(lax.iota("int32", length), number);
  return {
    values: () => {
      let values = take(sorted, begins, 0);
      if (size !== null && fillValue !== null && !Array.isArray(fillValue)) {
        const fill = cast(fillValue as Operand, values.dtype, values.aval.weak, caller);
        values = choose(lax.expandDims(missing, range(a.ndim - 1, 1)), fill, values, caller);
      }
      return moveaxis(values, 0, place);
    },
    indices: () => take(order, begins, 0),
    inverseIndices: () => {
      const runs = lax.sub(lax.cumsum(cast(first, "int32", false, caller), 0), 1);
      const inverse = scatterUpdate(lax.full([rows], 0, "int32"), [order], runs, lax.scatter, {}, caller);
      return axis === null ? lax.reshape(inverse, given.shape) : inverse;
    },
    counts: () => {
      // Values that only fill up the result begin, and end, where all elements do.
      const filled = nonzero(first, { size: length, fillValue: rows })[0]!;
      const after = lax.concatenate([get(filled, "1:"), lax.full([Math.min(1, length)], rows, "int32")], 0);
      return lax.sub(after, filled);
    },
  };
}

/**
 * The different elements in order, or the different slices along an axis.
 *
 * Shape: `[…s] → [number]`, or `[size]`. Dtype: that of `x`.
 * @throws ConcretizationError when `x` is traced and `size` is not given. @see `jax.numpy.unique`
 */
export const unique = (x: Operand, options: UniqueOptions = {}): ArrayValue => uniqueParts(x, options, "np.unique").values();

/** {@link unique} with where they occur first, which one each element is, and how often they occur. @see `jax.numpy.unique_all` */
export function uniqueAll(x: Operand, options: UniqueOptions = {}): Unique {
  const parts = uniqueParts(x, options, "np.uniqueAll");
  return {
    values: parts.values(),
    indices: parts.indices(),
    inverseIndices: parts.inverseIndices(),
    counts: parts.counts(),
  };
}

/** Whether each element is among others. Shape: that of `x`. Dtype: bool. @see `jax.numpy.isin` */
export function isin(x: Operand, among: Operand, options: { invert?: boolean | undefined } = {}): ArrayValue {
  const caller = "np.isin";
  const { invert = false } = readOptions<{ invert?: boolean }>(caller, ["invert"], [options]);
  const [a, others] = promoteDTypes(caller, x, among);
  const pairs = lax.eq(lax.reshape(a, [a.size, 1]), lax.reshape(others, [1, others.size]));
  const found = lax.reshape(any(pairs, 1), a.shape);
  return invert ? lax.not(found) : found;
}
