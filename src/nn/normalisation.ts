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

export interface RMSNormOptions {
  /** Added to the mean of the squares. Default 1e-5. */
  readonly eps?: number | undefined;
  /** Whether there is a weight to multiply with. Default true. */
  readonly useWeight?: boolean | undefined;
  /** Whether there is a bias to add. Default true. */
  readonly useBias?: boolean | undefined;
  readonly dtype?: DTypeLike | undefined;
}
export interface LayerNormOptions extends RMSNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number | undefined;
}

/** What the normalisations share: weight and bias, and the dtype that is computed in. */
abstract class Normalisation extends Module {
  readonly shape: Shape;
  readonly eps: number;
  readonly useWeight: boolean;
  readonly useBias: boolean;
  readonly weight: ArrayValue | null;
  readonly bias: ArrayValue | null;

  constructor(caller: string, shape: Shape | number, options: RMSNormOptions) {
    super();
    const given = readOptions<RMSNormOptions>(caller, ["eps", "useWeight", "useBias", "dtype"], [options]);
    const { eps = 1e-5, useWeight = true, useBias = true } = given;
    const dtype = weightDType(given.dtype, caller);
    this.shape = [...checkShape(shape, caller)];
    this.eps = eps;
    this.useWeight = useWeight;
    this.useBias = useBias;
    this.weight = useWeight ? lax.full(this.shape, 1, dtype) : null;
    this.bias = useBias ? lax.full(this.shape, 0, dtype) : null;
  }

  /** `x`, normalised in a wide dtype, times the weight, plus the bias. */
  protected apply(caller: string, x: Operand, normalised: (wide: ArrayValue) => ArrayValue): ArrayValue {
    const input = toArray(x, caller);
    if (!sameShape(input.shape, this.shape)) {
      throw new ShapeError(
        "nn/input",
        `${caller} of shape ${showShape(this.shape)} got an array of shape ${showShape(input.shape)}: use vmap to normalise over the last axes only`,
      );
    }
    const wide = np.astype(input, np.promoteTypes(input.dtype, "float32"));
    let out = normalised(wide);
    if (this.weight !== null) out = np.multiply(np.astype(this.weight, wide.dtype), out);
    if (this.bias !== null) out = np.add(out, np.astype(this.bias, wide.dtype));
    return np.astype(out, input.dtype);
  }
}

/**
 * `(x − mean) / √(variance + eps) · weight + bias`, with mean and variance over the whole array.
 *
 * Shape: `shape → shape`; vmap keeps other axes apart. Dtype: that of the input; computed in float32 or wider.
 * @see `equinox.nn.LayerNorm`
 */
export class LayerNorm extends Normalisation {
  /** @throws ShapeError when `shape` is no shape. */
  constructor(shape: Shape | number, options: LayerNormOptions = {}) {
    super("nn.LayerNorm", shape, options);
  }

  /** Shape: `shape → shape`. @throws ShapeError when `x` has another shape. */
  forward(x: Operand, _options?: ForwardOptions): ArrayValue {
    return this.apply("nn.LayerNorm", x, (wide) => {
      const mean = np.mean(wide, { keepdims: true });
      const variance = np.maximum(0, np.var(wide, { keepdims: true }));
      return np.multiply(np.subtract(wide, mean), lax.rsqrt(np.add(variance, this.eps)));
    });
  }
}

/**
 * `x / √(mean x² + eps) · weight + bias`: {@link LayerNorm} that leaves the mean where it is.
 *
 * Shape: `shape → shape`; vmap keeps other axes apart. Dtype: that of the input; computed in float32 or wider.
 * @see `equinox.nn.RMSNorm`; Zhang and Sennrich, "Root mean square layer normalization" (2019)
 */
export class RMSNorm extends Normalisation {
  /** @throws ShapeError when `shape` is no shape. */
  constructor(shape: Shape | number, options: RMSNormOptions = {}) {
    super("nn.RMSNorm", shape, options);
  }

  /** Shape: `shape → shape`. @throws ShapeError when `x` has another shape. */
  forward(x: Operand, _options?: ForwardOptions): ArrayValue {
    return this.apply("nn.RMSNorm", x, (wide) =>
      np.multiply(lax.rsqrt(np.add(np.mean(np.square(wide)), this.eps)), wide),
    );
  }
}
