import { ArgumentError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { range, showShape } from "../core/shape.ts";
import { s } from "../core/slices.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { array } from "./array.ts";
import { at } from "./at.ts";
import { convolve } from "./convolution.ts";
import { add } from "./elementwise.ts";
import { get } from "./indexing.ts";
import { finfo } from "./limits.ts";
import { promoteDTypes, promoteDTypesInexact } from "./promotion.ts";
import { leadingFalse } from "./trim.ts";

// A polynomial is the vector of its coefficients, highest power first.

/** @throws ShapeError when a polynomial is no vector. */
function checkVectors(polynomials: readonly ArrayValue[], caller: string): void {
  for (const { shape } of polynomials)
    if (shape.length !== 1)
      throw new ShapeError(
        "numpy/polynomial",
        `${caller}: a polynomial is the vector of its coefficients, highest power first; got shape ${showShape(shape)}`,
      );
}

/** @throws ArgumentError when a number of derivatives or integrals is no natural number. */
function checkOrder(m: number, caller: string): void {
  if (!Number.isInteger(m) || m < 0)
    throw new ArgumentError("numpy/order", `${caller}: m must be a natural number, got ${String(m)}`);
}

/**
 * The sum of two polynomials.
 *
 * Shape: `[m], [n] → [max(m, n)]`. Dtype: the promoted one.
 * @throws ShapeError when one is no vector. @see `jax.numpy.polyadd`
 */
export const polyadd = (p: Operand, q: Operand): ArrayValue =>
  total(...promoteDTypes("np.polyadd", p, q), "np.polyadd");

/** The difference of two polynomials. Shapes, dtypes and errors as {@link polyadd}. @see `jax.numpy.polysub` */
export function polysub(p: Operand, q: Operand): ArrayValue {
  const [a, b] = promoteDTypes("np.polysub", p, q);
  return total(a, lax.neg(b), "np.polysub");
}

function total(p: ArrayValue, q: ArrayValue, caller: string): ArrayValue {
  checkVectors([p, q], caller);
  const [long, short] = p.size >= q.size ? [p, q] : [q, p];
  const head = long.size - short.size;
  const tail = add(lax.sliceInDim(long, head, long.size), short);
  return head === 0 ? tail : lax.concatenate([lax.sliceInDim(long, 0, head), tail], 0);
}

export interface TrimLeadingOption {
  /** Whether leading zeros go first, for which the coefficients must be known. */
  trimLeadingZeros?: boolean | undefined;
}

/**
 * The product of two polynomials.
 *
 * Shape: `[m], [n] → [m + n − 1]`. Dtype: the promoted one, inexact.
 * @throws ShapeError when one is no vector; ConcretizationError when leading zeros of a traced one are to be trimmed.
 * @see `jax.numpy.polymul`
 */
export function polymul(p: Operand, q: Operand, options: TrimLeadingOption = {}): ArrayValue {
  const caller = "np.polymul";
  const { trimLeadingZeros = false } = readOptions<TrimLeadingOption>(
    caller,
    ["trimLeadingZeros"],
    [options],
  );
  const factors = promoteDTypesInexact(caller, p, q);
  checkVectors(factors, caller);
  const trims = trimLeadingZeros && factors.some(({ size }) => size > 1);
  const [a, b] = factors.map((x) => {
    const trimmed = trims ? get(x, s(leadingFalse(lax.ne(x, 0), caller))) : x;
    return trimmed.size === 0 ? lax.fullLike(x, 0, { shape: [1] }) : trimmed;
  });
  return convolve(a!, b!);
}

/**
 * Quotient and remainder of two polynomials. The remainder has as many coefficients as the dividend, unless its leading
 * ones that are 0 up to rounding are trimmed.
 *
 * Shape: `[m], [n] → [max(m − n, 0) + 1], [m]`. Dtype: the promoted one, inexact.
 * @throws ShapeError when one is no vector, or the divisor empty; ConcretizationError when leading zeros of a traced
 * remainder are to be trimmed. @see `jax.numpy.polydiv`
 */
export function polydiv(
  u: Operand,
  v: Operand,
  options: TrimLeadingOption = {},
): [quotient: ArrayValue, remainder: ArrayValue] {
  const caller = "np.polydiv";
  const { trimLeadingZeros = false } = readOptions<TrimLeadingOption>(
    caller,
    ["trimLeadingZeros"],
    [options],
  );
  const [dividend, divisor] = promoteDTypesInexact(caller, u, v);
  checkVectors([dividend, divisor], caller);
  const scale = lax.div(1, get(divisor, 0));
  const quotient: ArrayValue[] = [];
  let left = dividend;
  for (let k = 0; k + divisor.size <= dividend.size; k++) {
    const d = lax.mul(scale, get(left, k));
    quotient.push(d);
    left = at(left, s(k, k + divisor.size)).subtract(lax.mul(d, divisor));
  }
  const whole = quotient.length > 0 ? lax.stack(quotient, 0) : lax.fullLike(dividend, 0, { shape: [1] });
  if (!trimLeadingZeros) return [whole, left];
  const tolerance = Math.sqrt(finfo(left.dtype).eps);
  return [whole, get(left, s(leadingFalse(lax.ge(lax.abs(left), tolerance), caller)))];
}

export interface PolyintOptions {
  /** How many times. */
  m?: number | undefined;
  /** The constants of integration, one for all or one for each, that of the first integral first; 0 by default. */
  k?: Operand | null | undefined;
}
/**
 * The integral of a polynomial.
 *
 * Shape: `[n] → [n + m]`. Dtype: float.
 * @throws ShapeError when it is no vector, or there are neither one nor `m` constants; ArgumentError on a negative `m`.
 * @see `jax.numpy.polyint`
 */
export function polyint(
  p: Operand,
  ...rest: Optionals<[m: number, k: Operand | null], PolyintOptions>
): ArrayValue {
  const caller = "np.polyint";
  const { m = 1, k = null } = readOptions<PolyintOptions>(caller, ["m", "k"], rest);
  checkOrder(m, caller);
  const [a, given] = promoteDTypesInexact(caller, p, k ?? 0);
  checkVectors([a], caller);
  if (given.ndim > 1 || (given.size !== 1 && given.size !== m))
    throw new ShapeError(
      "numpy/polynomial",
      `${caller}: k is one constant of integration, or a vector of ${m}; got shape ${showShape(given.shape)}`,
    );
  if (m === 0) return a;
  const constants = given.size === 1 ? lax.broadcastInDim(lax.reshape(given, []), [m], []) : given;
  const size = a.size + m;
  // The power e was e − m before: its coefficient is divided by e·(e − 1)⋯, as far as these are above 1.
  const factors = range(size).map((i) => falling(size - 1 - i, m, 1));
  return lax.div(lax.concatenate([a, constants], 0), array(factors, a.dtype));
}

/** `e·(e − 1)⋯(e − m + 1)`, where no factor counts for less than `least`. */
const falling = (e: number, m: number, least: number): number =>
  range(m).reduce((product, i) => product * Math.max(least, e - i), 1);

/**
 * The derivative of a polynomial.
 *
 * Shape: `[n] → [max(n − m, 0)]`. Dtype: float.
 * @throws ShapeError when it is no vector; ArgumentError on a negative `m`. @see `jax.numpy.polyder`
 */
export function polyder(p: Operand, ...rest: Optionals<[m: number], Pick<PolyintOptions, "m">>): ArrayValue {
  const caller = "np.polyder";
  const { m = 1 } = readOptions<Pick<PolyintOptions, "m">>(caller, ["m"], rest);
  checkOrder(m, caller);
  const [a] = promoteDTypesInexact(caller, p);
  checkVectors([a], caller);
  if (m === 0) return a;
  const size = Math.max(a.size - m, 0);
  const factors = range(size).map((i) => falling(a.size - 1 - i, m, -Infinity));
  return lax.mul(lax.sliceInDim(a, 0, size), array(factors, a.dtype));
}
