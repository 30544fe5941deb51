import {
  type DType,
  dtypeInfo,
  isBigint,
  isComplex,
  isFloat,
  isInteger,
  isSigned,
} from "../../core/dtype.ts";
import { decodeBfloat16, decodeFloat16 } from "../../core/float16.ts";
import { type Atom, type Eqn, Literal } from "../../core/jaxpr.ts";
import type { AnyPrimitive, ParamsOf } from "../../core/primitive.ts";
import { scalarOf } from "../../core/scalar.ts";
import type { NDArray } from "../../core/value.ts";
import type { Operation, Program } from "../rewrite.ts";
import { uniform, uniformValue } from "../uniform.ts";

type Result = readonly Atom[] | Operation | null;
/** What an equation is equal to, or null where the identity does not apply. */
export type Apply<P> = (inputs: readonly Atom[], params: P, program: Program, eqn: Eqn) => Result;

/** An equality that holds bit for bit, read from left to right. */
export interface Identity {
  /** The equality, in words or as a formula; no two have the same. */
  readonly name: string;
  /** The operations on its left side. */
  readonly of: readonly AnyPrimitive[];
  readonly apply: Apply<never>;
}

export function identity<T extends AnyPrimitive>(
  name: string,
  of: T | readonly T[],
  apply: Apply<ParamsOf<T>>,
): Identity {
  return { name, of: Array.isArray(of) ? (of as readonly T[]) : [of as T], apply };
}

export const operation = <T extends AnyPrimitive>(
  primitive: T,
  inputs: readonly Atom[],
  params: ParamsOf<T>,
): Operation => ({ primitive, inputs, params: params as object });

/** An operation of a primitive that is known. */
export interface Made<T extends AnyPrimitive> {
  readonly inputs: readonly Atom[];
  readonly params: ParamsOf<T>;
}

/** The operation that made `x`, if it is this one. */
export function madeBy<T extends AnyPrimitive>(
  primitive: T,
  x: Atom | undefined,
  program: Program,
): Made<T> | null {
  const producer = x && program.producer(x);
  return producer?.primitive === primitive
    ? { inputs: producer.inputs, params: producer.params as ParamsOf<T> }
    : null;
}

/** As `madeBy`, where nothing else reads `x`: so that what made it is gone once the reader does without it. */
export const madeOnlyHere = <T extends AnyPrimitive>(
  primitive: T,
  x: Atom | undefined,
  program: Program,
): Made<T> | null => (x && program.uses(x) === 1 ? madeBy(primitive, x, program) : null);

export const isReal = (dtype: DType): boolean => isInteger(dtype) || isFloat(dtype);
export const isBits = (dtype: DType): boolean => isInteger(dtype) || dtype === "bool";

/** The number that a real scalar holds. */
export function numberIn({ storage, dtype }: NDArray): number | bigint {
  const element = storage[0]!;
  if (dtype === "float16") return decodeFloat16(Number(element));
  return dtype === "bfloat16" ? decodeBfloat16(Number(element)) : element;
}

/** Whether a scalar is `value`, the zeros of floats being told apart. */
export function holds(scalar: NDArray, value: number | bigint): boolean {
  const { dtype, storage } = scalar;
  if (isComplex(dtype)) return Object.is(storage[0], value) && Object.is(storage[1], value);
  return isFloat(dtype)
    ? Object.is(numberIn(scalar), Number(value))
    : BigInt(numberIn(scalar)) === BigInt(value);
}

/** The smallest (-1) or largest (1) value of a real dtype; of bool, false or true. */
export function extreme(dtype: DType, sign: -1 | 1): number | bigint {
  if (isFloat(dtype)) return sign * Infinity;
  if (dtype === "bool") return sign === 1 ? 1n : 0n;
  const { bits } = dtypeInfo[dtype];
  const high = 2n ** BigInt(isSigned(dtype) ? bits - 1 : bits) - 1n;
  return sign === 1 ? high : isSigned(dtype) ? -high - 1n : 0n;
}

/** The integer, or the boolean, all of whose bits are set. */
export const allOnes = (dtype: DType): bigint | null =>
  isSigned(dtype) ? -1n : isBits(dtype) ? BigInt(extreme(dtype, 1)) : null;

/** A literal of the dtype and weakness of `like`. */
export const literalLike = (value: number | bigint | boolean, { aval }: Atom): Literal =>
  new Literal(scalarOf(isBigint(aval.dtype) ? BigInt(value) : value, aval.dtype, aval.weak));

/** `value` everywhere in the place of an equation's output. */
export const everywhere = (value: number | bigint | boolean, { outputs: [out] }: Eqn): Result =>
  uniform(literalLike(value, out!), out!.aval.shape);

/** `x` itself, where the params say that nothing changes. */
export const itselfWhen =
  <P>(test: (params: P, x: Atom) => boolean): Apply<P> =>
  ([x], params) =>
    test(params, x!) ? [x!] : null;

/** `f(f(x)) = x`. */
export const involution: Apply<object> = ([x], _params, program, { primitive }) =>
  madeBy(primitive, x, program)?.inputs.slice(0, 1) ?? null;

/** Whether `x` is known to be this number everywhere, which may depend on its dtype. */
export type Known = (dtype: DType) => number | bigint | null;
export const isKnown = (x: Atom, value: Known, program: Program): boolean => {
  const number = value(x.aval.dtype);
  const scalar = number === null ? null : uniformValue(x, program);
  return scalar !== null && holds(scalar.value, number!);
};

/** `x ∘ unit = x`, where operand `side` is the unit. */
export const unit =
  (side: 0 | 1, value: Known): Apply<object> =>
  (inputs, _params, program) =>
    isKnown(inputs[side]!, value, program) ? [inputs[1 - side]!] : null;

/** `x ∘ value = value`, on either side. */
export const absorbing =
  (value: Known): Apply<object> =>
  (inputs, _params, program, eqn) => {
    const found = inputs.find((x) => isKnown(x, value, program));
    return found ? everywhere(value(found.aval.dtype)!, eqn) : null;
  };
