import { flatten, mapWith, pathToString } from "../tree/index.ts";
import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import type { ArrayValue } from "../core/value.ts";
import * as np from "../numpy/index.ts";
import { QuantisedArray } from "../values/index.ts";
import { AdaptedArray } from "./adapted.ts";

const isAdapted = (node: unknown): node is AdaptedArray => node instanceof AdaptedArray;

/**
 * The model with each adapter in its base weight, so that it costs nothing more; {@link unmerge} takes them out again. A
 * quantised base becomes one of floats.
 *
 * @example
 * const fast = lora.merge(model);
 * @see PEFT's `merge_adapter`
 */
export const merge = <Model>(model: Model): Model =>
  mapWith({ isLeaf: isAdapted }, (leaf: unknown) => (isAdapted(leaf) ? leaf.merge() : leaf), model);

/** The inverse of {@link merge}, up to rounding. @see PEFT's `unmerge_adapter` */
export const unmerge = <Model>(model: Model): Model =>
  mapWith({ isLeaf: isAdapted }, (leaf: unknown) => (isAdapted(leaf) ? leaf.unmerge() : leaf), model);

/** What quantising a merged weight again did to it. */
export interface MergeError {
  /** Path of the weight. */
  readonly path: string;
  /** The largest difference of an element. */
  readonly max: number;
  /** The root of the mean square of differences, relative to that of the weight. */
  readonly relative: number;
}

export interface MergeOptions {
  /** Quantise weights again whose base is quantised. Default false: they become arrays of floats. */
  readonly requantise?: boolean | undefined;
  /** Told of each weight that is quantised again. */
  readonly onError?: ((error: MergeError) => void) | undefined;
}

/**
 * The model without adapters: plain weights, which hold them.
 *
 * @throws ArgumentError when a weight would not be finite.
 * @example
 * const plain = lora.mergeAndUnload(model);
 * @see PEFT's `merge_and_unload`, with `safe_merge`
 */
export function mergeAndUnload<Model>(model: Model, options: MergeOptions = {}): Model {
  const { requantise = false, onError } = readOptions<MergeOptions>("lora.mergeAndUnload", ["requantise", "onError"], [options]); // prettier-ignore
  const [leaves, treedef] = flatten(model, isAdapted);
  const paths = treedef.paths().map(pathToString);
  return treedef.unflatten(
    leaves.map((leaf, i) => {
      if (!isAdapted(leaf)) return leaf;
      const path = paths[i]!;
      const weight = leaf.dense();
      if (!np.all(np.isfinite(weight)).item())
        throw new ArgumentError(
          "lora/merge",
          `lora.mergeAndUnload: the merged weight at ${path} is not finite`,
        );
      const base = baseOf(leaf);
      if (!requantise || !(base instanceof QuantisedArray)) return weight;
      const again = base.quantiseLike(weight);
      onError?.({ path, ...differenceOf(weight, again.dequantise()) });
      return again;
    }),
  );
}

/** The innermost weight. */
const baseOf = (w: ArrayValue): ArrayValue => (isAdapted(w) ? baseOf(w._w) : w);

/** @internal How far `y` is from the weight `x`. */
export function differenceOf(x: ArrayValue, y: ArrayValue): Pick<MergeError, "max" | "relative"> {
  const square = (a: ArrayValue) => np.sum(np.square(a)).item() as number;
  const difference = np.subtract(x, y);
  return {
    max: np.max(np.abs(difference), { initial: 0 }).item() as number,
    relative: Math.sqrt(square(difference) / Math.max(square(x), Number.MIN_VALUE)),
  };
}
