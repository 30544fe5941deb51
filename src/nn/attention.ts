import type { DTypeLike } from "../core/dtype.ts";
import { ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { sameShape, showShape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import { vmap } from "../interpreters/vmap.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { toArray } from "../numpy/promotion.ts";
import * as random from "../random/index.ts";
import { Dropout } from "./dropout.ts";
import { softmax } from "./functions.ts";
import { checkCount, Linear, requireKey } from "./linear.ts";
import { type ForwardOptions, Module } from "./module.ts";

/** Heads of queries, keys and values, `[sequence, numHeads, size]` each. */
export type Heads = readonly [query: ArrayValue, key: ArrayValue, value: ArrayValue];

export interface MultiheadAttentionOptions {
  /** Channels of the keys. Default `querySize`. */
  readonly keySize?: number | undefined;
  /** Channels of the values. Default `querySize`. */
  readonly valueSize?: number | undefined;
  /** Channels of the result. Default `querySize`. */
  readonly outputSize?: number | undefined;
  /** Channels of each head that queries and keys are compared over. Default `querySize / numHeads`, rounded down. */
  readonly qkSize?: number | undefined;
  /** Channels of each head of values. Default `querySize / numHeads`, rounded down. */
  readonly voSize?: number | undefined;
  /** Whether queries have a bias. Default false. */
  readonly useQueryBias?: boolean | undefined;
  /** Whether keys have a bias. Default false. */
  readonly useKeyBias?: boolean | undefined;
  /** Whether values have a bias. Default false. */
  readonly useValueBias?: boolean | undefined;
  /** Whether the result has a bias. Default false. */
  readonly useOutputBias?: boolean | undefined;
  /** The share of attention weights that become 0. Default 0. */
  readonly dropoutP?: number | undefined;
  /** Leave dropout out. Default false. */
  readonly inference?: boolean | undefined;
  readonly dtype?: DTypeLike | undefined;
  /** Randomness for the initial weights. */
  readonly key: ArrayValue;
}
const optionNames = [
  "keySize",
  "valueSize",
  "outputSize",
  "qkSize",
  "voSize",
  "useQueryBias",
  "useKeyBias",
  "useValueBias",
  "useOutputBias",
  "dropoutP",
  "inference",
  "dtype",
  "key",
] as const;

export interface AttentionOptions extends ForwardOptions {
  /** Which keys each query attends to: bool `[queries, keys]`, or `[numHeads, queries, keys]`. Default: all. */
  readonly mask?: ArrayValue | null | undefined;
  /** In the place of the layer's own. */
  readonly inference?: boolean | undefined;
  /** Changes the heads before they attend, such as by {@link RotaryPositionalEmbedding}; not their shapes. */
  readonly processHeads?: ((...heads: Heads) => Heads) | undefined;
}

/** Attention of one head, with `[queries, size]`, `[keys, size]` and `[keys, voSize]`. */
function attend(
  [query, key, value]: Heads,
  mask: ArrayValue | null,
  dropped: (weights: ArrayValue) => ArrayValue,
): ArrayValue {
  const scaled = np.divide(query, Math.sqrt(query.shape[1]!));
  let logits = np.einsum("sd,Sd->sS", scaled, key);
  if (mask !== null) {
    if (!sameShape(mask.shape, logits.shape))
      throw new ShapeError(
        "nn/mask",
        `nn.MultiheadAttention: a mask is (queries, keys) = ${showShape(logits.shape)} for each head, got ${showShape(mask.shape)}`,
      );
    logits = np.where(mask, logits, np.finfo(logits.dtype).min);
  }
  const wide = np.promoteTypes(logits.dtype, "float32");
  const weights = np.astype(softmax(np.astype(logits, wide)), logits.dtype);
  return np.einsum("sS,Sd->sd", dropped(weights), value);
}

/**
 * `Σ softmax(Q·Kᵀ / √qkSize)·V` over heads, where queries, keys, values and the result are each projected linearly.
 *
 * Shape: `[queries, querySize], [keys, keySize], [keys, valueSize] → [queries, outputSize]`; vmap maps it over a batch.
 * @example
 * const attention = new nn.MultiheadAttention(4, 64, { key });
 * const y = attention.forward(x, x, x, { mask: np.tril(np.ones([n, n], "bool")) });
 * @see `equinox.nn.MultiheadAttention`; Vaswani et al., "Attention is all you need" (2017)
 */
export class MultiheadAttention extends Module {
  readonly queryProj: Linear;
  readonly keyProj: Linear;
  readonly valueProj: Linear;
  readonly outputProj: Linear;
  readonly dropout: Dropout;
  readonly numHeads: number;
  readonly querySize: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly outputSize: number;
  readonly qkSize: number;
  readonly voSize: number;
  readonly useQueryBias: boolean;
  readonly useKeyBias: boolean;
  readonly useValueBias: boolean;
  readonly useOutputBias: boolean;

  /** @throws ArgumentError when a size is no count, or the key is missing. */
  constructor(numHeads: number, querySize: number, options: MultiheadAttentionOptions) {
    super();
    const caller = "nn.MultiheadAttention";
    const given = readOptions<MultiheadAttentionOptions>(caller, optionNames, [options]);
    const { dtype } = given;
    this.numHeads = checkCount(numHeads, `${caller}: numHeads`, 1);
    this.querySize = checkCount(querySize, `${caller}: querySize`);
    const each = Math.floor(querySize / numHeads);
    this.keySize = given.keySize ?? querySize;
    this.valueSize = given.valueSize ?? querySize;
    this.outputSize = given.outputSize ?? querySize;
    this.qkSize = checkCount(given.qkSize ?? each, `${caller}: qkSize`);
    this.voSize = checkCount(given.voSize ?? each, `${caller}: voSize`);
    this.useQueryBias = given.useQueryBias ?? false;
    this.useKeyBias = given.useKeyBias ?? false;
    this.useValueBias = given.useValueBias ?? false;
    this.useOutputBias = given.useOutputBias ?? false;
    const keys = lax.unstack(random.split(requireKey(given.key, caller), 4));
    const [compared, carried] = [numHeads * this.qkSize, numHeads * this.voSize];
    const linear = (from: number, to: number, useBias: boolean, key: ArrayValue) =>
      new Linear(from, to, { useBias, dtype, key });
    this.queryProj = linear(querySize, compared, this.useQueryBias, keys[0]!);
    this.keyProj = linear(this.keySize, compared, this.useKeyBias, keys[1]!);
    this.valueProj = linear(this.valueSize, carried, this.useValueBias, keys[2]!);
    this.outputProj = linear(carried, this.outputSize, this.useOutputBias, keys[3]!);
    this.dropout = new Dropout(given.dropoutP ?? 0, given.inference ?? false);
  }

  /**
   * Shape: `[queries, querySize], [keys, keySize], [keys, valueSize] → [queries, outputSize]`.
   *
   * The key is for dropout. A query that the mask lets attend to nothing attends to all alike.
   * @throws ShapeError when the operands do not fit, or `processHeads` changes a shape; ArgumentError when a key is needed.
   */
  forward(
    query: Operand,
    key: Operand,
    value: Operand,
    ...rest: Optionals<[mask: ArrayValue | null], AttentionOptions>
  ): ArrayValue {
    const caller = "nn.MultiheadAttention";
    const names = ["mask", "key", "inference", "processHeads"] as const;
    const { mask = null, processHeads, ...dropout } = readOptions<AttentionOptions>(caller, names, rest);
    const projections = [this.queryProj, this.keyProj, this.valueProj];
    const [q, k, v] = [query, key, value].map((x, i) => this.heads(projections[i]!, toArray(x, caller)));
    let heads: Heads = [q!, k!, v!];
    if (heads[1].shape[0] !== heads[2].shape[0])
      throw new ShapeError(
        "nn/input",
        `nn.MultiheadAttention: keys and values are sequences of one length, got ${heads[1].shape[0]} and ${heads[2].shape[0]}`,
      );
    if (processHeads) heads = processed(heads, processHeads);
    const { key: forDropout = null, inference } = dropout;
    const keys = forDropout && random.split(forDropout, this.numHeads);
    const maskAxis = mask?.ndim === 3 ? 0 : null;
    const each = (...[q, k, v, mask, key]: [...Heads, ArrayValue | null, ArrayValue | null]) =>
      attend([q, k, v], mask, (weights) => this.dropout.forward(weights, { key, inference }));
    const attended = vmap(each, { inAxes: [1, 1, 1, maskAxis, 0], outAxes: 1 })(...heads, mask, keys);
    return vmap(this.outputProj)(np.reshape(attended, [heads[0].shape[0]!, -1])) as ArrayValue;
  }

  /** Shape: `[sequence, size] → [sequence, numHeads, …]`. */
  private heads(projection: Linear, x: ArrayValue): ArrayValue {
    if (x.ndim !== 2)
      throw new ShapeError(
        "nn/input",
        `nn.MultiheadAttention takes (sequence, channels), got shape ${showShape(x.shape)}: use vmap for a batch`,
      );
    return np.reshape(vmap(projection)(x) as ArrayValue, [x.shape[0]!, this.numHeads, -1]);
  }
}

function processed(heads: Heads, processHeads: (...heads: Heads) => Heads): Heads {
  const out = processHeads(...heads);
  const changed = heads.findIndex((head, i) => !sameShape(head.shape, out[i]?.shape ?? []));
  if (changed >= 0)
    throw new ShapeError(
      "nn/heads",
      `nn.MultiheadAttention: processHeads must keep the shapes of query, key and value; ${["query", "key", "value"][changed]!} was ${showShape(heads[changed]!.shape)}, is ${showShape(out[changed]?.shape ?? [])}`,
    );
  return out;
}
