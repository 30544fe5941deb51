import { readOptions } from "../core/options.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import { dilated, paddingOf as paddingOfWord } from "../lax/conv-dimensions.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { toArray } from "../numpy/promotion.ts";
import {
  checkInput,
  type ConvSettings,
  paddingModeOf,
  paddingOf,
  type PaddingWord,
  type PerAxis,
  perAxis,
  weightsOf,
} from "./conv-settings.ts";
import { checkCount } from "./linear.ts";
import { type ForwardOptions, Module } from "./module.ts";

/** What stands around the input: zeros, its reflection, its edge, or itself again. */
export type PaddingMode = "ZEROS" | "REFLECT" | "REPLICATE" | "CIRCULAR";
const modes = { ZEROS: "constant", REFLECT: "reflect", REPLICATE: "edge", CIRCULAR: "wrap" } as const;

export interface ConvOptions extends ConvSettings {
  /** Default `ZEROS`. */
  readonly paddingMode?: PaddingMode | undefined;
}
const names = ["key", "stride", "padding", "dilation", "groups", "useBias", "paddingMode", "dtype"] as const;

/**
 * A convolution over any number of spatial axes: `out[o, i] = bias[o] + ∑ weight[o, c, k] · x[c, i·stride + k·dilation - padding]`.
 *
 * Shape: `[inChannels, …s] → [outChannels, …places]`; vmap maps it over a batch. The weight is
 * `[outChannels, inChannels / groups, …kernelSize]`, the bias `[outChannels, 1, …]`.
 * @example
 * const conv = new nn.Conv(2, 3, 16, 5, { stride: 2, padding: "SAME", key });
 * const images = vmap(conv)(batch);
 * @see `equinox.nn.Conv`
 */
export class Conv extends Module {
  readonly weight: ArrayValue;
  readonly bias: ArrayValue | null;
  readonly numSpatialDims: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: PaddingWord | readonly lax.Padding[];
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly useBias: boolean;
  readonly paddingMode: PaddingMode;

  /** @throws ArgumentError when an argument is no count, or of another length than there are axes, or the key is missing. */
  constructor(
    numSpatialDims: number,
    inChannels: number,
    outChannels: number,
    kernelSize: PerAxis,
    options: ConvOptions,
  ) {
    super();
    const caller = "nn.Conv";
    const given = readOptions<ConvOptions>(caller, names, [options]);
    const count = checkCount(numSpatialDims, `${caller}: numSpatialDims`);
    this.kernelSize = perAxis(kernelSize, count, `${caller}: kernelSize`, 1);
    // `weightsOf` refuses a key that is not there.
    const { weight, bias } = weightsOf(
      given as ConvSettings,
      [inChannels, outChannels],
      this.kernelSize,
      caller,
    );
    this.weight = weight;
    this.bias = bias;
    this.numSpatialDims = count;
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.stride = perAxis(given.stride ?? 1, count, `${caller}: stride`, 1);
    this.padding = paddingOf(given.padding ?? 0, count, caller);
    this.dilation = perAxis(given.dilation ?? 1, count, `${caller}: dilation`, 1);
    this.groups = given.groups ?? 1;
    this.useBias = given.useBias ?? true;
    this.paddingMode = paddingModeOf(
      given.paddingMode ?? "ZEROS",
      Object.keys(modes) as PaddingMode[],
      caller,
    );
  }

  /** The input with what the mode puts around it. */
  private padded(x: ArrayValue): ArrayValue {
    const window = this.kernelSize.map((size, i) => dilated(size, this.dilation[i]!));
    const pairs =
      typeof this.padding === "string"
        ? paddingOfWord(this.padding, x.shape.slice(1), window, this.stride, "nn.Conv")
        : this.padding;
    return np.pad(x, [[0, 0], ...pairs], modes[this.paddingMode]);
  }

  /**
   * Shape: `[inChannels, …s] → [outChannels, …places]`.
   * @throws ShapeError when `x` has other axes, or channels.
   */
  forward(x: Operand, _options?: ForwardOptions): ArrayValue {
    const input = toArray(x, "nn.Conv");
    checkInput(input, this.numSpatialDims, "nn.Conv");
    const zeros = this.paddingMode === "ZEROS";
    const out = lax.convGeneralDilated(
      lax.expandDims(zeros ? input : this.padded(input), [0]),
      this.weight,
      this.stride,
      zeros ? this.padding : "VALID",
      { rhsDilation: this.dilation, featureGroupCount: this.groups },
    );
    const example = lax.squeeze(out, [0]);
    return this.bias === null ? example : np.add(example, this.bias);
  }
}

/** `Conv` along one axis: `[inChannels, n]`. @see `equinox.nn.Conv1d` */
export class Conv1d extends Conv {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvOptions) {
    super(1, inChannels, outChannels, kernelSize, options);
  }
}

/** `Conv` on images: `[inChannels, height, width]`. @see `equinox.nn.Conv2d` */
export class Conv2d extends Conv {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvOptions) {
    super(2, inChannels, outChannels, kernelSize, options);
  }
}

/** `Conv` on volumes: `[inChannels, depth, height, width]`. @see `equinox.nn.Conv3d` */
export class Conv3d extends Conv {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvOptions) {
    super(3, inChannels, outChannels, kernelSize, options);
  }
}
