import { ArgumentError } from "../../core/errors.ts";
import { describe } from "../../core/trace.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import { div, eq, gt, log, lt, mul, neg, or, sub, square } from "../../lax/index.ts";
import * as np from "../../numpy/index.ts";
import { toArray } from "../../numpy/promotion.ts";
import { named } from "../../numpy/ufunc.ts";
import { type One, rational, requireWide, sloped } from "./promoted.ts";

// Cephes `spence.c`, of what x, 1/x or 1 − x lacks of 1.
const ratio = [[4.6512858607399003e-05, 0.007315890452380947, 0.13384763957830903, 0.8796913117545303, 2.7114985119655346, 4.256971560081218, 3.297713409852251, 1], [0.0006909904889125533, 0.02540437639325444, 0.2829748606025681, 1.4117259775183106, 3.6380053334513707, 5.03278880143317, 3.547713409852251, 1]] as const; // prettier-ignore

const dilogarithm = sloped<One>(
  "spence",
  (given) => {
    const ends = or(eq(given, 0), eq(given, 1));
    const safe = np.where(ends, 0.75, given);
    const inverted = gt(safe, 2);
    const x = np.where(inverted, div(1, safe), safe);
    const [above, below] = [gt(x, 1.5), lt(x, 0.5)];
    const w = np.where(above, sub(div(1, x), 1), np.where(below, neg(x), sub(x, 1)));
    let y = neg(mul(w, rational(w, ...ratio)));
    y = np.where(below, sub(sub(Math.PI ** 2 / 6, mul(log(x), log(sub(1, x)))), y), y);
    y = np.where(or(inverted, above), sub(mul(square(log(x)), -0.5), y), y);
    const atEnd = np.where(eq(given, 0), Math.PI ** 2 / 6, 0);
    return np.where(lt(given, 0), NaN, np.where(ends, atEnd, y));
  },
  (_out, x) => {
    const one = eq(x, 1);
    return np.where(one, -1, div(log(x), sub(1, np.where(one, 0, x))));
  },
);

/**
 * Spence's function, the dilogarithm of `1 − x`: `∫₁ˣ log t / (1 − t) dt`; NaN for negative `x`.
 * @throws DTypeError unless `x` is float32 or float64. @see `jax.scipy.special.spence`
 */
export const spence: (...xs: One) => ArrayValue = named("spence", (x: Operand) => {
  const array = toArray(x, "scipy.special.spence");
  requireWide(array, "scipy.special.spence");
  return dilogarithm(array);
});

/**
 * Bernoulli's numbers from B₀ to B_n; B₁ is −½.
 *
 * Shape: `[n + 1]`. Dtype: float32. @throws ArgumentError unless `n` is a count. @see `jax.scipy.special.bernoulli`
 */
export function bernoulli(n: number): ArrayValue {
  if (!Number.isInteger(n) || n < 0) {
    throw new ArgumentError("scipy/count", `scipy.special.bernoulli: n is a count, got ${describe(n)}`);
  }
  // B₂ₖ = (−1)ᵏ⁺¹ · 2·(2k)!/(2π)²ᵏ · ζ(2k)
  const values = Array.from({ length: n + 1 }, () => 0);
  let factor = -2;
  for (let k = 2; k <= n; k += 2) {
    factor *= (-(k - 1) * k) / (4 * Math.PI ** 2);
    let zeta = 1;
    for (let j = 2; j < 60; j++) zeta += j ** -k;
    values[k] = k === 2 ? 1 / 6 : factor * zeta;
  }
  [1, -0.5].forEach((value, k) => k <= n && (values[k] = value));
  return np.array(values);
}
