import type { ArrayValue, Operand } from "../core/value.ts";
import { promote, promoteInexact } from "./promotion.ts";
import { setName } from "../core/function-name.ts";

/** A function applied to each element. */
export type UnaryFunction = (x: Operand) => ArrayValue;
/** A function applied to pairs of elements, after broadcasting. */
export type BinaryFunction = (x: Operand, y: Operand) => ArrayValue;

/** Gives a function its public name, which jaxprs and error messages show. */
export function named<F extends (...args: never[]) => unknown>(name: string, f: F): F {
  return setName(f, name);
}

type UnaryOp = (x: ArrayValue) => ArrayValue;
type BinaryOp = (x: ArrayValue, y: ArrayValue) => ArrayValue;

/** A unary function on operands as they are. */
export const unary = (name: string, op: UnaryOp): UnaryFunction =>
  named(name, (x: Operand) => op(promote(`np.${name}`, x)[0]));
/** A unary function on floats: integers and booleans become them first. */
export const unaryInexact = (name: string, op: UnaryOp): UnaryFunction =>
  named(name, (x: Operand) => op(promoteInexact(`np.${name}`, x)[0]));
/** A binary function on operands of one promoted dtype and rank. */
export const binary = (name: string, op: BinaryOp): BinaryFunction =>
  named(name, (x: Operand, y: Operand) => op(...promote(`np.${name}`, x, y)));
/** A binary function on floats. */
export const binaryInexact = (name: string, op: BinaryOp): BinaryFunction =>
  named(name, (x: Operand, y: Operand) => op(...promoteInexact(`np.${name}`, x, y)));
