import type { Expr } from "../kernel/expression.ts";
import { exp, expm1 } from "./exponential.ts";
import { asinh, cosh, sinh } from "./hyperbolic.ts";
import { atan2 } from "./inverse.ts";
import { log, log1p } from "./logarithm.ts";
import { abs, add, and, copysign, div, eq, isNaN, le, like, lt, mul, neg, or, select, square, squareRoot, sub, type Term } from "./operators.ts"; // prettier-ignore
import { pow } from "./power.ts";
import { cos, sin } from "./trigonometric.ts";

// Functions of complex64 numbers in f64, where the squares of their parts neither overflow nor vanish.

/** Real and imaginary part, both f64. */
export type Complex = readonly [re: Expr, im: Expr];

const choose = (when: Expr, [a, b]: readonly [Term, Term], [c, d]: Complex): Complex => [
  select(when, a, c),
  select(when, b, d),
];
const isInfinite = (x: Expr): Expr => eq(abs(x), Infinity);
const eitherInfinite = ([a, b]: Complex): Expr => or(isInfinite(a), isInfinite(b));
const eitherNaN = ([a, b]: Complex): Expr => or(isNaN(a), isNaN(b));
const sumOfSquares = (a: Expr, b: Expr): Expr => add(square(a), square(b));
const signOf = (x: Expr): Expr => copysign(like(x, 1), x);
/** A product with 0 is 0, whatever the other factor. */
const times = (x: Expr, y: Expr): Expr => select(eq(y, 0), y, mul(x, y));
/** z·i and z/i */
const turned = ([a, b]: Complex): Complex => [neg(b), a];
const turnedBack = ([a, b]: Complex): Complex => [b, neg(a)];

/** e^z; a real z gives a real result, whatever the sign of its imaginary zero. */
export function complexExp([a, b]: Complex): Complex {
  const scale = exp(a);
  return choose(eq(b, 0), [scale, 0], [mul(scale, cos(b)), mul(scale, sin(b))]);
}

/** e^(z·log 2); infinite parts meet the imaginary 0 of log 2 and give NaN, as in XLA. */
export const complexExp2 = ([a, b]: Complex): Complex =>
  complexExp([sub(mul(a, Math.LN2), mul(b, 0)), add(mul(b, Math.LN2), mul(a, 0))]);

/** e^z − 1, also near 0. */
export function complexExpm1([a, b]: Complex): Complex {
  const half = sin(mul(b, 0.5));
  return [sub(mul(expm1(a), cos(b)), mul(square(half), 2)), times(exp(a), sin(b))];
}

/** Principal logarithm, also near |z| = 1. */
export function complexLog([a, b]: Complex): Complex {
  const whole = sumOfSquares(a, b);
  const [x, y] = [abs(a), abs(b)];
  const larger = lt(x, y);
  const [large, small] = [select(larger, y, x), select(larger, x, y)];
  const near = and(lt(0.5, whole), lt(whole, 2));
  const excess = add(mul(sub(large, 1), add(large, 1)), square(small));
  const re = mul(select(near, log1p(excess), log(whole)), 0.5);
  return choose(eitherNaN([a, b]), [NaN, NaN], [re, atan2(b, a)]);
}

/** log(1 + z), also near 0. */
export function complexLog1p([a, b]: Complex): Complex {
  const re = mul(log1p(add(mul(a, add(a, 2)), square(b))), 0.5);
  return choose(eitherNaN([a, b]), [NaN, NaN], [re, atan2(b, add(a, 1))]);
}

/** 1 / (1 + e^−z) */
export function complexLogistic([a, b]: Complex): Complex {
  const [re, d] = complexExp([neg(a), neg(b)]);
  const c = add(re, 1);
  const whole = sumOfSquares(c, d);
  return choose(eitherInfinite([c, d]), [0, 0], [div(c, whole), neg(div(d, whole))]);
}

export const complexSinh = ([a, b]: Complex): Complex => [times(cos(b), sinh(a)), times(cosh(a), sin(b))];
export const complexCosh = ([a, b]: Complex): Complex => [mul(cosh(a), cos(b)), times(sinh(a), sin(b))];
/** sin z = sinh(iz) / i */
export const complexSin = (z: Complex): Complex => [
  times(cosh(z[1]), sin(z[0])),
  times(cos(z[0]), sinh(z[1])),
];
export const complexCos = ([a, b]: Complex): Complex => [mul(cosh(b), cos(a)), neg(times(sinh(b), sin(a)))];

export function complexTanh([a, b]: Complex): Complex {
  const [sine, cosine] = [sin(b), cos(b)];
  const [s, c] = [sinh(a), cosh(a)];
  const whole = sumOfSquares(s, cosine);
  const near: Complex = [div(mul(s, c), whole), div(mul(sine, cosine), whole)];
  // Past 20 the denominator is e^(2|a|)/4 in double precision.
  const far = times(mul(mul(exp(mul(abs(a), -2)), 4), cosine), sine);
  return choose(lt(20, abs(a)), [signOf(a), far], near);
}
/** tan z = tanh(iz) / i */
export const complexTan = (z: Complex): Complex => turnedBack(complexTanh(turned(z)));

