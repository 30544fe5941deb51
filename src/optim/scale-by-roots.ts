import { readOptions } from "../core/options.ts";
import { range } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { type AdamState, type MuDtypeOption, type RootedMomentOptions } from "./adaptive.ts";
import { dtypeOf } from "./accumulation.ts";
import { biasCorrection, updateMoment, updateMomentPerElemNorm } from "./moments.ts";
import { euclidean, safeIncrement, squares } from "./numerics.ts";
import {
  castLike,
  checkParams,
  complement,
  countZero,
  filledLike,
  type GradientTransformation,
  mapBeside,
  mapParams,
  mapState,
  mapUpdates,
  nextState,
  zerosLike,
} from "./transformation.ts";

/** `1/√(x + eps)`, and 0 where `x` is. */
const inverseRoot = (x: ArrayValue, eps: Operand): ArrayValue =>
  np.where(np.greater(x, 0), lax.rsqrt(np.add(x, eps)), 0);

export interface RssState {
  readonly sumOfSquares: unknown;
}
export interface RssOptions {
  /** Each sum begins with it. Default 0.1. */
  readonly initialAccumulatorValue?: Operand | undefined;
  /** Added below the root. Default 1e-7. */
  readonly eps?: Operand | undefined;
}

/** Divides by the root of the sum of all squares so far. @see `optax.scale_by_rss` */
export function scaleByRss(options: RssOptions = {}): GradientTransformation<RssState> {
  const names = ["initialAccumulatorValue", "eps"] as const;
  const { initialAccumulatorValue = 0.1, eps = 1e-7 } = readOptions<RssOptions>("optim.scaleByRss", names, [options]); // prettier-ignore
  return {
    init: (params) => ({ sumOfSquares: filledLike(params, initialAccumulatorValue) }),
    update: (updates, state) => {
      const sumOfSquares = nextState((g, sum) => np.add(squares(g), sum), updates, state.sumOfSquares);
      return [
        mapBeside((g, sum) => np.multiply(inverseRoot(sum!, eps), g), updates, sumOfSquares),
        castLike({ sumOfSquares }, state),
      ];
    },
  };
}

export interface RmsOptions {
  /** Decay of the mean of squares. Default 0.9. */
  readonly decay?: Operand | undefined;
  /** Added to the mean, or to its root. Default 1e-8. */
  readonly eps?: Operand | undefined;
  /** Each mean begins with it. Default 0. */
  readonly initialScale?: Operand | undefined;
  /** Add `eps` below the root. Default true. */
  readonly epsInSqrt?: boolean | undefined;
  /** Correct the means of the first steps, as they begin at 0. Default false. */
  readonly biasCorrection?: boolean | undefined;
}
export const rmsNames = ["decay", "eps", "initialScale", "epsInSqrt", "biasCorrection"] as const;

export interface RmsState {
  /** Steps taken; where means are corrected. */
  readonly count?: ArrayValue;
  /** Decaying mean of the squares. */
  readonly nu: unknown;
}
export interface StddevState extends RmsState {
  /** Decaying mean of the gradients. */
  readonly mu: unknown;
}

/** What {@link scaleByRms} and {@link scaleByStddev} have in common: `1/√x` of `x`, and means that are corrected or not. */
function rmsSettings(caller: string, options: RmsOptions) {
  const given = readOptions<RmsOptions>(caller, rmsNames, [options]);
  const { decay = 0.9, eps = 1e-8, initialScale = 0, epsInSqrt = true, biasCorrection: corrects = false } = given; // prettier-ignore
  return {
    decay,
    scaling: (x: ArrayValue): ArrayValue =>
      epsInSqrt ? lax.rsqrt(np.add(x, eps)) : np.divide(1, np.add(np.sqrt(x), eps)),
    nu: (params: unknown) => filledLike(params, initialScale),
    start: corrects ? { count: countZero() } : {},
    next: ({ count }: RmsState) => (count === undefined ? {} : { count: safeIncrement(count) }),
    shown: (mean: unknown, { count }: { count?: ArrayValue }) =>
      count === undefined ? mean : biasCorrection(mean, decay, count),
  };
}

