import type { Expr } from "../kernel/expression.ts";
import { erfcAtThree, erfcPolynomial, erfPolynomial } from "./coefficients.ts";
import { timesExpOfPair } from "./exponential.ts";
import { abs, add, atMost, byType, copysign, div, formatOf, like, lt, mul, neg, polynomial, select, square, sub } from "./operators.ts"; // prettier-ignore
import { exactProduct, quickSum } from "./pair.ts";

/** erf(x)/x − 1, of |x| < 1. */
const central = (x: Expr): Expr => polynomial(square(x), erfPolynomial);

/** erfc of x ≥ ¾. What rounding takes from the numerator, from the denominator and from x² is put back. */
function tail(x: Expr): Expr {
  const a = atMost(x, byType(x, 12, 30));
  const t = div(sub(a, 3), add(a, 3));
  const [high, low] = erfcAtThree[formatOf(x).type];
  const [n, m] = quickSum(like(x, high), add(mul(t, polynomial(t, erfcPolynomial)), low));
  const [d, e] = quickSum(mul(a, 2), like(x, 1));
  const ratio = div(n, d);
  const [square, rest] = exactProduct(a, a);
  return timesExpOfPair([ratio, div(sub(m, mul(ratio, e)), d)], [neg(square), neg(rest)]);
}

/** 2/√π·∫₀ˣ e^(−t²) dt, within 1 ulp. */
export function erf(x: Expr): Expr {
  const a = abs(x);
  const near = add(a, mul(a, central(a)));
  return copysign(select(lt(a, 1), near, sub(1, tail(a))), x);
}

/** 1 − erf x, within 2 ulp, however small it is. */
export function erfc(x: Expr): Expr {
  const a = abs(x);
  const near = sub(sub(1, x), mul(x, central(x)));
  const far = tail(a);
  return select(lt(a, 0.75), near, select(lt(x, 0), sub(2, far), far));
}
