import { erfc } from "./erf.ts";
import { digamma, lgamma, stirlingRest } from "./gamma.ts";

/** A value that depends on a, and its derivative with respect to a. */
type Dual = readonly [value: number, slope: number];

/** Where sums end: what is left out is less than a few roundings. */
const SMALL = 2 ** -48;
/** From here on sums take thousands of terms, and the first ones of the expansion for large a are enough. */
const LARGE = 1e6;

/** μ − log(1 + μ) */
const excess = (mu: number): number =>
  Math.abs(mu) < 1e-4 ? mu * mu * (1 / 2 - mu * (1 / 3 - mu / 4)) : mu - Math.log1p(mu);

/** x^a e^(−x) / Γ(a + 1); of large a by Stirling, so that powers that nearly cancel are not formed. */
function weight(a: number, x: number): number {
  if (a < 16) return Math.exp(a * Math.log(x) - x - lgamma(a + 1));
  const power = x < a / 2 ? a * (Math.log(x / a) + 1) - x : -a * excess((x - a) / a);
  return Math.exp(power - stirlingRest(a)) / Math.sqrt(2 * Math.PI * a);
}

/** Σ xⁿ / ((a + 1)…(a + n)) for x ≤ max(1, a); P(a, x) is `weight` times it. @see https://dlmf.nist.gov/8.11.E4 */
function series(a: number, x: number): Dual {
  let [term, slope, sum, slopes] = [1, 0, 1, 0];
  for (let n = a + 1; term > SMALL * sum || Math.abs(slope) > SMALL * Math.abs(slopes); n++) {
    slope = (x / n) * (slope - term / n);
    term *= x / n;
    sum += term;
    slopes += slope;
  }
  return [sum, slopes];
}

/** The continued fraction for x > max(1, a) that Q(a, x) is `a · weight` times. @see Cephes `igam.c` */
function fraction(a: number, x: number): Dual {
  let [p, dp, pBefore, dpBefore] = [x + 1, 0, 1, 0];
  let [q, dq, qBefore, dqBefore] = [(x + 2 - a) * x, -x, x, 0];
  let [value, slope] = [p / q, (p / q) * (x / q)];
  for (let n = 1; ; n++) {
    const [y, z] = [(n + 1 - a) * n, x + 2 - a + 2 * n];
    // Only ratios matter, so that all are kept small.
    const scale = q > 2 ** 52 ? 2 ** -52 : 1;
    const dpNext = dp * z - p - dpBefore * y + pBefore * n;
    const dqNext = dq * z - q - dqBefore * y + qBefore * n;
    [dp, dpBefore, dq, dqBefore] = [dpNext * scale, dp * scale, dqNext * scale, dq * scale];
    [p, pBefore] = [(p * z - pBefore * y) * scale, p * scale];
    [q, qBefore] = [(q * z - qBefore * y) * scale, q * scale];
    const [last, lastSlope] = [value, slope];
    value = p / q;
    slope = (dp - value * dq) / q;
    const change = Math.max(Math.abs(value - last), Math.abs(slope - lastSlope));
    if (change <= SMALL * value) return [value, slope];
  }
}

const byFraction = (a: number, x: number): boolean => x > 1 && x > a;

/** P(a, x) or Q(a, x) for large a. @see Temme 1979, and https://dlmf.nist.gov/8.12 */
function uniform(a: number, x: number, upper: boolean): number {
  const mu = (x - a) / a;
  const half = excess(mu);
  const eta = Math.sign(mu) * Math.sqrt(2 * half);
  const correction = Math.abs(eta) < 1e-3 ? eta / 12 - 1 / 3 : 1 / mu - 1 / eta;
  const rest = (Math.exp(-a * half) / Math.sqrt(2 * Math.PI * a)) * correction;
  const argument = eta * Math.sqrt(a / 2);
  return upper ? erfc(argument) / 2 + rest : erfc(-argument) / 2 - rest;
}

function part(a: number, x: number, upper: boolean): number {
  if (a >= LARGE) return uniform(a, x, upper);
  const fromAbove = byFraction(a, x);
  const share = fromAbove ? a * weight(a, x) * fraction(a, x)[0] : weight(a, x) * series(a, x)[0];
  return fromAbove === upper ? share : 1 - share;
}

/**
 * P(a, x) = ∫₀ˣ tᵃ⁻¹ e⁻ᵗ dt / Γ(a); NaN for a < 0, for x < 0, and, as in JAX, for infinite a < x and at a = 0, x < 1.
 * @see `igamma_impl` in `jax/_src/lax/special.py`
 */
export function igamma(a: number, x: number): number {
  if (!(a >= 0 && x >= 0) || (a === 0 && x < 1)) return NaN;
  if (x === 0) return 0;
  if (x === Infinity || a === 0) return 1;
  return a === Infinity ? NaN : part(a, x, false);
}

/** Q(a, x) = 1 − P(a, x), accurate where it is small beside P by x > a; NaN as `igamma`, and 0 for a = 0 < x. */
export function igammac(a: number, x: number): number {
  if (!(a >= 0 && x >= 0) || (a === 0 && x === 0)) return NaN;
  if (a === 0 || x === Infinity) return 0;
  if (x === 0) return 1;
  return a === Infinity ? NaN : part(a, x, true);
}

/**
 * dx/da at constant P(a, x): the derivative of a number drawn from Γ(a, 1); NaN for a ≤ 0, x < 0 and infinite ones.
 * @see Figurnov et al. 2018, Implicit reparameterization gradients; `random_gamma_grad_impl` in JAX
 */
export function randomGammaGrad(a: number, x: number): number {
  if (!(a > 0 && x >= 0)) return NaN;
  if (x === 0) return 0;
  if (a === Infinity || x === Infinity) return NaN;
  if (a >= LARGE) return 1 + (x - a) / (2 * a) - ((x - a) ** 2 / a - 1) / (6 * a);
  const [value, slope] = byFraction(a, x) ? fraction(a, x) : series(a, x);
  if (byFraction(a, x)) return x * (slope + value * (Math.log(x) - digamma(a)));
  return (-x / a) * (slope + value * (Math.log(x) - digamma(a + 1)));
}

/** ∂P(a, x)/∂a, which is −dx/da · ∂P/∂x; NaN and 0 as `randomGammaGrad`. */
export const igammaGradA = (a: number, x: number): number =>
  x === 0 && a > 0 ? 0 : -randomGammaGrad(a, x) * weight(a, x) * (a / x);
