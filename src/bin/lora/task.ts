import { z } from "zod";
import { jit } from "../../control/index.ts";
import type { ArrayValue } from "../../core/value.ts";
import { quaxify } from "../../interpreters/quax.ts";
import { vmap } from "../../interpreters/vmap.ts";
import { type LoraConfig, loraConfig } from "../../lora/index.ts";
import {
  type Bert,
  type BertConfig,
  type Llama,
  llamaConfigFromJSON,
  loadBert,
  loadLlama,
  meanPooled,
} from "../../models/index.ts";
import * as nn from "../../nn/index.ts";
import * as np from "../../numpy/index.ts";
import { meanCrossEntropy } from "../../optim/index.ts";
import * as random from "../../random/index.ts";
import { UsageError } from "../usage-error.ts";
import { type Examples, examplesAt, IGNORED } from "./text-data.ts";
import type { TrainingConfig } from "./training-config.ts";

/** An encoder, and a linear map of the mean of its vectors to a logit for each label. */
export class Classifier extends nn.Module {
  constructor(
    readonly bert: Bert,
    readonly classifier: nn.Linear,
  ) {
    super();
  }

  /** Shape: `[length], [length] → [labels]`. */
  forward(ids: ArrayValue, mask: ArrayValue): ArrayValue {
    return this.classifier.forward(meanPooled(this.bert.forward(ids, { mask }), mask));
  }
}

/** What a model is trained for. */
export interface Task {
  /** Without adapters. */
  readonly base: nn.Module;
  readonly adapter: LoraConfig;
  /** Shape: examples of `n` → `[n, labels]`, or `[n, length, vocabSize]`. */
  readonly logits: (model: nn.Module, examples: Examples) => ArrayValue;
}

const purposes = ["adapter", "order", "dropout", "head"] as const;
/** Randomness of a run for one purpose. */
export const keyFor = ({ training }: TrainingConfig, purpose: (typeof purposes)[number]): ArrayValue =>
  random.foldIn(random.key(training.seed), purposes.indexOf(purpose));

const HEAD = "classifier";
const count = z.int().positive();
const bertForm = z.object({
  vocab_size: count,
  hidden_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  intermediate_size: count,
  max_position_embeddings: count,
  type_vocab_size: count.optional(),
  layer_norm_eps: z.number().positive().optional(),
  hidden_act: z.literal("gelu").optional(),
  position_embedding_type: z.literal("absolute").optional(),
});

/** @throws UsageError when the sizes of the model are wrong; FileError when its weights are none of it. */
export function taskOf(config: TrainingConfig, labels: readonly string[]): Task {
  const { model, adapter, data } = config;
  const { weights, prefix } = model;
  // A checkpoint may have heads that are not used here.
  const options = { prefix, strict: false };
  if (model.kind === "llama") {
    const logits = quaxify((llama: Llama, ids: ArrayValue) =>
      vmap((row: ArrayValue) => llama.forward(row))(ids),
    );
    return {
      base: loadLlama(weights, llamaConfigFromJSON(model.config), options),
      adapter,
      logits: (llama, { ids }) => logits(llama as Llama, ids),
    };
  }
  const sizes = bertConfig(model.config);
  if (data.maxLength > sizes.maxPositionEmbeddings)
    throw new UsageError(
      `data.maxLength is ${data.maxLength}, and the model has ${sizes.maxPositionEmbeddings} positions`,
    );
  const head = new nn.Linear(sizes.hiddenSize, labels.length, { key: keyFor(config, "head") });
  const kept = adapter.modulesToSave ?? [];
  const logits = quaxify((m: Classifier, ids: ArrayValue, mask: ArrayValue) =>
    vmap((i: ArrayValue, k: ArrayValue) => m.forward(i, k))(ids, mask),
  );
  return {
    base: new Classifier(loadBert(weights, sizes, options), head),
    adapter: loraConfig({ ...adapter, modulesToSave: kept.includes(HEAD) ? kept : [...kept, HEAD] }),
    logits: (classifier, { ids, mask }) => logits(classifier as Classifier, ids, mask),
  };
}

function bertConfig(json: unknown): BertConfig {
  const read = bertForm.safeParse(json);
  if (!read.success)
    throw new UsageError(
      `model.config is none of a BERT:${read.error.issues.map(({ path, message }) => `\n  ${path.join(".")}: ${message}`).join("")}`,
    );
  const { data } = read;
  return {
    vocabSize: data.vocab_size,
    hiddenSize: data.hidden_size,
    numHiddenLayers: data.num_hidden_layers,
    numAttentionHeads: data.num_attention_heads,
    intermediateSize: data.intermediate_size,
    maxPositionEmbeddings: data.max_position_embeddings,
    typeVocabSize: data.type_vocab_size,
    layerNormEps: data.layer_norm_eps,
  };
}

/** Means over all labels that count. */
export interface Quality {
  readonly loss: number;
  readonly accuracy: number;
}

/** How well a model does on examples, which it sees in batches of one size. */
export function evaluation(
  { logits }: Task,
  batchSize: number,
): (model: nn.Module, examples: Examples) => Quality {
  const sums = jit((model: nn.Module, examples: Examples) => {
    const scores = logits(model, examples);
    const [loss, counted] = meanCrossEntropy(scores, examples.labels, { ignoreIndex: IGNORED });
    const hits = np.sum(np.equal(np.argmax(scores, { axis: -1 }), examples.labels));
    return [np.multiply(loss, counted), counted, hits] as const;
  });
  return (model, examples) => {
    const n = examples.ids.shape[0]!;
    const totals = [0, 0, 0];
    for (let from = 0; from < n; from += batchSize) {
      // The last batch is filled up with an example that does not count.
      const places = np.add(np.arange(batchSize), from);
      const batch = examplesAt(examples, np.minimum(places, n - 1));
      const isOwn = np.reshape(np.less(places, n), [-1, ...batch.labels.shape.slice(1).map(() => 1)]);
      const labels = np.where(isOwn, batch.labels, IGNORED);
      sums(model, { ...batch, labels }).forEach((sum, i) => (totals[i]! += sum.item() as number));
    }
    const [loss, counted, hits] = totals as [number, number, number];
    return { loss: loss / counted, accuracy: hits / counted };
  };
}
