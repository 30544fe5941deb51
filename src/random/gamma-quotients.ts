import { ShapeError } from "../core/errors.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { toArray } from "../numpy/promotion.ts";
import { max, sum } from "../numpy/reduce.ts";
import { broadcastArray } from "../numpy/where.ts";
import { gammaOf, loggammaOf } from "./gamma.ts";
import { checkKey, splitKey } from "./key.ts";
import { standardNormal } from "./normal.ts";
import {
  type OneParameter,
  parametric,
  readSample,
  realParameter,
  type SampleRest,
  type TwoParameters,
} from "./parametric.ts";
import { floatDType, sampleShape } from "./uniform.ts";

// Unless said otherwise: shape of the result `shape`, to which the parameters broadcast; dtype float32 (float64 under x64),
// or the float dtype asked for. DTypeError when it is none, or a parameter does not fit in it; ShapeError when parameters do
// not broadcast to `shape`. All are differentiable with respect to their parameters.

/**
 * Beta distribution: density in proportion to `xᵃ⁻¹ (1 − x)ᵇ⁻¹`, from 0 to 1.
 *
 * @throws DTypeError, ShapeError. @see `jax.random.beta`
 */
export const beta: TwoParameters = parametric("beta", ["a", "b"], (key, [a, b]) => {
  const keys = splitKey(key, 2);
  const [x, y] = [loggammaOf(keys[0]!, a), loggammaOf(keys[1]!, b)];
  const greater = lax.max(x, y);
  const [p, q] = [lax.exp(lax.sub(x, greater)), lax.exp(lax.sub(y, greater))];
  return lax.div(p, lax.add(p, q));
});

/**
 * Dirichlet distribution: density in proportion to `∏ xᵢ^(αᵢ − 1)` of positive numbers whose sum is 1.
 *
 * Shape: `[…shape, n]`, where `alpha` is `[…s, n]` and `s` broadcasts to `shape`, which by default it is.
 * @throws ShapeError when `alpha` has no axis, or does not broadcast; DTypeError when `dtype` is no float dtype, or `alpha`
 * complex. @see `jax.random.dirichlet`
 */
export function dirichlet(key: ArrayValue, alpha: Operand, ...rest: SampleRest): ArrayValue {
  const caller = "random.dirichlet";
  const options = readSample(caller, rest);
  const dtype = floatDType(options.dtype, "dirichlet");
  const { shape: given } = toArray(alpha, caller, 1);
  if (given.length === 0)
    throw new ShapeError(
      "random/shape",
      `${caller}: alpha has an axis, which the probabilities lie along; got ${describe(alpha)}`,
    );
  const shape = [...sampleShape(options.shape, [given.slice(0, -1)], caller), given.at(-1)!];
  const a = broadcastArray(realParameter(alpha, dtype, caller), shape, caller);
  const logs = loggammaOf(checkKey(key, caller), a);
  const last = { axis: -1, keepdims: true };
  const scaled = lax.exp(lax.sub(logs, lax.stopGradient(max(logs, last))));
  return lax.div(scaled, sum(scaled, last));
}

/** As `chisquare`, of checked arguments. */
const chisquareOf = (key: ArrayValue, df: ArrayValue): ArrayValue =>
  lax.mul(lax.exp(loggammaOf(key, lax.div(df, 2))), 2);

/**
 * Chi-square distribution of `df` degrees of freedom: of the sum of as many squares of standard normal numbers.
 *
 * @throws DTypeError, ShapeError. @see `jax.random.chisquare`
 */
export const chisquare: OneParameter = parametric("chisquare", ["df"], (key, [df]) => chisquareOf(key, df));

/**
 * F distribution: of the quotient of two chi-square numbers, each divided by its degrees of freedom, `dfnum` and `dfden`.
 *
 * @throws DTypeError, ShapeError. @see `jax.random.f`
 */
export const f: TwoParameters = parametric("f", ["dfnum", "dfden"], (key, [dfnum, dfden]) => {
  const keys = splitKey(key, 2);
  const [below, above] = [chisquareOf(keys[0]!, dfden), chisquareOf(keys[1]!, dfnum)];
  return lax.div(lax.div(above, dfnum), lax.div(below, dfden));
});

/**
 * Student's t distribution of `df` degrees of freedom: density in proportion to `(1 + x²/df)^(−(df + 1)/2)`.
 *
 * @throws DTypeError, ShapeError. @see `jax.random.t`
 */
export const t: OneParameter = parametric("t", ["df"], (key, [df], shape, dtype) => {
  const keys = splitKey(key, 2);
  const half = lax.div(df, 2);
  return lax.mul(standardNormal(keys[0]!, shape, dtype), lax.sqrt(lax.div(half, gammaOf(keys[1]!, half))));
});
