import type { DTypeLike } from "../core/dtype.ts";
import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { toArray } from "../numpy/promotion.ts";
import * as random from "../random/index.ts";
import { relu } from "./activations.ts";
import { checkSize, Linear, requireKey, type Size } from "./linear.ts";
import { type ForwardOptions, Module } from "./module.ts";

/** A function of an array, applied between layers. */
export type Activation = (x: ArrayValue) => ArrayValue;

export interface MLPOptions {
  /** Randomness for the initial weights. */
  readonly key: ArrayValue;
  /** After each hidden layer. Default {@link relu}. */
  readonly activation?: Activation | undefined;
  /** After the last layer. Default: nothing. */
  readonly finalActivation?: Activation | undefined;
  /** Whether hidden layers have a bias. Default true. */
  readonly useBias?: boolean | undefined;
  /** Whether the last layer has a bias. Default true. */
  readonly useFinalBias?: boolean | undefined;
  readonly dtype?: DTypeLike | undefined;
}
const optionNames = ["key", "activation", "finalActivation", "useBias", "useFinalBias", "dtype"] as const;

const identity: Activation = (x) => x;

/**
 * A multi-layer perceptron: `depth` hidden layers of `widthSize`, and one that maps to `outSize`.
 *
 * Shape: `[inSize] → [outSize]`; vmap maps it over a batch.
 * @example
 * const mlp = new nn.MLP(2, 1, 64, 3, { activation: nn.gelu, key });
 * @see `equinox.nn.MLP`
 */
export class MLP extends Module {
  readonly layers: readonly Linear[];
  readonly activation: Activation;
  readonly finalActivation: Activation;
  readonly useBias: boolean;
  readonly useFinalBias: boolean;
  readonly inSize: Size;
  readonly outSize: Size;
  readonly widthSize: number;
  readonly depth: number;

  /** @throws ArgumentError when a size or the depth is no count, an activation no function, or the key is missing. */
  constructor(inSize: Size, outSize: Size, widthSize: number, depth: number, options: MLPOptions) {
    super();
    const caller = "nn.MLP";
    const given = readOptions<MLPOptions>(caller, optionNames, [options]);
    const {
      activation = relu,
      finalActivation = identity,
      useBias = true,
      useFinalBias = true,
      dtype,
    } = given;
    if (depth < 0 || !Number.isInteger(depth)) {
      throw new ArgumentError(
        "nn/size",
        `${caller}: depth must be a non-negative integer, got ${describe(depth)}`,
      );
    }
    checkSize(widthSize, `${caller}: widthSize`);
    for (const [name, f] of Object.entries({ activation, finalActivation })) {
      if (typeof f !== "function")
        throw new ArgumentError("nn/activation", `${caller}: ${name} must be a function, got ${describe(f)}`);
    }
    const sizes: readonly Size[] = [inSize, ...new Array<Size>(depth).fill(widthSize), outSize];
    const keys = lax.unstack(random.split(requireKey(given.key, caller), depth + 1));
    this.layers = keys.map((key, i) => {
      const bias = i === depth ? useFinalBias : useBias;
      return new Linear(sizes[i]!, sizes[i + 1]!, { key, useBias: bias, dtype });
    });
    this.activation = activation;
    this.finalActivation = finalActivation;
    this.useBias = useBias;
    this.useFinalBias = useFinalBias;
    this.inSize = inSize;
    this.outSize = outSize;
    this.widthSize = widthSize;
    this.depth = depth;
  }

  /** Shape: `[inSize] → [outSize]`. @throws ShapeError when `x` does not fit. */
  forward(x: Operand, _options?: ForwardOptions): ArrayValue {
    let out = toArray(x, "nn.MLP");
    this.layers.forEach((layer, i) => {
      const after = i === this.depth ? this.finalActivation : this.activation;
      out = after(layer.forward(out));
    });
    return out;
  }
}
