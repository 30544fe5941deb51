import { isInteger } from "../../core/dtype.ts";
import { ArgumentError, DTypeError } from "../../core/errors.ts";
import { readOptions } from "../../core/options.ts";
import { describe } from "../../core/trace.ts";
import { type ArrayValue, NDArray, type Operand } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import { abs, div, eq, le, lt, mul, neg, sqrt, square, sub } from "../../lax/index.ts";
import * as np from "../../numpy/index.ts";
import { promoteDTypesInexact, promoteRanks, toArray } from "../../numpy/promotion.ts";

export interface SphHarmOptions {
  /** The largest of the degrees `n`; it must be given where they are traced. */
  readonly nMax?: number;
}

/** The largest degree, of degrees that are known. */
function largest(n: ArrayValue, caller: string): number {
  if (n instanceof NDArray) return Math.max(0, Number(np.max(n).tolist()));
  throw new ArgumentError("scipy/count", `${caller}: the degrees are traced: give the largest as nMax`);
}

/** Normalised associated Legendre functions of degrees n and orders m ≥ 0, by recurrence along the degree. */
function legendre(n: ArrayValue, m: ArrayValue, x: ArrayValue, nMax: number): ArrayValue {
  const s = sqrt(sub(1, square(x)));
  let diagonal = lax.fullLike(x, 0.5 / Math.sqrt(Math.PI));
  for (let l = 1; l <= nMax; l++) {
    diagonal = np.where(le(l, m), neg(mul(mul(diagonal, Math.sqrt(1 + 0.5 / l)), s)), diagonal);
  }
  let [before, last, found] = [mul(diagonal, 0), mul(diagonal, 0), mul(diagonal, 0)];
  const mm = square(m);
  for (let l = 0; l <= nMax; l++) {
    const beyond = np.where(lt(m, l), sub(l * l, mm), 1);
    // Of degree 0 nothing is chosen, and nothing must be NaN either.
    const a = sqrt(div(Math.abs(4 * l * l - 1), beyond));
    const b = sqrt(
      div(
        mul(2 * l + 1, sub((l - 1) ** 2, np.where(lt(m, l - 1), mm, (l - 1) ** 2))),
        mul(2 * l - 3, beyond),
      ),
    );
    const next = np.where(lt(m, l), sub(mul(mul(a, x), last), mul(b, before)), 0);
    const value = np.where(eq(m, l), diagonal, next);
    found = np.where(eq(n, l), value, found);
    [before, last] = [last, value];
  }
  return found;
}

/**
 * Spherical harmonics of degree `n` and order `m` at the polar angle `theta` and the azimuth `phi`, normalised.
 *
 * Shape: the operands broadcast; a scalar `theta` is `[1]`. Dtype: complex64.
 * @throws DTypeError unless `n` and `m` are integers; ArgumentError where `n` is traced and `nMax` is not given.
 * @see `jax.scipy.special.sph_harm_y`
 */
export function sphHarmY(
  n: Operand,
  m: Operand,
  theta: Operand,
  phi: Operand,
  options?: SphHarmOptions,
): ArrayValue {
  const caller = "scipy.special.sphHarmY";
  const { nMax } = readOptions<SphHarmOptions>(caller, ["nMax"], options ? [options] : []);
  const [degrees, orders] = [toArray(n, caller), toArray(m, caller, 1)];
  for (const x of [degrees, orders]) {
    if (!isInteger(x.dtype))
      throw new DTypeError("scipy/dtype", `${caller}: n and m are integers, got ${x.dtype}`);
  }
  const most = nMax ?? largest(degrees, caller);
  if (!Number.isInteger(most) || most < 0) {
    throw new ArgumentError("scipy/count", `${caller}: nMax is a count, got ${describe(most)}`);
  }
  const [polar, azimuth] = promoteDTypesInexact(
    caller,
    np.atleast1d(toArray(theta, caller, 2)) as ArrayValue,
    phi,
  );
  const [degree, order] = [degrees, orders].map((x) => np.astype(x, polar.dtype));
  const [l, k, t, p] = promoteRanks([degree!, order!, polar, azimuth] as const);
  const [size, negative] = [abs(k), lt(k, 0)];
  const value = legendre(l, size, lax.cos(t), most);
  // Of order −m the conjugate, times (−1)ᵐ.
  const sign = np.where(np.logicalAnd(negative, eq(np.mod(size, 2), 1)), -1, 1);
  const scaled = np.multiply(value, sign);
  const angle = np.multiply(k, p);
  return lax.complex(
    ...(np.broadcastArrays(np.multiply(scaled, np.cos(angle)), np.multiply(scaled, np.sin(angle))) as [
      ArrayValue,
      ArrayValue,
    ]),
  );
}
