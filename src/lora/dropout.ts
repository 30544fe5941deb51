import { mapWith } from "../tree/index.ts";
import type { ArrayValue } from "../core/value.ts";
import * as random from "../random/index.ts";
import { type AdaptedArray, assemble } from "./adapted.ts";
import { LoraArray } from "./array.ts";
import { LowRank } from "./delta.ts";
import { LoraKernel } from "./kernel.ts";

type Dropping = LoraArray | LoraKernel | LowRank;
const drops = (node: unknown): node is Dropping =>
  node instanceof LoraArray || node instanceof LoraKernel || node instanceof LowRank;

/**
 * The model with randomness for the dropout of its adapters, for one step of training; without it nothing is dropped. Each
 * adapter gets a key of its own.
 *
 * What is dropped differs from element to element of what the adapter is multiplied with: where `quaxify` is around `vmap`,
 * that is the whole batch; inside, each example has the same.
 * @example
 * const loss = (part, rest, x, key) => lossOf(quaxify(lora.withKey(tree.combine(part, rest), key))(x));
 */
export function withKey<Model>(model: Model, key: ArrayValue): Model {
  let count = 0;
  const give = <T>(tree: T): T =>
    mapWith(
      { isLeaf: drops },
      (leaf: unknown) => {
        if (!drops(leaf)) return leaf;
        const own = { key: leaf.dropout === 0 ? null : random.foldIn(key, count++) };
        if (leaf instanceof LowRank) return assemble(leaf, own);
        return assemble<AdaptedArray>(leaf, { ...own, _w: give(leaf._w) });
      },
      tree,
    );
  return give(model);
}
