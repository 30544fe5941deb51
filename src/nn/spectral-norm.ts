import { ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { showShape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { toArray } from "../numpy/promotion.ts";
import * as random from "../random/index.ts";
import type { InferenceOptions } from "./batch-norm.ts";
import { StatefulLayer } from "./composition.ts";
import { checkCount, requireKey } from "./linear.ts";
import type { Layer } from "./module.ts";
import { forwardWith, type NameIn, weightOf } from "./reparameterisation.ts";
import { type State, StateIndex } from "./state.ts";

export interface SpectralNormOptions {
  /** Steps of the power iteration at each call. Default 1. */
  readonly numPowerIterations?: number | undefined;
  /** The least norm that is divided by. Default 1e-12. */
  readonly eps?: number | undefined;
  /** Leave the singular vectors as they are. Default false. */
  readonly inference?: boolean | undefined;
  /** Randomness for the first singular vectors. */
  readonly key: ArrayValue;
}
const optionNames = ["numPowerIterations", "eps", "inference", "key"] as const;

type Vectors = readonly [u: ArrayValue, v: ArrayValue];

/** Steps towards the singular vectors of the largest singular value. */
function powerIterations(weight: ArrayValue, [u, v]: Vectors, steps: number, eps: number): Vectors {
  const unit = (x: ArrayValue) => np.divide(x, np.maximum(eps, np.sqrt(np.sum(np.square(x)))));
  for (let i = 0; i < steps; i++) {
    u = unit(np.matmul(weight, v));
    v = unit(np.matmul(np.transpose(weight), u));
  }
  return [u, v];
}

const asMatrix = (weight: ArrayValue): ArrayValue => np.reshape(weight, [weight.shape[0]!, -1]);

/**
 * A layer whose weight is divided by its largest singular value, as if all its axes but the first were one. The value is estimated
 * by power iteration: each call takes a step from the singular vectors of the one before, which are the state; inference takes
 * none.
 *
 * @example
 * const [model, state] = nn.makeWithState(() => new nn.SpectralNorm(new nn.Linear(3, 4, { key: k1 }), "weight", { key: k2 }))();
 * const [y, next] = model.forward(x, state);
 * @see `equinox.nn.SpectralNorm`; Miyato et al., "Spectral normalization for generative adversarial networks" (2018)
 */
export class SpectralNorm<L extends Layer = Layer> extends StatefulLayer {
  readonly layer: L;
  readonly weightName: string;
  readonly uvIndex: StateIndex<Vectors>;
  readonly numPowerIterations: number;
  readonly eps: number;
  readonly inference: boolean;

  /** @throws ArgumentError when the layer has no such array, or the key is missing; ShapeError when the array has fewer than two axes. */
  constructor(
    layer: L,
    weightName: NameIn<L>,
    ...rest: Optionals<[numPowerIterations: number, eps: number, inference: boolean], SpectralNormOptions>
  ) {
    super();
    const caller = "nn.SpectralNorm";
    const given = readOptions<SpectralNormOptions>(caller, optionNames, rest);
    const { numPowerIterations = 1, eps = 1e-12, inference = false } = given;
    const weight = weightOf(layer, weightName, caller);
    if (weight.ndim < 2)
      throw new ShapeError(
        "nn/weight",
        `${caller}: the layer's ${weightName} must have at least two axes, got shape ${showShape(weight.shape)}`,
      );
    const matrix = asMatrix(weight);
    const keys = lax.unstack(random.split(requireKey(given.key, caller)));
    const [u, v] = matrix.shape.map((size, i) => random.normal(keys[i]!, [size], { dtype: weight.dtype }));
    this.layer = layer;
    this.weightName = weightName;
    this.uvIndex = new StateIndex(powerIterations(matrix, [u!, v!], 15, eps));
    this.numPowerIterations = checkCount(numPowerIterations, `${caller}: numPowerIterations`);
    this.eps = eps;
    this.inference = inference;
  }

  /** What the layer makes of `x`, and the state after a power iteration. Throws as the layer does. */
  forward(
    x: Operand,
    state: State,
    { inference = this.inference }: InferenceOptions = {},
  ): [ArrayValue, State] {
    const caller = "nn.SpectralNorm";
    const weight = weightOf(this.layer, this.weightName, caller);
    const matrix = asMatrix(weight);
    let [vectors, next] = [state.get(this.uvIndex) as Vectors, state];
    if (!inference) {
      vectors = powerIterations(lax.stopGradient(matrix), vectors, this.numPowerIterations, this.eps);
      next = state.set(this.uvIndex, vectors);
    }
    const [u, v] = vectors;
    const largest = np.einsum("i,ij,j->", u, matrix, v);
    const normalised = np.reshape(np.divide(matrix, largest), weight.shape);
    return [forwardWith(this.layer, this.weightName, normalised, toArray(x, caller)), next];
  }
}
