import type { DType, DTypeLike } from "../core/dtype.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { scalarOf } from "../core/scalar.ts";
import { checkShape, type Shape } from "../core/shape.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { finfo } from "../numpy/limits.ts";
import { checkKey } from "./key.ts";
import { type BitsOptions, floatDType, type ShapeLike, uniformOf } from "./uniform.ts";

// Unless said otherwise: shape of the result `shape`; dtype float32 (float64 under x64), or the float dtype asked for.

export type Sampler = (
  key: ArrayValue,
  ...rest: Optionals<[shape: ShapeLike, dtype: DTypeLike], BitsOptions>
) => ArrayValue;

/** @internal A distribution without parameters, by what makes it from a checked key. */
export function sampler(
  name: string,
  draw: (key: ArrayValue, shape: Shape, dtype: DType) => ArrayValue,
): Sampler {
  const caller = `random.${name}`;
  return (key, ...rest) => {
    const { shape = [], dtype } = readOptions<BitsOptions>(caller, ["shape", "dtype"], rest);
    return draw(checkKey(key, caller), checkShape(shape, caller), floatDType(dtype, name));
  };
}

/** @internal `exponential` of checked arguments. */
export const standardExponential = (key: ArrayValue, shape: Shape, dtype: DType): ArrayValue =>
  // 1 - u is in (0, 1], where the logarithm is finite.
  lax.neg(lax.log1p(lax.neg(uniformOf(key, shape, dtype, 0, 1))));

/** Exponential distribution of rate 1: density `e⁻ˣ`, from 0. @see `jax.random.exponential` */
export const exponential: Sampler = sampler("exponential", standardExponential);

/** Laplace distribution: density `½ e^(−|x|)`. @see `jax.random.laplace` */
export const laplace: Sampler = sampler("laplace", (key, shape, dtype) => {
  const u = uniformOf(key, shape, dtype, finfo(dtype).eps / 2 - 1, 1);
  return lax.mul(lax.sign(u), lax.log1p(lax.neg(lax.abs(u))));
});

/** Logistic distribution: density `e⁻ˣ / (1 + e⁻ˣ)²`. @see `jax.random.logistic` */
export const logistic: Sampler = sampler("logistic", (key, shape, dtype) => {
  const u = uniformOf(key, shape, dtype, finfo(dtype).tiny, 1);
  return lax.sub(lax.log(u), lax.log1p(lax.neg(u)));
});

/** Cauchy distribution: density `1 / (π (1 + x²))`. @see `jax.random.cauchy` */
export const cauchy: Sampler = sampler("cauchy", (key, shape, dtype) => {
  const u = uniformOf(key, shape, dtype, finfo(dtype).eps, 1);
  return lax.tan(lax.mul(scalarOf(Math.PI, dtype), lax.sub(u, scalarOf(0.5, dtype))));
});
