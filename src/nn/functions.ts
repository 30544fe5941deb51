import { type DTypeLike, isComplex, toDType, weakDType } from "../core/dtype.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { canonicalAxes, canonicalAxis } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import { customJvp } from "../control/custom-jvp.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { promoteInexact, toArray } from "../numpy/promotion.ts";
import { named } from "../numpy/ufunc.ts";

/** One axis, several, or null for all of them. */
export type Axes = number | readonly number[] | null;

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

/** `x` with −∞ where it does not take part, and the largest element along `axis`, as a constant. */
function masked(x: Operand, axis: Axes, where: Operand | null): [safe: ArrayValue, peak: ArrayValue] {
  const [array] = promoteInexact("nn.softmax", x);
  const peak = lax.stopGradient(np.max(array, { axis, keepdims: true, initial: -Infinity, where }));
  return [where === null ? array : np.where(where, array, -Infinity), peak];
}

const softmaxNames = ["axis", "where"] as const;

const softmaxWithRule = customJvp(
  named("softmax", (x: ArrayValue, axis: Axes, where: ArrayValue | null): ArrayValue => {
    const [safe, peak] = masked(x, axis, where);
    const unnormalized = np.exp(np.subtract(safe, peak));
    const out = np.divide(unnormalized, np.sum(unnormalized, { axis, where, keepdims: true }));
    return where === null ? out : np.where(where, out, 0);
  }),
  { nondiffArgnums: [1] },
);
// y·(t − Σ y·t): of all that the result is made of, only itself is needed.
softmaxWithRule.defjvp(
  (axis: Axes, [x, where]: [ArrayValue, ArrayValue | null], [t]: [ArrayValue, unknown]) => {
    const out = softmaxWithRule(x, axis, where);
    const mean = np.sum(np.multiply(out, t), { axis, where, keepdims: true });
    return [out, np.multiply(out, np.subtract(t, mean))];
  },
);

/**
 * `eˣ / Σ eˣ` along an axis; 0 where `where` is false.
 *
 * Shape: `[…s] → […s]`. Dtype: float.
 * @throws ShapeError when an axis is out of bounds. @see `jax.nn.softmax`
 */
export const softmax: Softmax = named("softmax", (x, ...rest) => {
  const { axis = -1, where = null } = readOptions<SoftmaxOptions>("nn.softmax", softmaxNames, rest);
  const [array] = promoteInexact("nn.softmax", x);
  return softmaxWithRule(array, axis, where === null ? null : toArray(where, "nn.softmax"));
});

/**
 * The logarithm of {@link softmax}, without its underflow; −∞ where `where` is false.
 *
 * Shape: `[…s] → […s]`. Dtype: float.
 * @throws ShapeError when an axis is out of bounds. @see `jax.nn.log_softmax`
 */
export const logSoftmax: Softmax = named("logSoftmax", (x, ...rest) => {
  const { axis = -1, where = null } = readOptions<SoftmaxOptions>("nn.logSoftmax", softmaxNames, rest);
  const [safe, peak] = masked(x, axis, where);
  const shifted = np.subtract(safe, peak);
  const out = np.subtract(shifted, np.log(np.sum(np.exp(shifted), { axis, where, keepdims: true })));
  return where === null ? out : np.where(where, out, -Infinity);
});

export interface LogsumexpOptions {
  /** The axes summed over. Default: all. */
  readonly axis?: Axes | undefined;
  /** Factors of the exponentials. */
  readonly b?: Operand | null | undefined;
  readonly keepdims?: boolean | undefined;
  /** Return the logarithm of the sum's magnitude, and its sign. */
  readonly returnSign?: boolean | undefined;
  readonly where?: Operand | null | undefined;
}
type WithSign = LogsumexpOptions & { readonly returnSign: true };

/**
 * `log Σ b eˣ` over axes, without overflow.
 *
 * Shape: `[…s] → […s without axis]`. Dtype: float. With `returnSign`, the logarithm of `|Σ b eˣ|` and the sign.
 * @throws ShapeError when an axis is out of bounds. @see `jax.nn.logsumexp`
 */
export function logsumexp(
  x: Operand,
  ...rest:
    | [options: WithSign]
    | [axis: Axes, options: WithSign]
    | [axis: Axes, b: Operand | null, options: WithSign]
    | [axis: Axes, b: Operand | null, keepdims: boolean, options: WithSign]
): [out: ArrayValue, sign: ArrayValue];
export function logsumexp(
  x: Operand,
  ...rest: Optionals<[axis: Axes, b: Operand | null, keepdims: boolean], LogsumexpOptions>
): ArrayValue;
export function logsumexp(x: Operand, ...rest: readonly unknown[]): ArrayValue | [ArrayValue, ArrayValue] {
  const names = ["axis", "b", "keepdims", "returnSign", "where"] as const;
  const options = readOptions<LogsumexpOptions>("nn.logsumexp", names, rest);
  const { b = null, keepdims = false, returnSign = false, where = null } = options;
  const chosen = where === null ? x : np.where(where, x, 0);
  const [array, factors] = operandsOf(chosen, b);
  const axes = canonicalAxes(options.axis, array.ndim, "nn.logsumexp");
  const peak = np.max(np.real(array), { axis: axes, initial: -Infinity, where });
  const shift = lax.stopGradient(np.where(lax.isFinite(peak), peak, 0));
  const shiftAlong = lax.expandDims(shift, axes);
  const terms = np.exp(np.subtract(array, shiftAlong));
  const total = np.sum(factors === null ? terms : np.multiply(terms, factors), {
    axis: axes,
    keepdims,
    where,
  });
  const sign = np.sign(total);
  const magnitude = returnSign || !isComplex(array.dtype) ? np.abs(total) : total;
  const out = np.add(np.log(magnitude), keepdims ? shiftAlong : shift);
  if (returnSign) return [out, sign];
  return factors === null || isComplex(out.dtype) ? out : np.where(np.less(sign, 0), NaN, out);
}

function operandsOf(x: Operand, b: Operand | null): [x: ArrayValue, b: ArrayValue | null] {
  if (b === null) return [promoteInexact("nn.logsumexp", x)[0], null];
  const [array, factors] = promoteInexact("nn.logsumexp", x, b);
  return [np.where(np.notEqual(factors, 0), array, -Infinity), factors];
}

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
