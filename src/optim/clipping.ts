import { ShapeError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { range } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { globalNorm, rootMeanSquare, squares } from "./numerics.ts";
import { type GradientTransformation, mapUpdates, type NoState } from "./transformation.ts";
import { eachUpdate, stateless, withParams } from "./transforms.ts";

/** Cuts each element to `[-maxDelta, maxDelta]`. @see `optax.clip` */
export const clip = (maxDelta: Operand): GradientTransformation<NoState> =>
  eachUpdate((g) => np.clip(g, np.negative(maxDelta), maxDelta));

/** Scales the updates down to `maxNorm`, where their {@link globalNorm} is more. @see `optax.clip_by_global_norm` */
export const clipByGlobalNorm = (maxNorm: Operand): GradientTransformation<NoState> =>
  stateless((updates) => {
    const norm = globalNorm(updates);
    const isShort = np.less(norm, maxNorm);
    return mapUpdates((g) => {
      const clipped = np.multiply(np.divide(g, np.astype(norm, g.dtype)), maxNorm);
      return lax.select(isShort, g, np.astype(clipped, g.dtype));
    }, updates);
  });

/** Scales each array down to a root of the mean of squares of `threshold`, where it is more. @see `optax.clip_by_block_rms` */
export const clipByBlockRms = (threshold: Operand): GradientTransformation<NoState> =>
  eachUpdate((g) => np.divide(g, np.maximum(1, np.divide(rootMeanSquare(g), threshold))));

export interface AdaptiveClipOptions {
  /** The norm of a unit counts as no less than this. Default 1e-3. */
  readonly eps?: Operand | undefined;
  /** Over which axes the norm of a unit is taken. Default: of vectors all, of matrices the first, of kernels all but the last. */
  readonly axis?: number | readonly number[] | null | undefined;
}

/**
 * Scales each unit of an update (a column of a matrix, the kernel of a channel) down to `clipping` times the norm of that unit of
 * the parameter, where its norm is more.
 *
 * @throws ArgumentError when `update` gets no parameters; ShapeError of an array with more than 5 axes without `axis`.
 * @see Brock et al., "High-performance large-scale image recognition without normalization" (2021); `optax.adaptive_grad_clip`
 */
export function adaptiveGradClip(
  clipping: Operand,
  options: AdaptiveClipOptions = {},
): GradientTransformation<NoState> {
  const caller = "optim.adaptiveGradClip";
  const { eps = 1e-3, axis = null } = readOptions<AdaptiveClipOptions>(caller, ["eps", "axis"], [options]);
  const norm = (x: ArrayValue) =>
    np.sqrt(np.sum(squares(x), { axis: axis ?? unitAxes(x, caller), keepdims: true }));
  return withParams(caller, (g, param) => {
    const [own, most] = [norm(g), np.multiply(clipping, np.maximum(norm(param), eps))];
    return np.where(np.less(own, most), g, np.multiply(g, np.divide(most, np.maximum(own, 1e-6))));
  });
}

function unitAxes({ shape, ndim }: ArrayValue, caller: string): readonly number[] {
  if (shape.filter((size) => size !== 1).length <= 1) return range(ndim);
  if (ndim <= 3) return [0];
  if (ndim <= 5) return range(ndim - 1);
  throw new ShapeError(
    "optim/axis",
    `${caller} knows units of at most 5 axes, got an array of shape [${shape.join(", ")}]: give the option axis`,
  );
}
