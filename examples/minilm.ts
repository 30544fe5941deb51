import { type ArrayValue, lora, nn, numpy as np, optim, quaxify, tree, vmap } from "cotangent";
import { type Bert, type BertConfig, loadBert, meanPooled } from "cotangent/models";
import { dataFile, type Topics } from "./topics.ts";

/** Of paraphrase-MiniLM-L3-v2, with the vocabulary and the positions that data/minilm-topics keeps. */
export const config: BertConfig = {
  vocabSize: 4096,
  hiddenSize: 384,
  numHiddenLayers: 3,
  numAttentionHeads: 12,
  intermediateSize: 1536,
  maxPositionEmbeddings: 64,
};

/** The pretrained encoder, whose matrices are 8-bit integers with a scale for each row. */
export const readModel = (): Bert => loadBert(dataFile("minilm-l3-wn.int8.safetensors"), config);

type Texts = Pick<Topics, "ids" | "mask">;

/** A vector of length 1 for each text: the mean of those of its pieces, normalised. */
export const embed = quaxify((model: Bert, { ids, mask }: Texts): ArrayValue => {
  const one = (ids: ArrayValue, mask: ArrayValue) => {
    const pooled = meanPooled(model.forward(ids, { mask }), mask);
    return np.divide(pooled, np.linalg.norm(pooled));
  };
  return vmap(one)(ids, mask);
});

/** 20 times the direction of the mean embedding of each topic's texts: what an embedding is compared with. */
export function prototypes(embeddings: ArrayValue, labels: ArrayValue, topics: number): ArrayValue {
  const sums = np.matmul(nn.oneHot(labels, topics).T, embeddings);
  return np.multiply(20, np.divide(sums, np.linalg.norm(sums, { axis: 1, keepdims: true })));
}

export const logitsOf = (model: Bert, head: ArrayValue, texts: Texts): ArrayValue =>
  np.matmul(embed(model, texts), head.T);

/** Mean cross-entropy. */
export function lossOf(model: Bert, head: ArrayValue, { labels, ...texts }: Topics): ArrayValue {
  return optim.meanCrossEntropy(logitsOf(model, head, texts), labels)[0];
}

/** Adapters of queries and of values, as PEFT says it. */
export const adapterConfig = ({ rank, alpha }: { rank: number; alpha: number }): lora.LoraConfig =>
  lora.loraConfig({
    r: rank,
    loraAlpha: alpha,
    targetModules: ["query", "value"],
    taskType: "FEATURE_EXTRACTION",
    baseModelNameOrPath: "sentence-transformers/paraphrase-MiniLM-L3-v2",
  });

export interface TrainingOptions {
  readonly steps: number;
  /** Steps in which the learning rate rises from 0 to its peak; then it falls to 0 in a straight line. */
  readonly warmup: number;
  readonly learningRate: number;
}

/** What is not trained. */
export interface Fixed {
  readonly frozen: Bert;
  readonly head: ArrayValue;
}

/** The trainable leaves of a model, and what its loss needs besides. */
export function partsOf(model: Bert, head: ArrayValue): [adapters: Bert, fixed: Fixed] {
  const [adapters, frozen] = tree.partition(model, lora.trainable(model)) as [Bert, Bert];
  return [adapters, { frozen, head }];
}
/** The whole model with these adapters. */
export const wholeOf = (adapters: Bert, { frozen }: Fixed): Bert => tree.combine(adapters, frozen) as Bert;

/** The loss of the adapters of a model, all else being fixed. */
export const adaptersLoss = (
  adapters: Bert,
  batch: Topics,
  { fixed }: { readonly fixed: Fixed },
): ArrayValue => lossOf(wholeOf(adapters, fixed), fixed.head, batch);

/** AdamW, with the global norm of gradients clipped to 1. */
export const optimiserOf = ({ steps, warmup, learningRate }: TrainingOptions) =>
  optim.chain(
    optim.clipByGlobalNorm(1),
    optim.adamw(optim.warmupLinearDecaySchedule(0, learningRate, warmup, steps), {
      b1: 0.9,
      b2: 0.999,
      eps: 1e-8,
      weightDecay: 0,
    }),
  );
