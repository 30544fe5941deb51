import type { Expr } from "../kernel/expression.ts";
import { exp2Polynomial, expPolynomial } from "./coefficients.ts";
import { abs, add, atLeast, atMost, bits, byType, copysign, div, eq, formatOf, lt, mul, neg, polynomial, rounded, select, shiftRightUnsigned, shl, square, sub } from "./operators.ts"; // prettier-ignore
import type { Pair } from "./pair.ts";

/** log 2 as a number of few enough digits for exact products with exponents, and the rest. */
export const logTwo = (x: Expr): readonly [high: number, low: number] =>
  byType(x, [0.693359375, -2.12194440054690583e-4], [6.9314718036912381649e-1, 1.90821492927058770002e-10]);

/** Where 2^x overflows, and where it is 0. */
const binaryRange = (x: Expr): readonly [number, number] => byType(x, [-151, 129], [-1076, 1025]);
/** Where e^x overflows, and where it is 0. */
const naturalRange = (x: Expr): readonly [number, number] => byType(x, [-104, 89], [-746, 710]);
const clamped = (x: Expr, [least, most]: readonly [number, number]) => atMost(atLeast(x, least), most);

/**
 * p · 2^(n + more), n in the lowest bits of `low`: in two steps, since the power alone may be out of range, and so that
 * a subnormal result is rounded once.
 */
function timesPowerOfTwo(p: Expr, low: Expr, more = 0): Expr {
  const { fraction, one } = formatOf(p);
  const half = shl(shiftRightUnsigned(low, 1), fraction);
  const rest = sub(shl(low, fraction), half);
  const second = one + (BigInt(more) << BigInt(fraction));
  return mul(mul(p, bits(add(half, one))), bits(add(rest, second)));
}

/** r = x − n·log 2 in ±½·log 2, and n. */
function reduced(x: Expr, low?: Expr): readonly [r: Expr, n: Expr] {
  const [n, bitsOfN] = rounded(x, Math.LOG2E);
  const [c, d] = logTwo(x);
  const head = sub(x, mul(n, c));
  return [sub(low ? add(head, low) : head, mul(n, d)), bitsOfN];
}
const expTail = (r: Expr): Expr => mul(square(r), polynomial(r, expPolynomial));

/** e^x, within 1 ulp. */
export function exp(x: Expr): Expr {
  const [r, n] = reduced(clamped(x, naturalRange(x)));
  return timesPowerOfTwo(add(add(r, expTail(r)), 1), n);
}
/** ½·e^x, within 1 ulp, for x ≥ 0; it overflows only if the result does. */
export function halfExp(x: Expr): Expr {
  const [least, most] = naturalRange(x);
  const [r, n] = reduced(clamped(x, [least, most + 1]));
  return timesPowerOfTwo(add(add(r, expTail(r)), 1), n, -1);
}
/** The same of a pair, whose low part counts for nothing where the high one is out of range. */
function reducedPair([high, low]: Pair): readonly [r: Expr, n: Expr] {
  const inside = clamped(high, naturalRange(high));
  return reduced(inside, select(eq(inside, high), low, 0));
}
/** (p + q)·e^(high + low), where q is small beside p and `low` beside `high`, rounded little more than once. */
export function timesExpOfPair([p, q]: Pair, exponent: Pair): Expr {
  const [r, n] = reducedPair(exponent);
  return timesPowerOfTwo(add(p, add(mul(add(r, expTail(r)), p), q)), n);
}
/** e^(high + low), within 1 ulp, where `low` is small beside `high`. */
export function expOfPair(exponent: Pair): Expr {
  const [r, n] = reducedPair(exponent);
  return timesPowerOfTwo(add(add(r, expTail(r)), 1), n);
}

/** 2^x, within 1.5 ulp; exact for an integer. */
export function exp2(x: Expr): Expr {
  const inside = clamped(x, binaryRange(x));
  const [n, low] = rounded(inside, 1);
  const r = sub(inside, n);
  return timesPowerOfTwo(add(mul(r, polynomial(r, exp2Polynomial)), 1), low);
}

/** e^x − 1, within 1.5 ulp, also near 0. */
export function expm1(x: Expr): Expr {
  const { fraction, one } = formatOf(x);
  const [, most] = naturalRange(x);
  const inside = clamped(x, [-(fraction + 3) * Math.LN2, most]);
  const [r, n] = reduced(inside);
  const y = add(r, expTail(r));
  // 2^(n − 1) is a normal number for every n there is.
  const power = bits(add(shl(n, fraction), one - (1n << BigInt(fraction))));
  const far = mul(add(mul(y, power), sub(power, 0.5)), 2);
  return copysign(select(lt(abs(x), 0.34), y, far), x);
}

/** 1 / (1 + e^−x), within 2.5 ulp. */
export function logistic(x: Expr): Expr {
  const e = exp(neg(abs(x)));
  return div(select(lt(x, 0), e, 1), add(e, 1));
}
