import { ArgumentError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as np from "../numpy/index.ts";
import { toArray } from "../numpy/promotion.ts";
import * as random from "../random/index.ts";
import { type ForwardOptions, Module } from "./module.ts";

export interface DropoutOptions {
  /** The share of elements that become 0. Default ½. */
  readonly p?: number | undefined;
  /** Pass everything through. Default false. */
  readonly inference?: boolean | undefined;
}

/**
 * Sets elements to 0 at random, and divides the others by the share that is kept, so that the mean stays; in inference it
 * does nothing. `inferenceMode` switches a whole model.
 *
 * @example
 * new nn.Dropout(0.1).forward(x, { key });
 * @see `equinox.nn.Dropout`
 */
export class Dropout extends Module {
  readonly p: number;
  readonly inference: boolean;

  /** @throws ArgumentError when `p` is not in [0, 1]. */
  constructor(...rest: Optionals<[p: number, inference: boolean], DropoutOptions>) {
    super();
    const { p = 0.5, inference = false } = readOptions<DropoutOptions>(
      "nn.Dropout",
      ["p", "inference"],
      rest,
    );
    if (!(typeof p === "number" && p >= 0 && p <= 1))
      throw new ArgumentError("nn/dropout", `nn.Dropout: p must be a number from 0 to 1, got ${describe(p)}`);
    this.p = p;
    this.inference = inference;
  }

  /**
   * Shape: `[…s] → […s]`. Dtype: that of `x`. `inference` takes the place of the layer's own.
   * @throws ArgumentError when a key is needed and missing.
   */
  forward(
    x: Operand,
    {
      key = null,
      inference = this.inference,
    }: ForwardOptions & { readonly inference?: boolean | undefined } = {},
  ): ArrayValue {
    const input = toArray(x, "nn.Dropout");
    if (inference || this.p === 0) return input;
    if (key === null) {
      throw new ArgumentError(
        "nn/key",
        "nn.Dropout requires a key where it is not in inference mode: forward(x, { key }), or set inference: true",
      );
    }
    // In float32, as JAX has it.
    const kept = Math.fround(1 - Math.fround(this.p));
    return np.where(random.bernoulli(key, kept, input.shape), np.divide(input, kept), 0);
  }
}
