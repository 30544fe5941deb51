import {
  type DType,
  type DTypeLike,
  kindOf,
  promoteTypes as promoteAll,
  toDType,
  weakDType,
} from "../core/dtype.ts";
import { ArgumentError } from "../core/errors.ts";
import type { Axis, AxisOption } from "../core/method-types.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { scalarOf } from "../core/scalar.ts";
import { canonicalAxes, sizeOf } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, type NDArray, type Operand } from "../core/value.ts";
import { type ArrayLike, make } from "./array.ts";
import { typeOf } from "./promotion.ts";
import { setName } from "../core/function-name.ts";

/** A dtype that is also a conversion: `np.float32(2)` is a strongly typed rank-0 array. */
export interface ScalarType<Name extends DType = DType> {
  /** `data` as an array of this dtype; 0 where there is none. */
  (data?: ArrayLike): ArrayValue;
  readonly dtype: Name;
}

function scalarType<Name extends DType>(dtype: Name): ScalarType<Name> {
  const convert = (data: ArrayLike = 0): ArrayValue => make(data, dtype, `np.${dtype}`);
  setName(convert, dtype);
  return Object.freeze(Object.assign(convert, { dtype }));
}

/** Booleans. @see `jax.numpy.bool` */
export const bool: ScalarType<"bool"> = scalarType("bool");
/** Integers from -128 to 127. @see `jax.numpy.int8` */
export const int8: ScalarType<"int8"> = scalarType("int8");
/** Integers from -2¹⁵ to 2¹⁵-1. @see `jax.numpy.int16` */
export const int16: ScalarType<"int16"> = scalarType("int16");
/** Integers from -2³¹ to 2³¹-1; the default of `arange` and of indices. @see `jax.numpy.int32` */
export const int32: ScalarType<"int32"> = scalarType("int32");
/** Integers from -2⁶³ to 2⁶³-1; int32 unless `config.enableX64`. @see `jax.numpy.int64` */
export const int64: ScalarType<"int64"> = scalarType("int64");
/** Integers from 0 to 255. @see `jax.numpy.uint8` */
export const uint8: ScalarType<"uint8"> = scalarType("uint8");
/** Integers from 0 to 2¹⁶-1. @see `jax.numpy.uint16` */
export const uint16: ScalarType<"uint16"> = scalarType("uint16");
/** Integers from 0 to 2³²-1. @see `jax.numpy.uint32` */
export const uint32: ScalarType<"uint32"> = scalarType("uint32");
/** Integers from 0 to 2⁶⁴-1; uint32 unless `config.enableX64`. @see `jax.numpy.uint64` */
export const uint64: ScalarType<"uint64"> = scalarType("uint64");
/** IEEE half precision: 5 bits of exponent, 10 of fraction. @see `jax.numpy.float16` */
export const float16: ScalarType<"float16"> = scalarType("float16");
/** The upper half of float32: 8 bits of exponent, 7 of fraction. @see `jax.numpy.bfloat16` */
export const bfloat16: ScalarType<"bfloat16"> = scalarType("bfloat16");
/** IEEE single precision, the default of numbers. @see `jax.numpy.float32` */
export const float32: ScalarType<"float32"> = scalarType("float32");
/** IEEE double precision; float32 unless `config.enableX64`. @see `jax.numpy.float64` */
export const float64: ScalarType<"float64"> = scalarType("float64");
/** Two float32 parts. @see `jax.numpy.complex64` */
export const complex64: ScalarType<"complex64"> = scalarType("complex64");

/** π */
export const pi: number = Math.PI;
/** Euler's number */
export const e: number = Math.E;
/** Infinity */
export const inf: number = Infinity;
/** Not a number */
export const nan: number = NaN;
/** A new axis of size 1 in an index: `x.get(np.newaxis, ":")`. */
export const newaxis: null = null;
/** Euler's constant γ */
export const eulerGamma = 0.5772156649015329;

/**
 * A weakly typed scalar of a kind: it gives way to the dtype of what it meets, as a bare number does. Numbers do not
 * show whether 2 is meant as an integer; this does.
 *
 * Shape: `[]`. Dtype: the default of the kind.
 * @throws ArgumentError on another kind, or a value that is not of it.
 * @example
 * np.power(x, np.weak(2, "float")); // pow, where np.power(x, 2) is integer_pow
 */
export function weak(value: number | boolean, kind: "float" | "int" | "bool" | "complex"): NDArray {
  if (kind !== "float" && kind !== "int" && kind !== "bool" && kind !== "complex")
    throw new ArgumentError(
      "numpy/weak",
      `np.weak: the kind is "float", "int", "bool" or "complex", got ${describe(kind)}`,
    );
  if (typeof value !== "number" && typeof value !== "boolean")
    throw new ArgumentError("numpy/weak", `np.weak takes a number or a boolean, got ${describe(value)}`);
  if (kind === "int" && !Number.isInteger(Number(value)))
    throw new ArgumentError("numpy/weak", `np.weak: ${value} is no integer`);
  return scalarOf(value, weakDType(kind), kind !== "bool");
}

const isDType = (x: unknown): x is DTypeLike =>
  typeof x === "string" || (typeof x === "function" && "dtype" in x);

/**
 * The dtype that operands promote to: arrays, numbers, and dtypes standing for arrays of theirs.
 *
 * @throws DTypeError where no dtype holds them all.
 * @see `jax.numpy.result_type`
 */
export function resultType(...operands: readonly (Operand | DTypeLike)[]): DType {
  return promoteAll(
    operands.map((x, i) =>
      isDType(x)
        ? { dtype: toDType(x, "np.resultType"), weak: false }
        : typeOf(x as Operand, "np.resultType", i),
    ),
  ).dtype;
}

/** The dtype that arrays of two dtypes promote to. @throws DTypeError where there is none. @see `jax.numpy.promote_types` */
export const promoteTypes = (a: DTypeLike, b: DTypeLike): DType =>
  promoteAll([a, b].map((like) => ({ dtype: toDType(like, "np.promoteTypes"), weak: false }))).dtype;

/** Whether elements are complex. @see `jax.numpy.iscomplexobj` */
export const iscomplexobj = (x: Operand): boolean => x instanceof ArrayValue && kindOf(x.dtype) === "complex";
/** Whether elements are no complex numbers. @see `jax.numpy.isrealobj` */
export const isrealobj = (x: Operand): boolean => !iscomplexobj(x);
/** Number of axes. @see `jax.numpy.ndim` */
export const ndim = (x: Operand): number => (x instanceof ArrayValue ? x.ndim : 0);
/** Sizes of the axes. @see `jax.numpy.shape` */
export const shape = (x: Operand): readonly number[] => (x instanceof ArrayValue ? x.shape : []);
/** Number of elements, along some axes or in all. @throws ShapeError on an axis out of bounds. @see `jax.numpy.size` */
export function size(x: Operand, ...rest: Optionals<[axis: Axis], AxisOption>): number {
  const sizes = shape(x);
  const { axis = null } = readOptions<AxisOption>("np.size", ["axis"], rest);
  return sizeOf(canonicalAxes(axis, sizes.length, "np.size").map((i) => sizes[i]!));
}
