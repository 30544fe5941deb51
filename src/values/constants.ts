import { Dense, NDArray, type Value } from "../core/value.ts";
import { register } from "../interpreters/quax.ts";
import { Zero } from "../interpreters/zero.ts";
import * as lax from "../lax/index.ts";

const known = new WeakSet<Value>();

/**
 * Whether `x` is 0, ±∞ or NaN throughout, and known to be: as many metres as seconds, so it has whatever units are asked
 * of it. Such are the bounds, fillings and masks that a program writes as numbers, and the zeros of its derivatives.
 */
export function fitsAnyUnits(x: Value): boolean {
  if (x instanceof Zero || known.has(x)) return true;
  if (!(x instanceof NDArray) || x.ndim > 0 || x.dtype === "key<fry>") return false;
  const value = x.item();
  return typeof value === "number" && (value === 0 || !Number.isFinite(value));
}

// Inside quaxify plain arrays dispatch too: what is broadcast from such a constant is one.
register(lax.broadcastInDim, [Dense], ([x], params) => {
  const out = lax.broadcastInDim.bind([x], params)[0]!;
  if (fitsAnyUnits(x)) known.add(out);
  return out;
});
