import type { Expr } from "../kernel/expression.ts";
import { exp2Polynomial, expPolynomial } from "./coefficients.ts";
import { abs, add, atLeast, atMost, bits, byType, copysign, div, eq, formatOf, lt, mul, nearest, neg, polynomial, select, shiftRightUnsigned, shl, square, sub } from "./operators.ts"; // prettier-ignore
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
 * p · 2^n, n + 2·bias being the lowest bits of `low`: in two steps, since the power alone may be out of range, and so
 * that a subnormal result is rounded once.
 */
function timesPowerOfTwo(p: Expr, low: Expr): Expr {
  const { fraction } = formatOf(p);
  const half = shl(shiftRightUnsigned(low, 1), fraction);
  return mul(mul(p, bits(half)), bits(sub(shl(low, fraction), half)));
}

/** r = x − n·log 2 in ±½·log 2, and what n + `more` is in the lowest bits of. */
function reduced(x: Expr, more: number, tail?: Expr): readonly [r: Expr, low: Expr] {
  const [n, low] = nearest(mul(x, Math.LOG2E), more);
  const [c, d] = logTwo(x);
  const head = sub(x, mul(n, c));
  return [sub(tail ? add(head, tail) : head, mul(n, d)), low];
}
const twiceBias = (x: Expr): number => 2 * formatOf(x).bias;
const expTail = (r: Expr): Expr => mul(square(r), polynomial(r, expPolynomial));

/** e^x, within 1 ulp. */
export function exp(x: Expr): Expr {
  const [r, n] = reduced(clamped(x, naturalRange(x)), twiceBias(x));
  return timesPowerOfTwo(add(add(r, expTail(r)), 1), n);
}
/** ½·e^x, within 1 ulp, for x ≥ 0; it overflows only if the result does. */
export function halfExp(x: Expr): Expr {
  const [least, most] = naturalRange(x);
  const [r, n] = reduced(clamped(x, [least, most + 1]), twiceBias(x) - 1);
  return timesPowerOfTwo(add(add(r, expTail(r)), 1), n);
}
/** The same of a pair, whose low part counts for nothing where the high one is out of range. */
function reducedPair([high, low]: Pair): readonly [r: Expr, n: Expr] {
  const inside = clamped(high, naturalRange(high));
  return reduced(inside, twiceBias(high), select(eq(inside, high), low, 0));
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
  const [n, low] = nearest(inside, twiceBias(x));
  const r = sub(inside, n);
  return timesPowerOfTwo(add(mul(r, polynomial(r, exp2Polynomial)), 1), low);
}

/** e^x − 1, within 1.5 ulp, also near 0. */
export function expm1(x: Expr): Expr {
  const { fraction, bias } = formatOf(x);
  const [, most] = naturalRange(x);
  const inside = clamped(x, [-(fraction + 3) * Math.LN2, most]);
  // 2^(n − 1) is a normal number for every n there is.
  const [r, exponent] = reduced(inside, bias - 1);
  const y = add(r, expTail(r));
  const power = bits(shl(exponent, fraction));
  const far = mul(add(mul(y, power), sub(power, 0.5)), 2);
  return copysign(select(lt(abs(x), 0.34), y, far), x);
}

/** 1 / (1 + e^−x), within 2.5 ulp. */
export function logistic(x: Expr): Expr {
  const e = exp(neg(abs(x)));
  return div(select(lt(x, 0), e, 1), add(e, 1));
}
