import { Literal } from "../core/jaxpr.ts";
import { Dense, NDArray, type Value } from "../core/value.ts";
import { register } from "../interpreters/quax.ts";
import { StageTracer } from "../interpreters/stage.ts";
import { Zero } from "../interpreters/zero.ts";
import * as lax from "../lax/index.ts";

const scalars = new WeakMap<Value, Dense>();

// Inside quaxify plain arrays dispatch too, so that what is broadcast there is seen.
register(lax.broadcastInDim, [Dense], ([x], params) => {
  const out = lax.broadcastInDim.bind([x], params)[0]!;
  const scalar = scalarBehind(x);
  if (scalar !== null) scalars.set(out, scalar);
  return out;
});

/** The scalar that a plain array repeats, where that is known: a program writes `0`, and broadcasts it to a shape. */
export function scalarBehind(x: Value): Dense | null {
  if (!(x instanceof Dense)) return null;
  if (x.aval.shape.length === 0) return x;
  return scalars.get(x) ?? (x instanceof StageTracer ? literalBehind(x) : null);
}

/** The number that the program which is being written has broadcast there. */
function literalBehind({ trace, atom }: StageTracer): NDArray | null {
  const eqn = trace.builder.eqns.findLast(({ outputs }) => outputs.includes(atom));
  const [input] = eqn?.primitive === lax.broadcastInDim ? eqn.inputs : [];
  return input instanceof Literal ? input.value : null;
}

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
