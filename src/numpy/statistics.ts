import { type DType, type DTypeLike, isComplex, isInexact, toDType } from "../core/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.ts";
import type {
  Axis,
  ExtremeOptions,
  MeanOptions,
  ReduceOptions,
  SumOptions,
  VarOptions,
} from "../core/method-types.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { scalarOf } from "../core/scalar.ts";
import { canonicalAxes, range, sameShape, showShape, sizeOf } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { divide, multiply } from "./elementwise.ts";
import { cast, promoteDTypesInexact, toArray, toInexact, toReal } from "./promotion.ts";
import { all, checkWhere, max, min, prod, sum, wideFloat } from "./reduce.ts"; // prettier-ignore
import { named } from "./ufunc.ts";
import { broadcastArray, choose } from "./where.ts";

type MeanRest = Optionals<[axis: Axis, dtype: DTypeLike | null, keepdims: boolean], MeanOptions>;
const meanNames = ["axis", "dtype", "keepdims", "where"] as const;

/** How many elements take part in each result: a number, or an array where a mask says it. */
function countOf(x: ArrayValue, options: ReduceOptions, dtype: DType, caller: string): Operand {
  const where = checkWhere(options.where, caller);
  if (where === null)
    return sizeOf(canonicalAxes(options.axis, x.ndim, caller).map((axis) => x.shape[axis]!));
  return sum(broadcastArray(where, x.shape, caller), {
    axis: options.axis,
    keepdims: options.keepdims,
    dtype,
  });
}

/**
 * The mean of elements, over all axes or those named; of none, NaN.
 *
 * Shape: `[…s] → […s without axes]`. Dtype: that of `x`; integers and booleans become float32.
 * @throws ShapeError on an axis out of bounds or named twice. @see `jax.numpy.mean`
 */
export function mean(x: Operand, ...rest: MeanRest): ArrayValue {
  const caller = "np.mean";
  const { dtype = null, ...options } = readOptions<MeanOptions>(caller, meanNames, rest);
  const a = toArray(x, caller);
  const result = dtype === null ? toInexact(a.dtype) : toDType(dtype, caller);
  const working = dtype === null ? wideFloat(result) : result;
  const count = countOf(a, options, working, caller);
  return cast(lax.div(sum(a, { ...options, dtype: working }), count), result, false, caller);
}

type VarRest = Optionals<[axis: Axis, dtype: DTypeLike | null, ddof: number, keepdims: boolean], VarOptions>;
const varNames = ["axis", "dtype", "ddof", "keepdims", "where", "correction", "mean"] as const;

/** What to compute in, and the real dtype of the result. */
function varDTypes(x: ArrayValue, asked: DTypeLike | null, caller: string): [working: DType, result: DType] {
  if (asked === null) {
    const inexact = toInexact(x.dtype);
    return [wideFloat(inexact), toReal(inexact)];
  }
  const dtype = toDType(asked, caller);
  if (isComplex(x.dtype) && !isComplex(dtype))
    throw new DTypeError("numpy/complex", `${caller} of complex numbers is real already: leave dtype out`);
  return [wideFloat(dtype), toReal(dtype)];
}

function varianceOf(x: Operand, given: VarOptions, caller: string): ArrayValue {
  const { dtype = null, ddof = 0, correction = ddof, mean: known = null, ...options } = given;
  if (given.ddof !== undefined && given.correction !== undefined)
    throw new ArgumentError("numpy/ddof", `${caller}: ddof and correction are the same; give one of them`);
  const original = toArray(x, caller);
  const [working, result] = varDTypes(original, dtype, caller);
  const a = cast(original, working, false, caller);
  const center =
    known === null
      ? mean(a, { ...options, dtype: working, keepdims: true })
      : cast(known, working, false, caller);
  const centered = lax.sub(a, broadcastRank(center, a, caller));
  const squared = isComplex(working) ? lax.real(lax.mul(centered, lax.conj(centered))) : lax.square(centered);
  const total = sum(squared, { ...options, dtype: squared.dtype });
  const number = countOf(a, options, squared.dtype, caller);
  if (typeof number === "number" && typeof correction === "number" && number > correction)
    return cast(lax.div(total, number - correction), result, false, caller);
  const [all, less] = [number, correction].map((n) => cast(n, squared.dtype, false, caller));
  const count = lax.sub(all!, less!);
  const out = cast(lax.div(total, count), result, false, caller);
  return choose(lax.gt(count, 0), out, NaN, caller);
}
const broadcastRank = (x: ArrayValue, like: ArrayValue, caller: string): ArrayValue =>
  x.ndim === like.ndim || x.ndim === 0 ? x : broadcastArray(x, like.shape, caller);

/**
 * The variance: the mean square of what is left of elements less their mean, over all axes or those named.
 *
 * Shape: `[…s] → […s without axes]`. Dtype: that of `x`, real of complex; integers and booleans become float32.
 * @throws ShapeError on an axis out of bounds or named twice. @see `jax.numpy.var`
 */
const variance: (x: Operand, ...rest: VarRest) => ArrayValue = named("var", (x, ...rest) =>
  varianceOf(x, readOptions<VarOptions>("np.var", varNames, rest), "np.var"),
);
export { variance as var };

/** The standard deviation: the square root of the variance. @see `jax.numpy.std` */
export function std(x: Operand, ...rest: VarRest): ArrayValue {
  const options = readOptions<VarOptions>("np.std", varNames, rest);
  if (options.dtype != null && !isInexact(toDType(options.dtype, "np.std")))
    throw new DTypeError("numpy/dtype", `np.std: the dtype must be a float, got ${String(options.dtype)}`);
  return lax.sqrt(varianceOf(x, options, "np.std"));
}

