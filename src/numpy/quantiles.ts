import { isComplex } from "../core/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.ts";
import type { Axis } from "../core/method-types.ts";
import { checkedAsOne } from "../core/numbers.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { scalarOf } from "../core/scalar.ts";
import { canonicalAxes, range, showShape, sizeOf } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { divide } from "./elementwise.ts";
import { cast, promoteDTypesInexact } from "./promotion.ts";
import { any } from "./reduce.ts";
import { takeAlongAxis } from "./take.ts";
import { broadcastArray, choose } from "./where.ts";

export interface QuantileOptions {
  axis?: Axis | undefined;
  /** What is taken between two elements. */
  method?: "linear" | "lower" | "higher" | "midpoint" | "nearest" | undefined;
  keepdims?: boolean | undefined;
}
type QuantileRest = Optionals<[axis: Axis], QuantileOptions>;
const quantileNames = ["axis", "method", "keepdims"] as const;

function quantiles(x: Operand, q: Operand, options: QuantileOptions, caller: string): ArrayValue {
  const { axis = null, method = "linear", keepdims = false } = options;
  const [a, at] = [promoteDTypesInexact(caller, x)[0], promoteDTypesInexact(caller, q)[0]];
  if (isComplex(a.dtype))
    throw new DTypeError("numpy/complex", `${caller} is not defined for complex numbers`);
  if (at.ndim > 1)
    throw new ShapeError("numpy/rank", `${caller}: q has at most one axis, got shape ${showShape(at.shape)}`);
  const axes = canonicalAxes(axis, a.ndim, caller);
  const kept = range(a.ndim).filter((i) => !axes.includes(i));
  const size = sizeOf(axes.map((i) => a.shape[i]!));
  const outShape = kept.map((i) => a.shape[i]!);
  const rows = lax.reshape(a, [...outShape, size], { dimensions: [...kept, ...axes] });
  const last = kept.length;
  // Any NaN makes its row NaN; the rows of NaN to choose from are not looked at.
  const clean = checkedAsOne(caller, () =>
    choose(any(lax.ne(rows, rows), last, { keepdims: true }), NaN, rows, caller),
  )();
  const sorted = lax.sort(clean, { dimension: last });
  const exact = lax.mul(cast(at, a.dtype, false, caller), size - 1);
  const bound = (place: ArrayValue) => lax.clamp(scalarOf(0, a.dtype), place, scalarOf(size - 1, a.dtype));
  const [below, above] = [bound(lax.floor(exact)), bound(lax.ceil(exact))];
  const count = at.ndim === 0 ? 1 : at.shape[0]!;
  const value = (place: ArrayValue) => {
    const flat = lax.reshape(cast(place, "int32", false, caller), [...outShape.map(() => 1), count]);
    return takeAlongAxis(sorted, broadcastArray(flat, [...outShape, count], caller), {
      axis: last,
      mode: "clip",
    });
  };
  const weight = lax.reshape(lax.sub(exact, lax.floor(exact)), [...outShape.map(() => 1), count]);
  const blended = between(method, value(below), value(above), weight, caller);
  const ordered = lax.transpose(blended, [last, ...range(last)]);
  const out = lax.reshape(ordered, [...at.shape, ...outShape]);
  return keepdims ? lax.expandDims(out, axes.map((i) => i + at.ndim)) : out; // prettier-ignore
}

function between(
  method: string,
  low: ArrayValue,
  high: ArrayValue,
  weight: ArrayValue,
  caller: string,
): ArrayValue {
  switch (method) {
    case "linear": return lax.add(lax.mul(low, lax.sub(1, weight)), lax.mul(high, weight)); // prettier-ignore
    case "lower": return low; // prettier-ignore
    case "higher": return high; // prettier-ignore
    case "midpoint": return lax.mul(lax.add(low, high), 0.5); // prettier-ignore
    case "nearest": return choose(lax.le(weight, 0.5), low, high, caller); // prettier-ignore
    default:
      throw new ArgumentError(
        "numpy/method",
        `${caller}: there is no method ${method}; methods are linear, lower, higher, midpoint, nearest`,
      );
  }
}

/**
 * The values below which a part `q` (from 0 to 1) of the elements lies.
 *
 * Shape: `[…s], [] → […s without axes]`, or `[…s], [n] → [n, …s without axes]`. Dtype: float. NaN where an element is.
 * @throws ShapeError when `q` has several axes; ArgumentError on an unknown method. @see `jax.numpy.quantile`
 */
export const quantile = (x: Operand, q: Operand, ...rest: QuantileRest): ArrayValue =>
  quantiles(x, q, readOptions<QuantileOptions>("np.quantile", quantileNames, rest), "np.quantile");
/** {@link quantile} with `q` from 0 to 100. @see `jax.numpy.percentile` */
export const percentile = (x: Operand, q: Operand, ...rest: QuantileRest): ArrayValue =>
  quantiles(
    x,
    divide(q, 100),
    readOptions<QuantileOptions>("np.percentile", quantileNames, rest),
    "np.percentile",
  );
/** The middle one of the elements, or the mean of the two in the middle. As {@link quantile}. @see `jax.numpy.median` */
export function median(
  x: Operand,
  ...rest: Optionals<[axis: Axis], Omit<QuantileOptions, "method">>
): ArrayValue {
  const options = readOptions<QuantileOptions>("np.median", ["axis", "keepdims"], rest);
  return quantiles(x, 0.5, { ...options, method: "midpoint" }, "np.median");
}
