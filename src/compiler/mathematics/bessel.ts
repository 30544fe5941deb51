import type { Expr } from "../kernel/expression.ts";
import { besselI0Polynomial, besselI0TailPolynomial, besselI1Polynomial, besselI1TailPolynomial, type Polynomial } from "./coefficients.ts"; // prettier-ignore
import { exp } from "./exponential.ts";
import { abs, copysign, div, lt, mul, neg, polynomial, select, square, squareRoot } from "./operators.ts";

/** e^(−a) times a polynomial of (a/2)² up to 8, a polynomial of 1/a by √a beyond. */
function scaled(a: Expr, near: Polynomial, tail: Polynomial, factor?: Expr): Expr {
  const sum = mul(exp(neg(a)), polynomial(square(mul(a, 0.5)), near));
  const far = div(polynomial(div(1, a), tail), squareRoot(a));
  return select(lt(8, a), far, factor ? mul(factor, sum) : sum);
}

/** e^(−|x|) I₀(x) */
export const besselI0e = (x: Expr): Expr => scaled(abs(x), besselI0Polynomial, besselI0TailPolynomial);

/** e^(−|x|) I₁(x) */
export const besselI1e = (x: Expr): Expr =>
  copysign(scaled(abs(x), besselI1Polynomial, besselI1TailPolynomial, mul(abs(x), 0.5)), x);
