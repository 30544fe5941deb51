import type { DType, DTypeLike } from "../core/dtype.ts";
import { ArgumentError, nearest } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { scalarOf } from "../core/scalar.ts";
import { checkShape, type Shape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { finfo } from "../numpy/limits.ts";
import { checkKey } from "./key.ts";
import { type BitsOptions, floatDType, type ShapeLike, uniformOf } from "./uniform.ts";

// Unless said otherwise: shape of the result `shape`; dtype float32 (float64 under x64), or the float dtype asked for.

type Sampler = (
  key: ArrayValue,
  ...rest: Optionals<[shape: ShapeLike, dtype: DTypeLike], BitsOptions>
) => ArrayValue;

/** A distribution without parameters, by what makes it from a checked key. */
function sampler(name: string, draw: (key: ArrayValue, shape: Shape, dtype: DType) => ArrayValue): Sampler {
  const caller = `random.${name}`;
  return (key, ...rest) => {
    const { shape = [], dtype } = readOptions<BitsOptions>(caller, ["shape", "dtype"], rest);
    return draw(checkKey(key, caller), checkShape(shape, caller), floatDType(dtype, name));
  };
}

/** Exponential distribution of rate 1: density `e⁻ˣ`, from 0. @see `jax.random.exponential` */
export const exponential: Sampler = sampler("exponential", (key, shape, dtype) =>
  // 1 - u is in (0, 1], where the logarithm is finite.
  lax.neg(lax.log1p(lax.neg(uniformOf(key, shape, dtype, 0, 1)))),
);

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

/** How many random bits a sample is made of: `"high"` reaches farther into the tail, at twice the cost. */
export type SampleMode = "low" | "high";
const modes: readonly SampleMode[] = ["low", "high"];

/** @internal @throws ArgumentError when `mode` is no mode. */
export function checkMode(mode: unknown, caller: string): SampleMode {
  if (modes.includes(mode as SampleMode)) return mode as SampleMode;
  const near = typeof mode === "string" ? nearest(mode, modes) : undefined;
  throw new ArgumentError(
    "random/mode",
    `${caller}: mode is "low" or "high", got ${describe(mode)}${near ? `; did you mean "${near}"?` : ""}`,
  );
}

/** @internal `gumbel` of checked arguments. */
export function gumbelOf(key: ArrayValue, shape: Shape, dtype: DType, mode: SampleMode): ArrayValue {
  const { tiny, nmant } = finfo(dtype);
  if (mode === "low") return lax.neg(lax.log(lax.neg(lax.log(uniformOf(key, shape, dtype, tiny, 1)))));
  const [high, low] = lax.unstack(uniformOf(key, [2, ...shape], dtype, 0, 1)) as [ArrayValue, ArrayValue];
  const fine = lax.add(lax.add(high, lax.mul(scalarOf(2 ** -nmant, dtype), low)), scalarOf(tiny, dtype));
  // From ½ on there are no bits to spare: the sum could round up to 1.
  const u = lax.select(lax.ge(high, scalarOf(0.5, dtype)), high, fine);
  return lax.neg(lax.log(lax.neg(lax.log1p(lax.neg(u)))));
}

export interface GumbelOptions extends BitsOptions {
  readonly mode?: SampleMode | null | undefined;
}

/**
 * Gumbel distribution: density `e^(−(x + e⁻ˣ))`. In float32 no sample exceeds 16, or 32 with mode `"high"`.
 *
 * @throws ArgumentError when `mode` is neither. @see `jax.random.gumbel`
 */
export function gumbel(
  key: ArrayValue,
  ...rest: Optionals<[shape: ShapeLike, dtype: DTypeLike, mode: SampleMode], GumbelOptions>
): ArrayValue {
  const caller = "random.gumbel";
  const options = readOptions<GumbelOptions>(caller, ["shape", "dtype", "mode"], rest);
  const shape = checkShape(options.shape ?? [], caller);
  const dtype = floatDType(options.dtype, "gumbel");
  return gumbelOf(checkKey(key, caller), shape, dtype, checkMode(options.mode ?? "low", caller));
}
