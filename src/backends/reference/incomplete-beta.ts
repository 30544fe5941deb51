import { lgamma } from "./gamma.ts";

const SMALL = 2 ** -48;
/** Enough for a and b up to 10⁸. */
const MOST_STEPS = 20_000;

/** Lentz's evaluation of the continued fraction, which is short for x < (a + 1)/(a + b + 2). @see https://dlmf.nist.gov/8.17.E22 */
function fraction(a: number, b: number, x: number): number {
  const kept = (y: number): number => (Math.abs(y) < 1e-300 ? 1e-300 : y);
  let [c, d] = [1, 1 / kept(1 - ((a + b) * x) / (a + 1))];
  let value = d;
  for (let m = 1; m < MOST_STEPS; m++) {
    const at = a + 2 * m;
    let change = 1;
    for (const numerator of [
      (m * (b - m) * x) / ((at - 1) * at),
      (-(a + m) * (a + b + m) * x) / (at * (at + 1)),
    ]) {
      d = 1 / kept(1 + numerator * d);
      c = kept(1 + numerator / c);
      change *= c * d;
    }
    value *= change;
    if (Math.abs(change - 1) <= SMALL) break;
  }
  return value;
}

function left(a: number, b: number, x: number): number {
  const logBeta = lgamma(a + 1) + lgamma(b) - lgamma(a + b);
  return Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta) * fraction(a, b, x);
}

/**
 * I(x; a, b) = ∫₀ˣ tᵃ⁻¹ (1 − t)ᵇ⁻¹ dt / B(a, b); its limits where a or b is 0 or infinite; NaN for a < 0, b < 0, x outside
 * of [0, 1], and where both a and b are 0 or both infinite.
 * @see `regularized_incomplete_beta_impl` in `jax/_src/lax/special.py`
 */
export function betainc(a: number, b: number, x: number): number {
  if (!(a >= 0 && b >= 0 && x >= 0 && x <= 1)) return NaN;
  const [allAtZero, allAtOne] = [a === 0 || b === Infinity, b === 0 || a === Infinity];
  if (allAtZero && allAtOne) return NaN;
  if (allAtZero) return x === 0 ? 0 : 1;
  if (allAtOne) return x === 1 ? 1 : 0;
  return x < (a + 1) / (a + b + 2) ? left(a, b, x) : 1 - left(b, a, 1 - x);
}
