import { type Optionals, readOptions } from "../core/options.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as np from "../numpy/index.ts";
import { toArray } from "../numpy/promotion.ts";
import { type ForwardOptions, Module } from "./module.ts";

export interface PReLUOptions {
  /** The first slope: a number, or an array that broadcasts against the input. Default 0.25. */
  readonly initAlpha?: Operand | undefined;
}

/**
 * `max(x, 0) + α·min(x, 0)`: a leaky ReLU whose slope `α` below 0 is learnt.
 *
 * Shape: `[…s] → […s]`.
 * @see `equinox.nn.PReLU`; He et al., "Delving deep into rectifiers" (2015)
 */
export class PReLU extends Module {
  readonly negativeSlope: ArrayValue;

  constructor(...rest: Optionals<[initAlpha: Operand], PReLUOptions>) {
    super();
    const { initAlpha = 0.25 } = readOptions<PReLUOptions>("nn.PReLU", ["initAlpha"], rest);
    // A number leaves the dtype of the input as it is.
    this.negativeSlope =
      typeof initAlpha === "number" ? np.weak(initAlpha, "float") : toArray(initAlpha, "nn.PReLU");
  }

  /** Shape: `[…s] → […s]`. @throws ShapeError when the slopes do not broadcast. */
  forward(x: Operand, _options?: ForwardOptions): ArrayValue {
    return np.where(np.greaterEqual(x, 0), x, np.multiply(this.negativeSlope, x));
  }
}
