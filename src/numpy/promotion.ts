import {
  canonicalDType,
  type DType,
  dtypeInfo,
  isInteger,
  kindOf,
  promoteTypes as promoteAll,
  type TypeOf,
  weakDType,
} from "../core/dtype.ts";
import { ArgumentError, DTypeError } from "../core/errors.ts";
import { isWeakInt, scalarOf } from "../core/scalar.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, avalOf, NDArray, type Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { elementReader } from "./elements.ts";

/** Dtype and weakness of an operand; those of a number are what it would be as an array. */
export function typeOf(x: Operand, caller: string, position = 0): TypeOf {
  if (x instanceof ArrayValue) return x.aval;
  if (typeof x === "boolean") return { dtype: "bool", weak: false };
  if (typeof x === "number") return { dtype: weakDType(isWeakInt(x) ? "int" : "float"), weak: true };
  const remedy = Array.isArray(x) || ArrayBuffer.isView(x) ? "; wrap it in np.array" : "";
  throw new ArgumentError(
    "numpy/operand",
    `${caller}: argument ${position} must be an array or a number, got ${describe(x)}${remedy}`,
  );
}

/** float32, or float64 for 64-bit integers, where `dtype` is not inexact already. */
export function toInexact(dtype: DType): DType {
  const { kind, bits } = dtypeInfo[dtype];
  if (kind === "bool") return "float32";
  return kind === "int" || kind === "uint" ? (bits === 64 ? "float64" : "float32") : dtype;
}

/** The real dtype that holds the parts of `dtype`. */
export const toReal = (dtype: DType): DType => (dtype === "complex64" ? "float32" : dtype);

/** `x` as an array of `dtype` and weakness; a number becomes a scalar without any equation, integers wrapping. */
export function cast(x: Operand, dtype: DType, weak: boolean, caller: string): ArrayValue {
  if (!(x instanceof ArrayValue)) return scalarOf(x, dtype, weak);
  const { aval } = x;
  if (aval.dtype === dtype && aval.weak === weak) return x;
  if (aval.weak && x instanceof NDArray && aval.shape.length === 0) return castWeak(x, dtype, weak, caller);
  return lax.convertElementType.bind([x], { newDtype: dtype, weakType: weak })[0]!;
}

/** A weak concrete scalar is as good as a number: a new one takes its place. */
function castWeak(x: NDArray, dtype: DType, weak: boolean, caller: string): ArrayValue {
  if (x.dtype === dtype) return new NDArray(avalOf([], dtype, weak), x.buffer);
  const value = elementReader(x.dtype, caller)(x.storage, 0);
  if (typeof value === "object") {
    return lax.convertElementType.bind([x], { newDtype: dtype, weakType: weak })[0]!;
  }
  return cast(Number(value), dtype, weak, caller);
}

/** An operand as an array: a number becomes a weakly typed scalar. */
export function toArray(x: Operand, caller: string, position = 0): ArrayValue {
  if (x instanceof ArrayValue) return x;
  const { dtype, weak } = typeOf(x, caller, position);
  return scalarOf(x, dtype, weak);
}

/** The dtype and weakness that operands promote to. @throws DTypeError where no dtype holds them all. */
export const resultTypeOf = (caller: string, operands: readonly Operand[]): TypeOf =>
  promoteAll(
    operands.map((x, i) => typeOf(x, caller, i)),
    caller,
  );

type Arrays<T extends readonly Operand[]> = { -readonly [K in keyof T]: ArrayValue };

function castAll<T extends readonly Operand[]>(
  caller: string,
  operands: T,
  change: (dtype: DType) => DType = (dtype) => dtype,
): Arrays<T> {
  const { dtype, weak } = resultTypeOf(caller, operands);
  if (dtype === "float0") {
    throw new DTypeError(
      "dtype/float0",
      `${caller}: float0 is the tangent of an integer and takes part in no operation; use np.zerosLike of the integer array with a float dtype`,
    );
  }
  const to = change(dtype);
  return operands.map((x) => cast(x, to, weak, caller)) as Arrays<T>;
}

/** Operands of one dtype by promotion; their shapes are left alone. @see `jax._src.numpy.util.promote_dtypes` */
export const promoteDTypes = <T extends readonly Operand[]>(caller: string, ...operands: T): Arrays<T> =>
  castAll(caller, operands);
/** As {@link promoteDTypes}, integers and booleans becoming floats. */
export const promoteDTypesInexact = <T extends readonly Operand[]>(
  caller: string,
  ...operands: T
): Arrays<T> => castAll(caller, operands, toInexact);
/** As {@link promoteDTypes}, booleans becoming int32. */
export const promoteDTypesNumeric = <T extends readonly Operand[]>(
  caller: string,
  ...operands: T
): Arrays<T> => castAll(caller, operands, toNumeric);
const toNumeric = (dtype: DType): DType => (dtype === "bool" ? "int32" : dtype);

/**
 * Ranks made equal by leading axes of size 1. Scalars stay scalars beside arrays of one rank: primitives take them.
 * @see `jax._src.numpy.util.promote_shapes`
 */
export function promoteRanks<T extends readonly ArrayValue[]>(arrays: T): Arrays<T> {
  let rank = 0;
  let mixed = false;
  for (const { ndim } of arrays) {
    if (ndim > 0 && rank > 0 && ndim !== rank) mixed = true;
    if (ndim > rank) rank = ndim;
  }
  if (!mixed) return arrays as Arrays<T>;
  return arrays.map((x) => lax.broadcastToRank(x, rank)) as Arrays<T>;
}

/** Operands of an elementwise function, with one dtype and one rank (or none). @see `jax._src.numpy.util.promote_args` */
export function promote<T extends readonly Operand[]>(caller: string, ...operands: T): Arrays<T> {
  const [x, y] = operands;
  if (operands.length === 2 && x instanceof ArrayValue && y instanceof ArrayValue) {
    const [a, b] = [x.aval, y.aval];
    if (a.dtype === b.dtype && a.weak === b.weak && a.shape.length === b.shape.length && a.dtype !== "float0")
      return [x, y] as Arrays<T>;
  }
  return promoteRanks(promoteDTypes(caller, ...operands)) as Arrays<T>;
}
/** As {@link promote}, integers and booleans becoming floats. */
export const promoteInexact = <T extends readonly Operand[]>(caller: string, ...operands: T): Arrays<T> =>
  promoteRanks(promoteDTypesInexact(caller, ...operands)) as Arrays<T>;
/** As {@link promote}, booleans becoming int32. */
export const promoteNumeric = <T extends readonly Operand[]>(caller: string, ...operands: T): Arrays<T> =>
  promoteRanks(promoteDTypesNumeric(caller, ...operands)) as Arrays<T>;

/** The default float dtype: float32, or float64 under x64. */
export const defaultFloat = (): DType => weakDType("float");
/** The default unsigned dtype: uint32, or uint64 under x64. */
export const defaultUint = (): DType => canonicalDType("uint64");
/** The default integer dtype: int32, or int64 under x64. */
export const defaultInt = (): DType => weakDType("int");

export const isBool = (x: ArrayValue): boolean => x.dtype === "bool";
export const isIntegral = (x: ArrayValue): boolean => isInteger(x.dtype) || x.dtype === "bool";
export const isUnsigned = (x: ArrayValue): boolean => kindOf(x.dtype) === "uint";
