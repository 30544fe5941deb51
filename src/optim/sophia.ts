import { cond } from "../control/index.ts";
import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import { jvp } from "../interpreters/jvp.ts";
import { grad } from "../interpreters/vjp.ts";
import * as np from "../numpy/index.ts";
import * as random from "../random/index.ts";
import { dtypeOf } from "./accumulation.ts";
import type { AdamState, MuDtypeOption } from "./adaptive.ts";
import type { Mask } from "./mask.ts";
import { biasCorrection, updateMoment } from "./moments.ts";
import { movingParts } from "./moving-parts.ts";
import { safeIncrement } from "./numerics.ts";
import { descentBy, type OptimizerOf } from "./optimizers.ts";
import {
  castLike,
  checkParams,
  countZero,
  type GradientTransformation,
  mapBeside,
  replaced,
  zerosLike,
} from "./transformation.ts";
import { addDecayedWeights, type LearningRate } from "./transforms.ts";

type Vector = readonly ArrayValue[];

export interface SophiaState extends AdamState {
  /** Of the signs along which the Hessian is asked. */
  readonly key: ArrayValue;
}
export interface SophiaScaleOptions extends MuDtypeOption {
  /** Decay of the mean of gradients. Default 0.965. */
  readonly b1?: Operand | undefined;
  /** Decay of the mean of the Hessian's diagonal. Default 0.99. */
  readonly b2?: Operand | undefined;
  /** The least that is divided by. Default 1e-8. */
  readonly eps?: Operand | undefined;
  /** What the diagonal is multiplied by. Default 0.01. */
  readonly gamma?: Operand | undefined;
  /** Elements are cut to as much; null for none. Default 1. */
  readonly clipThreshold?: Operand | null | undefined;
  /** How many steps keep a diagonal. Default 10. */
  readonly updateInterval?: Operand | undefined;
  /** A random key, or a seed. Default 0. */
  readonly key?: ArrayValue | number | undefined;
}
const sophiaNames = ["b1", "b2", "eps", "gamma", "clipThreshold", "updateInterval", "key", "muDtype"] as const; // prettier-ignore

/**
 * Divides the mean of past gradients by that of the Hessian's diagonal, which is estimated along random signs now and then. `update`
 * gets the loss as a function of the parameters, as `valueFn`.
 *
 * @throws ArgumentError when it, or the parameters, is missing.
 * @see Liu et al., "Sophia: a scalable stochastic second-order optimizer" (2023); `optax.contrib.scale_by_sophia` with Hutchinson's
 * estimator, whose `obj_fn` is `valueFn`
 */
export function scaleBySophia(options: SophiaScaleOptions = {}): GradientTransformation<SophiaState> {
  const caller = "optim.scaleBySophia";
  const given = readOptions<SophiaScaleOptions>(caller, sophiaNames, [options]);
  const { b1 = 0.965, b2 = 0.99, eps = 1e-8, gamma = 0.01, clipThreshold = 1 } = given;
  const { updateInterval = 10, key = 0 } = given;
  const muDtype = dtypeOf(given.muDtype, caller);
  return {
    init: (params) => ({
      count: countZero(),
      mu: zerosLike(params, muDtype),
      nu: zerosLike(params),
      key: typeof key === "number" ? random.PRNGKey(key) : key,
    }),
    update: (updates, state, params, { valueFn } = {}) => {
      checkParams(params, caller);
      if (valueFn === undefined)
        throw new ArgumentError(
          "optim/extra",
          `${caller} needs the loss as a function: update(updates, state, params, { valueFn })`,
        );
      const count = safeIncrement(state.count);
      const mu = updateMoment(updates, state.mu, b1, 1);
      const mean = biasCorrection(mu, b1, count);
      const steps = mapBeside(
        (_g, m, h) => {
          const step = np.divide(m!, np.maximum(np.multiply(gamma, h!), eps));
          return clipThreshold === null ? step : np.clip(step, np.negative(clipThreshold), clipThreshold);
        },
        updates,
        mean,
        state.nu,
      );
      const { listOf, treeOf } = movingParts(params);
      const last = listOf(state.nu);
      const estimated = (): [Vector, ArrayValue] => {
        const [next, own] = random.split(state.key);
        const at = listOf(params);
        const keys = Array.from(random.split(own!, at.length));
        const signs = at.map((x, i) => np.astype(random.rademacher(keys[i]!, x.shape, "float32"), x.dtype));
        const slope = (list: Vector) =>
          listOf(
            grad(valueFn as (p: unknown) => ArrayValue, { allowInt: true })(replaced(params, treeOf(list))),
          );
        const [, bend] = jvp(slope, [at], [signs]);
        const diagonal = listOf(treeOf(bend as Vector)).map((h, i) => np.multiply(h, signs[i]!));
        return [castLike(updateMoment(diagonal, last, b2, 1) as Vector, last), next!];
      };
      const isDue = np.equal(np.mod(state.count, updateInterval), 0);
      const [nu, next] = cond(isDue, estimated, (): [Vector, ArrayValue] => [last, state.key]);
      return [steps, castLike({ count, mu, nu: treeOf(nu as Vector), key: next as ArrayValue }, state)];
    },
  };
}

export interface SophiaOptions extends SophiaScaleOptions {
  /** The share of each parameter that is taken away in a step, times the learning rate. Default 1e-4. */
  readonly weightDecay?: LearningRate | undefined;
  /** Which parameters decay. Default: all. */
  readonly weightDecayMask?: Mask;
}

/** Descent by gradients over the Hessian's diagonal, with weight decay. @see {@link scaleBySophia}; `optax.contrib.sophia` */
export const sophia: OptimizerOf<SophiaOptions> = descentBy(
  "sophia",
  [...sophiaNames, "weightDecay", "weightDecayMask"],
  ({ weightDecay = 1e-4, weightDecayMask: mask, ...options }) => [
    scaleBySophia(options),
    addDecayedWeights(weightDecay, { mask }),
  ],
);