/** Divides by the root of the mean of past squares. @see `optax.scale_by_rms` */
export function scaleByRms(options: RmsOptions = {}): GradientTransformation<RmsState> {
  const rms = rmsSettings("optim.scaleByRms", options);
  return {
    init: (params) => ({ ...rms.start, nu: rms.nu(params) }),
    update: (updates, state) => {
      const nu = updateMomentPerElemNorm(updates, state.nu, rms.decay, 2);
      const step = rms.next(state);
      return [
        mapBeside((g, n) => np.multiply(rms.scaling(n!), g), updates, rms.shown(nu, step)),
        castLike({ ...step, nu }, state),
      ];
    },
  };
}

/** Divides by the standard deviation of past gradients. @see `optax.scale_by_stddev` */
export function scaleByStddev(options: RmsOptions = {}): GradientTransformation<StddevState> {
  const rms = rmsSettings("optim.scaleByStddev", options);
  const variance = (m: ArrayValue, n: ArrayValue) => np.subtract(n, squares(m));
  return {
    init: (params) => ({ ...rms.start, mu: zerosLike(params), nu: rms.nu(params) }),
    update: (updates, state) => {
      const mu = updateMoment(updates, state.mu, rms.decay, 1);
      const nu = updateMomentPerElemNorm(updates, state.nu, rms.decay, 2);
      const step = rms.next(state);
      return [
        mapBeside(
          (g, m, n) => np.multiply(rms.scaling(variance(m!, n!)), g),
          updates,
          rms.shown(mu, step),
          rms.shown(nu, step),
        ),
        castLike({ ...step, mu, nu }, state),
      ];
    },
  };
}

export interface AdadeltaState {
  /** Decaying mean of the squares of gradients. */
  readonly eG: unknown;
  /** Decaying mean of the squares of steps. */
  readonly eX: unknown;
}
export interface AdadeltaScaleOptions {
  /** Decay of both means. Default 0.9. */
  readonly rho?: Operand | undefined;
  /** Added below the roots. Default 1e-6. */
  readonly eps?: Operand | undefined;
}

/** Multiplies by the root of the mean of squared steps over that of squared gradients. @see `optax.scale_by_adadelta` */
export function scaleByAdadelta(options: AdadeltaScaleOptions = {}): GradientTransformation<AdadeltaState> {
  const { rho = 0.9, eps = 1e-6 } = readOptions<AdadeltaScaleOptions>("optim.scaleByAdadelta", ["rho", "eps"], [options]); // prettier-ignore
  const root = (x: ArrayValue) => np.sqrt(np.add(x, eps));
  return {
    init: (params) => ({ eG: zerosLike(params), eX: zerosLike(params) }),
    update: (updates, state) => {
      const eG = updateMoment(updates, state.eG, rho, 2);
      const steps = mapBeside((g, own, last) => np.multiply(np.divide(root(last!), root(own!)), g), updates, eG, state.eX); // prettier-ignore
      return [steps, castLike({ eG, eX: updateMoment(steps, state.eX, rho, 2) }, state)];
    },
  };
}

export interface Sm3State {
  /** The greatest sums of squares along each axis, a vector each. */
  readonly mu: unknown;
  /** Decaying mean of the steps. */
  readonly nu: unknown;
}
export interface Sm3ScaleOptions {
  /** Decay of the mean of steps. Default 0.9. */
  readonly b1?: Operand | undefined;
  /** Decay of the squares; 1 for their sum. Default 1. */
  readonly b2?: Operand | undefined;
  /** Added below the root. Default 1e-8. */
  readonly eps?: Operand | undefined;
}

/**
 * Divides by the root of sums of squares of which a vector for each axis is kept, and takes the mean of steps.
 *
 * @see Anil et al., "Memory-efficient adaptive optimization" (2019); `optax.scale_by_sm3`
 */
