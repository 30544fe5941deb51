import type { Expr } from "../kernel/expression.ts";
import { logPolynomial, logTailPolynomial } from "./coefficients.ts";
import { logTwo } from "./exponential.ts";
import { add, and, bits, byType, copysign, div, eq, formatOf, isSpecial, le, like, lt, mul, or, polynomial, rarely, select, shiftRightUnsigned, square, sub } from "./operators.ts"; // prettier-ignore
import { type Pair, pairProduct, pairQuotient, pairSum, quickSum } from "./pair.ts";

/** x = m · 2^e with m in [½√2, √2), of a positive number; `e` is a float. */
function taken(x: Expr): readonly [m: Expr, e: Expr] {
  const { fraction, least } = formatOf(x);
  const small = lt(x, least);
  const [m, e] = takenNormal(select(small, mul(x, 2 ** (fraction + 2)), x));
  return [m, sub(e, select(small, like(x, fraction + 2), 0))];
}
/** The same of a number that is not subnormal. */
function takenNormal(x: Expr): readonly [m: Expr, e: Expr] {
  const { fraction, bias, one, rootHalf } = formatOf(x);
  const scaled = add(bits(x), one - rootHalf);
  const m = bits(add(and(scaled, (1n << BigInt(fraction)) - 1n), rootHalf));
  // The integer as the fraction of 2^fraction.
  const power = BigInt(bias + fraction) << BigInt(fraction);
  const float = bits(or(shiftRightUnsigned(scaled, fraction), power));
  return [m, sub(float, 2 ** fraction + bias)];
}

/** e·log 2 + log(1 + f) + c, for f in [½√2 − 1, √2 − 1). */
function assembled(e: Expr, f: Expr, c?: Expr): Expr {
  const [high, low] = logTwo(f);
  const s = div(f, add(f, 2));
  const z = square(s);
  const half = mul(square(f), 0.5);
  const tail = add(mul(s, add(half, mul(z, polynomial(z, logPolynomial)))), mul(e, low));
  return add(mul(e, high), sub(f, sub(half, c ? add(tail, c) : tail)));
}

/** With what the logarithm is outside of (0, ∞). Half of x is x only where that is ±0 or infinite. */
const extended = (y: Expr, x: Expr, positive: Expr, zero: Expr): Expr =>
  select(positive, select(eq(x, mul(x, 0.5)), x, y), select(zero, like(x, -Infinity), NaN));

/** Natural logarithm, within 1 ulp. */
export function log(x: Expr): Expr {
  const of = ([m, e]: readonly [Expr, Expr]): Expr => assembled(e, sub(m, 1));
  return rarely(isSpecial(x), extended(of(taken(x)), x, lt(0, x), eq(x, 0)), of(takenNormal(x)));
}

/** log(1 + x), within 1 ulp, also near 0. */
export function log1p(x: Expr): Expr {
  const u = add(x, 1);
  const [m, e] = takenNormal(u);
  // What the sum has lost, from the larger of its terms.
  const lost = div(select(le(1, x), sub(1, sub(u, x)), sub(x, sub(u, 1))), u);
  const near = eq(e, 0);
  const y = assembled(e, select(near, x, sub(m, 1)), select(near, 0, lost));
  return rarely(isSpecial(u), extended(y, x, lt(-1, x), eq(x, -1)), copysign(y, x));
}

/** Natural logarithm of a positive finite number, to 10 bits more than a float has; or only of one that is not subnormal. */
export function logPair(x: Expr, isNormal = false): Pair {
  const [m, e] = isNormal ? takenNormal(x) : taken(x);
  const f = sub(m, 1);
  const [high, low] = logTwo(x);
  const zero = like(x, 0);
  const two = like(x, 2);
  const s = pairQuotient([f, zero], quickSum(two, f));
  const z = pairProduct(s, s);
  const third = byType<readonly [number, number]>(x, [Math.fround(2 / 3), 2 / 3 - Math.fround(2 / 3)], [2 / 3, 3.700743415417188e-17]); // prettier-ignore
  const tail = mul(z[0], polynomial(z[0], logTailPolynomial));
  const cubic = pairProduct(z, quickSum(like(x, third[0]), add(tail, third[1])));
  const fractional = pairProduct(s, pairSum([two, zero], cubic));
  const exponent = quickSum(mul(e, high), mul(e, low));
  return pairSum(exponent, fractional);
}
