import { type DTypeLike, isInexact, toDType } from "../core/dtype.ts";
import { ShapeError } from "../core/errors.ts";
import type { CumulativeOptions } from "../core/method-types.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { scalarOf } from "../core/scalar.ts";
import { canonicalAxis, showShape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { toBool } from "./logic.ts";
import { cast, defaultInt, toArray } from "./promotion.ts";
import { choose } from "./where.ts";

type Rest = Optionals<[axis: number | null, dtype: DTypeLike | null], CumulativeOptions>;
type Cumulate = typeof lax.cumsum | typeof lax.cumprod;

function cumulated(name: string, op: Cumulate, x: Operand, rest: Rest, forNan?: number): ArrayValue {
  const caller = `np.${name}`;
  const { axis = null, dtype = null } = readOptions<CumulativeOptions>(caller, ["axis", "dtype"], rest);
  const given = toArray(x, caller);
  let a = axis === null || given.ndim === 0 ? lax.reshape(given, [given.size]) : given;
  if (forNan !== undefined && isInexact(a.dtype))
    a = choose(lax.ne(a, a), scalarOf(forNan, a.dtype, a.aval.weak), a, caller);
  const result = dtype === null ? (a.dtype === "bool" ? defaultInt() : a.dtype) : toDType(dtype, caller);
  // Booleans are added up as integers; the sum is then what it is of.
  const working =
    result === "bool" ? cast(toBool(a), defaultInt(), false, caller) : cast(a, result, false, caller);
  return cast(op(working, canonicalAxis(axis ?? 0, a.ndim, caller)), result, false, caller);
}

/**
 * Sums of the elements so far, along an axis or flattened.
 *
 * Shape: `[…s] → […s]`, or `[size]` when flattened. Dtype: that of `x`; booleans become int32.
 * @throws ShapeError on an axis out of bounds. @see `jax.numpy.cumsum`
 */
export const cumsum = (x: Operand, ...rest: Rest): ArrayValue => cumulated("cumsum", lax.cumsum, x, rest);
/** Products of the elements so far; as {@link cumsum}. @see `jax.numpy.cumprod` */
export const cumprod = (x: Operand, ...rest: Rest): ArrayValue => cumulated("cumprod", lax.cumprod, x, rest);
/** {@link cumsum} with NaN counted as 0. @see `jax.numpy.nancumsum` */
export const nancumsum = (x: Operand, ...rest: Rest): ArrayValue =>
  cumulated("nancumsum", lax.cumsum, x, rest, 0);
/** {@link cumprod} with NaN counted as 1. @see `jax.numpy.nancumprod` */
export const nancumprod = (x: Operand, ...rest: Rest): ArrayValue =>
  cumulated("nancumprod", lax.cumprod, x, rest, 1);

export interface CumulativeInitialOptions extends CumulativeOptions {
  /** Whether the result begins with the value of no elements. */
  includeInitial?: boolean | undefined;
}
function withInitial(
  name: string,
  op: Cumulate,
  first: number,
  x: Operand,
  options: CumulativeInitialOptions,
): ArrayValue {
  const caller = `np.${name}`;
  const names = ["axis", "dtype", "includeInitial"] as const;
  const {
    axis = null,
    dtype = null,
    includeInitial = false,
  } = readOptions<CumulativeInitialOptions>(caller, names, [options]);
  const a = toArray(x, caller);
  if (a.ndim === 0 || (a.ndim > 1 && axis === null)) {
    throw new ShapeError(
      "numpy/axis",
      `${caller}: give the axis, unless the array has exactly one; got shape ${showShape(a.shape)}`,
    );
  }
  const place = canonicalAxis(axis ?? 0, a.ndim, caller);
  const out = cumulated(name, op, a, [place, dtype]);
  if (!includeInitial) return out;
  return lax.concatenate([lax.full(out.shape.with(place, 1), first, out.dtype), out], place);
}
/** {@link cumsum} of the array API. @throws ShapeError without an axis for several. @see `jax.numpy.cumulative_sum` */
export const cumulativeSum = (x: Operand, options: CumulativeInitialOptions = {}): ArrayValue =>
  withInitial("cumulativeSum", lax.cumsum, 0, x, options);
/** {@link cumprod} of the array API. @throws ShapeError without an axis for several. @see `jax.numpy.cumulative_prod` */
export const cumulativeProd = (x: Operand, options: CumulativeInitialOptions = {}): ArrayValue =>
  withInitial("cumulativeProd", lax.cumprod, 1, x, options);