export interface AverageOptions {
  axis?: Axis | undefined;
  /** How much each element counts: of the shape of `x`, or of its axes `axis`. */
  weights?: Operand | null | undefined;
  keepdims?: boolean | undefined;
}
/**
 * The mean, weighted if there are weights.
 *
 * Shape: `[…s] → […s without axes]`. Dtype: float.
 * @throws ShapeError when the weights have another shape. @see `jax.numpy.average`
 */
export function average(
  x: Operand,
  ...rest: Optionals<[axis: Axis, weights: Operand | null], AverageOptions>
): ArrayValue {
  const caller = "np.average";
  const {
    axis = null,
    weights = null,
    keepdims = false,
  } = readOptions<AverageOptions>(caller, ["axis", "weights", "keepdims"], rest);
  if (weights === null) return mean(promoteDTypesInexact(caller, x)[0], { axis, keepdims });
  const [a, given] = promoteDTypesInexact(caller, x, weights);
  const axes = canonicalAxes(axis, a.ndim, caller);
  let w = given;
  if (!sameShape(a.shape, w.shape)) {
    const expected = (typeof axis === "number" ? [axis] : (axis ?? [])).map((i) => a.shape.at(i)!);
    if (axis === null || !sameShape(w.shape, expected)) {
      throw new ShapeError(
        "numpy/weights",
        `${caller}: weights of shape ${showShape(w.shape)} go neither with an array of shape ${showShape(a.shape)} nor with the axes given`,
      );
    }
    const order = range(axes.length).sort((i, j) => axes[i]! - axes[j]!);
    w = lax.reshape(w, a.shape.map((size, i) => (axes.includes(i) ? size : 1)), { dimensions: order }); // prettier-ignore
  }
  const sumOfWeights = sum(w, { axis, keepdims });
  return divide(sum(multiply(a, w), { axis, keepdims }), sumOfWeights);
}

/** `x` with `value` for NaN, where it can hold any. */
const withoutNan = (x: ArrayValue, value: number, caller: string): ArrayValue =>
  isInexact(x.dtype) ? choose(lax.ne(x, x), scalarOf(value, x.dtype, x.aval.weak), x, caller) : x;
type SumRest = Optionals<[axis: Axis, dtype: DTypeLike | null, keepdims: boolean], SumOptions>;
type ExtremeRest = Optionals<[axis: Axis, keepdims: boolean], ExtremeOptions>;

/** The sum of what is not NaN. Shapes and dtypes as `np.sum`. @see `jax.numpy.nansum` */
export const nansum = (x: Operand, ...rest: SumRest): ArrayValue =>
  sum(withoutNan(toArray(x, "np.nansum"), 0, "np.nansum"), ...rest);
/** The product of what is not NaN. Shapes and dtypes as `np.prod`. @see `jax.numpy.nanprod` */
export const nanprod = (x: Operand, ...rest: SumRest): ArrayValue =>
  prod(withoutNan(toArray(x, "np.nanprod"), 1, "np.nanprod"), ...rest);

function nanExtreme(caller: string, of: typeof max, last: number, x: Operand, rest: ExtremeRest): ArrayValue {
  const a = toArray(x, caller);
  const out = of(withoutNan(a, last, caller), ...rest);
  const options = readOptions<ExtremeOptions>(caller, ["axis", "keepdims", "initial", "where"], rest);
  if (!isInexact(a.dtype) || options.initial != null) return out;
  const allNan = all(lax.ne(a, a), { axis: options.axis, keepdims: options.keepdims });
  return choose(allNan, NaN, out, caller);
}
/** The greatest of what is not NaN; NaN where all is. Shapes and errors as `np.max`. @see `jax.numpy.nanmax` */
export const nanmax = (x: Operand, ...rest: ExtremeRest): ArrayValue =>
  nanExtreme("np.nanmax", max, -Infinity, x, rest);
/** The least of what is not NaN; NaN where all is. Shapes and errors as `np.max`. @see `jax.numpy.nanmin` */
export const nanmin = (x: Operand, ...rest: ExtremeRest): ArrayValue =>
  nanExtreme("np.nanmin", min, Infinity, x, rest);

/** The mean of what is not NaN. Shapes and dtypes as {@link mean}. @see `jax.numpy.nanmean` */
export function nanmean(x: Operand, ...rest: MeanRest): ArrayValue {
  const caller = "np.nanmean";
  const { dtype = null, ...options } = readOptions<MeanOptions>(caller, meanNames, rest);
  const a = toArray(x, caller);
  if (!isInexact(a.dtype)) return mean(a, { ...options, dtype });
  const result = dtype === null ? a.dtype : toDType(dtype, caller);
  const count = sum(lax.eq(a, a), { ...options, dtype: result });
  return lax.div(nansum(a, { ...options, dtype: result }), count);
}

/** The variance of what is not NaN. @see `jax.numpy.nanvar` */
export const nanvar = (x: Operand, ...rest: VarRest): ArrayValue =>
  nanVariance(x, readOptions<VarOptions>("np.nanvar", varNames, rest), "np.nanvar");
/** {@link std} of what is not NaN. @see `jax.numpy.nanstd` */
export const nanstd = (x: Operand, ...rest: VarRest): ArrayValue =>
  lax.sqrt(nanVariance(x, readOptions<VarOptions>("np.nanstd", varNames, rest), "np.nanstd"));

function nanVariance(x: Operand, given: VarOptions, caller: string): ArrayValue {
  const a = promoteDTypesInexact(caller, x)[0];
  const present = lax.eq(a, a);
  const where =
    given.where == null
      ? present
      : lax.and(present, broadcastArray(toArray(given.where, caller), a.shape, caller));
  return varianceOf(withoutNan(a, 0, caller), { ...given, where }, caller);
}
