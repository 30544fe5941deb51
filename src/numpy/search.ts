import { isInteger } from "../core/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { showShape, stridesOf } from "../core/shape.ts";
import { type ArrayValue, concreteOf, type Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { scatterUpdate } from "./at.ts";
import { maximum } from "./elementwise.ts";
import { integersOf } from "./elements.ts";
import { toBool } from "./logic.ts";
import { cast, defaultInt, toArray } from "./promotion.ts";
import { sum } from "./reduce.ts";
import { choose } from "./where.ts";

export interface SizedOptions {
  /** Size of the result, which makes traced arrays possible: more is cut off, less filled up. */
  size?: number | null | undefined;
  /** What fills up the result; 0 by default. */
  fillValue?: Operand | readonly Operand[] | null | undefined;
}

/** @throws ConcretizationError when the size of the result depends on a traced array. */
export const knownSize = (count: ArrayValue, caller: string): number =>
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
  const { size = null, fillValue = null } = readOptions<SizedOptions>(
    caller,
    ["size", "fillValue"],
    [options],
  );
  const a = toArray(x, caller);
  if (a.ndim === 0)
    throw new ShapeError("numpy/rank", `${caller} takes an array with axes; np.atleast1d gives it one`);
  const mask = toBool(a);
  const length = size ?? knownSize(sum(mask), caller);
  const dtype = defaultInt();
  if (a.size === 0 || length === 0) return a.shape.map(() => lax.full([length], 0, dtype));
  // The n-th place is as far as the running count is n or less.
  const running = lax.cumsum(cast(lax.reshape(mask, [a.size]), dtype, false, caller), 0);
  const places = lax.cumsum(bincount(running, { length }), 0);
  const found = stridesOf(a.shape).map((stride, axis) => lax.rem(lax.div(places, stride), a.shape[axis]!));
  if (fillValue === null) return found;
  const fills = Array.isArray(fillValue)
    ? (fillValue as readonly Operand[])
    : a.shape.map(() => fillValue as Operand);
  if (fills.length !== a.ndim)
    throw new ArgumentError(
      "numpy/fill",
      `${caller}: there must be one fillValue, or one for each of ${a.ndim} axes`,
    );
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
export function where(
  condition: Operand,
  x?: Operand | SizedOptions,
  y?: Operand,
): ArrayValue | ArrayValue[] {
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
  const {
    weights = null,
    minlength = 0,
    length: asked = null,
  } = readOptions<BincountOptions>(caller, ["weights", "minlength", "length"], rest);
  const given = toArray(x, caller);
  const a = given.dtype === "bool" ? cast(given, "int32", false, caller) : given;
  if (!isInteger(a.dtype))
    throw new DTypeError("numpy/dtype", `${caller} counts integers, got dtype ${a.dtype}`);
  if (a.ndim !== 1)
    throw new ShapeError("numpy/rank", `${caller} takes a vector, got shape ${showShape(a.shape)}`);
  const length = asked ?? Math.max(minlength, countUpTo(a, caller));
  const counts = weights === null ? cast(1, defaultInt(), false, caller) : toArray(weights, caller, 1);
  const zeros = lax.full([length], counts.dtype === "bool" ? false : 0, counts.dtype);
  return scatterUpdate(zeros, [maximum(a, 0)], counts, lax.scatterAdd, { mode: "drop" }, caller);
}
/** One more than the greatest element. */
function countUpTo(x: ArrayValue, caller: string): number {
  const values = integersOf(concreteOf(x, `${caller} without length`));
  return values.reduce((most, value) => Math.max(most, value + 1), 0);
}
