import { type Atom, Literal } from "../core/jaxpr.ts";
import { broadcastInDim } from "../lax/index.ts";
import type { Operation, Program } from "./rewrite.ts";
import type { Shape } from "../core/shape.ts";

/** The scalar that `x` holds everywhere: itself, or what it is the broadcast of. */
export function uniformValue(x: Atom, program: Program): Literal | null {
  if (x instanceof Literal) return x;
  const producer = program.producer(x);
  if (producer?.primitive !== broadcastInDim) return null;
  const [scalar] = producer.inputs;
  return scalar instanceof Literal ? scalar : null;
}

/** A scalar everywhere in an array of `shape`. */
export const uniform = (scalar: Literal, shape: Shape): readonly Atom[] | Operation =>
  shape.length === 0
    ? [scalar]
    : { primitive: broadcastInDim, inputs: [scalar], params: { shape, broadcastDimensions: [] } };
