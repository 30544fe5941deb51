import { polynomial } from "./polynomial.ts";

// Cephes `gamma.c`, with its names: log Γ(2 + x) ≈ x·B(x)/C(x) for 0 ≤ x < 1, and Stirling's correction
// log Γ(x) - (x - ½)·log x + x - ½·log 2π ≈ A(1/x²)/x for x ≥ 13.
const A = [
  8.1161416747050845e-4, -5.95061904284301438324e-4, 7.93650340457716943945e-4, -2.777777777300997e-3,
  8.33333333333331927722e-2,
];
const B = [
  -1.378251525691208591e3, -3.88016315134637840924e4, -3.31612992738871184744e5, -1.16237097492762307383e6,
  -1.72173700820839662146e6, -8.53555664245765465627e5,
];
const C = [
  1, -3.51815701436523470549e2, -1.70642106651881159223e4, -2.20528590553854454839e5,
  -1.13933444367982507207e6, -2.53252307177582951285e6, -2.01889141433532773231e6,
];
const HALF_LOG_2PI = 0.91893853320467274178;
const LOG_PI = 1.14472988584940017414;

/** log Γ(x) − (x − ½)·log x + x − ½·log 2π for x ≥ 13. */
export const stirlingRest = (x: number): number => polynomial(1 / (x * x), A) / x;

/** Distance of x to the nearest integer, in [-½, ½]; exact. */
const fromNearestInteger = (x: number): number => x - Math.round(x);

/** log Γ(2 + x) for -0.05 ≤ x < 1, to full relative accuracy around its zero at 0. */
const lgammaFromTwo = (x: number): number => (x * polynomial(x, B)) / polynomial(x, C);

/** log Γ for x > 0; what is subtracted to reach [1.95, 3) is exact, so the zeros at 1 and 2 stay sharp. */
const lgammaPositive = (x: number): number => {
  if (x > 1e17) return x * (Math.log(x) - 1);
  if (x >= 13) return (x - 0.5) * Math.log(x) - x + HALF_LOG_2PI + stirlingRest(x);
  if (x < 0.95) return lgammaFromTwo(x) - Math.log(x * (1 + x));
  if (x < 1.95) return lgammaFromTwo(x - 1) - Math.log(x);
  let product = 1;
  let shifted = x;
  while (shifted >= 3) {
    shifted -= 1;
    product *= shifted;
  }
  return Math.log(product) + lgammaFromTwo(shifted - 2);
};

/**
 * log |Γ(x)|; +Infinity at 0, at the negative integers and at ±Infinity.
 * @see Cephes `gamma.c`; `materializeLgamma` in StableHLO's `ChloLegalizeToStablehlo.cpp`
 */
export const lgamma = (x: number): number => {
  if (x > 0) return lgammaPositive(x);
  if (x !== x) return NaN;
  if (x === -Infinity) return Infinity;
  if (x > -0.5) return lgammaPositive(1 + x) - Math.log(-x);
  // Γ(x)·Γ(-x) = -π / (x·sin πx)
  const sine = Math.abs(Math.sin(Math.PI * fromNearestInteger(x)));
  if (sine === 0) return Infinity;
  return LOG_PI - Math.log(-x) - Math.log(sine) - lgammaPositive(-x);
};

// ψ(x) - log x + 1/(2x) ≈ -Σ B₂ₖ / (2k·x²ᵏ), k from 7 down to 1.
const PSI = [1 / 12, -691 / 32760, 1 / 132, -1 / 240, 1 / 252, -1 / 120, 1 / 12, 0];

/**
 * ψ(x) = d/dx log Γ(x); NaN at 0, at the negative integers and at -Infinity. Its error is relative to
 * max(1, |ψ|), not to ψ near its zero at 1.46.
 * @see Cephes `psi.c`; `materializeDigamma` in StableHLO's `ChloLegalizeToStablehlo.cpp`
 */
export const digamma = (x: number): number => {
  if (x === 0 || x === -Infinity) return NaN;
  if (x < -0.5) {
    if (Number.isInteger(x)) return NaN;
    // ψ(x) = ψ(1 - x) - π / tan πx, and ψ(1 - x) = ψ(-x) - 1/x, where -x is exact.
    return digamma(-x) - 1 / x - Math.PI / Math.tan(Math.PI * fromNearestInteger(x));
  }
  let sum = 0;
  let shifted = x;
  while (shifted < 10) {
    sum += 1 / shifted;
    shifted += 1;
  }
  return Math.log(shifted) - 0.5 / shifted - polynomial(1 / (shifted * shifted), PSI) - sum;
};
