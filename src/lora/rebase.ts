import { flatten, flattenUpTo, pathToString } from "../tree/index.ts";
import { ArgumentError } from "../core/errors.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue } from "../core/value.ts";
import * as np from "../numpy/index.ts";
import { assemble } from "./adapted.ts";
import { LoraArray } from "./array.ts";

const isArray = (node: unknown): node is ArrayValue => node instanceof ArrayValue;

/**
 * A trained model over the weights that it had before its start changed them, as PiSSA and OLoRA do: with the update since then,
 * `a·b − a₀·b₀`, as one adapter of twice the rank. Whoever has the original weights can use that.
 *
 * @throws ArgumentError when the three models do not belong together.
 * @example
 * const start = lora.adapt(original, { initLoraWeights: "pissa", targetModules: ["query"] }, { key });
 * lora.rebase(train(start), start, original);
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
