import { type DType, type DTypeLike, dtypeInfo, isFloat, isInteger, toDType } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";

/** Limits of a floating-point dtype; those of complex64 are its parts'. */
export interface FloatInfo {
  readonly dtype: DType;
  /** Bits of one number. */
  readonly bits: number;
  /** Bits of the exponent. */
  readonly nexp: number;
  /** Bits of the fraction. */
  readonly nmant: number;
  /** The least power of two that overflows. */
  readonly maxexp: number;
  /** The exponent of the smallest normal number. */
  readonly minexp: number;
  /** The step from 1 to the next number. */
  readonly eps: number;
  readonly max: number;
  readonly min: number;
  readonly smallestNormal: number;
  readonly smallestSubnormal: number;
  /** `smallestNormal`. */
  readonly tiny: number;
  /** Decimal digits that every number of that many digits keeps. */
  readonly precision: number;
  /** `10 ** -precision`. */
  readonly resolution: number;
}

const precisions: Partial<Record<DType, number>> = { float16: 3, bfloat16: 2, float32: 6, float64: 15 };

/**
 * Limits of a floating-point dtype.
 *
 * @throws DTypeError when `dtype` is neither a float nor complex64.
 * @see `jax.numpy.finfo`
 */
export function finfo(like: DTypeLike): FloatInfo {
  const asked = toDType(like, "np.finfo");
  const dtype = asked === "complex64" ? "float32" : asked;
  if (!isFloat(dtype)) throw new DTypeError("dtype/kind", `np.finfo takes a floating dtype, got ${dtype}`);
  const { bits } = dtypeInfo[dtype];
  const nexp = dtype === "float16" ? 5 : dtype === "float64" ? 11 : 8;
  const nmant = bits - 1 - nexp;
  const maxexp = 2 ** (nexp - 1);
  const minexp = 2 - maxexp;
  const eps = 2 ** -nmant;
  const max = (2 - eps) * 2 ** (maxexp - 1);
  const smallestNormal = 2 ** minexp;
  const precision = precisions[dtype]!;
  return {
    dtype, bits, nexp, nmant, maxexp, minexp, eps, max, min: -max, smallestNormal,
    smallestSubnormal: smallestNormal * eps, tiny: smallestNormal, precision, resolution: 10 ** -precision,
  }; // prettier-ignore
}

/** Limits of an integer dtype. */
export interface IntegerInfo {
  readonly dtype: DType;
  readonly bits: number;
  readonly min: number | bigint;
  readonly max: number | bigint;
}

/**
 * Limits of an integer dtype: numbers, but bigints for the 64-bit ones.
 *
 * @throws DTypeError when `dtype` is no integer.
 * @see `jax.numpy.iinfo`
 */
export function iinfo(like: DTypeLike): IntegerInfo {
  const dtype = toDType(like, "np.iinfo");
  if (!isInteger(dtype)) throw new DTypeError("dtype/kind", `np.iinfo takes an integer dtype, got ${dtype}`);
  const { bits, kind } = dtypeInfo[dtype];
  if (bits === 64) {
    return kind === "int"
      ? { dtype, bits, min: -(2n ** 63n), max: 2n ** 63n - 1n }
      : { dtype, bits, min: 0n, max: 2n ** 64n - 1n };
  }
  return kind === "int"
    ? { dtype, bits, min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 }
    : { dtype, bits, min: 0, max: 2 ** bits - 1 };
}

/** The greatest value of a dtype that is ordered: Infinity of a float, true of a bool. */
export const greatestOf = (dtype: DType): number | bigint | boolean =>
  dtype === "bool" ? true : isInteger(dtype) ? iinfo(dtype).max : Infinity;
/** The least value of a dtype that is ordered: -Infinity of a float, false of a bool. */
export const leastOf = (dtype: DType): number | bigint | boolean =>
  dtype === "bool" ? false : isInteger(dtype) ? iinfo(dtype).min : -Infinity;
