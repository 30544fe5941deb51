import { currentBackend } from "../core/backend.ts";
import { type Atom, Literal } from "../core/jaxpr.ts";
import type { AnyPrimitive } from "../core/primitive.ts";
import { broadcastInDim } from "../lax/index.ts";
import type { Operation, Program } from "./rewrite.ts";
import type { Shape } from "../core/shape.ts";
import { type Aval, NDArray } from "../core/value.ts";

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

/** What an operation makes of data, as the backend computes it. */
export const evaluatedAs = (
  primitive: AnyPrimitive,
  operands: readonly NDArray[],
  params: object,
  outs: readonly Aval[],
): NDArray[] =>
  currentBackend()
    .apply(primitive, operands, params, outs)
    .map((buffer, i) => new NDArray(outs[i]!, buffer));

/** The single result of an operation on data. */
export const evaluated = (primitive: AnyPrimitive, operands: readonly NDArray[], params: object): NDArray =>
  evaluatedAs(
    primitive,
    operands,
    params,
    primitive.rules.abstract(
      operands.map((x) => x.aval),
      params,
    ),
  )[0]!;
