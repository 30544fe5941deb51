/** Functions of a complex number on (re, im) pairs, computed in doubles; the result is left in `out`, to be rounded. */

import {
  complexDivide,
  complexExp,
  complexLog,
  complexMultiply,
  type ComplexOut,
  complexSqrt,
} from "./complex.ts";

const write = (out: ComplexOut, re: number, im: number): void => {
  out[0] = re;
  out[1] = im;
};

const isInfinite = (a: number, b: number): boolean => Math.abs(a) === Infinity || Math.abs(b) === Infinity;

/** 0·∞ left out: what is multiplied by sin 0 = 0 is 0. */
const times = (x: number, y: number): number => (y === 0 ? y : x * y);

export const complexExpm1 = (a: number, b: number, out: ComplexOut): void => {
  const half = Math.sin(b / 2);
  write(out, Math.expm1(a) * Math.cos(b) - 2 * half * half, times(Math.exp(a), Math.sin(b)));
};

export const complexLog1p = (a: number, b: number, out: ComplexOut): void => {
  if (a !== a || b !== b) return write(out, NaN, NaN);
  write(out, Math.log1p(a * (2 + a) + b * b) / 2, Math.atan2(b, 1 + a));
};

export const complexSinh = (a: number, b: number, out: ComplexOut): void =>
  write(out, times(Math.cos(b), Math.sinh(a)), times(Math.cosh(a), Math.sin(b)));

export const complexCosh = (a: number, b: number, out: ComplexOut): void =>
  write(out, Math.cosh(a) * Math.cos(b), times(Math.sinh(a), Math.sin(b)));

/** sin z = −i sinh iz */
export const complexSin = (a: number, b: number, out: ComplexOut): void =>
  write(out, times(Math.cosh(b), Math.sin(a)), times(Math.cos(a), Math.sinh(b)));

/** cos z = cosh iz */
export const complexCos = (a: number, b: number, out: ComplexOut): void =>
  write(out, Math.cosh(b) * Math.cos(a), -times(Math.sinh(b), Math.sin(a)));

export const complexTanh = (a: number, b: number, out: ComplexOut): void => {
  const [sine, cosine] = [Math.sin(b), Math.cos(b)];
  // Past 20 the denominator is e^(2|a|)/4 in double precision.
  if (Math.abs(a) > 20) return write(out, Math.sign(a), times(4 * Math.exp(-2 * Math.abs(a)) * cosine, sine));
  const sinh = Math.sinh(a);
  const denominator = sinh * sinh + cosine * cosine;
  write(out, (sinh * Math.cosh(a)) / denominator, (sine * cosine) / denominator);
};

/** tan z = −i tanh iz */
export const complexTan = (a: number, b: number, out: ComplexOut): void => {
  complexTanh(-b, a, out);
  write(out, out[1]!, -out[0]!);
};

const minus = new Float64Array(2);
const plus = new Float64Array(2);

/** The root whose imaginary part has the sign of `b`, also where that is ±0 on the branch cut. */
function signedSqrt(a: number, b: number, out: ComplexOut): void {
  complexSqrt(a, Math.abs(b), out);
  if (b < 0 || Object.is(b, -0)) out[1] = -out[1]!;
}

/** Arguments that have no derivative on the cut are taken from above, as in XLA. */
const fromAbove = (b: number): number => (b === 0 ? 0 : b);
const signOf = (b: number): number => (b < 0 || Object.is(b, -0) ? -1 : 1);

/** @see Kahan (1987), "Branch cuts for complex elementary functions" */
export const complexAsin = (a: number, imaginary: number, out: ComplexOut): void => {
  const b = fromAbove(imaginary);
  if (isInfinite(a, b)) return write(out, Math.atan2(a, Math.abs(b)), signOf(b) * Infinity);
  signedSqrt(1 - a, -b, minus);
  signedSqrt(1 + a, b, plus);
  const [p, q, r, s] = [minus[0]!, minus[1]!, plus[0]!, plus[1]!];
  write(out, Math.atan2(a, p * r - q * s), Math.asinh(p * s - q * r));
};

