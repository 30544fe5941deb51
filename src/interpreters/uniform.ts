import { Literal } from "../core/jaxpr.ts";
import type { AnyPrimitive } from "../core/primitive.ts";
import type { Shape } from "../core/shape.ts";
import { bind, eagerly } from "../core/trace.ts";
import { type ArrayValue, Dense, NDArray, type Value } from "../core/value.ts";
import { broadcastInDim, convertElementType } from "../lax/index.ts";
import { StageTracer } from "./stage.ts";

const scalars = new WeakMap<Value, Dense>();

/** The scalar that a plain array repeats, where it was made in a way that says so. */
const knownScalar = (x: Dense): Dense | undefined =>
  scalars.get(x) ?? (x.aval.shape.length === 0 ? x : undefined);

/**
 * Applies a primitive to plain arrays inside of quaxify, where it is seen what repeats a scalar: an operation on each
 * element of such arrays is one on the scalars.
 */
export function bindPlain(prim: AnyPrimitive, operands: readonly Dense[], params: object): ArrayValue[] {
  const { elementwise, abstract } = prim.rules;
  if (!elementwise && (prim as unknown) !== broadcastInDim) return bind(prim, operands, params);
  const known = operands.map(knownScalar);
  const isKnown = known.every((scalar) => scalar !== undefined);
  if (isKnown && elementwise && operands.some((x) => x.aval.shape.length > 0)) {
    const avals = operands.map((x) => x.aval);
    return bind(prim, known, params).map((out, i) => repeated(out, abstract(avals, params)[i]!.shape));
  }
  const outs = bind(prim, operands, params);
  const [scalar] = known;
  if (!scalar) return outs;
  if (!elementwise) scalars.set(outs[0]!, scalar);
  else if ((prim as unknown) === convertElementType && scalar instanceof NDArray)
    scalars.set(outs[0]!, eagerly(() => bind(prim, [scalar], params))[0] as Dense);
  return outs;
}

/** A scalar, repeated to `shape`, so that {@link scalarBehind} finds it. */
export function repeated(scalar: ArrayValue, shape: Shape): ArrayValue {
  if (shape.length === 0) return scalar;
  const out = broadcastInDim.bind([scalar], { shape, broadcastDimensions: [] })[0]!;
  if (scalar instanceof Dense) scalars.set(out, knownScalar(scalar)!);
  return out;
}

/** The scalar that a plain array repeats, where that is known: a program writes `0`, and broadcasts it to a shape. */
export function scalarBehind(x: Value): Dense | null {
  if (!(x instanceof Dense)) return null;
  return knownScalar(x) ?? (x instanceof StageTracer ? literalBehind(x) : null);
}

/** The number that the program which is being written has broadcast there. */
function literalBehind({ trace, atom }: StageTracer): NDArray | null {
  const eqn = trace.builder.eqns.findLast(({ outputs }) => outputs.includes(atom));
  const [input] = eqn?.primitive === broadcastInDim ? eqn.inputs : [];
  return input instanceof Literal ? input.value : null;
}

/** Whether a plain array is known to be zero throughout, by how it was made: it repeats the number 0. */
export function isKnownZero(x: Value): boolean {
  const scalar = scalarBehind(x);
  if (!(scalar instanceof NDArray) || scalar.dtype === "key<fry>") return false;
  return Array.from(scalar.storage, Number).every((part) => Object.is(part, 0));
}
