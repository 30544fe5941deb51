import type { Expr } from "../kernel/expression.ts";
import { sinhPolynomial, tanhPolynomial } from "./coefficients.ts";
import { halfExp } from "./exponential.ts";
import { log, log1p } from "./logarithm.ts";
import { abs, add, atMost, bits, byType, copysign, div, formatOf, lt, mul, nearest, polynomial, select, shl, square, squareRoot, sub } from "./operators.ts"; // prettier-ignore

/** Within 1.5 ulp. */
export function sinh(x: Expr): Expr {
  const a = abs(x);
  const z = square(a);
  const near = add(a, mul(mul(a, z), polynomial(z, sinhPolynomial)));
  const half = halfExp(a);
  const far = sub(half, div(0.25, half));
  return copysign(select(lt(a, 1), near, far), x);
}

/** Within 1.5 ulp. */
export function cosh(x: Expr): Expr {
  const half = halfExp(abs(x));
  return add(half, div(0.25, half));
}

/**
 * Within 2 ulp: tanh(r + n·½·log 2) = (m + k·t) / (k + m·t), where t = tanh r, m = 2^(n − 1) − ½ and k = m + 1. The
 * denominator is the numerator and 1 − t: near 1 what either lacks is lacking in both. Rounded down by ¼, n is 0 up
 * to 0.26, where the quotient is t.
 */
export function tanh(x: Expr): Expr {
  const { fraction, bias } = formatOf(x);
  const a = atMost(abs(x), byType(x, 9.2, 19.5));
  const [n, exponent] = nearest(sub(mul(a, 2 * Math.LOG2E), 0.25), bias - 1);
  const r = sub(a, mul(n, Math.LN2 / 2));
  const z = square(r);
  const t = add(r, mul(mul(r, z), polynomial(z, tanhPolynomial)));
  const power = bits(shl(exponent, fraction));
  const numerator = add(sub(power, 0.5), mul(add(power, 0.5), t));
  return copysign(div(numerator, add(numerator, sub(1, t))), x);
}

/** Within 2 ulp. */
export function asinh(x: Expr): Expr {
  const a = abs(x);
  const large = lt(byType(x, 2 ** 30, 2 ** 60), a);
  const z = square(a);
  const near = log1p(add(a, div(z, add(squareRoot(add(z, 1)), 1))));
  return copysign(select(large, add(log(a), Math.LN2), near), x);
}

/** Within 2 ulp; NaN below 1. */
export function acosh(x: Expr): Expr {
  const large = lt(byType(x, 2 ** 30, 2 ** 60), x);
  const t = sub(x, 1);
  const near = log1p(add(t, squareRoot(add(mul(t, 2), square(t)))));
  return select(lt(x, 1), NaN, select(large, add(log(x), Math.LN2), near));
}

/** Within 2 ulp; ±Infinity at ±1, NaN beyond. */
export function atanh(x: Expr): Expr {
  const a = abs(x);
  return copysign(mul(log1p(div(mul(a, 2), sub(1, a))), 0.5), x);
}
