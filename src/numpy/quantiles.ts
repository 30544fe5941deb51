import { isComplex } from "../core/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.ts";
import type { Axis } from "../core/method-types.ts";
import { checkedAsOne } from "../core/numbers.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { canonicalAxes, range, sameShape, type Shape, showShape, sizeOf } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { divide, maximum, minimum, multiply, subtract } from "./elementwise.ts";
import { cast, promoteDTypesInexact } from "./promotion.ts";
import { all, any, sum } from "./reduce.ts";
import { takeAlongAxis } from "./take.ts";
import { broadcastArray, choose } from "./where.ts";

export interface QuantileOptions {
  axis?: Axis | undefined;
  /** What is taken between two elements; `inverted_cdf`: the first one up to which that part of the weights lies. */
  method?: "linear" | "lower" | "higher" | "midpoint" | "nearest" | "inverted_cdf" | undefined;
  keepdims?: boolean | undefined;
  /** How much each element counts, for `inverted_cdf`: of the shape of `x`, or of its axes `axis`. */
  weights?: Operand | null | undefined;
}
type QuantileRest = Optionals<[axis: Axis], QuantileOptions>;
const quantileNames = ["axis", "method", "keepdims", "weights"] as const;
const methods: readonly string[] = ["linear", "lower", "higher", "midpoint", "nearest", "inverted_cdf"];

/** Rows of the elements that each result is made of. */
interface Rows {
  /** In order, NaNs last. */
  readonly sorted: ArrayValue;
  /** Weights in that order. */
  readonly weights: ArrayValue | null;
  /** The last place of a row that counts; an array with rows of one where rows differ. */
  readonly last: Operand;
}

function quantiles(
  x: Operand,
  q: Operand,
  options: QuantileOptions,
  caller: string,
  skipNan = false,
): ArrayValue {
  const { axis = null, method = "linear", keepdims = false, weights = null } = options;
  if (!methods.includes(method))
    throw new ArgumentError(
      "numpy/method",
      `${caller}: there is no method ${method}; methods are ${methods.join(", ")}`,
    );
  if (weights !== null && method !== "inverted_cdf")
    throw new ArgumentError("numpy/method", `${caller}: only the method inverted_cdf takes weights`);
  const [a, given] = promoteDTypesInexact(caller, x, weights ?? false);
  const [at] = promoteDTypesInexact(caller, q);
  if (isComplex(a.dtype))
    throw new DTypeError("numpy/complex", `${caller} is not defined for complex numbers`);
  if (at.ndim > 1)
    throw new ShapeError("numpy/rank", `${caller}: q has at most one axis, got shape ${showShape(at.shape)}`);
  const axes = canonicalAxes(axis, a.ndim, caller);
  const kept = range(a.ndim).filter((i) => !axes.includes(i));
  const size = sizeOf(axes.map((i) => a.shape[i]!));
  const outShape = kept.map((i) => a.shape[i]!);
  const inRows = (y: ArrayValue) => lax.reshape(y, [...outShape, size], { dimensions: [...kept, ...axes] });
  const rows = inOrder(
    inRows(a),
    weights === null ? null : inRows(widened(given, a.shape, axes, axis === null, caller)),
    skipNan,
    caller,
  );
  const flat = lax.reshape(at, [at.size]);
  const found =
    method === "inverted_cdf" ? byWeight(rows, flat, caller) : byPlace(rows, flat, method, caller);
  const ordered = lax.transpose(found, [kept.length, ...range(kept.length)]);
  const out = lax.reshape(cast(ordered, a.dtype, false, caller), [...at.shape, ...outShape]);
  return keepdims ? lax.expandDims(out, axes.map((i) => i + at.ndim)) : out; // prettier-ignore
}

/** Weights of the shape of the array, or of the axes that are looked at. */
function widened(
  w: ArrayValue,
  shape: Shape,
  axes: readonly number[],
  isAll: boolean,
  caller: string,
): ArrayValue {
  if (isComplex(w.dtype)) throw new DTypeError("numpy/complex", `${caller}: weights cannot be complex`);
  if (sameShape(w.shape, shape)) return w;
  if (!isAll && sameShape(w.shape, axes.map((i) => shape[i]!))) return lax.broadcastInDim(w, shape, axes); // prettier-ignore
  throw new ShapeError(
    "numpy/weights",
    `${caller}: weights of shape ${showShape(w.shape)} go neither with an array of shape ${showShape(shape)} nor with the axes given`,
  );
}

function inOrder(x: ArrayValue, weights: ArrayValue | null, skipNan: boolean, caller: string): Rows {
  const dimension = x.ndim - 1;
  const isNan = lax.ne(x, x);
  const last = skipNan
    ? lax.sub(sum(lax.not(isNan), dimension, "float32", true), 1)
    : x.shape[dimension]! - 1;
  // Any NaN makes its row NaN, unless it is skipped; the NaNs to choose from are not looked at.
  const clean = checkedAsOne(caller, () =>
    choose(skipNan ? isNan : any(isNan, dimension, true), NaN, x, caller),
  )();
  if (weights === null) return { sorted: lax.sort(clean, { dimension }), weights, last };
  const [sorted, moved] = lax.sortKeyVal(clean, weights, { dimension });
  return { sorted, weights: moved, last };
}

