import { ArgumentError } from "../../core/errors.ts";
import { readOptions } from "../../core/options.ts";
import { describe } from "../../core/trace.ts";
import { scan } from "../../control/scan.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import { abs, add, div, eq, exp, mul, sub } from "../../lax/index.ts";
import * as np from "../../numpy/index.ts";
import { promoteInexact } from "../../numpy/promotion.ts";
import { ofReals, type One, requireReal } from "./promoted.ts";

/** `e^(−|x|) I₀(x)`. @see `jax.scipy.special.i0e` */
export const i0e: (...xs: One) => ArrayValue = ofReals<One>("i0e", lax.besselI0e);
/** Modified Bessel function `I₀(x)`. @see `jax.scipy.special.i0` */
export const i0: (...xs: One) => ArrayValue = ofReals<One>("i0", (x) => mul(exp(abs(x)), lax.besselI0e(x)));
/** `e^(−|x|) I₁(x)`. @see `jax.scipy.special.i1e` */
export const i1e: (...xs: One) => ArrayValue = ofReals<One>("i1e", lax.besselI1e);
/** Modified Bessel function `I₁(x)`. @see `jax.scipy.special.i1` */
export const i1: (...xs: One) => ArrayValue = ofReals<One>("i1", (x) => mul(exp(abs(x)), lax.besselI1e(x)));

export interface BesselOptions {
  /** From which order the recurrence runs down; it must be large beside `v` and `z`. Default: 50. */
  readonly nIter?: number;
}
function checkOrder(name: string, n: number, least: number): void {
  if (Number.isInteger(n) && n >= least) return;
  throw new ArgumentError(
    "scipy/count",
    `scipy.special.besselJn: ${name} is an integer of at least ${least}, got ${describe(n)}`,
  );
}

/**
 * Bessel functions of the first kind, `J₀(z) … J_v(z)`, by Miller's recurrence from a high order down; NaN at 0, as in JAX.
 *
 * Shape: `[…s] → [v + 1, …s]`. Dtype: float.
 * @throws ArgumentError unless `v` is a count and `nIter` is at least `v`; DTypeError on complex numbers.
 * @see `jax.scipy.special.bessel_jn`
 */
export function besselJn(z: Operand, v: number, options?: BesselOptions): ArrayValue {
  const caller = "scipy.special.besselJn";
  const { nIter = 50 } = readOptions<BesselOptions>(caller, ["nIter"], options ? [options] : []);
  checkOrder("v", v, 0);
  checkOrder("nIter", nIter, v);
  const [x] = promoteInexact(caller, z);
  requireReal(x, caller);
  const [zero, tiny] = [lax.fullLike(x, 0), lax.fullLike(x, 1e-16)];
  // Jₖ₋₁ = 2k/z·Jₖ − Jₖ₊₁, and 1 = J₀ + 2·Σ J₂ₖ.
  const step = ([beyond, last, sum]: readonly [ArrayValue, ArrayValue, ArrayValue], k: ArrayValue) => {
    const next = sub(div(mul(mul(2, add(k, 1)), last), x), beyond);
    const even = eq(np.mod(k, 2), 0);
    return [[last, next, add(sum, np.where(even, mul(2, next), 0))] as const, next] as const;
  };
  const orders = np.arange(nIter + 1, { dtype: x.dtype });
  const [[, , sum], values] = scan(step, [zero, tiny, zero] as const, orders, { reverse: true });
  const first = lax.indexInDim(values, 0, 0, false);
  return np.divide(lax.sliceInDim(values, 0, v + 1), sub(sum, first));
}
