import { readOptions } from "../core/options.ts";
import { ShapeError } from "../core/errors.ts";
import { sameShape, showShape } from "../core/shape.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { type AdaptedArray, type AdapterSettings, assemble, type Change, checkMatrix } from "./adapted.ts";
import { RescaledArray } from "./rescaled.ts";

export interface Ia3Options extends AdapterSettings {
  /** Whether what goes in is scaled, in place of what comes out. Default false. */
  readonly feedforward?: boolean | undefined;
  /** The vector to start with. Default ones. */
  readonly scale?: ArrayValue | undefined;
}

/**
 * A matrix whose rows, or columns with `feedforward`, are scaled by a vector that is trained.
 *
 * Shape: `w` is `[n, m]`, `scale` is `[n]`, or `[m]`.
 * @example
 * const w = new lora.Ia3Array(linear.weight);
 * @see Liu et al., "Few-shot parameter-efficient fine-tuning is better and cheaper than in-context learning" (2022)
 */
export class Ia3Array extends RescaledArray {
  readonly scale: ArrayValue;
  readonly feedforward: boolean;

  /** @throws ShapeError when the weight is no matrix, or the vector does not fit. */
  constructor(weight: ArrayValue, options: Ia3Options = {}) {
    super(weight, options);
    const names = ["feedforward", "scale", "stopGradient", "allowMaterialise"] as const;
    const given = readOptions<Ia3Options>("lora.Ia3Array", names, [options]);
    const [n, m] = checkMatrix(weight, "lora.Ia3Array");
    const { feedforward = false } = given;
    const size = feedforward ? m : n;
    this.scale = given.scale ?? lax.full([size], 1, weight.dtype);
    if (!sameShape(this.scale.shape, [size]))
      throw new ShapeError(
        "lora/shape",
        `lora.Ia3Array: a weight of shape ${showShape(weight.shape)} takes ${size} factors, got shape ${showShape(this.scale.shape)}`,
      );
    this.feedforward = feedforward;
  }

  override get factor(): ArrayValue {
    return np.expandDims(this.scale, this.feedforward ? 0 : 1);
  }
  override mapped(change: Change): AdaptedArray {
    return assemble<Ia3Array>(this, { _w: change(this._w), scale: change(this.scale) });
  }
  override transposed(permutation: readonly number[]): AdaptedArray {
    const [_w, kept] = [lax.transpose(this._w, permutation), permutation[0] === 0];
    return assemble<Ia3Array>(this, { _w, feedforward: kept === this.feedforward });
  }
}
