import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as np from "../numpy/index.ts";
import { dtypeOf } from "./accumulation.ts";
import {
  type AdamState,
  corrected,
  momentNames,
  type MuDtypeOption,
  type NesterovOption,
  overRoots,
  type RootedMomentOptions,
  zeroMoments,
} from "./adaptive.ts";
import { biasCorrection, powerOf, updateMoment, updateMomentPerElemNorm } from "./moments.ts";
import { safeIncrement, squares } from "./numerics.ts";
import {
  castLike,
  complement,
  countZero,
  filledLike,
  type GradientTransformation,
  mapBeside,
  nextState,
  zerosLike,
} from "./transformation.ts";

export interface LionState {
  /** Steps taken. */
  readonly count: ArrayValue;
  /** Decaying mean of the gradients. */
  readonly mu: unknown;
}
const lionModes = {
  hard: (x: ArrayValue) => np.sign(x),
  smooth: (x: ArrayValue, beta: Operand) => np.tanh(np.multiply(beta, x)),
  refined: (x: ArrayValue) => np.where(np.less(np.abs(x), 1), x, np.sign(x)),
};
export interface LionOptions extends MuDtypeOption {
  /** Share of the mean in the step. Default 0.9. */
  readonly b1?: Operand | undefined;
  /** Decay of the mean of gradients. Default 0.99. */
  readonly b2?: Operand | undefined;
  /** The sign, a tanh in its place, or the sign of what is greater than 1 only. Default `"hard"`. */
  readonly mode?: keyof typeof lionModes | undefined;
  /** Steepness of the tanh. Default 1. */
  readonly smoothBeta?: Operand | undefined;
}

/** The sign of a mean of past gradients. @throws ArgumentError when the mode is unknown. @see `optax.scale_by_lion` */
export function scaleByLion(options: LionOptions = {}): GradientTransformation<LionState> {
  const caller = "optim.scaleByLion";
  const names = ["b1", "b2", "muDtype", "mode", "smoothBeta"] as const;
  const given = readOptions<LionOptions>(caller, names, [options]);
  const { b1 = 0.9, b2 = 0.99, mode = "hard", smoothBeta = 1 } = given;
  if (!Object.hasOwn(lionModes, mode))
    throw new ArgumentError(
      "optim/mode",
      `${caller}: mode is one of ${Object.keys(lionModes).join(", ")}, got ${describe(mode)}`,
    );
  const muDtype = dtypeOf(given.muDtype, caller);
  return {
    init: (params) => ({ count: countZero(), mu: zerosLike(params, muDtype) }),
    update: (updates, state) => {
      const mixed = (g: ArrayValue, m: ArrayValue) =>
        lionModes[mode](np.add(np.multiply(complement(b1), g), np.multiply(b1, m)), smoothBeta);
      const mu = updateMoment(updates, state.mu, b2, 1);
      return [
        mapBeside((g, m) => mixed(g, m!), updates, state.mu),
        castLike({ count: safeIncrement(state.count), mu }, state),
      ];
    },
  };
}

export interface BeliefOptions extends RootedMomentOptions, NesterovOption {}

/**
 * Divides the mean of past gradients by the root of the mean of squared distances from it. `eps` and `epsRoot` are 1e-16 by default.
 *
 * @see `optax.scale_by_belief`
 */
export function scaleByBelief(options: BeliefOptions = {}): GradientTransformation<AdamState> {
  const names = [...momentNames, "nesterov"] as const;
  const given = readOptions<BeliefOptions>("optim.scaleByBelief", names, [options]);
  const { b1 = 0.9, b2 = 0.999, eps = 1e-16, epsRoot = 1e-16, nesterov = false } = given;
  return {
    init: zeroMoments,
    update: (updates, state) => {
      const mu = updateMoment(updates, state.mu, b1, 1);
      const errors = mapBeside((g, m) => np.subtract(g, m!), updates, mu);
      const raised = updateMomentPerElemNorm(errors, state.nu, b2, 2);
      const nu = nextState((_g, v) => np.add(v, epsRoot), updates, raised);
      const count = safeIncrement(state.count);
      const mean = corrected(mu, updates, b1, count, nesterov);
      const scaled = overRoots(updates, mean, biasCorrection(nu, b2, count), eps, 0);
      return [scaled, castLike({ count, mu, nu }, state)];
    },
  };
}

export interface YogiOptions extends RootedMomentOptions {
  /** Both means begin with it. Default 1e-6. */
  readonly initialAccumulatorValue?: Operand | undefined;
}

/**
 * As {@link scaleByAdam}, where the mean of squares moves by a step that depends on the sign of its error only. `eps` is 1e-3 by
 * default.
 *
 * @see `optax.scale_by_yogi`
 */
