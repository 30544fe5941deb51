import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue } from "../core/value.ts";
import { vmap } from "../interpreters/vmap.ts";
import * as lax from "../lax/index.ts";
import * as nn from "../nn/index.ts";
import * as np from "../numpy/index.ts";
import * as random from "../random/index.ts";

/** Sizes of a BERT, in the words of its `config.json`. */
export interface BertConfig {
  /** Pieces of words that have a vector. */
  readonly vocabSize: number;
  /** Channels of each position. */
  readonly hiddenSize: number;
  readonly numHiddenLayers: number;
  /** Divides `hiddenSize`. */
  readonly numAttentionHeads: number;
  /** Channels between the two dense layers that follow attention. */
  readonly intermediateSize: number;
  /** Positions that have a vector. */
  readonly maxPositionEmbeddings: number;
  /** Kinds of segments that have a vector. Default 2. */
  readonly typeVocabSize?: number | undefined;
  /** Added to variances. Default 1e-12. */
  readonly layerNormEps?: number | undefined;
}
/** @internal */
export type Config = Required<{ readonly [Name in keyof BertConfig]: number }>;
const configNames = [
  "vocabSize",
  "hiddenSize",
  "numHiddenLayers",
  "numAttentionHeads",
  "intermediateSize",
  "maxPositionEmbeddings",
  "typeVocabSize",
  "layerNormEps",
] as const;

/** @internal The sizes, all of them. @throws ArgumentError when one is missing or does not fit. */
export function completeConfig(config: BertConfig): Config {
  const defaults = { typeVocabSize: 2, layerNormEps: 1e-12 };
  const complete = {
    ...defaults,
    ...readOptions<BertConfig>("models.Bert", configNames, [config]),
  } as Config;
  for (const name of configNames)
    if (!(typeof complete[name] === "number" && complete[name] > 0))
      throw new ArgumentError(
        "models/config",
        `models.Bert: ${name} must be a positive number, got ${describe(complete[name])}`,
      );
  const { hiddenSize, numAttentionHeads } = complete;
  if (hiddenSize % numAttentionHeads !== 0)
    throw new ArgumentError(
      "models/config",
      `models.Bert: hiddenSize is a multiple of numAttentionHeads, got ${hiddenSize} and ${numAttentionHeads}`,
    );
  return complete;
}

/** A layer of one position, at each. */
const each = (layer: nn.Layer & nn.Module, x: ArrayValue): ArrayValue => vmap(layer)(x) as ArrayValue;

/** Pieces, positions and segments as one vector for each position. */
export class BertEmbeddings extends nn.Module {
  readonly wordEmbeddings: nn.Embedding;
  readonly positionEmbeddings: nn.Embedding;
  readonly tokenTypeEmbeddings: nn.Embedding;
  readonly layerNorm: nn.LayerNorm;

  constructor(config: Config, key: ArrayValue) {
    super();
    const [words, positions, types] = lax.unstack(random.split(key, 3));
    const table = (size: number, key: ArrayValue) => new nn.Embedding(size, config.hiddenSize, { key });
    this.wordEmbeddings = table(config.vocabSize, words!);
    this.positionEmbeddings = table(config.maxPositionEmbeddings, positions!);
    this.tokenTypeEmbeddings = table(config.typeVocabSize, types!);
    this.layerNorm = new nn.LayerNorm(config.hiddenSize, { eps: config.layerNormEps });
  }

  forward(ids: ArrayValue, types: ArrayValue): ArrayValue {
    const rows = (table: nn.Embedding, indices: ArrayValue) => vmap(table)(indices) as ArrayValue;
    const words = rows(this.wordEmbeddings, ids);
    const positions = rows(this.positionEmbeddings, np.arange(ids.shape[0]!));
    const sum = np.add(np.add(words, rows(this.tokenTypeEmbeddings, types)), positions);
    return each(this.layerNorm, sum);
  }
}

/** Projections of queries, keys and values, and what heads make of them. */
class BertSelfAttention extends nn.Module {
  readonly query: nn.Linear;
  readonly key: nn.Linear;
  readonly value: nn.Linear;
  readonly numAttentionHeads: number;

  constructor({ hiddenSize, numAttentionHeads }: Config, key: ArrayValue) {
    super();
    const keys = lax.unstack(random.split(key, 3));
    const [query, ofKeys, value] = keys.map((k) => new nn.Linear(hiddenSize, hiddenSize, { key: k }));
    this.query = query!;
    this.key = ofKeys!;
    this.value = value!;
    this.numAttentionHeads = numAttentionHeads;
  }

  forward(x: ArrayValue, mask: ArrayValue): ArrayValue {
    const heads = (projection: nn.Linear) =>
      np.reshape(each(projection, x), [x.shape[0]!, this.numAttentionHeads, -1]);
    const options = { mask: np.reshape(mask, [1, 1, -1]) };
    return np.reshape(
      nn.dotProductAttention(heads(this.query), heads(this.key), heads(this.value), options),
      x.shape,
    );
  }
}

/** A dense layer whose result is added to what was before, and normalised. */
class BertOutput extends nn.Module {
  readonly dense: nn.Linear;
  readonly layerNorm: nn.LayerNorm;

  constructor(from: number, { hiddenSize, layerNormEps }: Config, key: ArrayValue) {
    super();
    this.dense = new nn.Linear(from, hiddenSize, { key });
    this.layerNorm = new nn.LayerNorm(hiddenSize, { eps: layerNormEps });
  }

  forward(x: ArrayValue, before: ArrayValue): ArrayValue {
    return each(this.layerNorm, np.add(each(this.dense, x), before));
  }
}

class BertAttention extends nn.Module {
  readonly self: BertSelfAttention;
  readonly output: BertOutput;

  constructor(config: Config, key: ArrayValue) {
    super();
    const [self, output] = lax.unstack(random.split(key));
    this.self = new BertSelfAttention(config, self!);
    this.output = new BertOutput(config.hiddenSize, config, output!);
  }

  forward(x: ArrayValue, mask: ArrayValue): ArrayValue {
    return this.output.forward(this.self.forward(x, mask), x);
  }
}

class BertIntermediate extends nn.Module {
  readonly dense: nn.Linear;

  constructor({ hiddenSize, intermediateSize }: Config, key: ArrayValue) {
    super();
    this.dense = new nn.Linear(hiddenSize, intermediateSize, { key });
  }

  forward(x: ArrayValue): ArrayValue {
    return nn.gelu(each(this.dense, x), { approximate: false });
  }
}

class BertLayer extends nn.Module {
  readonly attention: BertAttention;
  readonly intermediate: BertIntermediate;
  readonly output: BertOutput;

  constructor(config: Config, key: ArrayValue) {
    super();
    const [attention, intermediate, output] = lax.unstack(random.split(key, 3));
    this.attention = new BertAttention(config, attention!);
    this.intermediate = new BertIntermediate(config, intermediate!);
    this.output = new BertOutput(config.intermediateSize, config, output!);
  }

  forward(x: ArrayValue, mask: ArrayValue): ArrayValue {
    const attended = this.attention.forward(x, mask);
    return this.output.forward(this.intermediate.forward(attended), attended);
  }
}

export class BertEncoder extends nn.Module {
  readonly layer: readonly BertLayer[];

  constructor(config: Config, key: ArrayValue) {
    super();
    this.layer = lax.unstack(random.split(key, config.numHiddenLayers)).map((k) => new BertLayer(config, k));
  }

  forward(x: ArrayValue, mask: ArrayValue): ArrayValue {
    return this.layer.reduce((hidden, layer) => layer.forward(hidden, mask), x);
  }
}
