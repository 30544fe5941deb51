import type { ArrayValue, Operand } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import { add, div, exp, le, lgamma, log, log1p, lt, max, min, mul, square, sub } from "../../lax/index.ts";
import * as np from "../../numpy/index.ts";
import { gammasgn } from "./gamma.ts";
import { ofReals } from "./promoted.ts";

/** Of Stirling's series, as Cephes' relatives have them. */
const stirling = [
  0.833333333333333e-1, -0.277777777760991e-2, 0.79365066682539e-3, -0.595202931351870e-3,
  0.837308034031215e-3, -0.165322962780713e-2,
]; // prettier-ignore

/** `log Γ(b) − log Γ(a + b)` for b ≥ 8, of which large parts do not cancel. @see Didonato & Morris 1992, `ALGDIV` */
function logRatio(a: ArrayValue, b: ArrayValue): ArrayValue {
  const h = div(a, b);
  const x = div(h, add(h, 1));
  const t = square(div(1, b));
  // Σ of stirling[n] · tⁿ · (1 − x²ⁿ⁺¹)/(1 − x), from the highest term.
  const powers = stirling.map((_, n) => {
    let sum = lax.fullLike(x, 1);
    for (let k = 0; k < 2 * n; k++) sum = add(mul(sum, x), 1);
    return sum;
  });
  const w = stirling.reduceRight<ArrayValue>(
    (sum, c, n) => add(mul(sum, t), mul(powers[n]!, c)),
    lax.fullLike(x, 0),
  );
  const rest = mul(w, div(x, b));
  const u = mul(add(b, sub(a, 0.5)), log1p(h));
  const v = mul(a, sub(log(b), 1));
  return np.where(le(u, v), sub(sub(rest, v), u), sub(sub(rest, u), v));
}

/** `log |B(a, b)|`, accurate also for large arguments. Shapes broadcast. @see `jax.scipy.special.betaln` */
export const betaln: (a: Operand, b: Operand) => ArrayValue = ofReals<[a: Operand, b: Operand]>(
  "betaln",
  (first, second) => {
    const [a, b] = [min(first, second), max(first, second)];
    const small = sub(lgamma(b), lgamma(add(a, b)));
    return add(lgamma(a), np.where(lt(b, 8), small, logRatio(a, b)));
  },
);

/** Euler's `B(a, b) = Γ(a) Γ(b) / Γ(a + b)`. Shapes broadcast. @see `jax.scipy.special.beta` */
export const beta: (a: Operand, b: Operand) => ArrayValue = ofReals<[a: Operand, b: Operand]>(
  "beta",
  (a, b) => mul(mul(gammasgn(a), mul(gammasgn(b), gammasgn(add(a, b)))), exp(betaln(a, b))),
);

/**
 * Regularised incomplete beta function, differentiated with respect to `x` only. Shapes broadcast.
 * @see `lax.betainc`; `jax.scipy.special.betainc`
 */
export const betainc: (a: Operand, b: Operand, x: Operand) => ArrayValue = ofReals<
  [a: Operand, b: Operand, x: Operand]
>("betainc", lax.betainc);