export function scaleByYogi(options: YogiOptions = {}): GradientTransformation<AdamState> {
  const names = [...momentNames, "initialAccumulatorValue"] as const;
  const given = readOptions<YogiOptions>("optim.scaleByYogi", names, [options]);
  const { b1 = 0.9, b2 = 0.999, eps = 1e-3, epsRoot = 0, initialAccumulatorValue = 1e-6 } = given;
  const first = (params: unknown) => filledLike(params, initialAccumulatorValue);
  return {
    init: (params) => ({ count: countZero(), mu: first(params), nu: first(params) }),
    update: (updates, state) => {
      const mu = updateMoment(updates, state.mu, b1, 1);
      const nu = nextState(
        (g, v) => {
          const towards = np.multiply(complement(b2), np.sign(np.subtract(v, squares(g))));
          return np.subtract(v, np.multiply(towards, squares(g)));
        },
        updates,
        state.nu,
      );
      const count = safeIncrement(state.count);
      const scaled = overRoots(updates, biasCorrection(mu, b1, count), biasCorrection(nu, b2, count), eps, epsRoot); // prettier-ignore
      return [scaled, castLike({ count, mu, nu }, state)];
    },
  };
}

export interface RadamOptions extends RootedMomentOptions, NesterovOption {
  /** How many gradients, about, the variance must be known from. Default 5. */
  readonly threshold?: Operand | undefined;
}
export const radamNames = [...momentNames, "threshold", "nesterov"] as const;

/**
 * As {@link scaleByAdam}, with the mean of gradients alone as long as that of squares is known from few of them.
 *
 * @see `optax.scale_by_radam`
 */
export function scaleByRadam(options: RadamOptions = {}): GradientTransformation<AdamState> {
  const given = readOptions<RadamOptions>("optim.scaleByRadam", radamNames, [options]);
  const { b1 = 0.9, b2 = 0.999, eps = 1e-8, epsRoot = 0, threshold = 5, nesterov = false } = given;
  const most: Operand = typeof b2 === "number" ? 2 / (1 - b2) - 1 : np.subtract(np.divide(2, complement(b2)), 1); // prettier-ignore
  const less = (x: Operand, by: number): Operand => (typeof x === "number" ? x - by : np.subtract(x, by));
  return {
    init: zeroMoments,
    update: (updates, state) => {
      const mu = updateMoment(updates, state.mu, b1, 1);
      const nu = updateMomentPerElemNorm(updates, state.nu, b2, 2);
      const count = safeIncrement(state.count);
      const left = powerOf(b2, count);
      const length = np.subtract(most, np.divide(np.multiply(np.multiply(2, count), left), np.subtract(1, left))); // prettier-ignore
      const ratio = np.divide(
        np.multiply(np.multiply(less(length, 4), less(length, 2)), most),
        np.multiply(np.multiply(less(most, 4), less(most, 2)), length),
      );
      const share = np.sqrt(ratio);
      const mean = corrected(mu, updates, b1, count, nesterov);
      const known = np.greaterEqual(length, threshold);
      const scaled = mapBeside(
        (_g, m, v) => {
          const whole = np.divide(
            np.multiply(np.astype(share, m!.dtype), m!),
            np.add(np.sqrt(np.add(v!, epsRoot)), eps),
          );
          return np.where(known, whole, m!);
        },
        updates,
        mean,
        biasCorrection(nu, b2, count),
      );
      return [scaled, castLike({ count, mu, nu }, state)];
    },
  };
}

export interface AdanState {
  /** Decaying mean of the gradients. */
  readonly m: unknown;
  /** Decaying mean of their differences. */
  readonly v: unknown;
  /** Decaying mean of squares. */
  readonly n: unknown;
  /** The last gradient. */
  readonly g: unknown;
  /** Steps taken. */
  readonly t: ArrayValue;
}
export interface AdanOptions extends RootedMomentOptions {
  /** Decay of the mean of gradients. Default 0.98. */
  readonly b1?: Operand | undefined;
  /** Decay of the mean of differences. Default 0.92. */
  readonly b2?: Operand | undefined;
  /** Decay of the mean of squares. Default 0.99. */
  readonly b3?: Operand | undefined;
}
export const adanNames = ["b1", "b2", "b3", "eps", "epsRoot"] as const;

/** A mean of past gradients and of their differences over the root of that of their squares. @see `optax.scale_by_adan` */
export function scaleByAdan(options: AdanOptions = {}): GradientTransformation<AdanState> {
  const given = readOptions<AdanOptions>("optim.scaleByAdan", adanNames, [options]);
  const { b1 = 0.98, b2 = 0.92, b3 = 0.99, eps = 1e-8, epsRoot = 0 } = given;
  return {
    init: (params) => {
      const [m, v, n, g] = [0, 1, 2, 3].map(() => zerosLike(params));
      return { m, v, n, g, t: countZero() };
    },
    update: (updates, state) => {
      const isFirst = np.equal(state.t, 0);
      const change = mapBeside((g, last) => np.where(isFirst, 0, np.subtract(g, last!)), updates, state.g);
      const ahead = (x: ArrayValue, by: ArrayValue) => np.add(x, np.multiply(complement(b2), by));
      const m = updateMoment(updates, state.m, b1, 1);
      const v = updateMoment(change, state.v, b2, 1);
      const n = updateMomentPerElemNorm(
        mapBeside((g, d) => ahead(g, d!), updates, change),
        state.n,
        b3,
        2,
      );
      const t = safeIncrement(state.t);
      const means = mapBeside((_g, x, d) => ahead(x!, d!), updates, biasCorrection(m, b1, t), biasCorrection(v, b2, t)); // prettier-ignore
      const g = nextState((x) => x, updates, state.g);
      return [overRoots(updates, means, biasCorrection(n, b3, t), eps, epsRoot), castLike({ m, v, n, g, t }, state)]; // prettier-ignore
    },
  };
}
