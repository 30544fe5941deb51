import { flattenUpTo } from "../tree/index.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { ArrayValue, type Operand } from "../core/value.ts";
import * as np from "../numpy/index.ts";
import type { Mask } from "./mask.ts";
import type { Schedule } from "./schedules.ts";
import { flattenNulls, gradientOf, type GradientTransformation } from "./transformation.ts";
import {
  addDecayedWeights,
  type AdamOptions,
  adamOptions,
  chain,
  identity,
  scaleByAdam,
  scaleByLearningRate,
  trace,
} from "./transforms.ts";

export interface SgdOptions {
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
  learningRate: Operand | Schedule,
  ...rest: Optionals<[momentum: Operand | null, nesterov: boolean], SgdOptions>
): GradientTransformation<readonly unknown[]> {
  const options = readOptions<SgdOptions>("optim.sgd", ["momentum", "nesterov"], rest);
  const { momentum = null, nesterov = false } = options;
  const start = momentum === null ? identity() : trace(momentum, { nesterov });
  return chain(start, scaleByLearningRate(learningRate));
}

/**
 * Adam. The learning rate may be a schedule.
 *
 * @see Kingma and Ba, "Adam: a method for stochastic optimization" (2015); `optax.adam`
 */
export function adam(
  learningRate: Operand | Schedule,
  ...rest: Optionals<[b1: Operand, b2: Operand, eps: Operand, epsRoot: Operand], AdamOptions>
): GradientTransformation<readonly unknown[]> {
  const options = readOptions<AdamOptions>("optim.adam", adamOptions, rest);
  return chain(scaleByAdam(options), scaleByLearningRate(learningRate));
}

export interface AdamWOptions extends AdamOptions {
  /** The share of each parameter that is taken away in a step, times the learning rate. Default 1e-4. */
  readonly weightDecay?: Operand | Schedule | undefined;
  /** Which parameters decay: a prefix of their tree with booleans, or a function that makes one. Default: all. */
  readonly mask?: Mask;
}

/**
 * Adam with decoupled weight decay. Parameters without a gradient do not decay.
 *
 * @see Loshchilov and Hutter, "Decoupled weight decay regularization" (2019); `optax.adamw`
 */
export function adamw(
  learningRate: Operand | Schedule,
  ...rest: Optionals<[b1: Operand, b2: Operand, eps: Operand, epsRoot: Operand], AdamWOptions>
): GradientTransformation<readonly unknown[]> {
  const names = [...adamOptions, "weightDecay", "mask"] as const;
  const {
    weightDecay = 1e-4,
    mask = null,
    ...options
  } = readOptions<AdamWOptions>("optim.adamw", names, rest);
  return chain(
    scaleByAdam(options),
    addDecayedWeights(weightDecay, { mask }),
    scaleByLearningRate(learningRate),
  );
}

/**
 * The parameters with the updates added. Where an update is `Zero` or null, the parameter itself.
 *
 * Dtypes are those of the parameters.
 * @throws TreeError when the trees differ.
 * @see `optax.apply_updates`
 */
export function applyUpdates<Params>(params: Params, updates: unknown): Params {
  const [leaves, treedef] = flattenNulls(params);
  const changes = flattenUpTo(treedef, updates, "the updates");
  return treedef.unflatten<Params>(
    leaves.map((param, i) => {
      const update = gradientOf(changes[i]);
      if (update === null || param === null) return param;
      const sum = np.add(param as Operand, update);
      return param instanceof ArrayValue ? np.astype(sum, param.dtype) : sum;
    }),
  );
}
