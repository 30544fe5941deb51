import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import { type AccumulatorOptions, ema } from "./accumulation.ts";
import { adamNames, type AdamOptions, scaleByAdam } from "./adaptive.ts";
import {
  type OptimisticGradientOptions,
  polyakNames,
  type PolyakOptions,
  rpropNames,
  type RpropOptions,
  scaleByOptimisticGradient,
  scaleByPolyak,
  scaleByRprop,
  scaleBySign,
} from "./directions.ts";
import { addNoise } from "./noise.ts";
import { descentBy, type Optimizer, type OptimizerOf, sgd } from "./optimizers.ts";
import { chain, type LearningRate, scale, scaleByLearningRate } from "./transforms.ts";

/** Steps by the sign of gradients. @see Bernstein et al., "signSGD" (2018); `optax.sign_sgd` */
export const signSgd: OptimizerOf<Record<never, never>> = descentBy("signSgd", [], () => [scaleBySign()]);

export interface SignumOptions extends AccumulatorOptions {
  /** Decay of the mean. Default 0.9. */
  readonly beta?: Operand | undefined;
}

/** Steps by the sign of the mean of gradients. @see Bernstein et al., "signSGD" (2018); `optax.signum` */
export const signum: OptimizerOf<SignumOptions> = descentBy(
  "signum",
  ["beta", "accumulatorDtype"],
  ({ beta = 0.9, accumulatorDtype }) => [ema(beta, { debias: false, accumulatorDtype }), scaleBySign()],
);

export interface NoisySgdOptions {
  /** Variance of the noise in the first step. Default 0.01. */
  readonly eta?: Operand | undefined;
  /** The exponent with which it decreases. Default 0.55. */
  readonly gamma?: Operand | undefined;
  /** A random key, or a seed. Default 0. */
  readonly key?: ArrayValue | number | undefined;
}

/** Gradient descent with normal noise. @see {@link addNoise}; `optax.noisy_sgd` */
export const noisySgd: OptimizerOf<NoisySgdOptions> = descentBy(
  "noisySgd",
  ["eta", "gamma", "key"],
  ({ eta = 0.01, gamma = 0.55, key = 0 }) => [addNoise(eta, gamma, key)],
);

/** Gradient descent that looks ahead by the change of gradients. @see Mokhtari et al. (2019); `optax.optimistic_gradient_descent` */
export const optimisticGradientDescent: OptimizerOf<OptimisticGradientOptions> = descentBy(
  "optimisticGradientDescent",
  ["alpha", "beta"],
  (options) => [scaleByOptimisticGradient(options)],
);

export interface OptimisticAdamOptions extends AdamOptions {
  /** What the change of steps is multiplied by. Default: the learning rate. */
  readonly optimism?: Operand | null | undefined;
}

/**
 * Adam that looks ahead by the change of its steps; with Nesterov's momentum by default. {@link optimisticAdamV2} takes schedules.
 *
 * @throws ArgumentError when the learning rate is a schedule.
 * @see Daskalakis et al., "Training GANs with optimism" (2018); `optax.optimistic_adam`
 */
export function optimisticAdam(learningRate: Operand, options: OptimisticAdamOptions = {}): Optimizer {
  const names = [...adamNames, "optimism"] as const;
  const { optimism = null, ...rest } = readOptions<OptimisticAdamOptions>("optim.optimisticAdam", names, [options]); // prettier-ignore
  if (typeof learningRate === "function")
    throw new ArgumentError(
      "optim/learning-rate",
      "optim.optimisticAdam takes no schedule: optim.optimisticAdamV2 does",
    );
  return chain(
    scaleByAdam({ nesterov: true, ...rest }),
    scaleByOptimisticGradient({ alpha: learningRate, beta: optimism ?? learningRate }),
    scaleByLearningRate(1),
  );
}

/** Adam that looks ahead by the change of its steps; with Nesterov's momentum by default. @see `optax.optimistic_adam_v2` */
export const optimisticAdamV2: OptimizerOf<AdamOptions & OptimisticGradientOptions> = descentBy(
  "optimisticAdamV2",
  [...adamNames, "alpha", "beta"],
  ({ alpha, beta, ...options }) => [
    scaleByAdam({ nesterov: true, ...options }),
    scaleByOptimisticGradient({ alpha, beta }),
  ],
);

/**
 * Steps by signs of gradients alone: for whole batches. The learning rate is the size of the first step.
 *
 * @see {@link scaleByRprop}; `optax.rprop`
 */
export function rprop(learningRate: Operand, options: RpropOptions = {}): Optimizer {
  const given = readOptions<RpropOptions>("optim.rprop", rpropNames, [options]);
  return chain(scaleByRprop(learningRate, given), scale(-1));
}

export interface PolyakSgdOptions extends PolyakOptions {
  /** What steps are multiplied by. Default 1. */
  readonly scaling?: LearningRate | undefined;
}

/**
 * Gradient descent with a learning rate made of the loss, which `update` gets as `value`.
 *
 * @see {@link scaleByPolyak}; `optax.polyak_sgd`
 */
export function polyakSgd(options: PolyakSgdOptions = {}): Optimizer {
  const names = [...polyakNames, "scaling"] as const;
  const { scaling = 1, ...rest } = readOptions<PolyakSgdOptions>("optim.polyakSgd", names, [options]);
  return chain(sgd(scaling), scaleByPolyak(rest));
}
