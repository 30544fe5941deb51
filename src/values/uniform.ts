import { NDArray, type Value } from "../core/value.ts";
import { scalarBehind } from "../interpreters/uniform.ts";
import { Zero } from "../interpreters/zero.ts";

/**
 * Whether `x` is 0, ±∞ or NaN throughout, and known to be: as many metres as seconds, so it has whatever units are asked
 * of it. Such are the bounds, fillings and masks that a program writes as numbers, and the zeros of its derivatives.
 */
export function fitsAnyUnits(x: Value): boolean {
  if (x instanceof Zero) return true;
  const known = x instanceof NDArray ? x : scalarBehind(x);
  if (!(known instanceof NDArray) || known.dtype === "key<fry>") return false;
  return Array.from(known.data, Number).every((value) => value === 0 || !Number.isFinite(value));
}
