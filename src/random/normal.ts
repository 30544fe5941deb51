import { type DType, type DTypeLike, isComplex, isFloat, toDType } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { scalarOf } from "../core/scalar.ts";
import { checkShape, type Shape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { finfo } from "../numpy/limits.ts";
import { cast } from "../numpy/promotion.ts";
import { checkKey, defaultDType, splitKey } from "./key.ts";
import {
  alignParameter,
  type BitsOptions,
  floatDType,
  sampleShape,
  type ShapeLike,
  uniformOf,
} from "./uniform.ts";

/** @internal `√2 · erf⁻¹(u)` of `u` uniform in (-1, 1). */
export function standardNormal(key: ArrayValue, shape: Shape, dtype: DType): ArrayValue {
  // The number after -1, where erf⁻¹ is still finite.
  const low = finfo(dtype).eps / 2 - 1;
  return lax.mul(scalarOf(Math.SQRT2, dtype), lax.erfInv(uniformOf(key, shape, dtype, low, 1)));
}

/**
 * Random numbers of the standard normal distribution; complex ones have independent parts, and variance 1 together.
 *
 * Shape: `shape`. Dtype: float32 (float64 under x64), or the float or complex dtype asked for.
 * @throws DTypeError when `dtype` is neither float nor complex.
 * @example
 * const x = random.normal(random.key(0), [10]);
 * @see `jax.random.normal`
 */
export function normal(
  key: ArrayValue,
  ...rest: Optionals<[shape: ShapeLike, dtype: DTypeLike], BitsOptions>
): ArrayValue {
  const { shape = [], dtype } = readOptions<BitsOptions>("random.normal", ["shape", "dtype"], rest);
  const asked = dtype === undefined ? defaultDType("float") : toDType(dtype, "random.normal");
  const checked = checkKey(key, "random.normal");
  const sizes = checkShape(shape, "random.normal");
  if (isFloat(asked)) return standardNormal(checked, sizes, asked);
  if (!isComplex(asked)) {
    throw new DTypeError(
      "random/dtype",
      `the dtype argument to random.normal must be a float or complex dtype, got ${asked}`,
    );
  }
  const [re, im] = splitKey(checked, 2).map((part) => standardNormal(part, sizes, "float32"));
  return lax.div(lax.complex(re!, im!), scalarOf(Math.SQRT2, asked));
}

/**
 * Random numbers of the standard normal distribution, given that they are between `lower` and `upper`.
 *
 * Shape: `shape`, to which the bounds broadcast; by default what they broadcast to. Dtype: float32 (float64 under x64), or
 * the float dtype asked for.
 * @throws DTypeError when `dtype` is no float dtype; ShapeError when the bounds do not broadcast to `shape`.
 * @see `jax.random.truncated_normal`
 */
export function truncatedNormal(
  key: ArrayValue,
  lower: Operand,
  upper: Operand,
  ...rest: Optionals<[shape: ShapeLike | null, dtype: DTypeLike], TruncatedOptions>
): ArrayValue {
  const caller = "random.truncatedNormal";
  const options = readOptions<TruncatedOptions>(caller, ["shape", "dtype"], rest);
  const dtype = floatDType(options.dtype, "truncatedNormal");
  const [low, high] = [lower, upper].map((bound) => cast(bound, dtype, false, caller)) as [
    ArrayValue,
    ArrayValue,
  ];
  const shape = sampleShape(options.shape, [low.shape, high.shape], caller);
  const root = scalarOf(Math.SQRT2, dtype);
  const [from, to] = [low, high].map((bound) => lax.erf(lax.div(bound, root))) as [ArrayValue, ArrayValue];
  const u = uniformOf(checkKey(key, caller), shape, dtype, from, to);
  // Rounding must not lead out of the open interval.
  const inside = (bound: ArrayValue, towards: number) =>
    alignParameter(lax.nextafter(lax.stopGradient(bound), scalarOf(towards, dtype)), shape.length);
  const sample = lax.mul(root, lax.erfInv(u));
  return lax.min(lax.max(sample, inside(low, Infinity)), inside(high, -Infinity));
}
interface TruncatedOptions extends Omit<BitsOptions, "shape"> {
  /** Shape of the result. Default: that of the bounds. */
  readonly shape?: ShapeLike | null | undefined;
}
