import { customJvp } from "../../control/custom-jvp.ts";
import { isComplex } from "../../core/dtype.ts";
import { type Optionals, readOptions } from "../../core/options.ts";
import { canonicalAxes } from "../../core/shape.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import * as np from "../../numpy/index.ts";
import { promoteInexact, toArray } from "../../numpy/promotion.ts";
import { named } from "../../numpy/ufunc.ts";

/** One axis, several, or null for all of them. */
export type Axes = number | readonly number[] | null;

export interface SoftmaxOptions {
  /** Along which axes the results sum to 1. Default: all. */
  readonly axis?: Axes | undefined;
}
type Softmax = (x: Operand, options?: SoftmaxOptions) => ArrayValue;

/** `x` with −∞ where it does not take part, and the largest element along `axis`, as a constant. */
function masked(array: ArrayValue, axis: Axes, where: Operand | null): [safe: ArrayValue, peak: ArrayValue] {
  const peak = lax.stopGradient(np.max(array, { axis, keepdims: true, initial: -Infinity, where }));
  return [where === null ? array : np.where(where, array, -Infinity), peak];
}

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

/** `eˣ / Σ eˣ` along `axis` of the elements that take part; 0 elsewhere. */
export function shares(caller: string, x: Operand, axis: Axes, where: Operand | null): ArrayValue {
  const [array] = promoteInexact(caller, x);
  return softmaxWithRule(array, axis, where === null ? null : toArray(where, caller));
}

/** The logarithm of {@link shares}, without its underflow. */
export function logShares(caller: string, x: Operand, axis: Axes, where: Operand | null): ArrayValue {
  const [safe, peak] = masked(promoteInexact(caller, x)[0], axis, where);
  const shifted = np.subtract(safe, peak);
  const out = np.subtract(shifted, np.log(np.sum(np.exp(shifted), { axis, where, keepdims: true })));
  return where === null ? out : np.where(where, out, -Infinity);
}

const overAxes = (name: string, f: typeof shares): Softmax =>
  named(name, (x, ...rest) => {
    const caller = `scipy.special.${name}`;
    const { axis = null } = readOptions<SoftmaxOptions>(caller, ["axis"], rest);
    return f(caller, x, axis, null);
  });

/**
 * `eˣ / Σ eˣ` along axes, all of them unless told.
 *
 * Shape: `[…s] → […s]`. Dtype: float.
 * @throws ShapeError when an axis is out of bounds. @see `jax.scipy.special.softmax`, and `nn.softmax`, along the last axis
 */
export const softmax: Softmax = overAxes("softmax", shares);

/**
 * The logarithm of {@link softmax}, without its underflow.
 *
 * Shape: `[…s] → […s]`. Dtype: float.
 * @throws ShapeError when an axis is out of bounds. @see `jax.scipy.special.log_softmax`
 */
export const logSoftmax: Softmax = overAxes("logSoftmax", logShares);

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
 * @throws ShapeError when an axis is out of bounds. @see `jax.scipy.special.logsumexp`
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
  const options = readOptions<LogsumexpOptions>("scipy.special.logsumexp", names, rest);
  const { b = null, keepdims = false, returnSign = false, where = null } = options;
  const chosen = where === null ? x : np.where(where, x, 0);
  const [array, factors] = operandsOf(chosen, b);
  const axes = canonicalAxes(options.axis, array.ndim, "scipy.special.logsumexp");
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
  if (b === null) return [promoteInexact("scipy.special.logsumexp", x)[0], null];
  const [array, factors] = promoteInexact("scipy.special.logsumexp", x, b);
  return [np.where(np.notEqual(factors, 0), array, -Infinity), factors];
}
