import {
  isComplex,
  isFloat,
  isInteger,
  isSigned,
  promoteTypes,
  weakDType,
  type DType,
} from "../core/dtype.ts";
import { ArgumentError, DTypeError } from "../core/errors.ts";
import { isWeakInt, scalarOf, weakScalar } from "../core/scalar.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, type Operand } from "../core/value.ts";

/**
 * `x` as a value; a number or boolean becomes a weakly typed scalar.
 * @throws ArgumentError when `x` is neither an array nor a number nor a boolean.
 */
export function toArray(x: Operand, caller: string, position = 0): ArrayValue {
  if (x instanceof ArrayValue) return x;
  if (typeof x === "number" || typeof x === "boolean") return weakScalar(x);
  const remedy = Array.isArray(x) || ArrayBuffer.isView(x) ? "; wrap it in np.array" : "";
  throw new ArgumentError(
    "lax/operand",
    `${caller}: argument ${position} must be an array or a number, got ${describe(x)}${remedy}`,
  );
}

const numpyNames: Readonly<Record<string, string>> = {
  add: "add",
  sub: "subtract",
  mul: "multiply",
  div: "divide",
  rem: "fmod",
  pow: "power",
  max: "maximum",
  min: "minimum",
  eq: "equal",
  ne: "notEqual",
  lt: "less",
  le: "lessEqual",
  gt: "greater",
  ge: "greaterEqual",
  and: "bitwiseAnd",
  or: "bitwiseOr",
  xor: "bitwiseXor",
  shift_left: "leftShift",
  shift_right_arithmetic: "rightShift",
  atan2: "arctan2",
  clamp: "clip",
  select_n: "where",
};
/** ` or use np.add, which broadcasts`, where numpy has the function under some name. */
export const orNumpy = (name: string, does: "broadcasts" | "promotes"): string =>
  name in numpyNames ? `, or use np.${numpyNames[name]}, which ${does}` : "";

/** A number as a scalar of `dtype`, as JAX's lax functions coerce Python scalars. */
function numberAs(value: number | boolean, dtype: DType, weak: boolean, caller: string): ArrayValue {
  if (dtype === "bool" && typeof value === "number") {
    throw new DTypeError(
      "lax/dtype",
      `${caller}: the number ${value} does not fit operands of dtype bool: use a boolean${orNumpy(caller, "promotes")}`,
    );
  }
  if (isInteger(dtype) && typeof value === "number" && !isWeakInt(value)) {
    throw new DTypeError(
      "lax/dtype",
      `${caller}: the number ${value} does not fit operands of dtype ${dtype}: convert them with astype${orNumpy(caller, "promotes")}`,
    );
  }
  return scalarOf(value, dtype, weak);
}

/**
 * Operands of an n-ary elementwise lax function: numbers take the dtype of the arrays, and the arrays' dtypes must agree.
 *
 * @throws DTypeError when two arrays differ in dtype.
 */
export function sameDTypes(operands: readonly Operand[], caller: string): ArrayValue[] {
  const arrays = operands.filter((x) => x instanceof ArrayValue);
  const first = arrays[0];
  if (first === undefined) {
    const weak = operands.map((x, i) => toArray(x, caller, i));
    const { dtype, weak: isWeak } = promoteTypes(weak.map((x) => x.aval));
    return operands.map((x) => numberAs(x as number | boolean, dtype, isWeak, caller));
  }
  for (const x of arrays) {
    if (x.dtype !== first.dtype) {
      throw new DTypeError(
        "lax/dtype",
        `lax.${caller} requires arguments to have the same dtypes, got ${arrays.map((a) => a.dtype).join(", ")}: convert them with astype${orNumpy(caller, "promotes")}`,
      );
    }
  }
  const weak = arrays.every((x) => x.aval.weak);
  return operands.map((x, i) =>
    x instanceof ArrayValue
      ? x
      : typeof x === "number" || typeof x === "boolean"
        ? numberAs(x, first.dtype, weak, caller)
        : toArray(x, caller, i),
  );
}

/**
 * Operands of an elementwise lax function that accepts `group`; as `sameDTypes`, and numbers alone are floats where
 * integers are not accepted.
 *
 * @throws DTypeError when two arrays differ in dtype.
 */
export function elementwiseOperands(
  operands: readonly Operand[],
  group: Accepts,
  caller: string,
): ArrayValue[] {
  const allNumbers = operands.every((x) => typeof x === "number");
  if (!allNumbers || accepts[group]("int32")) return sameDTypes(operands, caller);
  return operands.map((x) => scalarOf(x, weakDType("float"), true));
}

/** Groups of dtypes that primitives accept, named as in JAX's messages. */
export const accepts = {
  any: () => true,
  number: (dtype: DType) => isInteger(dtype) || isFloat(dtype) || isComplex(dtype),
  real: (dtype: DType) => isInteger(dtype) || isFloat(dtype),
  ordered: (dtype: DType) => isInteger(dtype) || isFloat(dtype) || dtype === "bool",
  inexact: (dtype: DType) => isFloat(dtype) || isComplex(dtype),
  float: isFloat,
  integer: isInteger,
  numberOrBool: (dtype: DType) => dtype === "bool" || isInteger(dtype) || isFloat(dtype) || isComplex(dtype),
  integerOrBool: (dtype: DType) => isInteger(dtype) || dtype === "bool",
  signed: (dtype: DType) => isSigned(dtype) || isFloat(dtype) || isComplex(dtype),
  float32: (dtype: DType) => dtype === "float32",
  int32: (dtype: DType) => dtype === "int32",
  float32OrComplex: (dtype: DType) => dtype === "float32" || isComplex(dtype),
  complex: isComplex,
} as const;
export type Accepts = keyof typeof accepts;

const subtypes: Record<Accepts, string> = {
  any: "any",
  number: "integer, floating, complexfloating",
  real: "integer, floating",
  ordered: "bool, integer, floating",
  inexact: "floating, complexfloating",
  float: "floating",
  integer: "integer",
  numberOrBool: "bool, integer, floating, complexfloating",
  integerOrBool: "bool, integer",
  signed: "signedinteger, floating, complexfloating",
  float32: "float32",
  int32: "int32",
  float32OrComplex: "float32, complexfloating",
  complex: "complexfloating",
};

/** @throws DTypeError when `dtype` is not of the group. */
export function checkDType(dtype: DType, group: Accepts, caller: string, position: number): void {
  if (!accepts[group](dtype)) {
    throw new DTypeError(
      "lax/dtype",
      `${caller} does not accept dtype ${dtype} at position ${position}; accepted are ${subtypes[group]}`,
    );
  }
}
