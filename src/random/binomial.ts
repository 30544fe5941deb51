import { scan } from "../control/scan.ts";
import { whileLoop } from "../control/while.ts";
import { type DType, toDType } from "../core/dtype.ts";
import { ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { checkShape, type Shape, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { promoteDTypesInexact } from "../numpy/promotion.ts";
import { broadcastArray, choose } from "../numpy/where.ts";
import { checkKey, defaultDType, splitKey } from "./key.ts";
import { readSample, realOf, realParameter, type SampleOptions, type TwoParameters } from "./parametric.ts";
import { roundedLog } from "./rounded.ts";
import { floatDType, sampleShape, uniformOf } from "./uniform.ts";

/** Adds up geometric numbers of trials until they exceed `n`. */
function byInversion(key: ArrayValue, n: ArrayValue, p: ArrayValue, shape: Shape): ArrayValue {
  const logFailure = lax.log1p(lax.neg(p));
  const [count] = whileLoop(
    ([, trials]) => np.any(lax.le(trials, n)),
    ([count, trials, key]) => {
      const [part, next] = splitKey(key, 2) as [ArrayValue, ArrayValue];
      const grown = lax.select(lax.le(trials, n), lax.add(count, 1), count);
      const more = lax.ceil(lax.div(lax.log(uniformOf(part, shape, p.dtype, 0, 1)), logFailure));
      return [grown, lax.add(trials, more), next];
    },
    [lax.full(shape, 0, p.dtype), lax.full(shape, 0, p.dtype), key] as [ArrayValue, ArrayValue, ArrayValue],
  );
  return lax.sub(count, 1);
}

/** What Stirling's formula for `log k!` leaves out; beyond 9 JAX takes it at 9. */
const stirlingTails = [
  0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509, 0.0166446911898211,
  0.0138761288230707, 0.0118967099458917, 0.010411265261972, 0.00925546218271273, 0.00833056343336287,
];
const stirlingTail = (k: ArrayValue): ArrayValue =>
  np.take(
    np.array(stirlingTails, k.dtype),
    lax.convertElementType(lax.clamp(0, lax.floor(k), stirlingTails.length - 1), "int32"),
    { mode: "clip" },
  );

/** Transformed rejection with squeeze. @see Hörmann, "The generation of binomial random variates" (1993) */
function byRejection(key: ArrayValue, n: ArrayValue, p: ArrayValue, shape: Shape): ArrayValue {
  const deviation = lax.sqrt(lax.mul(lax.mul(n, p), lax.sub(1, p)));
  const b = lax.add(1.15, lax.mul(2.53, deviation));
  const a = lax.add(lax.add(-0.0873, lax.mul(0.0248, b)), lax.mul(0.01, p));
  const c = lax.add(lax.mul(n, p), 0.5);
  const certain = lax.sub(0.92, lax.div(4.2, b));
  const odds = lax.div(p, lax.sub(1, p));
  const alpha = lax.mul(lax.add(2.83, lax.div(5.1, b)), deviation);
  const m = lax.floor(lax.mul(lax.add(n, 1), p));
  const above = lax.add(lax.sub(n, m), 1);
  const log = p.dtype === "float32" ? roundedLog : lax.log;
  const atMode = lax.mul(lax.add(m, 0.5), log(lax.div(lax.add(m, 1), lax.mul(odds, above))));
  const [count] = whileLoop(
    ([, accepted]) => lax.not(np.all(accepted)),
    ([count, accepted, key]) => {
      const [next, first, second] = splitKey(key, 3) as [ArrayValue, ArrayValue, ArrayValue];
      const u = lax.sub(uniformOf(first, shape, p.dtype, 0, 1), 0.5);
      const v = uniformOf(second, shape, p.dtype, 0, 1);
      const us = lax.sub(0.5, lax.abs(u));
      const k = lax.floor(lax.fma(lax.add(lax.div(lax.mul(2, a), us), b), u, c));
      const left = lax.add(lax.sub(n, k), 1);
      const logRatio = log(lax.div(above, left));
      const logOdds = log(lax.div(lax.mul(odds, left), lax.add(k, 1)));
      const main = lax.fma(lax.add(k, 0.5), logOdds, lax.fma(lax.add(n, 1), logRatio, atMode));
      const tails = lax.add(lax.add(main, stirlingTail(m)), stirlingTail(lax.sub(n, m)));
      const bound = lax.sub(lax.sub(tails, stirlingTail(k)), stirlingTail(lax.sub(n, k)));
      const s = lax.log(lax.div(lax.mul(v, alpha), lax.add(lax.div(a, lax.mul(us, us)), b)));
      const isCertain = lax.and(lax.ge(us, 0.07), lax.le(v, certain));
      const isIn = lax.not(lax.or(lax.lt(k, 0), lax.gt(k, n)));
      const accept = lax.or(isCertain, lax.and(isIn, lax.le(s, bound)));
      // While others wait, an element that has a count may get another one, as in JAX.
      return [lax.select(accept, k, count), lax.or(accepted, accept), next];
    },
    [lax.full(shape, -1, p.dtype), lax.full(shape, false), key] as [ArrayValue, ArrayValue, ArrayValue],
  );
  return count;
}

function binomialOf(key: ArrayValue, n: ArrayValue, p: ArrayValue, shape: Shape, dtype: DType): ArrayValue {
  const like = (x: ArrayValue, value: number): ArrayValue => lax.fullLike(x, value);
  const isRare = lax.lt(p, 0.5);
  const rarer = lax.select(isRare, p, lax.sub(1, p));
  const isNoCount = lax.or(lax.ne(n, n), lax.lt(n, 0));
  const isNoProbability = lax.ne(rarer, rarer);
  const isOut = lax.or(isNoProbability, lax.lt(rarer, 0));
  const isInfinite = np.isinf(n);
  const q = lax.select(isOut, like(rarer, 0.01), rarer);
  const isSmall = lax.or(isNoCount, lax.le(lax.mul(n, q), 10));
  const whole = lax.floor(n);
  const small = byInversion(key, lax.select(isSmall, whole, like(n, 0)), q, shape);
  // Infinitely many trials that never succeed would be rejected for ever.
  const isOther = lax.or(isSmall, lax.eq(q, 0));
  const large = byRejection(
    key,
    lax.select(isSmall, like(n, 1e4), whole),
    lax.select(isOther, like(q, 0.5), q),
    shape,
  );
  const as = (x: ArrayValue): ArrayValue => lax.convertElementType(x, dtype);
  const counts = lax.select(isSmall, as(small), as(large));
  const isInvalid = lax.or(isOut, isNoCount);
  const valid = lax.select(isInvalid, like(counts, NaN), counts);
  const sample = lax.select(lax.and(isInfinite, lax.not(isInvalid)), like(valid, Infinity), valid);
  const isFinal = [isNoCount, isNoProbability, isInfinite].reduce((any, x) => lax.or(any, x), isRare);
  return lax.select(isFinal, sample, lax.sub(as(whole), sample));
}

/**
 * Binomial distribution: how many of `n` trials of probability `p` succeed. NaN where `n` is negative or NaN, or `p` no
 * probability; `Infinity` where `n` is.
 *
 * Shape: `shape`, to which `n` and `p` broadcast. Dtype: float32 (float64 under x64), or the float dtype asked for.
 * @throws DTypeError when `dtype` is no float dtype; ShapeError when `n` and `p` do not broadcast to `shape`.
 * @see `jax.random.binomial`
 */
export const binomial: TwoParameters = (key, n, p, ...rest) => {
  const caller = "random.binomial";
  const options = readSample(caller, rest);
  const checked = checkKey(key, caller);
  const dtype = floatDType(options.dtype, "binomial");
  const probability = realOf(promoteDTypesInexact(caller, p)[0], caller);
  const trials = realParameter(n, probability.dtype, caller);
  const shape = sampleShape(options.shape, [trials.shape, probability.shape], caller);
  const [count, chance] = [trials, probability].map((x) => broadcastArray(x, shape, caller));
  return binomialOf(checked, count!, chance!, shape, dtype);
};

export interface MultinomialOptions extends Omit<SampleOptions, "shape"> {
  /** Shape of the result, to which `p` broadcasts. Default: that of `p`. */
  readonly shape?: Shape | null | undefined;
  /** How many steps of the loop over outcomes become one, as `scan` takes it. Default 1. */
  readonly unroll?: number | boolean | undefined;
}

/**
 * Multinomial distribution: how often each outcome occurs in `n` trials. The probabilities of the outcomes lie along the
 * last axis of `p`.
 *
 * Shape: `[…s, k]`, which is `shape`, or that of `p`; `n` broadcasts to `s`. Dtype: float32 (float64 under x64), or the one
 * asked for.
 * @throws ShapeError when `p` has no axis, or shapes do not broadcast; DTypeError on complex parameters.
 * @see `jax.random.multinomial`
 */
export function multinomial(
  key: ArrayValue,
  n: Operand,
  p: Operand,
  ...rest: Optionals<[], MultinomialOptions>
): ArrayValue {
  const caller = "random.multinomial";
  const options = readOptions<MultinomialOptions>(caller, ["shape", "dtype", "unroll"], rest);
  const { dtype = defaultDType("float"), unroll = 1 } = options;
  const checked = checkKey(key, caller);
  const [trials, chances] = promoteDTypesInexact(caller, n, p).map((x) => realOf(x, caller)) as [
    ArrayValue,
    ArrayValue,
  ];
  const shape = checkShape(options.shape ?? chances.shape, caller);
  if (chances.ndim === 0 || shape.length === 0)
    throw new ShapeError(
      "random/shape",
      `${caller}: p has an axis, which the probabilities lie along; got ${describe(p)}, and the shape ${showShape(shape)}`,
    );
  const batch = shape.slice(0, -1);
  const outcomes = np.moveaxis(broadcastArray(chances, shape, caller), -1, 0);
  const remaining = lax.cumsum(outcomes, 0, { reverse: true });
  // Of what the outcomes before left over.
  const ratios = lax.div(outcomes, choose(lax.eq(remaining, 0), 1, remaining, caller));
  const [, counts] = scan(
    (left: ArrayValue, [ratio, part]: readonly [ArrayValue, ArrayValue]) => {
      const count = binomialOf(part, left, lax.clamp(0, ratio, 1), batch, left.dtype);
      return [lax.sub(left, count), count];
    },
    broadcastArray(trials, batch, caller),
    [ratios, lax.randomSplit(checked, [shape.at(-1)!])] as const,
    { unroll },
  );
  return lax.convertElementType(np.moveaxis(counts, 0, -1), toDType(dtype, caller));
}
