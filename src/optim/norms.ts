import { type DTypeLike, toDType } from "../core/dtype.ts";
import { readOptions } from "../core/options.ts";
import { range } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as np from "../numpy/index.ts";
import { euclidean, flooredNorm, globalNorm, safeRootMeanSquares, squares } from "./numerics.ts";
import {
  castLike,
  checkParams,
  type GradientTransformation,
  mapBeside,
  mapParams,
  mapState,
  mapUpdates,
  nextState,
  type NoState,
} from "./transformation.ts";
import { eachUpdate, stateless, withParams } from "./transforms.ts";

export interface TrustRatioOptions {
  /** Norms count as no less. Default 0. */
  readonly minNorm?: Operand | undefined;
  /** What the ratio is multiplied by. Default 1. */
  readonly trustCoefficient?: Operand | undefined;
  /** Added to the norm of the update. Default 0. */
  readonly eps?: Operand | undefined;
}

/**
 * Multiplies each array by the ratio of the norm of the parameter and its own; where one of them is 0, by 1.
 *
 * @throws ArgumentError when `update` gets no parameters.
 * @see You et al., "Large batch optimization for deep learning" (2020); `optax.scale_by_trust_ratio`
 */
export function scaleByTrustRatio(options: TrustRatioOptions = {}): GradientTransformation<NoState> {
  const caller = "optim.scaleByTrustRatio";
  const names = ["minNorm", "trustCoefficient", "eps"] as const;
  const { minNorm = 0, trustCoefficient = 1, eps = 0 } = readOptions<TrustRatioOptions>(caller, names, [options]); // prettier-ignore
  return withParams(caller, (g, param) => {
    const [own, whole] = [flooredNorm(g, minNorm), flooredNorm(param, minNorm)];
    const ratio = np.divide(np.multiply(trustCoefficient, whole), np.add(own, eps));
    const isZero = np.logicalOr(np.equal(whole, 0), np.equal(own, 0));
    return np.multiply(g, np.where(isZero, np.array(1, param.dtype), ratio));
  });
}

/** Multiplies each array by the norm of its parameter, at least `minScale`. @see `optax.scale_by_param_block_norm` */
export const scaleByParamBlockNorm = (minScale: Operand = 1e-3): GradientTransformation<NoState> =>
  withParams("optim.scaleByParamBlockNorm", (g, param) => np.multiply(g, flooredNorm(param, minScale)));

/**
 * Multiplies each array by the root of the mean of squares of its parameter, at least `minScale`.
 *
 * @see `optax.scale_by_param_block_rms`
 */
export const scaleByParamBlockRms = (minScale: Operand = 1e-3): GradientTransformation<NoState> =>
  withParams("optim.scaleByParamBlockRms", (g, param) =>
    np.multiply(g, safeRootMeanSquares(param, minScale)),
  );

export interface UpdateNormOptions {
  /** The norm after it. Default 1. */
  readonly scaleFactor?: Operand | undefined;
  /** Added to the norm. Default 1e-6. */
  readonly eps?: Operand | undefined;
}

/** Divides all updates by their {@link globalNorm}. @see `optax.normalize_by_update_norm` */
export function normalizeByUpdateNorm(options: UpdateNormOptions = {}): GradientTransformation<NoState> {
  const names = ["scaleFactor", "eps"] as const;
  const { scaleFactor = 1, eps = 1e-6 } = readOptions<UpdateNormOptions>("optim.normalizeByUpdateNorm", names, [options]); // prettier-ignore
  return stateless((updates) => {
    const norm = np.divide(np.add(globalNorm(updates), eps), scaleFactor);
    return mapUpdates((g) => np.divide(g, norm), updates);
  });
}

/** Takes from each array with two or more axes the mean over all but its first. @see `optax.centralize` */
export const centralize = (): GradientTransformation<NoState> =>
  eachUpdate((g) =>
    g.ndim > 1 ? np.subtract(g, np.mean(g, { axis: range(g.ndim).slice(1), keepdims: true })) : g,
  );

/** Makes steps no longer than to 0, so that parameters that are not negative stay so. @see `optax.keep_params_nonnegative` */
export const keepParamsNonnegative = (): GradientTransformation<NoState> =>
  withParams("optim.keepParamsNonnegative", (g, param) =>
    np.where(np.less(np.add(param, g), 0), np.negative(param), g),
  );

export interface ZeroNansState {
  /** Whether there was a NaN, for each array. */
  readonly foundNan: unknown;
}

/** Puts 0 in the place of each NaN. @see `optax.zero_nans` */
export const zeroNans = (): GradientTransformation<ZeroNansState> => ({
  init: (params) => ({ foundNan: mapParams(() => np.array(false), params) }),
  update: (updates, { foundNan }) => [
    mapUpdates((g) => np.where(np.isnan(g), 0, g), updates),
    { foundNan: mapState((g) => np.any(np.isnan(g)), updates, foundNan) },
  ],
});

export interface DistanceOverGradientsState {
  /** The greatest distance of each parameter from where it began. */
  readonly maxDist: unknown;
  readonly gradSumOfSquares: unknown;
  readonly initParams: unknown;
}
export interface DistanceOverGradientsOptions {
  /** The first distance, times `1 + ‖param‖`. Default 1e-6. */
  readonly repsRel?: Operand | undefined;
  /** Added to the sum of squares. Default 1e-8. */
  readonly eps?: Operand | undefined;
  /** The dtype in which first parameters are kept. Default float32. */
  readonly paramDtype?: DTypeLike | undefined;
  /** What all steps are multiplied by. Default 1. */
  readonly globalScale?: Operand | undefined;
}

/**
 * Multiplies each array by the distance that its parameter has gone, over the root of the sum of all squares of its gradients:
 * a learning rate that need not be chosen.
 *
 * @throws ArgumentError when `update` gets no parameters.
 * @see Ivgi et al., "DoG is SGD's best friend" (2023); `optax.scale_by_distance_over_gradients`
 */
export function scaleByDistanceOverGradients(
  options: DistanceOverGradientsOptions = {},
): GradientTransformation<DistanceOverGradientsState> {
  const caller = "optim.scaleByDistanceOverGradients";
  const names = ["repsRel", "eps", "paramDtype", "globalScale"] as const;
  const given = readOptions<DistanceOverGradientsOptions>(caller, names, [options]);
  const { repsRel = 1e-6, eps = 1e-8, paramDtype = "float32", globalScale = 1 } = given;
  const dtype = toDType(paramDtype, caller);
  return {
    init: (params) => ({
      maxDist: mapParams((p) => np.multiply(repsRel, np.add(1, euclidean(p))), params),
      gradSumOfSquares: mapParams((p) => np.zeros([], p.dtype), params),
      initParams: mapParams((p) => np.astype(p, dtype), params),
    }),
    update: (updates, state, params) => {
      checkParams(params, caller);
      const distance = (param: ArrayValue, first: ArrayValue) => euclidean(np.subtract(param, first));
      const maxDist = nextState((_g, most, param, first) => np.maximum(most, distance(param!, first!)), updates, state.maxDist, params, state.initParams); // prettier-ignore
      const sums = nextState((g, sum) => np.add(sum, np.sum(squares(g))), updates, state.gradSumOfSquares);
      const scaled = mapBeside(
        (g, far, sum) =>
          np.multiply(np.multiply(globalScale, np.divide(far!, np.sqrt(np.add(sum!, eps)))), g),
        updates,
        maxDist,
        sums,
      );
      return [scaled, castLike({ maxDist, gradSumOfSquares: sums, initParams: state.initParams }, state)];
    },
  };
}
