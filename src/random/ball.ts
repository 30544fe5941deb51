import { ArgumentError } from "../core/errors.ts";
import type { DTypeLike } from "../core/dtype.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { checkShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { promoteInexact, toArray } from "../numpy/promotion.ts";
import { exponential } from "./distributions.ts";
import { gamma } from "./gamma.ts";
import { rademacher } from "./integers.ts";
import { checkKey, splitKey } from "./key.ts";
import { type BitsOptions, floatDType, type ShapeLike } from "./uniform.ts";

/** `x` to a power that is data, also where it is a whole number. */
const power = (x: ArrayValue, y: ArrayValue, caller: string): ArrayValue =>
  lax.pow(...promoteInexact(caller, x, y));

/**
 * Generalized normal distribution: density in proportion to `e^(−|x|ᵖ)`.
 *
 * Shape: `shape`, to which `p` broadcasts. Dtype: float32 (float64 under x64), or the float dtype asked for, promoted with
 * that of `p`.
 * @throws DTypeError when `dtype` is no float dtype; ShapeError when `p` does not broadcast to `shape`.
 * @see `jax.random.generalized_normal`
 */
export function generalizedNormal(
  key: ArrayValue,
  p: Operand,
  ...rest: Optionals<[shape: ShapeLike, dtype: DTypeLike], BitsOptions>
): ArrayValue {
  const caller = "random.generalizedNormal";
  const options = readOptions<BitsOptions>(caller, ["shape", "dtype"], rest);
  const dtype = floatDType(options.dtype, "generalizedNormal");
  const shape = checkShape(options.shape ?? [], caller);
  const [sizes, signs] = splitKey(checkKey(key, caller), 2);
  const inverse = np.divide(1, toArray(p, caller, 1));
  const size = power(gamma(sizes!, inverse, shape, dtype), inverse, caller);
  return np.multiply(rademacher(signs!, shape, dtype), size);
}

export interface BallOptions extends BitsOptions {
  /** Which norm is at most 1. Default 2. */
  readonly p?: Operand | undefined;
}

/**
 * Uniform distribution in the unit ball of the p-norm, in `d` dimensions.
 *
 * Shape: `[…shape, d]`. Dtype: float32 (float64 under x64), or the float dtype asked for, promoted with that of `p`.
 * @throws ArgumentError when `d` is no size; DTypeError when `dtype` is no float dtype.
 * @see `jax.random.ball`; Barthe et al., "A probabilistic approach to the geometry of the lₚⁿ-ball" (2005)
 */
export function ball(
  key: ArrayValue,
  d: number,
  ...rest: Optionals<[p: Operand, shape: ShapeLike, dtype: DTypeLike], BallOptions>
): ArrayValue {
  const caller = "random.ball";
  const options = readOptions<BallOptions>(caller, ["p", "shape", "dtype"], rest);
  if (!Number.isInteger(d) || d < 0)
    throw new ArgumentError("random/dimension", `${caller}: d is a number of dimensions, got ${describe(d)}`);
  const dtype = floatDType(options.dtype, "ball");
  const shape = checkShape(options.shape ?? [], caller);
  const p = toArray(options.p ?? 2, caller, 2);
  const [direction, depth] = splitKey(checkKey(key, caller), 2);
  const g = generalizedNormal(direction!, p, [...shape, d], dtype);
  const powers = np.sum(power(np.abs(g), p, caller), { axis: -1 });
  const size = power(np.add(powers, exponential(depth!, shape, dtype)), np.divide(1, p), caller);
  return np.divide(g, np.expandDims(size, -1));
}
