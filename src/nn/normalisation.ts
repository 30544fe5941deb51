import type { DTypeLike } from "../core/dtype.ts";
import { ShapeError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { checkShape, sameShape, type Shape, showShape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { toArray } from "../numpy/promotion.ts";
import { weightDType } from "./linear.ts";
import { type ForwardOptions, Module } from "./module.ts";

export interface LayerNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number | undefined;
  /** Whether there is a weight to multiply with. Default true. */
  readonly useWeight?: boolean | undefined;
  /** Whether there is a bias to add. Default true. */
  readonly useBias?: boolean | undefined;
  readonly dtype?: DTypeLike | undefined;
}

/**
 * `(x − mean) / √(variance + eps) · weight + bias`, with mean and variance over the whole array.
 *
 * Shape: `shape → shape`; vmap keeps other axes apart. Dtype: that of the input; computed in float32 or wider.
 * @see `equinox.nn.LayerNorm`
 */
export class LayerNorm extends Module {
  readonly shape: Shape;
  readonly eps: number;
  readonly useWeight: boolean;
  readonly useBias: boolean;
  readonly weight: ArrayValue | null;
  readonly bias: ArrayValue | null;

  /** @throws ShapeError when `shape` is no shape. */
  constructor(shape: Shape | number, options: LayerNormOptions = {}) {
    super();
    const caller = "nn.LayerNorm";
    const given = readOptions<LayerNormOptions>(caller, ["eps", "useWeight", "useBias", "dtype"], [options]);
    const { eps = 1e-5, useWeight = true, useBias = true } = given;
    const dtype = weightDType(given.dtype, caller);
    this.shape = [...checkShape(shape, caller)];
    this.eps = eps;
    this.useWeight = useWeight;
    this.useBias = useBias;
    this.weight = useWeight ? lax.full(this.shape, 1, dtype) : null;
    this.bias = useBias ? lax.full(this.shape, 0, dtype) : null;
  }

  /** Shape: `shape → shape`. @throws ShapeError when `x` has another shape. */
  forward(x: Operand, _options?: ForwardOptions): ArrayValue {
    const input = toArray(x, "nn.LayerNorm");
    if (!sameShape(input.shape, this.shape)) {
      throw new ShapeError(
        "nn/input",
        `nn.LayerNorm of shape ${showShape(this.shape)} got an array of shape ${showShape(input.shape)}: use vmap to normalise over the last axes only`,
      );
    }
    const wide = np.astype(input, np.promoteTypes(input.dtype, "float32"));
    const mean = np.mean(wide, { keepdims: true });
    const variance = np.maximum(0, np.var(wide, { keepdims: true }));
    let out = np.multiply(np.subtract(wide, mean), lax.rsqrt(np.add(variance, this.eps)));
    if (this.weight !== null) out = np.multiply(np.astype(this.weight, wide.dtype), out);
    if (this.bias !== null) out = np.add(out, np.astype(this.bias, wide.dtype));
    return np.astype(out, input.dtype);
  }
}
