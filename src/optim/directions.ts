import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as np from "../numpy/index.ts";
import { squaredNorm } from "./numerics.ts";
import {
  castLike,
  filledLike,
  type GradientTransformation,
  mapBeside,
  mapUpdates,
  nextState,
  type NoState,
  zerosLike,
} from "./transformation.ts";
import { eachUpdate, initEmptyState } from "./transforms.ts";

/** The sign of each element. @see `optax.scale_by_sign` */
export const scaleBySign = (): GradientTransformation<NoState> => eachUpdate((g) => np.sign(g));

export interface RpropState {
  readonly stepSizes: unknown;
  readonly prevUpdates: unknown;
}
export interface RpropOptions {
  /** What a step is multiplied by where the gradient changed its sign. Default 0.5. */
  readonly etaMinus?: Operand | undefined;
  /** What it is multiplied by where it did not. Default 1.2. */
  readonly etaPlus?: Operand | undefined;
  /** Default 1e-6. */
  readonly minStepSize?: Operand | undefined;
  /** Default 50. */
  readonly maxStepSize?: Operand | undefined;
}
export const rpropNames = ["etaMinus", "etaPlus", "minStepSize", "maxStepSize"] as const;

/**
 * Steps that depend on the signs of gradients only: each begins with `learningRate`, grows while its sign stays, and else
 * shrinks. As in optax the step of a gradient is taken one step later, so that the first one is 0.
 *
 * @see Riedmiller and Braun, "A direct adaptive method for faster backpropagation learning" (1993); `optax.scale_by_rprop`
 */
export function scaleByRprop(
  learningRate: Operand,
  options: RpropOptions = {},
): GradientTransformation<RpropState> {
  const given = readOptions<RpropOptions>("optim.scaleByRprop", rpropNames, [options]);
  const { etaMinus = 0.5, etaPlus = 1.2, minStepSize = 1e-6, maxStepSize = 50 } = given;
  return {
    init: (params) => ({ stepSizes: filledLike(params, learningRate), prevUpdates: zerosLike(params) }),
    update: (updates, state) => {
      const agreement = mapBeside((g, last) => np.multiply(g, last!), updates, state.prevUpdates);
      const stepSizes = nextState(
        (_g, size, s) => {
          const factor = np.where(np.greater(s!, 0), etaPlus, etaMinus);
          const changed = np.clip(np.multiply(size, factor), minStepSize, maxStepSize);
          return np.where(np.equal(s!, 0), size, changed);
        },
        updates,
        state.stepSizes,
        agreement,
      );
      const unlessTurned = (s: ArrayValue, x: ArrayValue) => np.where(np.less(s, 0), 0, x);
      const prevUpdates = nextState((g, _last, s, size) => unlessTurned(s!, np.multiply(size!, np.sign(g))), updates, state.prevUpdates, agreement, stepSizes); // prettier-ignore
      const steps = mapBeside(
        (_g, s, last) => unlessTurned(s!, last!),
        updates,
        agreement,
        state.prevUpdates,
      );
      return [steps, castLike({ stepSizes, prevUpdates }, state)];
    },
  };
}

export interface OptimisticGradientState {
  readonly isInitialStep: ArrayValue;
  readonly previousGradient: unknown;
}
export interface OptimisticGradientOptions {
  /** Of the gradient. Default 1. */
  readonly alpha?: Operand | undefined;
  /** Of its change since the last step. Default 1. */
  readonly beta?: Operand | undefined;
}

/** `(alpha + beta) · g − beta · g'`, where `g'` is the last gradient. @see `optax.scale_by_optimistic_gradient` */
export function scaleByOptimisticGradient(
  options: OptimisticGradientOptions = {},
): GradientTransformation<OptimisticGradientState> {
  const caller = "optim.scaleByOptimisticGradient";
  const { alpha = 1, beta = 1 } = readOptions<OptimisticGradientOptions>(
    caller,
    ["alpha", "beta"],
    [options],
  );
  const both = typeof alpha === "number" && typeof beta === "number" ? alpha + beta : np.add(alpha, beta);
  return {
    init: (params) => ({ isInitialStep: np.array(true), previousGradient: zerosLike(params) }),
    update: (updates, state) => [
      mapBeside(
        (g, last) => {
          const previous = np.where(state.isInitialStep, g, last!);
          return np.subtract(np.multiply(both, g), np.multiply(beta, previous));
        },
        updates,
        state.previousGradient,
      ),
      castLike(
        {
          isInitialStep: np.array(false),
          previousGradient: nextState((g) => g, updates, state.previousGradient),
        },
        state,
      ),
    ],
  };
}

const polyakGaps = {
  sps: (gap: ArrayValue) => gap,
  "sps+": (gap: ArrayValue) => np.maximum(gap, 0),
};
export interface PolyakOptions {
  /** The least value that the loss can have. Default 0. */
  readonly fMin?: Operand | undefined;
  /** Default 1. */
  readonly maxLearningRate?: Operand | undefined;
  /** Added to the squared norm of the gradient. Default 0. */
  readonly eps?: Operand | undefined;
  /** `"sps+"` makes no step where the value is less than `fMin`. Default `"sps"`. */
  readonly variant?: keyof typeof polyakGaps | undefined;
}
export const polyakNames = ["fMin", "maxLearningRate", "eps", "variant"] as const;

/**
 * Multiplies by Polyak's learning rate: how far the loss is above its least value, over the squared norm of the gradient. The loss
 * is given to `update` as `value`.
 *
 * @throws ArgumentError when `update` gets no value, or the variant is unknown.
 * @example
 * const [updates, next] = optimizer.update(gradient, state, params, { value: loss });
 * @see Loizou et al., "Stochastic Polyak step-size for SGD" (2021); `optax.scale_by_polyak`
 */
export function scaleByPolyak(options: PolyakOptions = {}): GradientTransformation<NoState> {
  const caller = "optim.scaleByPolyak";
  const given = readOptions<PolyakOptions>(caller, polyakNames, [options]);
  const { fMin = 0, maxLearningRate = 1, eps = 0, variant = "sps" } = given;
  if (!Object.hasOwn(polyakGaps, variant))
    throw new ArgumentError(
      "optim/variant",
      `${caller}: variant is one of ${Object.keys(polyakGaps).join(", ")}, got ${describe(variant)}`,
    );
  return {
    init: initEmptyState,
    update: (updates, state, _params, extra = {}) => {
      if (extra.value === undefined)
        throw new ArgumentError(
          "optim/extra",
          `${caller} needs the loss: update(updates, state, params, { value })`,
        );
      const square = squaredNorm(updates);
      const gap = polyakGaps[variant](np.astype(np.subtract(extra.value, fMin), square.dtype));
      const whole = np.add(square, eps);
      const rate = np.minimum(np.divide(gap, whole), maxLearningRate);
      const step = np.where(np.lessEqual(whole, Number.EPSILON), 0, rate);
      return [mapUpdates((g) => np.multiply(step, g), updates), state];
    },
  };
}