/** Principal square root; below the branch cut, at −x − 0i, it is taken from above as in XLA, not as in C. */
export function complexSqrt([a, b]: Complex): Complex {
  const below = lt(b, 0);
  const signed = (x: Expr): Expr => select(below, neg(x), x);
  const root = squareRoot(mul(add(squareRoot(sumOfSquares(a, b)), abs(a)), 0.5));
  const other = div(abs(b), mul(root, 2));
  const right = le(0, a);
  const finite: Complex = [select(right, root, other), signed(select(right, other, root))];
  const [zero, infinity] = [like(a, 0), like(a, Infinity)];
  const alongReal: Complex = [select(right, infinity, zero), signed(select(right, zero, infinity))];
  const unlessZero = choose(and(eq(a, 0), eq(b, 0)), [zero, zero], finite);
  const known = choose(isInfinite(b), [infinity, b], choose(isInfinite(a), alongReal, unlessZero));
  return choose(eitherNaN([a, b]), [NaN, NaN], known);
}

/** 1 / √z = conj √z / |z|; (Infinity, NaN) at 0, as XLA. */
export function complexRsqrt([a, b]: Complex): Complex {
  const [re, im] = complexSqrt([a, b]);
  const modulus = squareRoot(sumOfSquares(a, b));
  const finite: Complex = [div(re, modulus), div(neg(im), modulus)];
  const zero = and(eq(a, 0), eq(b, 0));
  return choose(zero, [Infinity, NaN], choose(eitherInfinite([a, b]), [0, -0], finite));
}

/** The root whose imaginary part has the sign of `b`, also where that is ±0 on the branch cut. */
function signedSqrt(a: Expr, b: Expr): Complex {
  const [re, im] = complexSqrt([a, abs(b)]);
  return [re, select(lt(signOf(b), 0), neg(im), im)];
}

/** Arguments that have no derivative on the cut are taken from above, as in XLA. */
const fromAbove = (b: Expr): Expr => select(eq(b, 0), 0, b);

/** @see Kahan (1987), "Branch cuts for complex elementary functions" */
export function complexAsin([a, imaginary]: Complex): Complex {
  const b = fromAbove(imaginary);
  const [p, q] = signedSqrt(sub(1, a), neg(b));
  const [r, s] = signedSqrt(add(a, 1), b);
  const finite: Complex = [atan2(a, sub(mul(p, r), mul(q, s))), asinh(sub(mul(p, s), mul(q, r)))];
  return choose(eitherInfinite([a, b]), [atan2(a, abs(b)), mul(signOf(b), Infinity)], finite);
}

export function complexAcos([a, imaginary]: Complex): Complex {
  const b = fromAbove(imaginary);
  const [p, q] = signedSqrt(sub(1, a), neg(b));
  const [r, s] = signedSqrt(add(a, 1), b);
  const finite: Complex = [mul(atan2(p, r), 2), asinh(sub(mul(r, q), mul(s, p)))];
  return choose(eitherInfinite([a, b]), [atan2(abs(b), a), mul(signOf(b), -Infinity)], finite);
}

export function complexAcosh([a, imaginary]: Complex): Complex {
  const b = fromAbove(imaginary);
  const [p, q] = signedSqrt(sub(a, 1), b);
  const [r, s] = signedSqrt(add(a, 1), b);
  const finite: Complex = [asinh(add(mul(p, r), mul(q, s))), mul(atan2(q, r), 2)];
  return choose(eitherInfinite([a, b]), [Infinity, atan2(b, a)], finite);
}

/** asinh z = asin(iz) / i */
export const complexAsinh = (z: Complex): Complex => turnedBack(complexAsin(turned(z)));

export function complexAtanh([a, b]: Complex): Complex {
  const x = abs(a);
  const rest = sub(1, x);
  const re = mul(log1p(div(mul(x, 4), add(square(rest), square(b)))), 0.25);
  const im = mul(atan2(mul(b, 2), sub(mul(rest, add(x, 1)), square(b))), 0.5);
  const infinite: Complex = [mul(signOf(a), 0), mul(signOf(b), Math.PI / 2)];
  return choose(eitherInfinite([a, b]), infinite, [mul(signOf(a), re), im]);
}
/** atan z = atanh(iz) / i */
export const complexAtan = (z: Complex): Complex => turnedBack(complexAtanh(turned(z)));

/**
 * (a + bi)^(c + di) = |z|^c·e^(−d·arg z), turned by d·log |z| + c·arg z; 1 for exponent 0 or base 1; 0 to a power is 0 if
 * that is a positive real, else NaN.
 * @see `EmitComplexPower` in XLA's `elemental_ir_emitter.cc`
 */
export function complexPow([a, b]: Complex, [c, d]: Complex): Complex {
  const length = squareRoot(sumOfSquares(a, b));
  const angle = atan2(b, a);
  const real = eq(d, 0);
  // A real exponent, or a real base, leaves its term out: 0·Infinity must not make it NaN.
  const turn = add(select(real, 0, mul(d, log(length))), select(eq(angle, 0), 0, mul(c, angle)));
  const scale = mul(pow(length, c), select(real, 1, exp(mul(neg(d), angle))));
  const straight: Complex = [scale, select(isNaN(scale), scale, 0)];
  const finite = choose(eq(turn, 0), straight, [mul(scale, cos(turn)), mul(scale, sin(turn))]);
  const ofZero = select(and(lt(0, c), real), like(a, 0), like(a, NaN));
  const some = choose(and(eq(a, 0), eq(b, 0)), [ofZero, ofZero], finite);
  const one = or(and(eq(c, 0), real), and(eq(a, 1), eq(b, 0)));
  return choose(one, [1, 0], some);
}
