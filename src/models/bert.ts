import { ShapeError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { showShape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import type { FileSource } from "../files/index.ts";
import { evalShape } from "../interpreters/make-jaxpr.ts";
import * as lax from "../lax/index.ts";
import * as nn from "../nn/index.ts";
import * as np from "../numpy/index.ts";
import { toArray } from "../numpy/promotion.ts";
import * as random from "../random/index.ts";
import { type BertConfig, BertEmbeddings, BertEncoder, completeConfig } from "./bert-layers.ts";
import { loadPretrained, type PretrainedOptions } from "./pretrained.ts";

export interface BertOptions {
  /** Which positions are attended to: bool `[length]`. Default: all. */
  readonly mask?: Operand | null | undefined;
  /** Numbers of segments: integers `[length]`. Default: all 0. */
  readonly tokenTypes?: Operand | null | undefined;
}

/**
 * The encoder BERT: layers of attention and of two dense layers with gelu, each added to its input and then normalised.
 *
 * Shape: ids `[length] → [length, hiddenSize]`; vmap maps it over a batch. Fields have the names that PyTorch's checkpoints
 * have, in camelCase: {@link loadPretrained} reads those.
 * @see Devlin et al., "BERT: pre-training of deep bidirectional transformers" (2018); `transformers.BertModel`
 */
export class Bert extends nn.Module {
  readonly embeddings: BertEmbeddings;
  readonly encoder: BertEncoder;

  /** Initial weights are those of {@link nn.Linear} and {@link nn.Embedding}. @throws ArgumentError when a size is missing. */
  constructor(config: BertConfig, { key }: { readonly key: ArrayValue }) {
    super();
    const complete = completeConfig(config);
    const [embeddings, encoder] = lax.unstack(random.split(key));
    this.embeddings = new BertEmbeddings(complete, embeddings!);
    this.encoder = new BertEncoder(complete, encoder!);
  }

  /**
   * The vector of each position after the last layer.
   *
   * Shape: `[length] → [length, hiddenSize]`.
   * @throws ShapeError when there are too many positions, or axes.
   */
  forward(ids: Operand, options: BertOptions = {}): ArrayValue {
    const caller = "models.Bert";
    const given = readOptions<BertOptions>(caller, ["mask", "tokenTypes"], [options]);
    const pieces = toArray(ids, caller);
    const positions = this.embeddings.positionEmbeddings.numEmbeddings;
    if (pieces.ndim !== 1 || pieces.shape[0]! > positions)
      throw new ShapeError(
        "models/input",
        `${caller} takes ids (length), at most ${positions}, got shape ${showShape(pieces.shape)}: cut them, or use vmap for a batch`,
      );
    const mask = given.mask ?? np.ones(pieces.shape, "bool");
    const types = given.tokenTypes ?? np.zeros(pieces.shape, "int32");
    const x = this.embeddings.forward(pieces, toArray(types, caller));
    return this.encoder.forward(x, toArray(mask, caller));
  }
}

/**
 * A {@link Bert} with the weights of a checkpoint: {@link loadPretrained} with the names of PyTorch.
 *
 * @throws FileError when the file is none of such a model.
 * @example
 * const model = models.loadBert("model.safetensors", config, { prefix: "bert." });
 */
export function loadBert(source: FileSource, config: BertConfig, options: PretrainedOptions = {}): Bert {
  const like = evalShape((key) => new Bert(config, { key }), random.key(0)) as unknown as Bert;
  return loadPretrained(source, like, options);
}

/**
 * The mean of the vectors of the positions that `mask` lets through.
 *
 * Shape: `[length, hiddenSize], [length] → [hiddenSize]`. Of no positions at all, 0.
 */
export function meanPooled(hidden: ArrayValue, mask: Operand): ArrayValue {
  const weights = np.astype(toArray(mask, "models.meanPooled"), hidden.dtype);
  const sum = np.matmul(weights, hidden);
  return np.divide(sum, np.maximum(np.sum(weights), 1e-9));
}
