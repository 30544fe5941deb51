import { type Optionals, readOptions } from "../core/options.ts";
import { canonicalAxis, range } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as np from "../numpy/index.ts";
import { toArray } from "../numpy/promotion.ts";
import { type ForwardOptions, type Layer, Module } from "./module.ts";
import { forwardWith, type NameIn, weightOf } from "./reparameterisation.ts";

export interface WeightNormOptions<L> {
  /** Which array of the layer it is. Default `"weight"`. */
  readonly weightName?: NameIn<L> | undefined;
  /** The axis along which there is a length for each element; null: one length for all. Default 0. */
  readonly axis?: number | null | undefined;
}

/** The lengths of `weight` over all axes but one, which stay as axes of size 1. */
function lengths(weight: ArrayValue, axis: number | null): ArrayValue {
  const kept = axis === null ? null : canonicalAxis(axis, weight.ndim, "nn.WeightNorm");
  const axes = range(weight.ndim).filter((i) => i !== kept);
  return np.sqrt(np.sum(np.real(np.multiply(weight, np.conj(weight))), { axis: axes, keepdims: true }));
}

/**
 * A layer whose weight is `g · v / ‖v‖`: direction and length are learnt apart. `v` is the layer's own weight, and `g` begins as its
 * length, so that the layer is at first as it was.
 *
 * @example
 * const linear = new nn.WeightNorm(new nn.Linear(3, 4, { key }));
 * @see `equinox.nn.WeightNorm`; Salimans and Kingma, "Weight normalization" (2016)
 */
export class WeightNorm<L extends Layer = Layer> extends Module {
  readonly layer: L;
  readonly g: ArrayValue;
  readonly weightName: string;
  readonly axis: number | null;

  /** @throws ArgumentError when the layer has no such array; ShapeError when the axis is out of bounds. */
  constructor(
    layer: L,
    ...rest: Optionals<[weightName: NameIn<L>, axis: number | null], WeightNormOptions<L>>
  ) {
    super();
    const caller = "nn.WeightNorm";
    const options = readOptions<WeightNormOptions<L>>(caller, ["weightName", "axis"], rest);
    const { weightName = "weight" as NameIn<L>, axis = 0 } = options;
    this.layer = layer;
    this.g = lengths(weightOf(layer, weightName, caller), axis);
    this.weightName = weightName;
    this.axis = axis;
  }

  /** What the layer makes of `x`. Throws as the layer does. */
  forward(x: Operand, _options?: ForwardOptions): ArrayValue {
    const caller = "nn.WeightNorm";
    const v = weightOf(this.layer, this.weightName, caller);
    const weight = np.divide(np.multiply(v, this.g), lengths(v, this.axis));
    return forwardWith(this.layer, this.weightName, weight, toArray(x, caller));
  }
}
