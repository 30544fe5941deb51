import { type Optionals, readOptions } from "../core/options.ts";
import type { Operand } from "../core/value.ts";
import { type AccumulatorOptions, trace } from "./accumulation.ts";
import {
  adamNames,
  type AdamOptions,
  amsgradNames,
  type AmsgradOptions,
  momentNames,
  type MomentOptions,
  type RootedMomentOptions,
  scaleByAdam,
  scaleByAdamax,
  scaleByAmsgrad,
} from "./adaptive.ts";
import {
  adanNames,
  type AdanOptions,
  type BeliefOptions,
  type LionOptions,
  radamNames,
  type RadamOptions,
  scaleByAdan,
  scaleByBelief,
  scaleByLion,
  scaleByRadam,
  scaleByYogi,
} from "./adaptive-variants.ts";
import type { Mask } from "./mask.ts";
import { scaleByTrustRatio } from "./norms.ts";
import type { GradientTransformation } from "./transformation.ts";
import { addDecayedWeights, chain, identity, type LearningRate, scaleByLearningRate } from "./transforms.ts";

/** An optimiser: transformations, one after another. Its state is a list of theirs. */
export type Optimizer = GradientTransformation<readonly unknown[]>;
/** An optimiser from its learning rate, which may be a schedule. */
export type OptimizerOf<Options> = (learningRate: LearningRate, options?: Options) => Optimizer;
type Given<Options> = { [Name in keyof Options]?: Exclude<Options[Name], undefined> };

/** A chain of what `parts` makes of the options, and the learning rate. */
export const descentBy =
  <Options extends object>(
    name: string,
    names: readonly (keyof Options & string)[],
    parts: (options: Given<Options>) => readonly GradientTransformation[],
  ): OptimizerOf<Options> =>
  (learningRate, options) =>
    chain(
      ...parts(readOptions<Options>(`optim.${name}`, names, options === undefined ? [] : [options])),
      scaleByLearningRate(learningRate),
    );

export interface WeightDecayOptions {
  /** The share of each parameter that is taken away in a step, times the learning rate. */
  readonly weightDecay?: LearningRate | undefined;
  /** Which parameters decay: a prefix of their tree with booleans, or a function that makes one. Default: all. */
  readonly mask?: Mask;
}
const decayNames = ["weightDecay", "mask"] as const;

export interface SgdOptions extends AccumulatorOptions {
  /** Decay of the sum of past gradients. Default: none is kept. */
  readonly momentum?: Operand | null | undefined;
  /** Look ahead by one step. Default false. */
  readonly nesterov?: boolean | undefined;
}

/**
 * Stochastic gradient descent, with momentum if asked for. The learning rate may be a schedule.
 *
 * @example
 * const optimizer = optim.sgd(0.1);
 * let state = optimizer.init(params);
 * [updates, state] = optimizer.update(grads, state, params);
 * params = optim.applyUpdates(params, updates);
 * @see `optax.sgd`
 */
export function sgd(
  learningRate: LearningRate,
  ...rest: Optionals<[momentum: Operand | null, nesterov: boolean], SgdOptions>
): Optimizer {
  const names = ["momentum", "nesterov", "accumulatorDtype"] as const;
  const { momentum = null, ...options } = readOptions<SgdOptions>("optim.sgd", names, rest);
  return chain(momentum === null ? identity() : trace(momentum, options), scaleByLearningRate(learningRate));
}

/**
 * Adam. The learning rate may be a schedule.
 *
 * @see Kingma and Ba, "Adam: a method for stochastic optimization" (2015); `optax.adam`
 */
export function adam(
  learningRate: LearningRate,
  ...rest: Optionals<[b1: Operand, b2: Operand, eps: Operand, epsRoot: Operand], AdamOptions>
): Optimizer {
  const options = readOptions<AdamOptions>("optim.adam", adamNames, rest);
  return chain(scaleByAdam(options), scaleByLearningRate(learningRate));
}

export interface AdamWOptions extends AdamOptions, WeightDecayOptions {}

/**
 * Adam with decoupled weight decay, 1e-4 by default. Parameters without a gradient do not decay.
 *
 * @see Loshchilov and Hutter, "Decoupled weight decay regularization" (2019); `optax.adamw`
 */
