import { scan } from "../control/index.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import type { FileSource } from "../files/index.ts";
import { evalShape } from "../interpreters/make-jaxpr.ts";
import { vmap } from "../interpreters/vmap.ts";
import * as lax from "../lax/index.ts";
import * as nn from "../nn/index.ts";
import * as np from "../numpy/index.ts";
import { toArray } from "../numpy/promotion.ts";
import * as random from "../random/index.ts";
import {
  completeLlamaConfig,
  type KeyValueCache,
  type LlamaConfig,
  type LlamaSizes,
  LlamaModel,
} from "./llama-layers.ts";
import { loadPretrained, type PretrainedOptions } from "./pretrained.ts";

/**
 * A causal language model as Llama has it: rotary positions, root mean square norms before each part, queries that share heads of
 * keys and values, gated dense layers.
 *
 * Shape: ids `[length] → [length, vocabSize]`, logits for the piece after each; vmap maps it over a batch. Fields have the names
 * of HuggingFace's checkpoints, in camelCase.
 * @see Touvron et al., "Llama 2" (2023); `transformers.LlamaForCausalLM`
 */
export class Llama extends nn.Module {
  readonly model: LlamaModel;
  /** Null where the vectors of pieces serve for this too. */
  readonly lmHead: nn.Linear | null;
  /** How much room a cache is made of. */
  readonly config: LlamaSizes;

  /** Initial weights are those of {@link nn.Linear} and {@link nn.Embedding}. @throws ArgumentError when a size does not fit. */
  constructor(config: LlamaConfig, { key }: { readonly key: ArrayValue }) {
    super();
    const complete = completeLlamaConfig(config);
    const [model, head] = lax.unstack(random.split(key));
    this.model = new LlamaModel(complete, model!);
    const { hiddenSize, vocabSize, tieWordEmbeddings } = complete;
    this.lmHead = tieWordEmbeddings
      ? null
      : new nn.Linear(hiddenSize, vocabSize, { key: head!, useBias: false });
    this.config = complete;
  }

  /**
   * Shape: `[length] → [length, vocabSize]`.
   * @throws ShapeError when `ids` is not one sequence.
   */
  forward(ids: Operand): ArrayValue {
    return this.logits(this.model.forward(sequence(ids, "models.Llama"), null)[0]);
  }

  /**
   * The same for ids that follow those that the cache has seen; and the cache after them. Positions beyond its size are not
   * seen.
   *
   * Shape: `[length] → [length, vocabSize]`.
   * @throws ShapeError when `ids` is not one sequence, or longer than the cache.
   */
  advance(ids: Operand, cache: KeyValueCache): [logits: ArrayValue, cache: KeyValueCache] {
    const pieces = sequence(ids, "models.Llama.advance");
    const room = cache.keys[0]!.shape[0]!;
    if (pieces.shape[0]! > room)
      throw new ShapeError("models/cache", `models.Llama.advance: the cache has room for ${room} positions, got ${pieces.shape[0]} ids: make it with emptyCache(size)`); // prettier-ignore
    const [hidden, next] = this.model.forward(pieces, cache);
    return [this.logits(hidden), next!];
  }

  /** A cache that has seen nothing, with room for `size` positions. Dtype: that of the vectors of pieces. */
  emptyCache(size: number): KeyValueCache {
    const { numHiddenLayers, numKeyValueHeads, headDim } = this.config;
    const { dtype } = this.model.embedTokens.weight;
    const room = () =>
      Array.from({ length: numHiddenLayers }, () => np.zeros([size, numKeyValueHeads, headDim], dtype));
    return { keys: room(), values: room(), length: np.array(0, "int32") };
  }

  private logits(hidden: ArrayValue): ArrayValue {
    if (this.lmHead) return vmap(this.lmHead)(hidden) as ArrayValue;
    return np.matmul(hidden, np.transpose(this.model.embedTokens.weight));
  }
}

function sequence(ids: Operand, caller: string): ArrayValue {
  const pieces = toArray(ids, caller);
  if (pieces.ndim === 1) return pieces;
  throw new ShapeError(
    "models/input",
    `${caller} takes ids (length), got shape ${showShape(pieces.shape)}: use vmap for a batch`,
  );
}

