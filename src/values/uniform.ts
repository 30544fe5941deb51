import { Dense, NDArray, type Value } from "../core/value.ts";
import { register } from "../interpreters/quax.ts";
import { Zero } from "../interpreters/zero.ts";
import * as lax from "../lax/index.ts";

const scalars = new WeakMap<Value, Dense>();

/** The scalar that a plain array repeats, where that is known: a program writes `0`, and broadcasts it to a shape. */
export function scalarBehind(x: Value): Dense | null {
  return x instanceof Dense && x.aval.shape.length === 0 ? x : (scalars.get(x) ?? null);
}

/**
 * Whether `x` is 0, ±∞ or NaN throughout, and known to be: as many metres as seconds, so it has whatever units are asked
 * of it. Such are the bounds, fillings and masks that a program writes as numbers, and the zeros of its derivatives.
 */
export function fitsAnyUnits(x: Value): boolean {
  if (x instanceof Zero) return true;
  const scalar = scalarBehind(x);
  if (!(scalar instanceof NDArray) || scalar.dtype === "key<fry>") return false;
  const value = scalar.item();
  return typeof value === "number" && (value === 0 || !Number.isFinite(value));
}

// Inside quaxify plain arrays dispatch too, so that what is broadcast there is seen.
register(lax.broadcastInDim, [Dense], ([x], params) => {
  const out = lax.broadcastInDim.bind([x], params)[0]!;
  const scalar = scalarBehind(x);
  if (scalar !== null) scalars.set(out, scalar);
  return out;
});
