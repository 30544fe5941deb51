import { at, mapWith } from "../tree/index.ts";
import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { Linear } from "../nn/index.ts";
import * as random from "../random/index.ts";
import { LoraArray, loraOptions, type LoraOptions } from "./array.ts";

const isLinear = (node: unknown): node is Linear => node instanceof Linear;

/**
 * The model with the weight of every {@link Linear} as a {@link LoraArray}; biases and other layers are as they were.
 *
 * @throws ArgumentError when the rank or the key is missing.
 * @example
 * const model = lora.loraify(mlp, { rank: 2, key });
 * quaxify(model)(x);
 * @see `quax.examples.lora.loraify`
 */
export function loraify<Model>(model: Model, options: LoraOptions): Model {
  const settings = readOptions<LoraOptions>("lora.loraify", loraOptions, [options]);
  const { rank, key } = settings;
  if (rank === undefined || key === undefined) {
    throw new ArgumentError(
      "lora/options",
      `lora.loraify needs a rank and a key: loraify(model, { rank: 2, key: random.key(0) })`,
    );
  }
  let remaining: ArrayValue = key;
  const adapt = (linear: Linear): Linear => {
    const [next, own] = lax.unstack(random.split(remaining)) as [ArrayValue, ArrayValue];
    remaining = next;
    return at((l) => l.weight, linear, new LoraArray(linear.weight, { ...settings, rank, key: own }));
  };
  return mapWith({ isLeaf: isLinear }, (leaf: unknown) => (isLinear(leaf) ? adapt(leaf) : leaf), model);
}
