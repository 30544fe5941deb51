import { type Expr, op } from "../kernel/expression.ts";
import {
  cosPolynomial,
  digammaPolynomial,
  lgammaPolynomial,
  sinPolynomial,
  stirlingPolynomial,
} from "./coefficients.ts";
import { log } from "./logarithm.ts";
import { abs, add, and, copysign, div, eq, le, like, lt, mul, neg, or, polynomial, select, square, sub } from "./operators.ts"; // prettier-ignore

/** sin πr and cos πr for r in [0, ½]. */
function sineAndCosine(r: Expr): readonly [sine: Expr, cosine: Expr] {
  const upper = lt(0.25, r);
  const y = mul(select(upper, sub(0.5, r), r), Math.PI);
  const z = square(y);
  const sine = add(y, mul(mul(y, z), polynomial(z, sinPolynomial)));
  const cosine = add(sub(1, mul(z, 0.5)), mul(square(z), polynomial(z, cosPolynomial)));
  return [select(upper, cosine, sine), select(upper, sine, cosine)];
}

/** Distance of x to the nearest integer, in [−½, ½]; exact. */
const fromNearestInteger = (x: Expr): Expr => sub(x, op("nearest", x));

/** log Γ of x ≥ 0: of 2 + t, with the logarithm of what Γ(x) is a multiple or a part of Γ(2 + t) by. */
function positive(x: Expr): Expr {
  const large = le(8, x);
  let product = like(x, 1) as Expr;
  let shifted = x;
  for (let step = 0; step < 5; step++) {
    const above = le(3, shifted);
    shifted = select(above, sub(shifted, 1), shifted);
    product = select(above, mul(product, shifted), product);
  }
  // What is subtracted is exact, so the zeros at 1 and 2 stay sharp.
  const [first, second] = [lt(x, 0.5), lt(x, 1.5)];
  const t = select(first, x, sub(shifted, select(second, like(x, 1), like(x, 2))));
  const factor = select(first, mul(x, add(x, 1)), select(second, x, product));
  const logarithm = log(select(large, x, factor));
  const near = add(mul(t, polynomial(t, lgammaPolynomial)), select(second, neg(logarithm), logarithm));
  const inverse = div(1, x);
  const rest = mul(inverse, polynomial(square(inverse), stirlingPolynomial));
  // (x − ½)·log x − x + ½·log 2π
  const far = add(mul(sub(x, 0.5), sub(logarithm, 1)), add(rest, 0.9189385332046727 - 0.5));
  return select(large, far, near);
}

/**
 * log |Γ(x)|, within 6 units in the last place of it or of 1, and within 8 of it for x > 0; +Infinity at 0, the negative
 * integers and ±Infinity.
 */
export function lgamma(x: Expr): Expr {
  const a = abs(x);
  const far = lt(x, -0.5);
  const value = positive(select(far, a, select(lt(x, 0), add(x, 1), x)));
  // Γ(x)·Γ(−x) = −π / (x·sin πx), and Γ(x) = Γ(x + 1) / x.
  const [sine] = sineAndCosine(abs(fromNearestInteger(a)));
  const reflected = sub(
    neg(log(select(far, mul(a, mul(sine, 1 / Math.PI)), a))),
    select(far, value, neg(value)),
  );
  const pole = and(far, eq(sine, 0));
  return select(or(pole, eq(a, Infinity)), Infinity, select(lt(x, 0), reflected, value));
}

/**
 * ψ(x) = d/dx log Γ(x), for x > 0 within 12 units in the last place of it or of 1, below as good as the terms that it is
 * the sum of there; NaN at 0, the negative integers and −Infinity.
 */
export function digamma(x: Expr): Expr {
  const far = lt(x, -0.5);
  let shifted = select(far, neg(x), x);
  // The sum of the reciprocals of what is passed, as a fraction.
  let [numerator, denominator] = [like(x, 0), like(x, 1)] as [Expr, Expr];
  for (let step = 0; step < 7; step++) {
    const below = lt(shifted, 6);
    numerator = select(below, add(mul(numerator, shifted), denominator), numerator);
    denominator = select(below, mul(denominator, shifted), denominator);
    shifted = select(below, add(shifted, 1), shifted);
  }
  const inverse = div(1, shifted);
  const z = square(inverse);
  const rest = add(mul(inverse, 0.5), mul(z, polynomial(z, digammaPolynomial)));
  const value = sub(sub(log(shifted), rest), div(numerator, denominator));
  // ψ(x) = ψ(−x) − 1/x − π / tan πx
  const r = fromNearestInteger(x);
  const [sine, cosine] = sineAndCosine(abs(r));
  const cotangent = copysign(div(mul(cosine, Math.PI), sine), r);
  const reflected = select(eq(r, 0), NaN, sub(sub(value, div(1, x)), cotangent));
  return select(or(eq(x, 0), eq(x, -Infinity)), NaN, select(far, reflected, value));
}
