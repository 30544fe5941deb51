import type { DType, DTypeLike } from "../core/dtype.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as np from "../numpy/index.ts";
import { toArray } from "../numpy/promotion.ts";
import { checkCount, weightDType } from "./linear.ts";
import { type ForwardOptions, Module } from "./module.ts";

export interface RotaryOptions {
  /** Base of the wavelengths. Default 10,000. */
  readonly theta?: number | undefined;
  /** Dtype of sines and cosines. Default float32, or float64 under x64. */
  readonly dtype?: DTypeLike | undefined;
}

/**
 * Position `t` as a rotation of each pair `(x[i], x[i + size/2])` by the angle `t·theta^(−2i/size)`, so that the product of
 * a query and a key depends on the distance of their positions only.
 *
 * Shape: `[sequence, embeddingSize] → [sequence, embeddingSize]`; vmap over axis 1 takes several heads. Dtype: that of `x`.
 * @example
 * const rotate = vmap(new nn.RotaryPositionalEmbedding(64), { inAxes: 1, outAxes: 1 });
 * attention.forward(x, x, x, { processHeads: (q, k, v) => [rotate(q), rotate(k), v] });
 * @see `equinox.nn.RotaryPositionalEmbedding`; Su et al., "RoFormer" (2021)
 */
export class RotaryPositionalEmbedding extends Module {
  readonly embeddingSize: number;
  readonly theta: number;
  readonly dtype: DType;

  /** @throws ArgumentError when the size is no even count or `theta` is not positive. */
  constructor(embeddingSize: number, ...rest: Optionals<[theta: number, dtype: DTypeLike], RotaryOptions>) {
    super();
    const caller = "nn.RotaryPositionalEmbedding";
    const { theta = 10_000, dtype } = readOptions<RotaryOptions>(caller, ["theta", "dtype"], rest);
    if (checkCount(embeddingSize, `${caller}: embeddingSize`) % 2 !== 0)
      throw new ArgumentError("nn/size", `${caller}: embeddingSize must be even, got ${embeddingSize}`);
    if (!(typeof theta === "number" && theta > 0))
      throw new ArgumentError(
        "nn/theta",
        `${caller}: theta must be a positive number, got ${describe(theta)}`,
      );
    this.embeddingSize = embeddingSize;
    this.theta = theta;
    this.dtype = weightDType(dtype, caller);
  }

  /** Shape: `[sequence, embeddingSize] → [sequence, embeddingSize]`. @throws ShapeError when `x` does not fit. */
  forward(x: Operand, _options?: ForwardOptions): ArrayValue {
    const input = toArray(x, "nn.RotaryPositionalEmbedding");
    if (input.ndim !== 2 || input.shape[1] !== this.embeddingSize)
      throw new ShapeError(
        "nn/input",
        `nn.RotaryPositionalEmbedding takes (sequence, ${this.embeddingSize}), got shape ${showShape(input.shape)}: use vmap for heads and batches`,
      );
    const half = this.embeddingSize / 2;
    const exponents = np.divide(np.arange(0, this.embeddingSize, 2), this.embeddingSize);
    const frequencies = np.divide(1, np.power(this.theta, exponents));
    const angles = np.outer(np.arange(input.shape[0]!), frequencies);
    const twice = (part: ArrayValue) => np.tile(np.astype(part, this.dtype), [1, 2]);
    const [first, second] = [input.get(":", `:${half}`), input.get(":", `${half}:`)];
    const turned = np.concatenate([np.negative(second), first], { axis: 1 });
    const out = np.add(np.multiply(input, twice(np.cos(angles))), np.multiply(turned, twice(np.sin(angles))));
    return np.astype(out, input.dtype);
  }
}
