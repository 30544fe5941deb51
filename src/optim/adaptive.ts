import { type DTypeLike } from "../core/dtype.ts";
import { readOptions } from "../core/options.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as np from "../numpy/index.ts";
import { dtypeOf } from "./accumulation.ts";
import { biasCorrection, updateInfinityMoment, updateMoment, updateMomentPerElemNorm } from "./moments.ts";
import { safeIncrement } from "./numerics.ts";
import {
  castLike,
  complement,
  countZero,
  type GradientTransformation,
  mapBeside,
  nextState,
  zerosLike,
} from "./transformation.ts";

export interface AdamState {
  /** Steps taken. */
  readonly count: ArrayValue;
  /** Decaying mean of the gradients. */
  readonly mu: unknown;
  /** Decaying mean of their squares. */
  readonly nu: unknown;
}
export interface MomentOptions {
  /** Decay of the mean of gradients. Default 0.9. */
  readonly b1?: Operand | undefined;
  /** Decay of the mean of squares. Default 0.999. */
  readonly b2?: Operand | undefined;
  /** Added to the root. Default 1e-8. */
  readonly eps?: Operand | undefined;
}
export interface RootedMomentOptions extends MomentOptions {
  /** Added below the root. Default 0. */
  readonly epsRoot?: Operand | undefined;
}
export interface NesterovOption {
  /** Look ahead by one step. Default false. */
  readonly nesterov?: boolean | undefined;
}
export interface MuDtypeOption {
  /** Dtype of the mean of gradients. Default: that of the parameters. */
  readonly muDtype?: DTypeLike | null | undefined;
}
export interface AdamOptions extends RootedMomentOptions, NesterovOption, MuDtypeOption {}

export const momentNames = ["b1", "b2", "eps", "epsRoot"] as const;
export const adamNames = [...momentNames, "muDtype", "nesterov"] as const;

/** No steps yet, and moments of 0. */
export const zeroMoments = (params: unknown): AdamState => ({
  count: countZero(),
  mu: zerosLike(params),
  nu: zerosLike(params),
});

/** The mean of gradients, corrected; one step ahead where `nesterov`. */
export function corrected(
  mu: unknown,
  updates: unknown,
  b1: Operand,
  count: ArrayValue,
  nesterov: boolean,
): unknown {
  if (!nesterov) return biasCorrection(mu, b1, count);
  return mapBeside(
    (g, m) => np.add(np.multiply(b1, m!), np.multiply(complement(b1), g)),
    biasCorrection(updates, b1, count),
    biasCorrection(mu, b1, safeIncrement(count)),
  );
}

/** `mean / (√(squares + epsRoot) + eps)` in the place of each update. */
export const overRoots = <Updates>(
  updates: Updates,
  mean: unknown,
  meanSquares: unknown,
  eps: Operand,
  epsRoot: Operand,
): Updates =>
  mapBeside(
    (_g, m, v) => np.divide(m!, np.add(np.sqrt(np.add(v!, epsRoot)), eps)),
    updates,
    mean,
    meanSquares,
  );

/** Divides the mean of past gradients by the root of the mean of their squares. @see `optax.scale_by_adam` */
export function scaleByAdam(options: AdamOptions = {}): GradientTransformation<AdamState> {
  const given = readOptions<AdamOptions>("optim.scaleByAdam", adamNames, [options]);
  const { b1 = 0.9, b2 = 0.999, eps = 1e-8, epsRoot = 0, nesterov = false } = given;
  const muDtype = dtypeOf(given.muDtype, "optim.scaleByAdam");
  return {
    init: (params) => ({ ...zeroMoments(params), mu: zerosLike(params, muDtype) }),
    update: (updates, state) => {
      const mu = updateMoment(updates, state.mu, b1, 1);
      const nu = updateMomentPerElemNorm(updates, state.nu, b2, 2);
      const count = safeIncrement(state.count);
      const mean = corrected(mu, updates, b1, count, nesterov);
      const scaled = overRoots(updates, mean, biasCorrection(nu, b2, count), eps, epsRoot);
      return [scaled, castLike({ count, mu, nu }, state)];
    },
  };
}

export interface AmsgradState extends AdamState {
  /** The greatest mean of squares so far. */
  readonly nuMax: unknown;
}
export interface AmsgradOptions extends RootedMomentOptions, MuDtypeOption {
  /** Correct the mean of the first gradients, as it begins at 0. Default true. */
  readonly biasCorrectionMu?: boolean | undefined;
  /** Correct the mean of the first squares, as it begins at 0. Default true. */
  readonly biasCorrectionNu?: boolean | undefined;
}
export const amsgradNames = [...momentNames, "muDtype", "biasCorrectionMu", "biasCorrectionNu"] as const;

/** As {@link scaleByAdam}, with the greatest mean of squares so far. @see `optax.scale_by_amsgrad` */
export function scaleByAmsgrad(options: AmsgradOptions = {}): GradientTransformation<AmsgradState> {
  const given = readOptions<AmsgradOptions>("optim.scaleByAmsgrad", amsgradNames, [options]);
  const { b1 = 0.9, b2 = 0.999, eps = 1e-8, epsRoot = 0 } = given;
  const muDtype = dtypeOf(given.muDtype, "optim.scaleByAmsgrad");
  return {
    init: (params) => ({ ...zeroMoments(params), mu: zerosLike(params, muDtype), nuMax: zerosLike(params) }),
    update: (updates, state) => {
      const mu = updateMoment(updates, state.mu, b1, 1);
      const nu = updateMomentPerElemNorm(updates, state.nu, b2, 2);
      const count = safeIncrement(state.count);
      const mean = given.biasCorrectionMu === false ? mu : biasCorrection(mu, b1, count);
      const own = given.biasCorrectionNu === false ? nu : biasCorrection(nu, b2, count);
      const nuMax = nextState((_g, most, v) => np.maximum(most, v!), updates, state.nuMax, own);
      return [overRoots(updates, mean, nuMax, eps, epsRoot), castLike({ count, mu, nu, nuMax }, state)];
    },
  };
}

/** Divides the mean of past gradients by the greatest of them, which decays. @see `optax.scale_by_adamax` */
export function scaleByAdamax(options: MomentOptions = {}): GradientTransformation<AdamState> {
  const names = ["b1", "b2", "eps"] as const;
  const { b1 = 0.9, b2 = 0.999, eps = 1e-8 } = readOptions<MomentOptions>("optim.scaleByAdamax", names, [options]); // prettier-ignore
  return {
    init: zeroMoments,
    update: (updates, state) => {
      const count = safeIncrement(state.count);
      const mu = updateMoment(updates, state.mu, b1, 1);
      const nu = updateInfinityMoment(updates, state.nu, b2, eps);
      const mean = biasCorrection(mu, b1, count);
      return [mapBeside((_g, m, v) => np.divide(m!, v!), updates, mean, nu), castLike({ count, mu, nu }, state)]; // prettier-ignore
    },
  };
}
