import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
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

const modes = ["ZEROS", "CIRCULAR"] as const;
export interface ConvTransposeOptions extends ConvSettings {
  /** Several sizes are convolved to one; below the stride: how much longer the result is, or with `SAME` how much shorter. Default 0. */
  readonly outputPadding?: PerAxis | undefined;
  /** Default `ZEROS`. `CIRCULAR` is for padding `SAME` and `SAME_LOWER`, without `outputPadding`. */
  readonly paddingMode?: (typeof modes)[number] | undefined;
}
const names = ["key", "stride", "outputPadding", "padding", "dilation", "groups", "useBias", "paddingMode", "dtype"] as const; // prettier-ignore

/**
 * The way back from what a `Conv` with these settings gives to what it takes: an input with the stride between its elements,
 * convolved. Each element of the result is connected with those that it would have an influence on.
 *
 * Shape: `[inChannels, …s] → [outChannels, …t]`; vmap maps it over a batch. The weight is
 * `[outChannels, inChannels / groups, …kernelSize]`, the bias `[outChannels, 1, …]`.
 * @see `equinox.nn.ConvTranspose`; Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", https://arxiv.org/abs/1603.07285
 */
export class ConvTranspose extends Module {
  readonly weight: ArrayValue;
  readonly bias: ArrayValue | null;
  readonly numSpatialDims: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly outputPadding: readonly number[];
  readonly padding: PaddingWord | readonly lax.Padding[];
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly useBias: boolean;
  readonly paddingMode: (typeof modes)[number];

  /** @throws ArgumentError when an argument is no count, or of another length than there are axes, the padding does not fit, or the key is missing. */
  constructor(
    numSpatialDims: number,
    inChannels: number,
    outChannels: number,
    kernelSize: PerAxis,
    options: ConvTransposeOptions,
  ) {
    super();
    const caller = "nn.ConvTranspose";
    const given = readOptions<ConvTransposeOptions>(caller, names, [options]);
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
    this.outputPadding = perAxis(given.outputPadding ?? 0, count, `${caller}: outputPadding`, 0);
    this.padding = paddingOf(given.padding ?? 0, count, caller);
    this.dilation = perAxis(given.dilation ?? 1, count, `${caller}: dilation`, 1);
    this.groups = given.groups ?? 1;
    this.useBias = given.useBias ?? true;
    this.paddingMode = paddingModeOf(given.paddingMode ?? "ZEROS", modes, caller);
    const refuse = (message: string): never => {
      throw new ArgumentError("nn/conv", `${caller}: ${message}`);
    };
    if (this.outputPadding.some((size, i) => size >= this.stride[i]!))
      refuse(
        `outputPadding (${this.outputPadding.join(", ")}) must be below stride (${this.stride.join(", ")})`,
      );
    if (this.paddingMode === "CIRCULAR") {
      if (this.outputPadding.some((size) => size > 0)) refuse("CIRCULAR padding goes without outputPadding");
      if (this.padding !== "SAME" && this.padding !== "SAME_LOWER")
        refuse(
          `CIRCULAR padding is for padding "SAME" and "SAME_LOWER", got ${JSON.stringify(this.padding)}`,
        );
    }
  }

  /** Padding of the input with strides between its elements, by relationship 14 of the guide. */
  private paddingBack(): lax.Padding[] {
    return this.kernelSize.map((size, i) => {
      const reach = this.dilation[i]! * (size - 1);
      let after = this.outputPadding[i]!;
      let [low, high] = typeof this.padding === "string" ? [0, 0] : this.padding[i]!;
      if (this.padding === "SAME" || this.padding === "SAME_LOWER") {
        const total = reach - this.stride[i]! + after + 1;
        after = Math.max(-total, 0);
        const sum = Math.max(total, 0);
        low = Math.floor((sum + Number(this.padding === "SAME_LOWER")) / 2);
        high = sum - low;
      }
      return [reach - low, reach - high + after];
    });
  }

  /**
   * Shape: `[inChannels, …s] → [outChannels, …t]`.
   * @throws ShapeError when `x` has other axes, or channels.
   */
  forward(x: Operand, _options?: ForwardOptions): ArrayValue {
    let input = toArray(x, "nn.ConvTranspose");
    checkInput(input, this.numSpatialDims, "nn.ConvTranspose");
    let padding = this.paddingBack();
    if (this.paddingMode === "CIRCULAR") {
      // Of a whole stride, an element and the zeros that follow it.
      const whole = padding.map((pair, i) => pair.map((size) => Math.floor(size / this.stride[i]!)));
      input = np.pad(input, [[0, 0], ...(whole as unknown as lax.Padding[])], "wrap");
      padding = padding.map(([low, high], i) => [
        low - whole[i]![0]! * this.stride[i]!,
        high - whole[i]![1]! * this.stride[i]!,
      ]);
    }
    const out = lax.convGeneralDilated(
      lax.expandDims(input, [0]),
      this.weight,
      this.stride.map(() => 1),
      padding,
      { lhsDilation: this.stride, rhsDilation: this.dilation, featureGroupCount: this.groups },
    );
    const example = lax.squeeze(out, [0]);
    return this.bias === null ? example : np.add(example, this.bias);
  }
}

/** `ConvTranspose` along one axis. @see `equinox.nn.ConvTranspose1d` */
export class ConvTranspose1d extends ConvTranspose {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvTransposeOptions) {
    super(1, inChannels, outChannels, kernelSize, options);
  }
}

/** `ConvTranspose` on images. @see `equinox.nn.ConvTranspose2d` */
export class ConvTranspose2d extends ConvTranspose {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvTransposeOptions) {
    super(2, inChannels, outChannels, kernelSize, options);
  }
}

/** `ConvTranspose` on volumes. @see `equinox.nn.ConvTranspose3d` */
export class ConvTranspose3d extends ConvTranspose {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvTransposeOptions) {
    super(3, inChannels, outChannels, kernelSize, options);
  }
}