/**
 * A {@link Llama} with the weights of a checkpoint, under the names of HuggingFace.
 *
 * @throws FileError when the file is none of such a model.
 * @example
 * const config = models.llamaConfigFromJSON(JSON.parse(readFileSync("config.json", "utf8")));
 * const model = models.loadLlama("model.safetensors", config);
 */
export function loadLlama(source: FileSource, config: LlamaConfig, options: PretrainedOptions = {}): Llama {
  const like = evalShape((key) => new Llama(config, { key }), random.key(0)) as unknown as Llama;
  return loadPretrained(source, like, options);
}

export interface GenerateOptions {
  /** How many ids are added. */
  readonly maxNewTokens: number;
  /** What logits are divided by before one is drawn; 0, the default, takes the most probable. */
  readonly temperature?: number | undefined;
  /** Draw among this many most probable ones only. Default: all. */
  readonly topK?: number | undefined;
  /** After this id all are this one. Default: none. */
  readonly eosTokenId?: number | undefined;
  /** Randomness; needed where the temperature is not 0. */
  readonly key?: ArrayValue | undefined;
}

/**
 * The ids, and those that the model adds to them one by one, each seen by the next. Under `jit` all of it is one program: the loop
 * is a scan that keeps keys and values.
 *
 * Shape: `[length] → [length + maxNewTokens]`, int32.
 * @throws ArgumentError when an option is out of range or the key is missing; ShapeError when there are no ids.
 * @example
 * const complete = jit((model, ids, key) => models.generate(model, ids, { maxNewTokens: 50, temperature: 0.8, key }));
 */
export function generate(model: Llama, ids: Operand, options: GenerateOptions): ArrayValue {
  const caller = "models.generate";
  const names = ["maxNewTokens", "temperature", "topK", "eosTokenId", "key"] as const;
  const given = readOptions<GenerateOptions>(caller, names, [options]);
  const { maxNewTokens = 0, temperature = 0, topK, eosTokenId, key } = given;
  const prompt = np.astype(sequence(ids, caller), "int32");
  const [length] = prompt.shape as [number];
  if (length === 0) throw new ShapeError("models/input", `${caller} goes on from at least one id`);
  const checks: [string, unknown, boolean][] = [
    ["maxNewTokens is a positive integer", maxNewTokens, isCount(maxNewTokens)],
    ["temperature is a number from 0 on", temperature, temperature >= 0],
    ["topK is a positive integer", topK, topK === undefined || isCount(topK)],
    ["key is needed for a temperature that is not 0, and is", key, temperature === 0 || key !== undefined],
  ];
  for (const [what, value, holds] of checks)
    if (!holds) throw new ArgumentError("models/generate", `${caller}: ${what}, got ${describe(value)}`);

  const drawn = (logits: ArrayValue, key: ArrayValue | null): ArrayValue => {
    if (key === null) return np.argmax(logits);
    const scaled = np.divide(logits, temperature);
    if (topK === undefined || topK >= logits.size) return random.categorical(key, scaled);
    const least = lax.topK(scaled, topK)[0].get(-1);
    return random.categorical(key, np.where(np.less(scaled, least), -Infinity, scaled));
  };
  const next = (logits: ArrayValue, key: ArrayValue | null, last: ArrayValue): ArrayValue => {
    const id = np.astype(drawn(logits, key), "int32");
    return eosTokenId === undefined ? id : np.where(np.equal(last, eosTokenId), eosTokenId, id);
  };
  const keys = temperature === 0 ? null : random.split(key as ArrayValue, maxNewTokens);
  const [logits, cache] = model.advance(prompt, model.emptyCache(length + maxNewTokens));
  const first = next(logits.get(-1), keys && keys.get(0), prompt.get(-1));
  const step = ([cache, last]: readonly [KeyValueCache, ArrayValue], key: ArrayValue | null) => {
    const [logits, grown] = model.advance(np.expandDims(last, 0), cache);
    const id = next(logits.get(0), key, last);
    return [[grown, id], id] as const;
  };
  const [, rest] = scan(step, [cache, first] as const, keys && keys.get("1:"), { length: maxNewTokens - 1 });
  return np.concatenate([prompt, np.expandDims(first, 0), rest]);
}

const isCount = (n: unknown): boolean => Number.isInteger(n) && (n as number) > 0;
