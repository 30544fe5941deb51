import type { DTypeLike } from "../core/dtype.ts";
import { readOptions } from "../core/options.ts";
import type { Operand } from "../core/value.ts";
import * as np from "../numpy/index.ts";
import { ema, trace } from "./accumulation.ts";
import { clipByBlockRms } from "./clipping.ts";
import { scaleByFactoredRms } from "./factored.ts";
import { masked } from "./groups.ts";
import type { Mask } from "./mask.ts";
import { scaleByParamBlockRms, scaleByTrustRatio } from "./norms.ts";
import { descentBy, type Optimizer, type OptimizerOf } from "./optimizers.ts";
import {
  type AdadeltaScaleOptions,
  type NovogradOptions,
  rmsNames,
  type RmsOptions,
  type RssOptions,
  scaleByAdadelta,
  scaleByNovograd,
  scaleByRms,
  scaleByRss,
  scaleBySm3,
  scaleByStddev,
} from "./scale-by-roots.ts";
import type { GradientTransformation } from "./transformation.ts";
import {
  addDecayedWeights,
  chain,
  identity,
  type LearningRate,
  scale,
  scaleByLearningRate,
} from "./transforms.ts";

/** Divides by the root of the sum of squares so far. @see Duchi et al. (2011); `optax.adagrad` */
export const adagrad: OptimizerOf<RssOptions> = descentBy(
  "adagrad",
  ["initialAccumulatorValue", "eps"],
  (options) => [scaleByRss(options)],
);

export interface RmspropOptions extends RmsOptions {
  /** Divide by the standard deviation, in place of the root of the mean of squares. Default false. */
  readonly centered?: boolean | undefined;
  /** Decay of the sum of past steps. Default: none is kept. */
  readonly momentum?: Operand | null | undefined;
  /** Look ahead by one step. Default false. */
  readonly nesterov?: boolean | undefined;
}

/** Divides by the root of the mean of past squares. @see Hinton's lecture 6e (2012); Graves (2013); `optax.rmsprop` */
export function rmsprop(learningRate: LearningRate, options: RmspropOptions = {}): Optimizer {
  const names = [...rmsNames, "centered", "momentum", "nesterov"] as const;
  const given = readOptions<RmspropOptions>("optim.rmsprop", names, [options]);
  const { centered = false, momentum = null, nesterov = false, ...rms } = given;
  return chain(
    centered ? scaleByStddev(rms) : scaleByRms(rms),
    scaleByLearningRate(learningRate),
    momentum === null ? identity() : trace(momentum, { nesterov }),
  );
}

export interface AdadeltaOptions extends AdadeltaScaleOptions {
  /** The share of each parameter that is added to its gradient. Default 0. */
  readonly weightDecay?: LearningRate | undefined;
  /** Which parameters decay. Default: all. */
  readonly weightDecayMask?: Mask;
}

/** Steps as long as past steps are, times the learning rate; null leaves the sign to what comes after. @see Zeiler (2012); `optax.adadelta` */
export function adadelta(learningRate: LearningRate | null = null, options: AdadeltaOptions = {}): Optimizer {
  const names = ["rho", "eps", "weightDecay", "weightDecayMask"] as const;
  const { weightDecay = 0, weightDecayMask: mask, ...rest } = readOptions<AdadeltaOptions>("optim.adadelta", names, [options]); // prettier-ignore
  return chain(
    addDecayedWeights(weightDecay, { mask }),
    scaleByAdadelta(rest),
    scaleByLearningRate(learningRate),
  );
}

export interface AdafactorOptions {
  /** Arrays whose second longest axis is shorter keep a mean for each element. Default 128. */
  readonly minDimSizeToFactor?: number | undefined;
  /** The exponent of the decay of means. Default 0.8. */
  readonly decayRate?: Operand | undefined;
  /** Steps that count as not taken, such as those before a fine-tuning. Default 0. */
  readonly decayOffset?: Operand | undefined;
  /** Multiply steps by the root of the mean of squares of their parameter. Default true. */
  readonly multiplyByParameterScale?: boolean | undefined;
  /** The greatest root of the mean of squares of a step; null for none. Default 1. */
  readonly clippingThreshold?: Operand | null | undefined;
  /** Decay of the mean of steps. Default: none is kept. */
  readonly momentum?: Operand | null | undefined;
  /** Dtype of that mean. Default float32. */
  readonly dtypeMomentum?: DTypeLike | undefined;
  /** The share of each parameter that is taken away in a step. Default: none. */
  readonly weightDecayRate?: LearningRate | null | undefined;
  /** Added to squares. Default 1e-30. */
  readonly eps?: Operand | undefined;
  /** Keep means of rows and columns of large matrices in place of those of elements. Default true. */
  readonly factored?: boolean | undefined;
  /** Which parameters decay. Default: all. */
  readonly weightDecayMask?: Mask;
}

/**
 * Adam with little memory: means of squares of rows and columns, and none of gradients. Steps are relative to the size of their
 * parameter, so that the learning rate is one too; null is 1.
 *
 * @see Shazeer and Stern, "Adafactor: adaptive learning rates with sublinear memory cost" (2018); `optax.adafactor`
 */
