import { type DTypeLike, isInexact, toDType } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { broadcastShapes, checkShape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { promoteInexact, toArray } from "../numpy/promotion.ts";
import { type Sampler, sampler, standardExponential } from "./distributions.ts";
import { rademacher } from "./integers.ts";
import { checkKey, defaultDType, splitKey } from "./key.ts";
import { normal, standardNormal } from "./normal.ts";
import { type OneParameter, parameterOf, parametric, type SampleOptions } from "./parametric.ts";
import { type BitsOptions, floatDType, sampleShape, type ShapeLike, uniformOf } from "./uniform.ts";

// Unless said otherwise: shape of the result `shape`, to which the parameters broadcast; dtype float32 (float64 under x64),
// or the float dtype asked for. DTypeError when it is none, or a parameter does not fit in it; ShapeError when parameters do
// not broadcast to `shape`. All are differentiable with respect to their parameters.

/** Pareto distribution: density `b x^(−b − 1)`, from 1. @throws DTypeError, ShapeError. @see `jax.random.pareto` */
export const pareto: OneParameter = parametric("pareto", ["b"], (key, [b], shape, dtype) =>
  lax.exp(lax.div(standardExponential(key, shape, dtype), b)),
);

/**
 * Rayleigh distribution: density `x/σ² e^(−x²/2σ²)`, from 0, where `σ` is `scale`.
 *
 * @throws DTypeError, ShapeError. @see `jax.random.rayleigh`
 */
export const rayleigh: OneParameter = parametric("rayleigh", ["scale"], (key, [scale], shape, dtype) =>
  lax.mul(scale, lax.sqrt(lax.mul(lax.log(uniformOf(key, shape, dtype, 0, 1)), -2))),
);

/**
 * Wald distribution, or inverse Gaussian, of mean `μ` and scale 1: density `(2πx³)^(−½) e^(−(x − μ)²/(2μ²x))`, from 0.
 *
 * @throws DTypeError, ShapeError. @see `jax.random.wald`; Michael, Schucany and Haas, "Generating random variates using
 * transformations with multiple roots" (1976)
 */
export const wald: OneParameter = parametric("wald", ["mean"], (key, [mean], shape, dtype) => {
  const keys = splitKey(key, 2);
  const y = lax.square(standardNormal(keys[0]!, shape, dtype));
  const u = uniformOf(keys[1]!, shape, dtype, 0, 1);
  const mean2 = lax.square(mean);
  const root = lax.sqrt(lax.fma(lax.mul(4, mean), y, lax.mul(mean2, lax.square(y))));
  // The smaller root of (x − μ)² = μ² x y; the other one is μ²/x.
  const x = lax.fma(lax.mul(mean, -0.5), root, lax.fma(lax.mul(mean2, y), 0.5, mean));
  return lax.select(lax.le(u, lax.div(mean, lax.add(mean, x))), x, lax.div(mean2, x));
});

/** Numbers of a distribution whose density is a triangle. */
type Triangular = (
  key: ArrayValue,
  left: Operand,
  mode: Operand,
  right: Operand,
  ...rest: Optionals<[shape: ShapeLike | null, dtype: DTypeLike], SampleOptions>
) => ArrayValue;

/**
 * Triangular distribution: its density rises from `left` to `mode`, and falls from there to `right`.
 *
 * @throws DTypeError, ShapeError. @see `jax.random.triangular`
 */
export const triangular: Triangular = parametric(
  "triangular",
  ["left", "mode", "right"],
  (key, [left, mode, right], shape, dtype) => {
    const width = lax.sub(right, left);
    const u = uniformOf(key, shape, dtype, 0, 1);
    const rise = lax.sub(mode, left);
    const up = lax.sqrt(lax.mul(lax.mul(u, width), rise));
    const down = lax.sqrt(lax.mul(lax.mul(lax.sub(1, u), width), lax.sub(right, mode)));
    return lax.select(lax.lt(u, lax.div(rise, width)), lax.add(left, up), lax.sub(right, down));
  },
);

export interface LognormalOptions extends SampleOptions {
  /** Standard deviation of the logarithm. Default 1. */
  readonly sigma?: Operand | undefined;
}

/**
 * Lognormal distribution: of `e^(σx)` where `x` is standard normal.
 *
 * Shape: `shape`, to which `sigma` broadcasts; by default that of `sigma`. Dtype: float32 (float64 under x64), or the float
 * or complex dtype asked for.
 * @throws DTypeError when `dtype` is neither float nor complex, or `sigma` does not fit in it; ShapeError when `sigma` does not
 * broadcast to `shape`. @see `jax.random.lognormal`
 */
export function lognormal(
  key: ArrayValue,
  ...rest: Optionals<[sigma: Operand, shape: ShapeLike | null, dtype: DTypeLike], LognormalOptions>
): ArrayValue {
  const caller = "random.lognormal";
  const options = readOptions<LognormalOptions>(caller, ["sigma", "shape", "dtype"], rest);
  const { sigma = 1 } = options;
  const dtype = options.dtype === undefined ? defaultDType("float") : toDType(options.dtype, caller);
  if (!isInexact(dtype))
    throw new DTypeError(
      "random/dtype",
      `the dtype argument to random.lognormal must be a float or complex dtype, got ${dtype}`,
    );
  const shape = sampleShape(options.shape, [toArray(sigma, caller, 1).shape], caller);
  return lax.exp(np.multiply(normal(key, shape, dtype), parameterOf(sigma, dtype, caller)));
}

/** Maxwell distribution: of the length of a vector of three standard normal numbers. @see `jax.random.maxwell` */
export const maxwell: Sampler = sampler("maxwell", (key, shape, dtype) =>
  np.linalg.norm(standardNormal(key, [...shape, 3], dtype), { axis: -1 }),
);

/** A distribution with two parameters, which `shape` does not include. */
type Outer = (
  key: ArrayValue,
  a: Operand,
  b: Operand,
  ...rest: Optionals<[shape: ShapeLike, dtype: DTypeLike], BitsOptions>
) => ArrayValue;

/**
 * Maxwell distribution on both sides of `loc`: density in proportion to `z² e^(−z²/2)` where `z = (x − loc)/scale`.
 *
 * Shape: `[…shape, …s]`, where `s` is what `loc` and `scale` broadcast to, and the default of `shape`. Dtype: float32
 * (float64 under x64), or the float dtype asked for, promoted with those of the parameters.
 * @throws DTypeError when `dtype` is no float dtype; ShapeError when the parameters do not broadcast to each other.
 * @see `jax.random.double_sided_maxwell`
 */
export const doubleSidedMaxwell: Outer = (key, loc, scale, ...rest) => {
  const caller = "random.doubleSidedMaxwell";
  const options = readOptions<BitsOptions>(caller, ["shape", "dtype"], rest);
  const dtype = floatDType(options.dtype, "doubleSidedMaxwell");
  const own = broadcastShapes([toArray(loc, caller, 1).shape, toArray(scale, caller, 2).shape], caller);
  const outer = checkShape(options.shape ?? [], caller);
  const shape = [...(outer.length === 0 ? own : outer), ...own];
  const [lengths, signs] = splitKey(checkKey(key, caller), 2);
  const sample = lax.mul(rademacher(signs!, shape, dtype), maxwell(lengths!, shape, dtype));
  return np.add(np.multiply(sample, scale), loc);
};

/**
 * Weibull distribution: density in proportion to `x^(c − 1) e^(−(x/σ)ᶜ)`, from 0, where `c` is `concentration` and `σ` is
 * `scale`.
 *
 * Shape: what `shape` and the parameters broadcast to. Dtype: float32 (float64 under x64), or the float dtype asked for,
 * promoted with those of the parameters.
 * @throws DTypeError when `dtype` is no float dtype; ShapeError when shapes do not broadcast.
 * @see `jax.random.weibull_min`
 */
export const weibullMin: Outer = (key, scale, concentration, ...rest) => {
  const caller = "random.weibullMin";
  const options = readOptions<BitsOptions>(caller, ["shape", "dtype"], rest);
  const dtype = floatDType(options.dtype, "weibullMin");
  const shape = checkShape(options.shape ?? [], caller);
  const sample = standardExponential(checkKey(key, caller), shape, dtype);
  const [base, exponent] = promoteInexact(caller, sample, np.divide(1, concentration));
  return np.multiply(lax.pow(base, exponent), scale);
};
