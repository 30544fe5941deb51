import { flattenWithPath } from "../tree/index.ts";
import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, type Operand } from "../core/value.ts";
import { Embedding } from "../nn/index.ts";
import * as np from "../numpy/index.ts";
import {
  type GradientTransformation,
  multiTransform,
  type PartitionState,
  type Schedule,
} from "../optim/index.ts";
import { AdaptedArray, assemble } from "./adapted.ts";
import { LoraArray } from "./array.ts";
import { Delta, LowRank } from "./delta.ts";
import { LoraKernel } from "./kernel.ts";

/** A group of parameters for {@link loraPlus}; those of `slow` are `b` of adapters, those of `fast` are `a`. */
export type PlusGroup = "slow" | "fast" | "fastNoDecay" | "embedding";

const isAdapter = (node: unknown): node is AdaptedArray | Delta =>
  node instanceof AdaptedArray || node instanceof Delta;
const isAdaptedEmbedding = (node: unknown): boolean => node instanceof Embedding && isAdapter(node.weight);
/** Whether a field is what PEFT calls `lora_B`. */
const isFast = (node: object, name: string): boolean =>
  name === "a" && (node instanceof LoraArray || node instanceof LoraKernel || node instanceof LowRank);

/**
 * The group of each parameter of a model, as a prefix of its tree: `slow` for `b` of an adapter (PEFT's `lora_A`) and whatever else
 * is a matrix; `fast` for `a` (PEFT's `lora_B`) and vectors of adapters; `fastNoDecay` for other vectors and biases; `embedding` for
 * adapters of embeddings.
 *
 * @see PEFT's `create_loraplus_optimizer`
 */
export const plusGroups = (model: unknown): unknown => grouped(model, false);

function grouped(tree: unknown, inAdapter: boolean): unknown {
  const [leaves, treedef] = flattenWithPath(tree, (node) => isAdaptedEmbedding(node) || isAdapter(node));
  return treedef.unflatten(
    leaves.map(([path, leaf]): unknown => {
      if (isAdaptedEmbedding(leaf)) return "embedding" satisfies PlusGroup;
      if (isAdapter(leaf)) return groupedAdapter(leaf);
      if (!(leaf instanceof ArrayValue)) return leaf;
      const isVector = leaf.ndim < 2 || path.at(-1)?.key === "bias";
      if (!isVector) return "slow" satisfies PlusGroup;
      return (inAdapter ? "fast" : "fastNoDecay") satisfies PlusGroup;
    }),
  );
}

function groupedAdapter(adapter: AdaptedArray | Delta): AdaptedArray | Delta {
  const fields = Object.entries(adapter).map(([name, field]): [string, unknown] => {
    if (typeof field !== "object" || field === null) return [name, field];
    if (isFast(adapter, name)) return [name, "fast" satisfies PlusGroup];
    return [name, grouped(field, name !== "_w")];
  });
  return assemble(adapter, Object.fromEntries(fields) as Partial<AdaptedArray | Delta>);
}

export interface LoraPlusOptions {
  /** That of `b`, which meets the input first. */
  readonly learningRate: number | Schedule;
  /** How much larger that of `a` is, at least 1. The paper has 16. */
  readonly ratio: number;
  /** Of all but biases and vectors of layers. Default 0. */
  readonly weightDecay?: number | undefined;
  /** That of adapters of embeddings. Default 1e-6. */
  readonly embeddingLearningRate?: number | Schedule | undefined;
}

/**
 * An optimiser for low-rank adapters of which the factor `a`, that the output comes from, learns `ratio` times as fast as `b`, that
 * the input goes to. `optimizer` makes the transformation of a group of parameters from a learning rate and a weight decay.
 *
 * @throws ArgumentError when the ratio is less than 1, or an option is missing.
 * @example
 * const options = { learningRate: 2e-4, ratio: 16 };
 * lora.loraPlus((rate, weightDecay) => optim.adamw(rate, { weightDecay }), options);
 * @see Hayou et al., "LoRA+: efficient low rank adaptation of large models" (2024); PEFT's `create_loraplus_optimizer`
 */
export function loraPlus(
  optimizer: (learningRate: Operand | Schedule, weightDecay: number) => GradientTransformation,
  options: LoraPlusOptions,
): GradientTransformation<PartitionState> {
  const caller = "lora.loraPlus";
  const names = ["learningRate", "ratio", "weightDecay", "embeddingLearningRate"] as const;
  const given = readOptions<LoraPlusOptions>(caller, names, [options]);
  const { learningRate, ratio, weightDecay = 0, embeddingLearningRate = 1e-6 } = given;
  if (learningRate === undefined || !(typeof ratio === "number" && ratio >= 1)) {
    throw new ArgumentError(
      "lora/plus",
      `${caller} needs a learningRate, and a ratio of at least 1: got ${describe(learningRate)} and ${describe(ratio)}`,
    );
  }
  const fast: number | Schedule =
    typeof learningRate === "number"
      ? learningRate * ratio
      : (count) => np.multiply(ratio, learningRate(count));
  const groups: Record<PlusGroup, GradientTransformation> = {
    slow: optimizer(learningRate, weightDecay),
    fast: optimizer(fast, weightDecay),
    fastNoDecay: optimizer(fast, 0),
    embedding: optimizer(embeddingLearningRate, weightDecay),
  };
  return multiTransform(groups, plusGroups);
}