/** The elements of rows at places, which are rows of one size. */
const pick = (sorted: ArrayValue, place: ArrayValue, count: number, caller: string): ArrayValue =>
  takeAlongAxis(
    sorted,
    broadcastArray(cast(place, "int32", false, caller), [...sorted.shape.slice(0, -1), count], caller),
    { axis: sorted.ndim - 1, mode: "clip" },
  );

function byPlace({ sorted, last }: Rows, q: ArrayValue, method: string, caller: string): ArrayValue {
  const exact = multiply(lax.expandDims(q, range(sorted.ndim - 1)), cast(last, q.dtype, false, caller));
  const below = lax.floor(exact);
  const [low, high] = [below, lax.ceil(exact)].map((place) =>
    pick(sorted, maximum(0, minimum(place, last)), q.size, caller),
  ) as [ArrayValue, ArrayValue];
  const weight = subtract(exact, below);
  switch (method) {
    case "lower": return low; // prettier-ignore
    case "higher": return high; // prettier-ignore
    case "midpoint": return lax.mul(lax.add(low, high), 0.5); // prettier-ignore
    case "nearest": return choose(lax.le(weight, 0.5), low, high, caller); // prettier-ignore
  }
  const [from, to] = [low, high].map((x) => cast(x, q.dtype, x.aval.weak, caller)) as [
    ArrayValue,
    ArrayValue,
  ];
  return lax.add(multiply(from, lax.sub(1, weight)), multiply(to, weight));
}

function byWeight({ sorted, weights, last }: Rows, q: ArrayValue, caller: string): ArrayValue {
  const dimension = sorted.ndim - 1;
  const isNan = lax.ne(sorted, sorted);
  const w = weights ?? lax.fullLike(sorted, 1);
  const isBad = lax.or(lax.lt(w, 0), lax.ne(w, w));
  const sums = lax.cumsum(choose(lax.or(isBad, isNan), 0, w, caller), dimension);
  const totals = lax.sliceInDim(sums, w.shape[dimension]! - 1, w.shape[dimension]!, { axis: dimension });
  const wanted = lax.expandDims(multiply(totals, q), [dimension + 1]);
  const places = sum(lax.lt(lax.expandDims(sums, [dimension]), wanted), dimension + 1);
  const found = pick(sorted, maximum(0, minimum(places, last)), q.size, caller);
  const isMissing = lax.or(any(isBad, dimension, true), all(isNan, dimension, true));
  return choose(isMissing, NaN, found, caller);
}

/**
 * The values below which a part `q` (from 0 to 1) of the elements lies.
 *
 * Shape: `[…s], [] → […s without axes]`, or `[…s], [n] → [n, …s without axes]`. Dtype: float. NaN where an element is.
 * @throws ShapeError when `q` has several axes, or weights another shape; ArgumentError on an unknown method, or weights
 * with another one than inverted_cdf. @see `jax.numpy.quantile`
 */
export const quantile = (x: Operand, q: Operand, ...rest: QuantileRest): ArrayValue =>
  quantiles(x, q, readOptions<QuantileOptions>("np.quantile", quantileNames, rest), "np.quantile");
/** {@link quantile} of what is not NaN; NaN where all is. @see `jax.numpy.nanquantile` */
export const nanquantile = (x: Operand, q: Operand, ...rest: QuantileRest): ArrayValue =>
  quantiles(
    x,
    q,
    readOptions<QuantileOptions>("np.nanquantile", quantileNames, rest),
    "np.nanquantile",
    true,
  );

/** {@link quantile} with `q` from 0 to 100. @see `jax.numpy.percentile` */
export const percentile = (x: Operand, q: Operand, ...rest: QuantileRest): ArrayValue =>
  quantiles(
    x,
    divide(q, 100),
    readOptions<QuantileOptions>("np.percentile", quantileNames, rest),
    "np.percentile",
  );
/** {@link nanquantile} with `q` from 0 to 100. @see `jax.numpy.nanpercentile` */
export const nanpercentile = (x: Operand, q: Operand, ...rest: QuantileRest): ArrayValue =>
  quantiles(
    x,
    divide(q, 100),
    readOptions<QuantileOptions>("np.nanpercentile", quantileNames, rest),
    "np.nanpercentile",
    true,
  );

type MedianRest = Optionals<[axis: Axis], Pick<QuantileOptions, "axis" | "keepdims">>;
const middle = (x: Operand, rest: MedianRest, caller: string, skipNan: boolean): ArrayValue => {
  const options = readOptions<QuantileOptions>(caller, ["axis", "keepdims"], rest);
  return quantiles(x, 0.5, { ...options, method: "midpoint" }, caller, skipNan);
};
/** The middle one of the elements, or the mean of the two in the middle. As {@link quantile}. @see `jax.numpy.median` */
export const median = (x: Operand, ...rest: MedianRest): ArrayValue => middle(x, rest, "np.median", false);
/** {@link median} of what is not NaN; NaN where all is. @see `jax.numpy.nanmedian` */
export const nanmedian = (x: Operand, ...rest: MedianRest): ArrayValue =>
  middle(x, rest, "np.nanmedian", true);
