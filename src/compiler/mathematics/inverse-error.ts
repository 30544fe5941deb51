import { type Expr, op } from "../kernel/expression.ts";
import { erfInvCentre, erfInvTail } from "./coefficients.ts";
import { erf, erfc } from "./error.ts";
import { exp } from "./exponential.ts";
import { log } from "./logarithm.ts";
import { abs, add, and, bits, copysign, div, eq, le, like, lt, mul, neg, or, polynomialOf, rarely, select, shiftRightUnsigned, square, squareRoot, sub } from "./operators.ts"; // prettier-ignore

/**
 * Inverse of `erf`; ±1 give ±Infinity, beyond is NaN. In f64 within 2.5 ulp; in f32 bit for bit XLA's on CPU, of which
 * normal random numbers are made, and within 1e-6 relative.
 */
export const erfInv = (x: Expr): Expr =>
  x.type === "f32" ? op("demote", inverseAsXla(op("promote", x))) : inverseByHalley(x);

/** At ±1 infinite, beyond NaN. */
const bounded = (y: Expr, x: Expr): Expr =>
  select(lt(abs(x), 1), y, select(eq(abs(x), 1), mul(x, Infinity), NaN));

/** A guess to 20 bits, and a step of Halley's on erf, or on erfc where x is near 1. */
function inverseByHalley(x: Expr): Expr {
  const a = abs(x);
  const w = neg(log(mul(sub(1, a), add(1, a))));
  const ratio = rarely(
    le(5, w),
    polynomialOf(sub(squareRoot(w), 4), erfInvTail),
    polynomialOf(sub(w, 2.5), erfInvCentre),
  );
  const guess = mul(a, ratio);
  const excess = select(lt(a, 0.5), sub(erf(guess), a), sub(sub(1, a), erfc(guess)));
  const step = mul(mul(excess, Math.sqrt(Math.PI) / 2), exp(square(guess)));
  return bounded(copysign(sub(guess, div(step, add(mul(guess, step), 1))), x), x);
}

/** A double, rounded to an f32. */
const single = (x: Expr): Expr => op("promote", op("demote", x));
/** A fused multiply-add of f32 values, which doubles hold: their product is exact. */
const fused = (a: Expr, b: Expr | number, c: Expr | number): Expr => single(add(mul(a, b), c));
const f32 = Math.fround;

/** Cephes `logf.c` on a positive normal number, its products fused. */
function logAsXla(x: Expr): Expr {
  const pattern = bits(x);
  const half = bits(or(and(pattern, (1n << 52n) - 1n), 1022n << 52n));
  const below = lt(half, f32(0.707106781186547524));
  const exponent = sub(bits(or(shiftRightUnsigned(pattern, 52), 1075n << 52n)), 2 ** 52 + 1022);
  const e = sub(exponent, select(below, like(x, 1), like(x, 0)));
  const m = sub(select(below, add(half, half), half), 1);
  const m2 = single(square(m));
  const m3 = single(mul(m2, m));
  const cubic = (p: number, q: number, r: number) => fused(fused(like(x, f32(p)), m, f32(q)), m, f32(r));
  const a = cubic(7.0376836292e-2, -1.151461031e-1, 1.167699874e-1);
  const b = cubic(-1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1);
  const c = cubic(2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1);
  const p = fused(fused(a, m3, b), m3, c);
  const y = fused(p, m3, single(mul(e, f32(-2.1219444e-4))));
  return fused(e, 0.693359375, single(add(fused(m2, -0.5, m), y)));
}

// Cephes `log1p.c`, rounded to f32.
const NUMERATOR = [
  4.5270000862445199635215e-5, 4.9854102823193375972212e-1, 6.5787325942061044846969, 2.9911919328553073277375e1,
  6.0949667980987787057556e1, 5.7112963590585538103336e1, 2.0039553499201281259648e1,
]; // prettier-ignore
const DENOMINATOR = [
  1, 1.5062909083469192043167e1, 8.3047565967967209469434e1, 2.2176239823732856465394e2,
  3.0909872225312059774938e2, 2.1642788614495947685003e2, 6.0118660497603843919306e1,
]; // prettier-ignore

/** Horner's rule in f32, with fused products. */
const fusedPolynomial = (x: Expr, [first, ...rest]: readonly Expr[]): Expr =>
  rest.reduce<Expr>((sum, c) => fused(sum, x, c), first!);
const constants = (x: Expr, values: readonly number[]) => values.map((value) => like(x, f32(value)));

/** log(1 + x) for −1 < x ≤ 0. */
function log1pAsXla(x: Expr): Expr {
  const n = fusedPolynomial(x, constants(x, NUMERATOR));
  const d = fusedPolynomial(x, constants(x, DENOMINATOR));
  const x2 = single(square(x));
  const cubic = mul(single(mul(x2, x)), single(div(n, d)));
  const near = single(add(x, fused(x2, -0.5, single(cubic))));
  return select(lt(abs(x), f32(0.41421356237)), near, logAsXla(single(add(x, 1))));
}

// Giles (2010), "Approximating the erfinv function", table 5.
const CENTRAL = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164,
  0.246640727, 1.50140941,
];
const TAIL = [
  -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
  1.00167406, 2.83297682,
];

/** @see `ErfInv32` in XLA's `hlo/builder/lib/math.cc` */
function inverseAsXla(x: Expr): Expr {
  const w = neg(log1pAsXla(neg(single(square(x)))));
  const central = fusedPolynomial(single(sub(w, 2.5)), constants(x, CENTRAL));
  const tail = fusedPolynomial(single(sub(single(squareRoot(w)), 3)), constants(x, TAIL));
  const y = mul(rarely(le(5, w), tail, central), x);
  // Results that are subnormal become 0.
  const vanishes = lt(abs(y), 2 ** -126 * (1 - 2 ** -25));
  return bounded(select(vanishes, mul(x, 0), y), x);
}