export const complexAcos = (a: number, imaginary: number, out: ComplexOut): void => {
  const b = fromAbove(imaginary);
  if (isInfinite(a, b)) return write(out, Math.atan2(Math.abs(b), a), -signOf(b) * Infinity);
  signedSqrt(1 - a, -b, minus);
  signedSqrt(1 + a, b, plus);
  const [p, q, r, s] = [minus[0]!, minus[1]!, plus[0]!, plus[1]!];
  write(out, 2 * Math.atan2(p, r), Math.asinh(r * q - s * p));
};

export const complexAcosh = (a: number, imaginary: number, out: ComplexOut): void => {
  const b = fromAbove(imaginary);
  if (isInfinite(a, b)) return write(out, Infinity, Math.atan2(b, a));
  signedSqrt(a - 1, b, minus);
  signedSqrt(a + 1, b, plus);
  const [p, q, r, s] = [minus[0]!, minus[1]!, plus[0]!, plus[1]!];
  write(out, Math.asinh(p * r + q * s), 2 * Math.atan2(q, r));
};

/** asinh z = −i asin iz */
export const complexAsinh = (a: number, b: number, out: ComplexOut): void => {
  complexAsin(-b, a, out);
  write(out, out[1]!, -out[0]!);
};

export const complexAtanh = (a: number, b: number, out: ComplexOut): void => {
  if (isInfinite(a, b)) return write(out, 0 * signOf(a), (signOf(b) * Math.PI) / 2);
  const x = Math.abs(a);
  const re = Math.log1p((4 * x) / ((1 - x) * (1 - x) + b * b)) / 4;
  write(out, signOf(a) * re, Math.atan2(2 * b, (1 - x) * (1 + x) - b * b) / 2);
};

/** atan z = −i atanh iz */
export const complexAtan = (a: number, b: number, out: ComplexOut): void => {
  complexAtanh(-b, a, out);
  write(out, out[1]!, -out[0]!);
};

/** 1 / √z = conj √z / |z|; (Infinity, NaN) at 0, as XLA. */
export const complexRsqrt = (a: number, b: number, out: ComplexOut): void => {
  if (a === 0 && b === 0) return write(out, Infinity, NaN);
  if (isInfinite(a, b)) return write(out, 0, -0);
  complexSqrt(a, b, out);
  const modulus = Math.sqrt(a * a + b * b);
  write(out, out[0]! / modulus, -out[1]! / modulus);
};

/** 1 / (1 + e^(−z)) */
export const complexLogistic = (a: number, b: number, out: ComplexOut): void => {
  complexExp(-a, -b, out);
  const [c, d] = [1 + out[0]!, out[1]!];
  if (isInfinite(c, d)) return write(out, 0, 0);
  const square = c * c + d * d;
  write(out, c / square, -d / square);
};

/** e^(z·log 2); infinite parts meet the imaginary 0 of log 2 and give NaN, as in XLA. */
export const complexExp2 = (a: number, b: number, out: ComplexOut): void => {
  complexExp(a * Math.LN2 - b * 0, b * Math.LN2 + a * 0, out);
};

/** −i·log((y + ix) / √(x² + y²)), of x = a + bi and y = c + di. @see `chlo.atan2` */
export const complexAtan2 = (a: number, b: number, c: number, d: number, out: ComplexOut): void => {
  complexMultiply(a, b, a, b, minus);
  complexMultiply(c, d, c, d, plus);
  complexSqrt(minus[0]! + plus[0]!, minus[1]! + plus[1]!, out);
  complexDivide(c - b, d + a, out[0]!, out[1]!, out);
  complexLog(out[0]!, out[1]!, out);
  write(out, out[1]!, -out[0]!);
};

/** z to a fixed integer power, by binary powering in JAX's order; z itself for 1, whatever its parts. */
export const complexIntegerPow = (a: number, b: number, n: number, out: ComplexOut): void => {
  let [re, im] = [a, b];
  let started = false;
  write(out, 1, 0);
  for (let rest = Math.abs(n); rest > 0;) {
    if (rest % 2 === 1) {
      if (started) complexMultiply(out[0]!, out[1]!, re, im, out);
      else write(out, re, im);
      started = true;
    }
    rest = Math.floor(rest / 2);
    if (rest === 0) break;
    complexMultiply(re, im, re, im, minus);
    [re, im] = [minus[0]!, minus[1]!];
  }
  if (n < 0) complexDivide(1, 0, out[0]!, out[1]!, out);
};
