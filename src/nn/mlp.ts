import { map } from "../tree/index.ts";
import type { DTypeLike } from "../core/dtype.ts";
import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { range } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import { scan } from "../control/index.ts";
import { vmap } from "../interpreters/vmap.ts";
import * as np from "../numpy/index.ts";
import { toArray } from "../numpy/promotion.ts";
import * as random from "../random/index.ts";
import { relu } from "./activations.ts";
import { checkSize, Linear, requireKey, type Size } from "./linear.ts";
import { type ForwardOptions, type Layer, Module } from "./module.ts";

/** A function of an array, applied between layers. */
export type Activation = (x: ArrayValue) => ArrayValue;

export interface MLPOptions {
  /** Randomness for the initial weights. */
  readonly key: ArrayValue;
  /** After each hidden layer. Default {@link relu}. A layer, such as `PReLU`, is learnt for each neuron apart. */
  readonly activation?: Activation | Layer | undefined;
  /** After the last layer, also where that is the only one, which Equinox leaves bare. Default: nothing. A layer is learnt for each result apart. */
  readonly finalActivation?: Activation | Layer | undefined;
  /** Whether hidden layers have a bias. Default true. */
  readonly useBias?: boolean | undefined;
  /** Whether the last layer has a bias. Default true. */
  readonly useFinalBias?: boolean | undefined;
  readonly dtype?: DTypeLike | undefined;
  /** Keep the hidden layers stacked, and run them by `lax.scan`: programs stay small however deep it is. Default false. */
  readonly scan?: boolean | undefined;
}
const optionNames = ["key", "activation", "finalActivation", "useBias", "useFinalBias", "dtype", "scan"] as const; // prettier-ignore

const identity: Activation = (x) => x;

/** An activation that is learnt, with weights for each of `sizes`; a function as it is. */
const copies = (activation: Activation | Layer, ...sizes: number[]): Activation | Layer =>
  typeof activation === "function"
    ? activation
    : map((leaf: ArrayValue) => np.broadcastTo(leaf, [...sizes, ...leaf.shape]), activation);

/** What a learnt activation has at `index` of its first axis. */
const part = (activation: Activation | Layer, index: number | string): Activation | Layer =>
  typeof activation === "function" ? activation : map((leaf: ArrayValue) => leaf.get(index), activation);

/** An activation of all elements, each with the weights of its own. */
const activated = (activation: Activation | Layer, x: ArrayValue): ArrayValue => {
  if (typeof activation === "function") return activation(x);
  return x.ndim === 0
    ? activation.forward(x)
    : vmap((own: Layer, element: ArrayValue) => own.forward(element))(activation, x);
};

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
  readonly activation: Activation | Layer;
  readonly finalActivation: Activation | Layer;
  readonly useBias: boolean;
  readonly useFinalBias: boolean;
  readonly inSize: Size;
  readonly outSize: Size;
  readonly widthSize: number;
  readonly depth: number;
  readonly scan: boolean;

  /** @throws ArgumentError when a size or the depth is no count, an activation neither a function nor a layer, or the key is missing. */
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
      scan: isScanned = false,
    } = given;
    if (depth < 0 || !Number.isInteger(depth)) {
      throw new ArgumentError(
        "nn/size",
        `${caller}: depth must be a non-negative integer, got ${describe(depth)}`,
      );
    }
    checkSize(widthSize, `${caller}: widthSize`);
    for (const [name, f] of Object.entries({ activation, finalActivation })) {
      if (typeof f !== "function" && typeof (f as Partial<Layer> | null)?.forward !== "function")
        throw new ArgumentError(
          "nn/activation",
          `${caller}: ${name} must be a function or a layer, got ${describe(f)}`,
        );
    }
    const keys = random.split(requireKey(given.key, caller), depth + 1);
    const linear = (from: Size, to: Size, bias: boolean) => (key: ArrayValue) =>
      new Linear(from, to, { key, useBias: bias, dtype });
    const hidden = linear(widthSize, widthSize, useBias);
    const between = (): Linear[] =>
      isScanned
        ? [vmap(hidden)(keys.get(`1:${depth}`))]
        : range(depth - 1, 1).map((i) => hidden(keys.get(i)));
    const before = depth === 0 ? [] : [linear(inSize, widthSize, useBias)(keys.get(0)), ...between()];
    const last = linear(depth === 0 ? inSize : widthSize, outSize, useFinalBias)(keys.get(depth));
    this.layers = [...before, last];
    this.activation = copies(activation, depth, widthSize);
    this.finalActivation = outSize === "scalar" ? finalActivation : copies(finalActivation, outSize);
    this.useBias = useBias;
    this.useFinalBias = useFinalBias;
    this.inSize = inSize;
    this.outSize = outSize;
    this.widthSize = widthSize;
    this.depth = depth;
    this.scan = isScanned;
  }

  /** Shape: `[inSize] → [outSize]`. @throws ShapeError when `x` does not fit. */
  forward(x: Operand, _options?: ForwardOptions): ArrayValue {
    let out = toArray(x, "nn.MLP");
    const [inner, last] = [this.layers.slice(0, -1), this.layers.at(-1)!];
    // Of a scan, the first of two; the other is the stack.
    const apart = this.scan ? inner.slice(0, 1) : inner;
    apart.forEach((layer, i) => {
      out = activated(part(this.activation, i), layer.forward(out));
    });
    if (this.scan && inner.length > 1) out = this.scanned(inner[1]!, out);
    return activated(this.finalActivation, last.forward(out));
  }

  /** Through the stack of hidden layers, with their activations. */
  private scanned(stack: Linear, x: ArrayValue): ArrayValue {
    const { activation } = this;
    const learnt = typeof activation === "function" ? null : (part(activation, "1:") as Layer);
    const step = (out: ArrayValue, [layer, own]: readonly [Linear, Layer | null]): [ArrayValue, null] => [
      activated(own ?? activation, layer.forward(out)),
      null,
    ];
    return scan(step, x, [stack, learnt] as const)[0];
  }
}
