import { digamma, lgamma } from "./gamma.ts";

/** (2k)! / B₂ₖ for k = 1 … 12, the divisors of the Euler–Maclaurin terms. */
const DIVISORS = [
  12, -720, 30240, -1209600, 47900160, -1.8924375803183791606e9, 7.47242496e10, -2.950130727918164224e12,
  1.1646782814350067249e14, -4.5979787224074726105e15, 1.8152105401943546773e17, -7.1661652561756670113e18,
];

/**
 * Hurwitz zeta, Σₖ (k + q)^(-x) over k ≥ 0: terms up to base 9, then Euler–Maclaurin. Infinity at x = 1, and at an
 * integer q ≤ 0 for even x; NaN there for other x, for x < 1 and other q < 0 unless x is an integer, for x or q infinite
 * as in XLA, and for q < -10⁶.
 * @see Cephes `zeta.c`
 */
export const zeta = (x: number, q: number): number => {
  if (x === 1) return Infinity;
  if (!(x > 1 && x < Infinity && q < Infinity)) return NaN;
  if (q <= 0) {
    if (q === Math.floor(q)) return x % 2 === 0 ? Infinity : NaN;
    if (!Number.isInteger(x) || q < -1e6) return NaN;
  }
  let sum = 0;
  let base = q;
  for (let k = 0; k < 9 || base <= 9; k++) {
    sum += base ** -x;
    base += 1;
  }
  let power = base ** -x;
  sum += (power * base) / (x - 1) + power / 2;
  let factor = 1;
  for (let k = 0; k < DIVISORS.length; k++) {
    factor *= x + 2 * k;
    power /= base;
    const term = (factor * power) / DIVISORS[k]!;
    sum += term;
    if (Math.abs(term) < Math.abs(sum) * 1e-17) break;
    factor *= x + 2 * k + 1;
    power /= base;
  }
  return sum;
};

/** Derivative of order m of digamma: (-1)^(m+1)·m!·ζ(m + 1, x); NaN unless m is a natural number. */
export const polygamma = (m: number, x: number): number => {
  if (m === 0) return digamma(x);
  if (!Number.isInteger(m) || m < 0) return NaN;
  return (m % 2 === 1 ? 1 : -1) * Math.exp(lgamma(m + 1)) * zeta(m + 1, x);
};