export function adafactor(
  learningRate: LearningRate | null = null,
  options: AdafactorOptions = {},
): Optimizer {
  const names = ["minDimSizeToFactor", "decayRate", "decayOffset", "multiplyByParameterScale", "clippingThreshold", "momentum", "dtypeMomentum", "weightDecayRate", "eps", "factored", "weightDecayMask"] as const; // prettier-ignore
  const given = readOptions<AdafactorOptions>("optim.adafactor", names, [options]);
  const { minDimSizeToFactor, decayRate, decayOffset: stepOffset, eps: epsilon, factored } = given;
  const { clippingThreshold = 1, multiplyByParameterScale = true, momentum = null, weightDecayRate = null } = given; // prettier-ignore
  const parts: readonly (GradientTransformation | null)[] = [
    scaleByFactoredRms({ factored, decayRate, stepOffset, minDimSizeToFactor, epsilon }),
    clippingThreshold === null ? null : clipByBlockRms(clippingThreshold),
    learningRate === null ? null : scaleByLearningRate(learningRate, { flipSign: false }),
    multiplyByParameterScale ? scaleByParamBlockRms() : null,
    momentum === null
      ? null
      : ema(momentum, { debias: false, accumulatorDtype: given.dtypeMomentum ?? "float32" }),
    weightDecayRate === null ? null : addDecayedWeights(weightDecayRate, { mask: given.weightDecayMask }),
    scale(-1),
  ];
  return chain(...parts.filter((part) => part !== null));
}

export interface Sm3Options {
  /** Decay of the mean of steps. Default 0.9. */
  readonly momentum?: Operand | undefined;
}

/** Adagrad with a vector of sums for each axis. @see Anil et al. (2019); `optax.sm3` */
export const sm3: OptimizerOf<Sm3Options> = descentBy("sm3", ["momentum"], ({ momentum }) => [
  scaleBySm3({ b1: momentum }),
]);

/** A mean of squared norms for each array. `b2` is 0.25, `eps` 1e-6 by default. @see Ginsburg et al. (2019); `optax.novograd` */
export const novograd: OptimizerOf<Omit<NovogradOptions, "muDtype">> = descentBy(
  "novograd",
  ["b1", "b2", "eps", "epsRoot", "weightDecay"],
  (options) => [scaleByNovograd({ eps: 1e-6, ...options })],
);

export interface LarsOptions {
  /** The share of each parameter that is added to its gradient. Default 0. */
  readonly weightDecay?: LearningRate | undefined;
  /** Which parameters decay. Default: all. */
  readonly weightDecayMask?: Mask;
  /** What ratios are multiplied by. Default 1e-3. */
  readonly trustCoefficient?: Operand | undefined;
  /** Added to the norm of gradients. Default 0. */
  readonly eps?: Operand | undefined;
  /** Which gradients are scaled to the norms of their parameters. Default: all. */
  readonly trustRatioMask?: Mask;
  /** Decay of the sum of steps. Default 0.9. */
  readonly momentum?: Operand | undefined;
  /** Look ahead by one step. Default false. */
  readonly nesterov?: boolean | undefined;
}

/** Gradients scaled, for each array, to the norm of the parameter: for large batches. @see You et al. (2017); `optax.lars` */
export function lars(learningRate: LearningRate, options: LarsOptions = {}): Optimizer {
  const names = ["weightDecay", "weightDecayMask", "trustCoefficient", "eps", "trustRatioMask", "momentum", "nesterov"] as const; // prettier-ignore
  const given = readOptions<LarsOptions>("optim.lars", names, [options]);
  const { weightDecay = 0, weightDecayMask: mask = true, trustRatioMask = true } = given;
  const { trustCoefficient = 1e-3, eps, momentum = 0.9, nesterov } = given;
  return chain(
    addDecayedWeights(weightDecay, { mask }),
    masked(scaleByTrustRatio({ trustCoefficient, eps }), trustRatioMask),
    scaleByLearningRate(learningRate),
    trace(momentum, { nesterov }),
  );
}

export interface FromageOptions {
  /** Norms count as no less. Default 1e-6. */
  readonly minNorm?: Operand | undefined;
}

/**
 * Gradients scaled to the norms of their parameters, which are kept from growing.
 *
 * @see Bernstein et al., "On the distance between two neural networks" (2020); `optax.fromage`
 */
export function fromage(learningRate: LearningRate, options: FromageOptions = {}): Optimizer {
  const { minNorm = 1e-6 } = readOptions<FromageOptions>("optim.fromage", ["minNorm"], [options]);
  const mapRate = (part: 0 | 1): LearningRate =>
    typeof learningRate === "function"
      ? (count) => shrinkage(learningRate(count))[part]
      : shrinkage(learningRate)[part];
  return chain(
    scaleByTrustRatio({ minNorm }),
    scaleByLearningRate(mapRate(0)),
    addDecayedWeights(mapRate(1)),
  );
}

/** What steps are multiplied by, and how much of the parameters is taken, so that orthogonal steps leave the norm. */
function shrinkage(rate: Operand): readonly [step: Operand, decay: Operand] {
  if (typeof rate === "number") {
    const kept = 1 / Math.sqrt(1 + rate ** 2);
    return [kept * rate, kept - 1];
  }
  const kept = np.divide(1, np.sqrt(np.add(1, np.square(rate))));
  return [np.multiply(kept, rate), np.subtract(kept, 1)];
}
