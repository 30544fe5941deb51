import type { DTypeLike } from "../core/dtype.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { checkShape, range, sameShape, type Shape, showShape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { toArray } from "../numpy/promotion.ts";
import { checkCount, weightDType } from "./linear.ts";
import { type ForwardOptions, Module } from "./module.ts";
import { readState, type State } from "./state.ts";

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

/** `(x − mean) / √(variance + eps)`, over these axes, or all. */
function standardised(x: ArrayValue, eps: number, axis: readonly number[] | null = null): ArrayValue {
  const mean = np.mean(x, { axis, keepdims: true });
  const variance = np.maximum(0, np.var(x, { axis, keepdims: true }));
  return np.multiply(np.subtract(x, mean), lax.rsqrt(np.add(variance, eps)));
}

/** What a layer without state returns, in the form of one with: a state that is given comes back. */
function withState(out: ArrayValue, rest: readonly unknown[]): ArrayValue | [ArrayValue, State] {
  const [state] = readState(rest);
  return state === null ? out : [out, state];
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

  /** Shape: `shape → shape`. A state comes back as it is, as for a layer that has one. @throws ShapeError when `x` has another shape. */
  forward(x: Operand, state: State, options?: ForwardOptions): [ArrayValue, State];
  forward(x: Operand, options?: ForwardOptions): ArrayValue;
  forward(x: Operand, ...rest: readonly unknown[]): ArrayValue | [ArrayValue, State] {
    return withState(
      this.apply("nn.LayerNorm", x, (wide) => standardised(wide, this.eps)),
      rest,
    );
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

  /** Shape: `shape → shape`. A state comes back as it is, as for a layer that has one. @throws ShapeError when `x` has another shape. */
  forward(x: Operand, state: State, options?: ForwardOptions): [ArrayValue, State];
  forward(x: Operand, options?: ForwardOptions): ArrayValue;
  forward(x: Operand, ...rest: readonly unknown[]): ArrayValue | [ArrayValue, State] {
    const out = this.apply("nn.RMSNorm", x, (wide) =>
      np.multiply(lax.rsqrt(np.add(np.mean(np.square(wide)), this.eps)), wide),
    );
    return withState(out, rest);
  }
}

export interface GroupNormOptions {
  /** How many channels there are; needed where they have weights. */
  readonly channels?: number | null | undefined;
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number | undefined;
  /** Whether each channel has a weight and a bias. Default true. */
  readonly channelwiseAffine?: boolean | undefined;
  readonly dtype?: DTypeLike | undefined;
}

/**
 * `(x − mean) / √(variance + eps) · weight + bias`, with mean and variance over each group of channels.
 *
 * Shape: `[channels, …s] → [channels, …s]`; vmap maps it over a batch. Dtype: that of the input; computed in float32 or wider.
 * `channels` may be null where there is no weight.
 * @see `equinox.nn.GroupNorm`; Wu and He, "Group normalization" (2018)
 */
export class GroupNorm extends Module {
  readonly groups: number;
  readonly channels: number | null;
  readonly eps: number;
  readonly channelwiseAffine: boolean;
  readonly weight: ArrayValue | null;
  readonly bias: ArrayValue | null;

  /** @throws ArgumentError when a number is no count, or the channels are not as many in each group, or missing. */
  constructor(groups: number, ...rest: Optionals<[channels: number | null], GroupNormOptions>) {
    super();
    const caller = "nn.GroupNorm";
    const given = readOptions<GroupNormOptions>(
      caller,
      ["channels", "eps", "channelwiseAffine", "dtype"],
      rest,
    );
    const { channels = null, eps = 1e-5, channelwiseAffine = true } = given;
    checkCount(groups, `${caller}: groups`, 1);
    if (channels !== null && checkCount(channels, `${caller}: channels`) % groups !== 0)
      throw new ArgumentError(
        "nn/size",
        `${caller}: ${channels} channels are no ${groups} groups of one size`,
      );
    if (channels === null && channelwiseAffine)
      throw new ArgumentError(
        "nn/size",
        `${caller}: a weight needs the number of channels: new nn.GroupNorm(${groups}, channels), or channelwiseAffine: false`,
      );
    const dtype = weightDType(given.dtype, caller);
    this.groups = groups;
    this.channels = channels;
    this.eps = eps;
    this.channelwiseAffine = channelwiseAffine;
    this.weight = channelwiseAffine ? lax.full([channels!], 1, dtype) : null;
    this.bias = channelwiseAffine ? lax.full([channels!], 0, dtype) : null;
  }

  /** Shape: `[channels, …s] → [channels, …s]`. A state comes back as it is, as for a layer that has one. @throws ShapeError when `x` has other channels. */
  forward(x: Operand, state: State, options?: ForwardOptions): [ArrayValue, State];
  forward(x: Operand, options?: ForwardOptions): ArrayValue;
  forward(x: Operand, ...rest: readonly unknown[]): ArrayValue | [ArrayValue, State] {
    const input = toArray(x, "nn.GroupNorm");
    const [channels, ...space] = input.shape;
    if (channels === undefined || channels % this.groups !== 0 || channels !== (this.channels ?? channels))
      throw new ShapeError(
        "nn/input",
        `nn.GroupNorm takes (${this.channels ?? `a multiple of ${this.groups}`}, …), got shape ${showShape(input.shape)}`,
      );
    const wide = np.astype(input, np.promoteTypes(input.dtype, "float32"));
    const grouped = np.reshape(wide, [this.groups, channels / this.groups, ...space]);
    let out = np.reshape(standardised(grouped, this.eps, range(grouped.ndim - 1, 1)), input.shape);
    const alongChannels = (v: ArrayValue) => np.astype(lax.expandDims(v, range(space.length, 1)), wide.dtype);
    if (this.weight !== null) out = np.multiply(alongChannels(this.weight), out);
    if (this.bias !== null) out = np.add(out, alongChannels(this.bias));
    return withState(np.astype(out, input.dtype), rest);
  }
}