export function adamw(
  learningRate: LearningRate,
  ...rest: Optionals<[b1: Operand, b2: Operand, eps: Operand, epsRoot: Operand], AdamWOptions>
): Optimizer {
  const names = [...adamNames, ...decayNames] as const;
  const { weightDecay = 1e-4, mask, ...options } = readOptions<AdamWOptions>("optim.adamw", names, rest);
  return chain(
    scaleByAdam(options),
    addDecayedWeights(weightDecay, { mask }),
    scaleByLearningRate(learningRate),
  );
}

/** Adam with Nesterov's momentum. @see Dozat, "Incorporating Nesterov momentum into Adam" (2016); `optax.nadam` */
export const nadam: OptimizerOf<AdamOptions> = (learningRate, options) =>
  adam(learningRate, { nesterov: true, ...options });

/** {@link adamw} with Nesterov's momentum. @see `optax.nadamw` */
export const nadamw: OptimizerOf<AdamWOptions> = (learningRate, options) =>
  adamw(learningRate, { nesterov: true, ...options });

/** Adam with the greatest mean of squares so far. @see Reddi et al. (2018); `optax.amsgrad` */
export const amsgrad: OptimizerOf<AmsgradOptions> = descentBy("amsgrad", amsgradNames, (options) => [
  scaleByAmsgrad(options),
]);

/** Adam with the greatest gradient in the place of the root of squares. @see Kingma and Ba (2015); `optax.adamax` */
export const adamax: OptimizerOf<MomentOptions> = descentBy("adamax", ["b1", "b2", "eps"], (options) => [
  scaleByAdamax(options),
]);

/** {@link adamax} with decoupled weight decay, 1e-4 by default. @see `optax.adamaxw` */
export const adamaxw: OptimizerOf<MomentOptions & WeightDecayOptions> = descentBy(
  "adamaxw",
  ["b1", "b2", "eps", ...decayNames],
  ({ weightDecay = 1e-4, mask, ...options }) => [
    scaleByAdamax(options),
    addDecayedWeights(weightDecay, { mask }),
  ],
);

/** Adam that trusts its mean of squares only when it is known. @see Liu et al. (2020); `optax.radam` */
export const radam: OptimizerOf<RadamOptions> = descentBy("radam", radamNames, (options) => [
  scaleByRadam(options),
]);

/** Adam that steps by its belief in gradients. @see Zhuang et al., "AdaBelief optimizer" (2020); `optax.adabelief` */
export const adabelief: OptimizerOf<BeliefOptions> = descentBy(
  "adabelief",
  [...momentNames, "nesterov"],
  (options) => [scaleByBelief(options)],
);

/** Adam whose mean of squares grows slowly. `eps` is 1e-3 by default. @see Zaheer et al. (2018); `optax.yogi` */
export const yogi: OptimizerOf<MomentOptions> = descentBy("yogi", ["b1", "b2", "eps"], (options) => [
  scaleByYogi(options),
]);

/**
 * The sign of a mean of gradients, with decoupled weight decay, 1e-3 by default. Learning rates are a tenth of Adam's, or less.
 *
 * @see Chen et al., "Symbolic discovery of optimization algorithms" (2023); `optax.lion`
 */
export const lion: OptimizerOf<Omit<LionOptions, "mode" | "smoothBeta"> & WeightDecayOptions> = descentBy(
  "lion",
  ["b1", "b2", "muDtype", ...decayNames],
  ({ weightDecay = 1e-3, mask, ...options }) => [
    scaleByLion(options),
    addDecayedWeights(weightDecay, { mask }),
  ],
);

/** Adaptive Nesterov momentum. `epsRoot` is 1e-8 by default. @see Xie et al., "Adan" (2022); `optax.adan` */
export const adan: OptimizerOf<AdanOptions & WeightDecayOptions> = descentBy(
  "adan",
  [...adanNames, ...decayNames],
  ({ weightDecay = 0, mask, ...options }) => [
    scaleByAdan({ epsRoot: 1e-8, ...options }),
    addDecayedWeights(weightDecay, { mask }),
  ],
);

/**
 * Adam whose steps are scaled, for each array, to the norm of the parameter: for large batches. `eps` is 1e-6 by default.
 *
 * @see You et al., "Large batch optimization for deep learning" (2020); `optax.lamb`
 */
export const lamb: OptimizerOf<RootedMomentOptions & WeightDecayOptions> = descentBy(
  "lamb",
  [...momentNames, ...decayNames],
  ({ weightDecay = 0, mask, ...options }) => [
    scaleByAdam({ eps: 1e-6, ...options }),
    addDecayedWeights(weightDecay, { mask }),
    scaleByTrustRatio(),
  ],
);
