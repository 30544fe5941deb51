import { flatten, flattenUpTo, pathToString } from "../tree/index.ts";
import { ArgumentError } from "../core/errors.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue } from "../core/value.ts";
import * as np from "../numpy/index.ts";
import { assemble } from "./adapted.ts";
import { LoraArray } from "./array.ts";
import { type LoraConfig, loraConfig } from "./peft-config.ts";

const isArray = (node: unknown): node is ArrayValue => node instanceof ArrayValue;

/**
 * A trained model over the weights that it had before its start changed them, as PiSSA and OLoRA do: with the update since then,
 * `a·b − a₀·b₀`, as one adapter of twice the rank. Whoever has the original weights can use that.
 *
 * @throws ArgumentError when the three models do not belong together.
 * @example
 * const start = lora.adapt(original, { initLoraWeights: "pissa", targetModules: ["query"] }, { key });
 * lora.rebase(train(start), start, original); // with lora.rebasedConfig(config)
 * @see PEFT's `path_initial_model_for_weight_conversion`
 */
export function rebase<Model>(trained: Model, start: Model, original: Model): Model {
  const [leaves, treedef] = flatten(trained, isArray);
  const [starts, originals] = [start, original].map((model, i) =>
    flattenUpTo(treedef, model, ["the start", "the original"][i]!),
  ) as [unknown[], unknown[]];
  return treedef.unflatten<Model>(
    leaves.map((leaf, i) => {
      if (!(leaf instanceof LoraArray)) return leaf;
      const [first, weight] = [starts[i], originals[i]];
      const fits =
        first instanceof LoraArray && first.scaling === leaf.scaling && isArray(weight) && !leaf.merged;
      if (leaf.constructor !== LoraArray || !fits)
        throw new ArgumentError(
          "lora/rebase",
          `lora.rebase: at ${pathToString(treedef.paths()[i]!)} there must be a LoraArray that is not merged, one with the same scaling at the start, and the original weight; got ${[leaf, first, weight].map(describe).join(", ")}`,
        );
      return assemble<LoraArray>(leaf, {
        _w: weight as ArrayValue,
        a: np.concatenate([leaf.a, np.negative(first.a)], -1),
        b: np.concatenate([leaf.b, first.b], -2),
      });
    }),
  );
}

/**
 * The configuration of a model that {@link rebase} made, from that of the trained one: twice the ranks, and alphas for the same
 * scaling.
 *
 * @example
 * lora.saveAdapter("adapters/topics", lora.rebase(trained, start, original), lora.rebasedConfig(config));
 */
export function rebasedConfig(config: Partial<LoraConfig>): LoraConfig {
  const complete = loraConfig(config);
  const { r, loraAlpha, rankPattern, alphaPattern, useRslora } = complete;
  const more = useRslora ? Math.SQRT2 : 2;
  const times = (pattern: Readonly<Record<string, number>>, by: number) =>
    Object.fromEntries(Object.entries(pattern).map(([name, value]) => [name, by * value]));
  return {
    ...complete,
    r: 2 * r,
    loraAlpha: more * loraAlpha,
    rankPattern: times(rankPattern, 2),
    alphaPattern: times(alphaPattern, more),
    initLoraWeights: true,
  };
}
