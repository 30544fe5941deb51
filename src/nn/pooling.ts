import { reduceWindow } from "../control/index.ts";
import { ArgumentError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { sizeOf } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { toArray } from "../numpy/promotion.ts";
import { checkInput, paddingOf, type PerAxis, perAxis } from "./conv-settings.ts";
import { checkCount } from "./linear.ts";
import { type ForwardOptions, Module } from "./module.ts";

/** What is added at both ends of every axis, of each axis, or at the two ends of each. */
export type PoolPadding = PerAxis | readonly lax.Padding[];

export interface PoolOptions {
  /** Distance between the places of the window. Default 1. */
  readonly stride?: PerAxis | undefined;
  /** Places around the input, which hold no element; of an average they count as zeros. Default 0. */
  readonly padding?: PoolPadding | undefined;
  /** Whether there is one place more where the last ones would not reach the end. Default false. */
  readonly useCeil?: boolean | undefined;
}
type Settings = Optionals<[stride: PerAxis, padding: PoolPadding, useCeil: boolean], PoolOptions>;
const names = ["stride", "padding", "useCeil"] as const;

type Combine = (before: ArrayValue, after: ArrayValue) => ArrayValue;

const refuse = (message: string): never => {
  throw new ArgumentError("nn/pool", message);
};

/**
 * What a window sees at each of its places, combined by `operation`, whose identity is `init`, over any number of spatial
 * axes.
 *
 * Shape: `[channels, …s] → [channels, …places]`; vmap maps it over a batch.
 * @example
 * const product = new nn.Pool(1, lax.mul, 2, 3, { stride: 2 });
 * @see `equinox.nn.Pool`
 */
export class Pool extends Module {
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly lax.Padding[];
  readonly useCeil: boolean;

  /** @throws ArgumentError when an argument is no count, or of another length than there are axes. */
  constructor(
    readonly init: number | ArrayValue,
    readonly operation: Combine,
    readonly numSpatialDims: number,
    kernelSize: PerAxis,
    ...rest: Settings
  ) {
    super();
    const { stride = 1, padding = 0, useCeil = false } = readOptions<PoolOptions>("nn.Pool", names, rest);
    if (typeof operation !== "function")
      refuse(`nn.Pool: operation is a function of two arrays, got ${describe(operation)}`);
    const count = checkCount(numSpatialDims, "nn.Pool: numSpatialDims");
    this.kernelSize = perAxis(kernelSize, count, "nn.Pool: kernelSize", 1);
    this.stride = perAxis(stride, count, "nn.Pool: stride", 1);
    const pairs = paddingOf(padding, count, "nn.Pool");
    this.padding = typeof pairs === "string" ? refuse(`nn.Pool: padding is made of numbers, got ${describe(pairs)}`) : pairs; // prettier-ignore
    this.useCeil = useCeil;
  }

  /**
   * Shape: `[channels, …s] → [channels, …places]`.
   * @throws ShapeError when `x` has other axes; ArgumentError when the padding is larger than the window.
   */
  forward(x: Operand, _options?: ForwardOptions): ArrayValue {
    const input = toArray(x, "nn.Pool");
    checkInput(input, this.numSpatialDims, "nn.Pool");
    const padding = this.padding.map(([low, high], i): lax.Padding => {
      const free = input.shape[i + 1]! + low + high - this.kernelSize[i]!;
      const more = this.useCeil && free % this.stride[i]! !== 0 ? this.stride[i]! : 0;
      const pair: lax.Padding = [low, high + more];
      if (Math.max(...pair) > this.kernelSize[i]!)
        refuse(`nn.Pool: padding (${pair.join(", ")}) is larger than the window, which has size ${this.kernelSize[i]}`); // prettier-ignore
      return pair;
    });
    const beside = [[0, 0], ...padding] as const;
    return reduceWindow(
      input,
      this.init,
      this.operation,
      [1, ...this.kernelSize],
      [1, ...this.stride],
      beside,
    );
  }
}

/** The mean of what the window sees. */
class AvgPool extends Pool {
  constructor(count: number, kernelSize: PerAxis, ...rest: Settings) {
    super(0, lax.add, count, kernelSize, ...rest);
  }

  override forward(x: Operand, options?: ForwardOptions): ArrayValue {
    return np.divide(super.forward(x, options), sizeOf(this.kernelSize));
  }
}

/** The largest element that the window sees. */
class MaxPool extends Pool {
  constructor(count: number, kernelSize: PerAxis, ...rest: Settings) {
    super(-Infinity, lax.max, count, kernelSize, ...rest);
  }
}

/** Means over a window along one axis: `[channels, n]`. Options are those of {@link Pool}. @see `equinox.nn.AvgPool1d` */
export class AvgPool1d extends AvgPool {
  constructor(kernelSize: PerAxis, ...rest: Settings) {
    super(1, kernelSize, ...rest);
  }
}

/** Means over a window on images: `[channels, height, width]`. @see `equinox.nn.AvgPool2d` */
export class AvgPool2d extends AvgPool {
  constructor(kernelSize: PerAxis, ...rest: Settings) {
    super(2, kernelSize, ...rest);
  }
}

/** Means over a window on volumes: `[channels, depth, height, width]`. @see `equinox.nn.AvgPool3d` */
export class AvgPool3d extends AvgPool {
  constructor(kernelSize: PerAxis, ...rest: Settings) {
    super(3, kernelSize, ...rest);
  }
}

/**
 * The largest elements of a window along one axis: `[channels, n]`. Of equal ones the first has the derivative.
 * @see `equinox.nn.MaxPool1d`
 */
export class MaxPool1d extends MaxPool {
  constructor(kernelSize: PerAxis, ...rest: Settings) {
    super(1, kernelSize, ...rest);
  }
}

/** The largest elements of a window on images: `[channels, height, width]`. @see `equinox.nn.MaxPool2d` */
export class MaxPool2d extends MaxPool {
  constructor(kernelSize: PerAxis, ...rest: Settings) {
    super(2, kernelSize, ...rest);
  }
}

/** The largest elements of a window on volumes: `[channels, depth, height, width]`. @see `equinox.nn.MaxPool3d` */
export class MaxPool3d extends MaxPool {
  constructor(kernelSize: PerAxis, ...rest: Settings) {
    super(3, kernelSize, ...rest);
  }
}
