import { whileLoop } from "../control/while.ts";
import { type DType, type DTypeLike, isInteger, toDType } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";
import type { Shape } from "../core/shape.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { promoteDTypesInexact, toArray } from "../numpy/promotion.ts";
import { broadcastArray, choose } from "../numpy/where.ts";
import { checkKey, defaultDType, splitKey } from "./key.ts";
import { type OneParameter, readSample, realOf, realParameter } from "./parametric.ts";
import { roundedLgamma, roundedLog } from "./rounded.ts";
import { sampleShape, uniformOf } from "./uniform.ts";

/** The integer dtype that a sampler was asked for. @throws DTypeError when it is none. */
function integerDType(dtype: DTypeLike | undefined, name: string): DType {
  const asked = dtype === undefined ? defaultDType("int") : toDType(dtype, `random.${name}`);
  if (isInteger(asked)) return asked;
  throw new DTypeError(
    "random/dtype",
    `the dtype argument to random.${name} must be an integer dtype, got ${asked}`,
  );
}

/**
 * Geometric distribution: how many trials of probability `p` it takes to succeed, at least 1.
 *
 * Shape: `shape`, to which `p` broadcasts. Dtype: int32 (int64 under x64), or the integer dtype asked for.
 * @throws DTypeError when `dtype` is no integer dtype; ShapeError when `p` does not broadcast to `shape`.
 * @see `jax.random.geometric`
 */
export const geometric: OneParameter = (key, p, ...rest) => {
  const caller = "random.geometric";
  const options = readSample(caller, rest);
  const dtype = integerDType(options.dtype, "geometric");
  const probability = realOf(promoteDTypesInexact(caller, p)[0], caller);
  const shape = sampleShape(options.shape, [probability.shape], caller);
  const u = uniformOf(checkKey(key, caller), shape, probability.dtype, 0, 1);
  // 0 is no number of trials.
  const logU = lax.log(choose(lax.eq(u, 0), 1, u, caller));
  const logFailure = broadcastArray(lax.log1p(lax.neg(probability)), shape, caller);
  return lax.convertElementType(lax.add(lax.floor(lax.div(logU, logFailure)), 1), dtype);
};

/** Counts how many uniform numbers have a product above `e^(−rate)`. @see Knuth, "The Art of Computer Programming" 3.4.1 */
function byProduct(key: ArrayValue, rate: ArrayValue, shape: Shape, dtype: DType): ArrayValue {
  const bound = lax.neg(rate);
  const [count] = whileLoop(
    ([, , logProduct]) => np.any(lax.gt(logProduct, bound)),
    ([count, key, logProduct]) => {
      const [next, part] = splitKey(key, 2) as [ArrayValue, ArrayValue];
      const grown = lax.select(lax.gt(logProduct, bound), lax.add(count, 1), count);
      return [grown, next, lax.add(logProduct, lax.log(uniformOf(part, shape, "float32", 0, 1)))];
    },
    [lax.full(shape, 0, dtype), key, lax.full(shape, 0, "float32")] as [ArrayValue, ArrayValue, ArrayValue],
  );
  return lax.sub(count, 1);
}

/** Transformed rejection. @see Hörmann, "The transformed rejection method for generating Poisson random variables" (1993) */
function byRejection(key: ArrayValue, rate: ArrayValue, shape: Shape): ArrayValue {
  const logRate = roundedLog(rate);
  const b = lax.add(0.931, lax.mul(2.53, lax.sqrt(rate)));
  const a = lax.add(-0.059, lax.mul(0.02483, b));
  const inverseAlpha = lax.add(1.1239, lax.div(1.1328, lax.sub(b, 3.4)));
  const certain = lax.sub(0.9277, lax.div(3.6224, lax.sub(b, 2)));
  const [count] = whileLoop(
    ([, accepted]) => lax.not(np.all(accepted)),
    ([count, accepted, key]) => {
      const [next, first, second] = splitKey(key, 3) as [ArrayValue, ArrayValue, ArrayValue];
      const u = lax.sub(uniformOf(first, shape, rate.dtype, 0, 1), 0.5);
      const v = uniformOf(second, shape, rate.dtype, 0, 1);
      const us = lax.sub(0.5, lax.abs(u));
      const slope = lax.add(lax.div(lax.mul(2, a), us), b);
      const k = lax.floor(lax.add(lax.fma(slope, u, rate), 0.43));
      const s = lax.log(lax.div(lax.mul(v, inverseAlpha), lax.add(lax.div(a, lax.mul(us, us)), b)));
      const t = lax.sub(lax.fma(k, logRate, lax.neg(rate)), roundedLgamma(lax.add(k, 1)));
      const isCertain = lax.and(lax.ge(us, 0.07), lax.le(v, certain));
      const isOut = lax.or(lax.lt(k, 0), lax.and(lax.lt(us, 0.013), lax.gt(v, us)));
      const accept = lax.or(isCertain, lax.and(lax.not(isOut), lax.le(s, t)));
      // While others wait, an element that has a count may get another one, as in JAX.
      return [lax.select(accept, k, count), lax.or(accepted, accept), next];
    },
    [lax.full(shape, -1, rate.dtype), lax.full(shape, false), key] as [ArrayValue, ArrayValue, ArrayValue],
  );
  return count;
}

/**
 * Poisson distribution: probability `λᵏ e^(−λ) / k!`, where `λ` is the mean `lam`. -1 where `lam` is negative or NaN.
 *
 * Shape: `shape`, to which `lam` broadcasts. Dtype: int32 (int64 under x64), or the integer dtype asked for.
 * @throws DTypeError when `dtype` is no integer dtype, or `lam` is complex; ShapeError when `lam` does not broadcast to
 * `shape`. @see `jax.random.poisson`
 */
export const poisson: OneParameter = (key, lam, ...rest) => {
  const caller = "random.poisson";
  const options = readSample(caller, rest);
  const checked = checkKey(key, caller);
  const dtype = integerDType(options.dtype, "poisson");
  const given = realParameter(lam, "float32", caller);
  const shape = sampleShape(options.shape, [toArray(lam, caller, 1).shape], caller);
  const rate = broadcastArray(given, shape, caller);
  const isSmall = lax.or(lax.ne(rate, rate), lax.lt(rate, 10));
  const small = byProduct(checked, choose(isSmall, rate, 0, caller), shape, dtype);
  // Where it is small, any rate will do.
  const large = byRejection(checked, choose(isSmall, 1e5, rate, caller), shape);
  const count = lax.select(isSmall, small, lax.convertElementType(large, dtype));
  return lax.select(lax.eq(rate, 0), lax.fullLike(count, 0), count);
};
