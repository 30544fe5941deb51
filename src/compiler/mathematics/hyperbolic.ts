import type { Expr } from "../kernel/expression.ts";
import { sinhPolynomial, tanhPolynomial } from "./coefficients.ts";
import { expm1, halfExp } from "./exponential.ts";
import { log, log1p } from "./logarithm.ts";
import { abs, add, atMost, byType, copysign, div, lt, mul, polynomial, select, square, squareRoot, sub } from "./operators.ts"; // prettier-ignore

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

/** Within 2 ulp. */
export function tanh(x: Expr): Expr {
  const a = abs(x);
  const z = square(a);
  const near = add(a, mul(mul(a, z), polynomial(z, tanhPolynomial)));
  const t = expm1(mul(atMost(a, byType(x, 10, 20)), 2));
  return copysign(select(lt(a, 0.2), near, div(t, add(t, 2))), x);
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
