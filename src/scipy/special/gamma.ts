import { isInteger } from "../../core/dtype.ts";
import { ArgumentError, DTypeError } from "../../core/errors.ts";
import { readOptions } from "../../core/options.ts";
import { describe } from "../../core/trace.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import { add, div, eq, exp, ge, gt, le, lgamma, lt, mul, sub } from "../../lax/index.ts";
import * as np from "../../numpy/index.ts";
import { promoteInexact, typeOf } from "../../numpy/promotion.ts";
import { named } from "../../numpy/ufunc.ts";
import { ofReals, type One, sloped } from "./promoted.ts";

/** `log |Γ(x)|`. @see `jax.scipy.special.gammaln` */
export const gammaln: (...xs: One) => ArrayValue = ofReals<One>("gammaln", lgamma);

/** The derivative of {@link gammaln}. @see `jax.scipy.special.digamma` */
export const digamma: (...xs: One) => ArrayValue = ofReals<One>("digamma", lax.digamma);

/**
 * The derivative of order `n` of {@link digamma}; integers `n`, in which it is not differentiated.
 * @throws DTypeError when `n` is no integer. @see `jax.scipy.special.polygamma`
 */
export const polygamma: (n: Operand, x: Operand) => ArrayValue = named("polygamma", (n, x) => {
  const { dtype } = typeOf(n, "scipy.special.polygamma");
  if (!isInteger(dtype)) {
    throw new DTypeError("scipy/dtype", `scipy.special.polygamma: the order is an integer, got ${dtype}`);
  }
  return overPolygamma(n, x);
});
const overPolygamma = ofReals<[n: Operand, x: Operand]>("polygamma", lax.polygamma);

/** The sign of `Γ(x)`; NaN at the negative integers. @see `jax.scipy.special.gammasgn` */
export const gammasgn: (...xs: One) => ArrayValue = ofReals<One>("gammasgn", (x) => {
  const floor = lax.floor(x);
  const negative = lt(x, 0);
  const odd = np.logicalAnd(negative, lax.ne(np.mod(floor, 2), 0));
  const belowZero = np.logicalAnd(eq(x, 0), np.signbit(x));
  const sign = np.where(np.logicalOr(odd, belowZero), lax.fullLike(x, -1), 1);
  return np.where(np.logicalOr(np.logicalAnd(negative, eq(x, floor)), np.isnan(x)), NaN, sign);
});

/** `Γ(x)`; NaN at the negative integers. @see `jax.scipy.special.gamma` */
export const gamma: (...xs: One) => ArrayValue = ofReals<One>("gamma", (x) =>
  mul(gammasgn(x), exp(lgamma(x))),
);

/** `log Γ(x)`, NaN unless `x > 0`. @see `jax.scipy.special.loggamma` */
export const loggamma: (...xs: One) => ArrayValue = ofReals<One>("loggamma", (x) =>
  np.where(gt(x, 0), lgamma(x), NaN),
);

/** `n! = Γ(n + 1)`, 0 for negative `n`. @see `jax.scipy.special.factorial` */
export const factorial: (...xs: One) => ArrayValue = ofReals<One>("factorial", (n) =>
  np.where(lt(n, 0), 0, exp(lgamma(add(n, 1)))),
);

export interface CombOptions {
  /** Whether elements may be taken again. Default: false. */
  readonly repetition?: boolean;
}
const combinations = ofReals<[n: Operand, k: Operand]>("comb", (n, k) => {
  const inside = np.logicalAnd(le(k, n), np.logicalAnd(ge(n, 0), ge(k, 0)));
  const [total, taken] = [np.where(inside, n, 0), np.where(inside, k, 0)];
  const all = lgamma(add(total, 1));
  const rest = add(lgamma(add(taken, 1)), lgamma(sub(add(total, 1), taken)));
  return np.where(inside, exp(sub(all, rest)), 0);
});

/**
 * In how many ways `k` of `n` things are taken; 0 where there is none. Shapes broadcast. Dtype: float.
 * @see `jax.scipy.special.comb`
 */
export function comb(n: Operand, k: Operand, options?: CombOptions): ArrayValue {
  const caller = "scipy.special.comb";
  const { repetition = false } = readOptions<CombOptions>(caller, ["repetition"], options ? [options] : []);
  if (typeof repetition !== "boolean") {
    throw new ArgumentError(
      "argument/flag",
      `${caller}: repetition is a boolean, got ${describe(repetition)}`,
    );
  }
  if (!repetition) return combinations(n, k);
  const [total, taken] = promoteInexact(caller, n, k);
  const nothing = np.logicalAnd(eq(taken, 0), ge(total, 0));
  return np.where(nothing, 1, combinations(sub(add(total, taken), 1), taken));
}

/** Pochhammer's symbol, `Γ(z + m) / Γ(z)`. Shapes broadcast. @see `jax.scipy.special.poch` */
export const poch: (z: Operand, m: Operand) => ArrayValue = ofReals<[z: Operand, m: Operand]>(
  "poch",
  sloped<[z: Operand, m: Operand]>(
    "poch",
    (z, m) => np.where(eq(m, 0), 1, div(gamma(add(z, m)), gamma(z))),
    (out, z, m) => mul(sub(lax.digamma(add(z, m)), lax.digamma(z)), out),
    (out, z, m) => mul(lax.digamma(add(z, m)), out),
  ),
);

/** Regularised lower incomplete gamma function. Shapes broadcast. @see `lax.igamma`; `jax.scipy.special.gammainc` */
export const gammainc: (a: Operand, x: Operand) => ArrayValue = ofReals<[a: Operand, x: Operand]>(
  "gammainc",
  lax.igamma,
);

/** `1 − gammainc(a, x)`, accurate where that is near 1. @see `lax.igammac`; `jax.scipy.special.gammaincc` */
export const gammaincc: (a: Operand, x: Operand) => ArrayValue = ofReals<[a: Operand, x: Operand]>(
  "gammaincc",
  lax.igammac,
);

/**
 * The logarithm of the gamma function of `d × d` matrices, `¼d(d − 1) log π + Σᵢ log Γ(a − ½i)` over `d` terms.
 *
 * Shape: that of `a`. Dtype: float.
 * @throws ArgumentError unless `d` is a count. @see `jax.scipy.special.multigammaln`
 */
export function multigammaln(a: Operand, d: number): ArrayValue {
  const caller = "scipy.special.multigammaln";
  if (!Number.isInteger(d) || d < 0) {
    throw new ArgumentError("scipy/count", `${caller}: d is the size of a matrix, got ${describe(d)}`);
  }
  const [x] = promoteInexact(caller, a);
  const halves = np.multiply(0.5, np.arange(d, { dtype: x.dtype }));
  const terms = gammaln(np.subtract(lax.expandDims(x, [x.ndim]), halves));
  return np.add(np.sum(terms, { axis: -1 }), 0.25 * d * (d - 1) * Math.log(Math.PI));
}
