import { isFloat, isInteger } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as np from "../numpy/index.ts";
import { toArray } from "../numpy/promotion.ts";
import { flattenNulls, gradientOf } from "./transformation.ts";

/** `|x|²` of each element; real. */
export const squares = (x: ArrayValue): ArrayValue => np.real(np.multiply(x, np.conj(x)));
/** The norm of all elements. */
export const euclidean = (x: ArrayValue): ArrayValue => np.sqrt(np.sum(squares(x)));
/** The root of the mean of squares. */
export const rootMeanSquare = (x: ArrayValue): ArrayValue => np.sqrt(np.mean(squares(x)));

const arraysOf = (tree: unknown): ArrayValue[] =>
  flattenNulls(tree)[0].flatMap((leaf) => gradientOf(leaf) ?? []);
const total = (parts: readonly ArrayValue[]): Operand =>
  parts.reduce<Operand>((sum, part) => np.add(sum, part), np.weak(0, "float"));

/** The sum of `|x|²` over all arrays in a tree; 0 where there are none. */
export const squaredNorm = (tree: unknown): ArrayValue =>
  np.asarray(total(arraysOf(tree).map((x) => np.sum(squares(x)))));

/**
 * The Euclidean norm of all arrays in a tree, as one vector; 0 where there are none.
 *
 * Shape: `[]`. Dtype: that of the arrays. @see `optax.global_norm`
 */
export const globalNorm = (tree: unknown): ArrayValue => np.sqrt(squaredNorm(tree));

/** The real part of the inner product of two trees, of which the first has a conjugate. */
export function innerProduct(a: unknown, b: unknown): ArrayValue {
  const others = arraysOf(b);
  const parts = arraysOf(a).map((x, i) => np.vdot(x, others[i]!, { precision: "highest" }));
  return np.real(np.asarray(total(parts)));
}

/** `of(x)`, at least `least`. Where it is no more its gradient is 0, and not NaN as that of a root at 0. */
function floored(x: ArrayValue, least: Operand, of: (x: ArrayValue) => ArrayValue): ArrayValue {
  const isSmall = np.lessEqual(of(x), least);
  return np.where(isSmall, least, of(np.where(isSmall, np.onesLike(x), x)));
}
/** The Euclidean norm of all elements, at least `least`. */
export const flooredNorm = (x: ArrayValue, least: Operand): ArrayValue => floored(x, least, euclidean);

export interface SafeNormOptions {
  /** As that of `np.linalg.norm`. Default: the Euclidean norm. */
  readonly ord?: np.linalg.NormOptions["ord"];
  /** Over which the norm is taken. Default: all. */
  readonly axis?: np.linalg.NormOptions["axis"];
  /** Keep the axes, of size 1. Default false. */
  readonly keepdims?: boolean | undefined;
}

/**
 * The norm of `x`, or `minNorm` where it is less; there the gradient is 0, and not NaN.
 *
 * Shape: `[…s] → […s without axis]`. Dtype: that of `x`, real. @see `optax.safe_norm`
 */
export function safeNorm(x: Operand, minNorm: Operand, options: SafeNormOptions = {}): ArrayValue {
  const names = ["ord", "axis", "keepdims"] as const;
  const { ord = null, axis = null, keepdims = false } = readOptions<SafeNormOptions>("optim.safeNorm", names, [options]); // prettier-ignore
  const array = toArray(x, "optim.safeNorm");
  const whole = np.linalg.norm(array, { ord, axis, keepdims: true });
  const shown = np.where(np.lessEqual(whole, minNorm), np.onesLike(array), array);
  const isSmall = np.lessEqual(keepdims ? whole : np.squeeze(whole, { axis }), minNorm);
  return np.where(isSmall, minNorm, np.linalg.norm(shown, { ord, axis, keepdims }));
}

/**
 * The root of the mean of squares, or `minRms` where it is less; there the gradient is 0, and not NaN.
 *
 * Shape: `[…s] → []`. Dtype: that of `x`, real. @see `optax.safe_root_mean_squares`
 */
export const safeRootMeanSquares = (x: Operand, minRms: Operand): ArrayValue =>
  floored(toArray(x, "optim.safeRootMeanSquares"), minRms, rootMeanSquare);

/**
 * One more; the greatest number of the dtype stays.
 *
 * @throws DTypeError unless `count` is an integer or a float. @see `optax.safe_increment`
 */
export function safeIncrement(count: Operand): ArrayValue {
  const array = toArray(count, "optim.safeIncrement");
  const { dtype } = array;
  if (!isInteger(dtype) && !isFloat(dtype))
    throw new DTypeError("optim/count", `optim.safeIncrement takes an integer or a float, got ${dtype}`);
  const { max } = isInteger(dtype) ? np.iinfo(dtype) : np.finfo(dtype);
  const greatest = np.array(max, dtype);
  return np.where(np.less(array, greatest), np.add(array, np.array(1, dtype)), greatest);
}
/** Another name of {@link safeIncrement}. */
export const safeInt32Increment = safeIncrement;
