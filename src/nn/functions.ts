import { type DTypeLike, toDType, weakDType } from "../core/dtype.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { canonicalAxis } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { promoteInexact, toArray } from "../numpy/promotion.ts";
import { named } from "../numpy/ufunc.ts";
import { type Axes, logShares, logsumexp, type LogsumexpOptions, shares } from "../scipy/special/softmax.ts";

export { type Axes, logsumexp, type LogsumexpOptions };

export interface SoftmaxOptions {
  /** Along which axes the results sum to 1. Default: the last. */
  readonly axis?: Axes | undefined;
  /** Which elements take part. Default: all. */
  readonly where?: Operand | null | undefined;
}
type Softmax = (
  x: Operand,
  ...rest: Optionals<[axis: Axes, where: Operand | null], SoftmaxOptions>
) => ArrayValue;

const alongLast = (name: string, f: typeof shares): Softmax =>
  named(name, (x, ...rest) => {
    const caller = `nn.${name}`;
    const { axis = -1, where = null } = readOptions<SoftmaxOptions>(caller, ["axis", "where"], rest);
    return f(caller, x, axis, where);
  });

/**
 * `eˣ / Σ eˣ` along an axis; 0 where `where` is false.
 *
 * Shape: `[…s] → […s]`. Dtype: float.
 * @throws ShapeError when an axis is out of bounds. @see `jax.nn.softmax`
 */
export const softmax: Softmax = alongLast("softmax", shares);

/**
 * The logarithm of {@link softmax}, without its underflow; −∞ where `where` is false.
 *
 * Shape: `[…s] → […s]`. Dtype: float.
 * @throws ShapeError when an axis is out of bounds. @see `jax.nn.log_softmax`
 */
export const logSoftmax: Softmax = alongLast("logSoftmax", logShares);

export interface LogmeanexpOptions {
  /** The axes of the mean. Default: all. */
  readonly axis?: Axes | undefined;
  readonly where?: Operand | null | undefined;
  readonly keepdims?: boolean | undefined;
}

/**
 * `log(mean eˣ)` over axes, without overflow.
 *
 * Shape: `[…s] → […s without axis]`. Dtype: float.
 * @throws ShapeError when an axis is out of bounds. @see `jax.nn.logmeanexp`
 */
export function logmeanexp(
  x: Operand,
  ...rest: Optionals<[axis: Axes, where: Operand | null, keepdims: boolean], LogmeanexpOptions>
): ArrayValue {
  const caller = "nn.logmeanexp";
  const names = ["axis", "where", "keepdims"] as const;
  const { axis = null, where = null, keepdims = false } = readOptions<LogmeanexpOptions>(caller, names, rest);
  const array = toArray(x, caller);
  const total = logsumexp(array, { axis, where, keepdims });
  const inside = np.broadcastTo(where ?? true, array.shape);
  return np.subtract(total, np.log(np.sum(inside, { axis, keepdims, dtype: total.dtype })));
}

export interface StandardizeOptions {
  /** The axes of mean and variance. Default: the last. */
  readonly axis?: Axes | undefined;
  readonly mean?: Operand | null | undefined;
  readonly variance?: Operand | null | undefined;
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: Operand | undefined;
  readonly where?: Operand | null | undefined;
  /** `"fast"`: mean(x²) − mean(x)²; `"stable"`: mean((x − mean)²). Default `"fast"`. */
  readonly algorithm?: "fast" | "stable" | undefined;
}

/**
 * `(x − mean) / √(variance + epsilon)`.
 *
 * Shape: `[…s] → […s]`. Dtype: float.
 * @throws ShapeError when an axis is out of bounds; ArgumentError on an unknown algorithm. @see `jax.nn.standardize`
 */
export function standardize(x: Operand, ...rest: Optionals<[axis: Axes], StandardizeOptions>): ArrayValue {
  const caller = "nn.standardize";
  const names = ["axis", "mean", "variance", "epsilon", "where", "algorithm"] as const;
  const options = readOptions<StandardizeOptions>(caller, names, rest);
  const { axis = -1, epsilon = 1e-5, algorithm = "fast", where = null } = options;
  if (algorithm !== "fast" && algorithm !== "stable") {
    throw new ArgumentError(
      "nn/algorithm",
      `${caller}: algorithm is "fast" or "stable", got ${describe(algorithm)}`,
    );
  }
  const average = (values: Operand) => np.mean(values, { axis, keepdims: true, where });
  const mean = options.mean ?? average(x);
  const spread = (): ArrayValue =>
    algorithm === "stable"
      ? average(np.square(np.subtract(x, mean)))
      : np.maximum(np.subtract(average(np.square(x)), np.square(mean)), 0);
  const variance = options.variance ?? spread();
  const [padded] = promoteInexact(caller, np.add(variance, epsilon));
  return np.multiply(np.subtract(x, mean), lax.rsqrt(padded));
}

export interface OneHotOptions {
  /** Dtype of the result. Default float32. */
  readonly dtype?: DTypeLike | undefined;
  /** Where the new axis is. Default: at the end. */
  readonly axis?: number | undefined;
}

/**
 * Vectors with 1 at the index, 0 elsewhere; of an index out of range, all 0.
 *
 * Shape: `[…s] → […s, numClasses]`. Dtype: float32, or the one asked for.
 * @throws ShapeError when `numClasses` is no count or the axis is out of bounds. @see `jax.nn.one_hot`
 */
export function oneHot(
  x: Operand,
  numClasses: number,
  ...rest: Optionals<[dtype: DTypeLike, axis: number], OneHotOptions>
): ArrayValue {
  const caller = "nn.oneHot";
  const options = readOptions<OneHotOptions>(caller, ["dtype", "axis"], rest);
  if (!Number.isInteger(numClasses) || numClasses < 0) {
    throw new ShapeError("nn/classes", `${caller}: numClasses must be a count, got ${describe(numClasses)}`);
  }
  const array = toArray(x, caller);
  const dtype = options.dtype === undefined ? weakDType("float") : toDType(options.dtype, caller);
  const axis = canonicalAxis(options.axis ?? -1, array.ndim + 1, caller);
  const shape = new Array<number>(array.ndim).fill(1).toSpliced(axis, 0, numClasses);
  const indices = lax.expandDims(array, [axis]);
  const classes = lax.broadcastedIota(array.dtype, shape, axis);
  return lax.convertElementType(lax.eq(indices, classes), dtype);
}
