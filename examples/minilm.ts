import { type ArrayValue, lora, nn, numpy as np, quaxify, random, tree, vmap } from "cotangent";
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
  const chosen = nn.oneHot(labels, head.shape[0]!);
  return np.negative(
    np.mean(np.sum(np.multiply(nn.logSoftmax(logitsOf(model, head, texts)), chosen), { axis: -1 })),
  );
}

/** The weights that are adapted: of queries and of values. */
export const targets = (model: Bert): ArrayValue[] =>
  model.encoder.layer.flatMap(({ attention: { self } }) => [self.query.weight, self.value.weight]);

/** Factors `a` of an adapter, which starts at 0, and `b`; PEFT calls them `lora_B` and `lora_A`. */
export interface Factors {
  readonly a: ArrayValue;
  readonly b: ArrayValue;
}

/** PEFT's start for a matrix of this shape: `b` uniform in ±1/√columns. */
export function startingFactors(weight: ArrayValue, rank: number, key: ArrayValue): Factors {
  const [rows, columns] = weight.shape as [number, number];
  const limit = 1 / Math.sqrt(columns);
  return {
    a: np.zeros([rows, rank]),
    b: random.uniform(key, [rank, columns], { minval: -limit, maxval: limit }),
  };
}

/** The model with an adapter at each of its {@link targets}, in their order. */
export function adapt(model: Bert, factors: readonly Factors[], scaling: number): Bert {
  const weights = targets(model).map((w, i) =>
    lora.LoraArray.of(w, factors[i]!.a, factors[i]!.b, { scaling }),
  );
  return tree.at(targets, model, weights);
}