export function scaleBySm3(options: Sm3ScaleOptions = {}): GradientTransformation<Sm3State> {
  const { b1 = 0.9, b2 = 1, eps = 1e-8 } = readOptions<Sm3ScaleOptions>("optim.scaleBySm3", ["b1", "b2", "eps"], [options]); // prettier-ignore
  // A scalar has one sum, as a vector of one element.
  const axesOf = (x: ArrayValue) => range(Math.max(x.ndim, 1));
  const others = (x: ArrayValue, axis: number) => range(x.ndim).filter((i) => i !== axis);
  const share = b2 === 1 ? 1 : complement(b2);
  const sumOf = (g: ArrayValue, vectors: readonly ArrayValue[]) => {
    const bounds = vectors.map((v, i) => np.expandDims(v, others(g, i)));
    return np.add(np.multiply(share, np.square(g)), np.multiply(b2, bounds.reduce((a, b) => np.minimum(a, b)))); // prettier-ignore
  };
  return {
    init: (params) => ({
      mu: mapParams((p) => axesOf(p).map((i) => np.zeros(p.shape.slice(i, i + 1), p.dtype)), params),
      nu: zerosLike(params),
    }),
    update: (updates, state) => {
      const sums = mapState<readonly ArrayValue[]>((g, vectors) => sumOf(g, vectors), updates, state.mu);
      const steps = mapBeside((g, sum) => np.multiply(g, inverseRoot(sum!, eps)), updates, sums);
      const nu = updateMoment(steps, state.nu, b1, 1);
      const mu = mapState((g, _vectors, sum) => axesOf(g).map((i) => np.max(sum as ArrayValue, { axis: others(g, i) })), updates, state.mu, sums); // prettier-ignore
      return [mapBeside((_g, mean) => mean!, updates, nu), castLike({ mu, nu }, state)];
    },
  };
}

export interface NovogradOptions extends RootedMomentOptions, MuDtypeOption {
  /** The share of each parameter that is added to its step. Default 0. */
  readonly weightDecay?: Operand | undefined;
}
const novogradNames = ["b1", "b2", "eps", "epsRoot", "weightDecay", "muDtype"] as const;

/**
 * Divides each array by the root of the mean of its squared norms, and sums the steps. `b2` is 0.25 by default.
 *
 * @throws ArgumentError when `update` gets no parameters.
 * @see Ginsburg et al., "Stochastic gradient methods with layer-wise adaptive moments" (2019); `optax.scale_by_novograd`
 */
export function scaleByNovograd(options: NovogradOptions = {}): GradientTransformation<AdamState> {
  const caller = "optim.scaleByNovograd";
  const given = readOptions<NovogradOptions>(caller, novogradNames, [options]);
  const { b1 = 0.9, b2 = 0.25, eps = 1e-8, epsRoot = 0, weightDecay = 0 } = given;
  const muDtype = dtypeOf(given.muDtype, caller);
  return {
    init: (params) => ({
      count: countZero(),
      mu: zerosLike(params, muDtype),
      nu: mapParams((p) => np.zeros([], p.dtype), params),
    }),
    update: (updates, state, params) => {
      checkParams(params, caller);
      const count = safeIncrement(state.count);
      const isFirst = np.equal(count, 1);
      const norms = mapUpdates((g) => np.square(euclidean(g)), updates);
      const means = updateMoment(norms, state.nu, b2, 1);
      const nu = nextState((_g, mean, norm) => np.where(isFirst, norm!, mean), updates, means, norms);
      const mu = nextState(
        (g, last, mean, param) => {
          const step = np.divide(g, np.add(np.sqrt(np.add(mean!, epsRoot)), eps));
          const decayed = np.add(step, np.multiply(weightDecay, param!));
          return np.where(isFirst, decayed, np.add(np.multiply(b1, last), decayed));
        },
        updates,
        state.mu,
        nu,
        params,
      );
      const next = castLike({ count, mu, nu }, state);
      return [mapBeside((_g, mean) => mean!, updates, next.mu), next];
    },
  };
}
