import { ArgumentError, ShapeError } from "../core/errors.ts";
import { showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import { vmap } from "../interpreters/vmap.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { toArray } from "../numpy/promotion.ts";
import { checkInput, type PerAxis, perAxis } from "./conv-settings.ts";
import { type ForwardOptions, Module } from "./module.ts";

type Operation = (part: ArrayValue) => ArrayValue;

/** `x` with its last axis cut into `count` parts, the longer ones first, and `operation` of each. */
function inParts(x: ArrayValue, count: number, operation: Operation): ArrayValue {
  const others = x.shape.slice(0, -1);
  const size = x.shape.at(-1)!;
  const [length, longer] = [Math.floor(size / count), size % count];
  const cut = longer * (length + 1);
  const of = (start: number, limit: number, parts: number): ArrayValue[] => {
    if (parts === 0) return [];
    const part = lax.sliceInDim(x, start, limit, { axis: -1 });
    const outs = vmap(operation)(np.reshape(part, [-1, (limit - start) / parts]));
    return [np.reshape(outs, [...others, parts])];
  };
  return lax.concatenate([...of(0, cut, longer), ...of(cut, size, count - longer)], others.length);
}

/**
 * Cuts each spatial axis into as many parts as `targetShape` says, of equal lengths, or the first ones by one longer; each
 * part becomes what `operation`, a function of `[n]` to a scalar, makes of it, one axis after the other.
 *
 * Shape: `[channels, …s] → [channels, …targetShape]`; vmap maps it over a batch.
 * @example
 * const median = new nn.AdaptivePool([7, 7], 2, (part) => np.median(part));
 * @see `equinox.nn.AdaptivePool`
 */
export class AdaptivePool extends Module {
  readonly targetShape: readonly number[];

  /** @throws ArgumentError when `targetShape` is not made of counts, one for each axis, or `operation` is no function. */
  constructor(
    targetShape: PerAxis,
    numSpatialDims: number,
    readonly operation: Operation,
  ) {
    super();
    this.targetShape = perAxis(targetShape, numSpatialDims, "nn.AdaptivePool: targetShape", 1);
    if (typeof operation !== "function")
      throw new ArgumentError("nn/pool", `nn.AdaptivePool: operation is a function of an array, got ${describe(operation)}`); // prettier-ignore
  }

  /**
   * Shape: `[channels, …s] → [channels, …targetShape]`.
   * @throws ShapeError when `x` has other axes, or one that is shorter than its target.
   */
  forward(x: Operand, _options?: ForwardOptions): ArrayValue {
    const input = toArray(x, "nn.AdaptivePool");
    checkInput(input, this.targetShape.length, "nn.AdaptivePool");
    if (this.targetShape.some((count, i) => input.shape[i + 1]! < count))
      throw new ShapeError(
        "nn/input",
        `nn.AdaptivePool makes ${showShape(this.targetShape)} places, got an array of shape ${showShape(input.shape)}, which has fewer`,
      );
    return this.targetShape.reduce((out, count, i) => {
      const last = np.moveaxis(out, i + 1, -1);
      return np.moveaxis(inParts(last, count, this.operation), -1, i + 1);
    }, input);
  }
}

const mean: Operation = (part) => np.mean(part);
const largest: Operation = (part) => np.max(part);

/** Means along one axis: `[channels, n] → [channels, target]`. @see `equinox.nn.AdaptiveAvgPool1d` */
export class AdaptiveAvgPool1d extends AdaptivePool {
  constructor(targetShape: PerAxis) {
    super(targetShape, 1, mean);
  }
}

/** Means on images: `[channels, height, width] → [channels, …targetShape]`. @see `equinox.nn.AdaptiveAvgPool2d` */
export class AdaptiveAvgPool2d extends AdaptivePool {
  constructor(targetShape: PerAxis) {
    super(targetShape, 2, mean);
  }
}

/** Means on volumes: `[channels, depth, height, width] → [channels, …targetShape]`. @see `equinox.nn.AdaptiveAvgPool3d` */
export class AdaptiveAvgPool3d extends AdaptivePool {
  constructor(targetShape: PerAxis) {
    super(targetShape, 3, mean);
  }
}

/** Largest elements along one axis: `[channels, n] → [channels, target]`. @see `equinox.nn.AdaptiveMaxPool1d` */
export class AdaptiveMaxPool1d extends AdaptivePool {
  constructor(targetShape: PerAxis) {
    super(targetShape, 1, largest);
  }
}

/** Largest elements on images: `[channels, height, width] → [channels, …targetShape]`. @see `equinox.nn.AdaptiveMaxPool2d` */
export class AdaptiveMaxPool2d extends AdaptivePool {
  constructor(targetShape: PerAxis) {
    super(targetShape, 2, largest);
  }
}

/** Largest elements on volumes: `[channels, depth, height, width] → [channels, …targetShape]`. @see `equinox.nn.AdaptiveMaxPool3d` */
export class AdaptiveMaxPool3d extends AdaptivePool {
  constructor(targetShape: PerAxis) {
    super(targetShape, 3, largest);
  }
}
