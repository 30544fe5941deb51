import { at, map, mapWith } from "../tree/index.ts";
import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { Linear } from "../nn/index.ts";
import * as random from "../random/index.ts";
import { assembleLora, LoraArray, type LoraOptions } from "./array.ts";

const optionNames = ["rank", "scale", "allowMaterialise", "stopGradient", "key"] as const;
const isLinear = (node: unknown): node is Linear => node instanceof Linear;
const isLora = (node: unknown): node is LoraArray => node instanceof LoraArray;

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
  const settings = readOptions<LoraOptions>("lora.loraify", optionNames, [options]);
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

/**
 * Which leaves of a model are adapters: a tree like it with true in the places of `a` and `b` of each {@link LoraArray},
 * and false in all others.
 *
 * @example
 * const [train, rest] = tree.partition(model, lora.trainable(model));
 * grad((t, x) => loss(tree.combine(t, rest), x))(train, x); // a and b only
 */
export function trainable<Model>(model: Model): Model {
  return mapWith({ isLeaf: isLora }, (leaf: unknown) => (isLora(leaf) ? adapters(leaf) : false), model);
}

/** Inside a weight that is adapted and frozen, nothing is trainable. */
function adapters(lora: LoraArray): unknown {
  const base: unknown = lora.stopGradient ? map(() => false, lora._w) : trainable(lora._w);
  const { stopGradient, allowMaterialise } = lora;
  return assembleLora({ _w: base, a: true, b: true, stopGradient, allowMaterialise });
}
