import {
  canonicalDType,
  type DType,
  type DTypeLike,
  dtypeInfo,
  isFloat,
  kindOf,
  toDType,
} from "../core/dtype.ts";
import { DTypeError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { scalarOf } from "../core/scalar.ts";
import { broadcastShapes, checkShape, range, sameShape, type Shape, showShape } from "../core/shape.ts";
import { ArrayValue, type Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { finfo } from "../numpy/limits.ts";
import { toArray } from "../numpy/promotion.ts";
import { checkKey, defaultDType } from "./key.ts";

/** A shape; a number is that of a vector. */
export type ShapeLike = Shape | number;

export interface BitsOptions {
  /** Shape of the result. Default: a scalar. */
  readonly shape?: ShapeLike | undefined;
  readonly dtype?: DTypeLike | undefined;
}
export interface UniformOptions extends BitsOptions {
  /** Least value, which occurs. Default 0. */
  readonly minval?: Operand | undefined;
  /** Greatest value, which does not occur. Default 1. */
  readonly maxval?: Operand | undefined;
}

/** @internal The float dtype that a sampler was asked for. @throws DTypeError when it is none. */
export function floatDType(dtype: DTypeLike | undefined, name: string): DType {
  const asked = dtype === undefined ? defaultDType("float") : toDType(dtype, `random.${name}`);
  if (isFloat(asked)) return asked;
  throw new DTypeError(
    "random/dtype",
    `the dtype argument to random.${name} must be a float dtype, got ${asked}`,
  );
}

/**
 * @internal The shape of a sample whose parameters have these shapes: the one asked for, or the one they broadcast to.
 * @throws ShapeError when they do not broadcast to what was asked for.
 */
export function sampleShape(asked: unknown, parameters: readonly Shape[], caller: string): Shape {
  const needed = broadcastShapes(parameters, caller);
  if (asked === undefined || asked === null) return needed;
  const shape = checkShape(asked, caller);
  if (sameShape(broadcastShapes([shape, needed], caller), shape)) return shape;
  throw new ShapeError(
    "random/shape",
    `${caller}: parameters of shape ${showShape(needed)} do not broadcast to the shape argument ${showShape(shape)}`,
  );
}

/** @internal `x` with leading axes of size 1, to the rank of a sample; a scalar as it is. */
export function alignParameter(x: ArrayValue, rank: number): ArrayValue {
  if (x.ndim === 0 || x.ndim === rank) return x;
  const shape = [...new Array<number>(rank - x.ndim).fill(1), ...x.shape];
  return lax.broadcastInDim.bind([x], { shape, broadcastDimensions: range(x.ndim, rank - x.ndim) })[0]!;
}

type Width = 8 | 16 | 32 | 64;
const unsigned = { 8: "uint8", 16: "uint16", 32: "uint32", 64: "uint64" } as const;
/** @internal The unsigned integer dtype of as many bits. */
export const unsignedOf = (dtype: DType): DType => unsigned[dtypeInfo[dtype].bits as Width];

/**
 * Uniform random bits, as unsigned integers.
 *
 * Shape: `shape`. Dtype: uint32 (uint64 under x64), or the unsigned one that is asked for.
 * @throws DTypeError when `dtype` is no unsigned integer dtype. @see `jax.random.bits`
 */
export function bits(
  key: ArrayValue,
  ...rest: Optionals<[shape: ShapeLike, dtype: DTypeLike], BitsOptions>
): ArrayValue {
  const { shape = [], dtype } = readOptions<BitsOptions>("random.bits", ["shape", "dtype"], rest);
  const asked = dtype === undefined ? canonicalDType("uint64") : toDType(dtype, "random.bits");
  if (kindOf(asked) !== "uint") {
    throw new DTypeError(
      "random/dtype",
      `the dtype argument to random.bits must be an unsigned integer dtype, got ${asked}`,
    );
  }
  const width = dtypeInfo[asked].bits as Width;
  return lax.randomBits(checkKey(key, "random.bits"), width, checkShape(shape, "random.bits"));
}

/** Bits of 1 in `dtype`: the exponent with which random mantissas are numbers from 1 to 2. */
const oneBits: Partial<Record<DType, number | bigint>> = {
  float16: 0x3c00,
  bfloat16: 0x3f80,
  float32: 0x3f800000,
  float64: 0x3ff0000000000000n,
};

/** Numbers in [0, 1): random mantissas under the exponent of 1, minus 1. */
function unitInterval(key: ArrayValue, shape: Shape, dtype: DType): ArrayValue {
  const { nmant } = finfo(dtype);
  const uint = unsignedOf(dtype);
  // Where the mantissa fits in 8 bits, JAX draws no more.
  const width = nmant < 8 ? 8 : (dtypeInfo[dtype].bits as Width);
  const drawn = lax.randomBits(key, width, shape);
  const wide = drawn.dtype === uint ? drawn : lax.convertElementType(drawn, uint);
  const mantissas = lax.shiftRightLogical(wide, scalarOf(width - nmant, uint));
  const numbers = lax.bitcastConvertType(lax.or(mantissas, scalarOf(oneBits[dtype]!, uint)), dtype);
  return lax.sub(numbers, scalarOf(1, dtype));
}

/** @internal `uniform` of checked arguments: the bounds broadcast to `shape`. */
export function uniformOf(
  key: ArrayValue,
  shape: Shape,
  dtype: DType,
  minval: Operand,
  maxval: Operand,
): ArrayValue {
  const unit = unitInterval(key, shape, dtype);
  if (minval === 0 && maxval === 1) return unit;
  const [low, high] = [minval, maxval].map((bound) => {
    const x = bound instanceof ArrayValue ? lax.convertElementType(bound, dtype) : scalarOf(bound, dtype);
    return alignParameter(x, shape.length);
  }) as [ArrayValue, ArrayValue];
  // Rounding may give `high`, or less than `low`: JAX guards against the second.
  return lax.max(low, lax.fma(unit, lax.sub(high, low), low));
}

/**
 * Uniform random numbers in `[minval, maxval)`.
 *
 * Shape: `shape`, to which the bounds broadcast. Dtype: float32 (float64 under x64), or the float dtype asked for.
 * @throws DTypeError when `dtype` is no float dtype; ShapeError when the bounds do not broadcast to `shape`.
 * @example
 * random.uniform(key, [3], { minval: -1 });
 * @see `jax.random.uniform`
 */
export function uniform(
  key: ArrayValue,
  ...rest: Optionals<[shape: ShapeLike, dtype: DTypeLike, minval: Operand, maxval: Operand], UniformOptions>
): ArrayValue {
  const names = ["shape", "dtype", "minval", "maxval"] as const;
  const options = readOptions<UniformOptions>("random.uniform", names, rest);
  const { minval = 0, maxval = 1 } = options;
  const caller = "random.uniform";
  const parameters = [minval, maxval].map((bound) => toArray(bound, caller).shape);
  const shape = sampleShape(options.shape ?? [], parameters, caller);
  return uniformOf(checkKey(key, caller), shape, floatDType(options.dtype, "uniform"), minval, maxval);
}
