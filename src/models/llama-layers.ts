import { ArgumentError } from "../core/errors.ts";
import { isPlainObject, readOptions } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue } from "../core/value.ts";
import { vmap } from "../interpreters/vmap.ts";
import * as lax from "../lax/index.ts";
import * as nn from "../nn/index.ts";
import * as np from "../numpy/index.ts";
import * as random from "../random/index.ts";

/** Sizes of a Llama, in the words of its `config.json`. */
export interface LlamaConfig {
  /** Pieces that have a vector. */
  readonly vocabSize: number;
  /** Channels of each position. */
  readonly hiddenSize: number;
  /** Channels between the dense layers. */
  readonly intermediateSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  /** Heads of keys and values; divides those of queries. Default: as many. */
  readonly numKeyValueHeads?: number | undefined;
  /** Channels of a head. Default: `hiddenSize / numAttentionHeads`. */
  readonly headDim?: number | undefined;
  /** Added to mean squares. Default 1e-6. */
  readonly rmsNormEps?: number | undefined;
  /** Base of the wavelengths of positions. Default 10,000. */
  readonly ropeTheta?: number | undefined;
  /** Whether the vectors of pieces are those of the logits too. Default false. */
  readonly tieWordEmbeddings?: boolean | undefined;
}
/** @internal */
export type LlamaSizes = { readonly [Name in keyof LlamaConfig]-?: NonNullable<LlamaConfig[Name]> };
const configNames = [
  "vocabSize",
  "hiddenSize",
  "intermediateSize",
  "numHiddenLayers",
  "numAttentionHeads",
  "numKeyValueHeads",
  "headDim",
  "rmsNormEps",
  "ropeTheta",
  "tieWordEmbeddings",
] as const;

/** @internal The sizes, all of them. @throws ArgumentError when one is missing or does not fit. */
export function completeLlamaConfig(config: LlamaConfig): LlamaSizes {
  const given = readOptions<LlamaConfig>("models.Llama", configNames, [config]) as LlamaConfig;
  const { hiddenSize, numAttentionHeads } = given;
  const sizes: LlamaSizes = {
    ...given,
    numKeyValueHeads: given.numKeyValueHeads ?? numAttentionHeads,
    headDim: given.headDim ?? hiddenSize / numAttentionHeads,
    rmsNormEps: given.rmsNormEps ?? 1e-6,
    ropeTheta: given.ropeTheta ?? 10_000,
    tieWordEmbeddings: given.tieWordEmbeddings ?? false,
  };
  const refuse = (what: string): never => {
    throw new ArgumentError("models/config", `models.Llama: ${what}`);
  };
  for (const name of configNames) {
    const [value, [what, holds]] = [sizes[name], forms[name] ?? count];
    if (!holds(value)) refuse(`${name} must be ${what}, got ${describe(value)}`);
  }
  if (numAttentionHeads % sizes.numKeyValueHeads !== 0)
    refuse(
      `numAttentionHeads is a multiple of numKeyValueHeads, got ${numAttentionHeads} and ${sizes.numKeyValueHeads}`,
    );
  if (sizes.headDim % 2 !== 0) refuse(`headDim must be even, got ${sizes.headDim}`);
  return sizes;
}
type NumberForm = readonly [what: string, holds: (x: unknown) => boolean];
const count: NumberForm = ["a positive integer", (x) => Number.isInteger(x) && (x as number) > 0];
const positive: NumberForm = ["a positive number", (x) => typeof x === "number" && x > 0];
/** Those of the sizes that are no counts. */
const forms: { readonly [Name in keyof LlamaConfig]?: NumberForm } = {
  rmsNormEps: positive,
  ropeTheta: positive,
  tieWordEmbeddings: ["true or false", (x) => typeof x === "boolean"],
};

/** What a `config.json` may say that changes what is computed in ways that are not known here. */
const unsupported: readonly [name: string, usual: readonly unknown[]][] = [
  ["hidden_act", ["silu"]],
  ["attention_bias", [false]],
  ["mlp_bias", [false]],
  ["rope_scaling", []],
  ["rope_type", ["default"]],
  ["sliding_window", []],
];

/**
 * The sizes that a `config.json` of HuggingFace says.
 *
 * @throws ArgumentError on what is missing or of another form, and on what changes the model in ways that are not supported.
 */
export function llamaConfigFromJSON(json: unknown): LlamaConfig {
  if (!isPlainObject(json))
    throw new ArgumentError(
      "models/config",
      `models.llamaConfigFromJSON takes an object, got ${describe(json)}`,
    );
  const given = json as Readonly<Record<string, unknown>>;
  // Later versions have what rotates positions together.
  const rope = (given["rope_parameters"] ?? {}) as Readonly<Record<string, unknown>>;
  const file = { ...given, ...rope };
  for (const [name, usual] of unsupported) {
    const value = file[name];
    if (value !== undefined && value !== null && !usual.includes(value))
      throw new ArgumentError("models/config", `models.llamaConfigFromJSON: ${name} is ${JSON.stringify(value)}, which is not supported`); // prettier-ignore
  }
  const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const found = configNames.map((name) => [name, file[snake(name)]] as const);
  const config = Object.fromEntries(found.filter(([, value]) => value !== undefined && value !== null));
  return completeLlamaConfig(config as unknown as LlamaConfig);
}

/**
 * What attention needs of earlier positions: keys and values of each layer, with room for more, and how many there are.
 *
 * Shape: each is `[size, numKeyValueHeads, headDim]`; `length` is int32 `[]`.
 */
export interface KeyValueCache {
  readonly keys: readonly ArrayValue[];
  readonly values: readonly ArrayValue[];
  readonly length: ArrayValue;
}

/** A layer of one position, at each. */
const each = (layer: nn.Layer & nn.Module, x: ArrayValue): ArrayValue => vmap(layer)(x) as ArrayValue;
const linear = (from: number, to: number, key: ArrayValue): nn.Linear =>
  new nn.Linear(from, to, { key, useBias: false });

/** Positions as rotations of pairs of channels `i` and `i + size/2`. Shape: `[length, heads, size]`. */
function rotated(x: ArrayValue, positions: ArrayValue, theta: number): ArrayValue {
  const [, , size] = x.shape as [number, number, number];
  const frequencies = np.power(theta, np.divide(np.arange(0, size, 2), -size));
  const angles = np.expandDims(np.outer(np.astype(positions, "float32"), frequencies), 1);
  const [cos, sin] = [np.cos(angles), np.sin(angles)].map((part) =>
    np.concatenate([part, part], { axis: -1 }),
  );
  const [first, second] = lax.split(x, [size / 2, size / 2], -1) as [ArrayValue, ArrayValue];
  const turned = np.concatenate([np.negative(second), first], { axis: -1 });
  return np.astype(np.add(np.multiply(x, cos!), np.multiply(turned, sin!)), x.dtype);
}

/** Keys and values of earlier positions, or null. */
type Past = readonly [keys: ArrayValue, values: ArrayValue] | null;

class LlamaAttention extends nn.Module {
  readonly qProj: nn.Linear;
  readonly kProj: nn.Linear;
  readonly vProj: nn.Linear;
  readonly oProj: nn.Linear;
  readonly headDim: number;
  readonly ropeTheta: number;

  constructor(
    { hiddenSize, numAttentionHeads, numKeyValueHeads, headDim, ropeTheta }: LlamaSizes,
    key: ArrayValue,
  ) {
    super();
    const [q, k, v, o] = lax.unstack(random.split(key, 4));
    this.qProj = linear(hiddenSize, numAttentionHeads * headDim, q!);
    this.kProj = linear(hiddenSize, numKeyValueHeads * headDim, k!);
    this.vProj = linear(hiddenSize, numKeyValueHeads * headDim, v!);
    this.oProj = linear(numAttentionHeads * headDim, hiddenSize, o!);
    this.headDim = headDim;
    this.ropeTheta = ropeTheta;
  }

  forward(x: ArrayValue, positions: ArrayValue, past: Past): [out: ArrayValue, now: Past] {
    const heads = (projection: nn.Linear) => np.reshape(each(projection, x), [x.shape[0]!, -1, this.headDim]);
    const query = rotated(heads(this.qProj), positions, this.ropeTheta);
    const own = [rotated(heads(this.kProj), positions, this.ropeTheta), heads(this.vProj)] as const;
    const now =
      past && ([this.after(past[0], own[0], positions), this.after(past[1], own[1], positions)] as const);
    const [keys, values] = now ?? own;
    const isSeen = np.lessEqual(np.arange(keys.shape[0]!), np.expandDims(positions, 1));
    const attended = nn.dotProductAttention(query, keys, values, { mask: np.expandDims(isSeen, 0) });
    return [each(this.oProj, np.reshape(attended, [x.shape[0]!, -1])), now];
  }

  private after(past: ArrayValue, own: ArrayValue, positions: ArrayValue): ArrayValue {
    return lax.dynamicUpdateSlice(past, np.astype(own, past.dtype), [positions.get(0), 0, 0]);
  }
}

class LlamaMlp extends nn.Module {
  readonly gateProj: nn.Linear;
  readonly upProj: nn.Linear;
  readonly downProj: nn.Linear;

  constructor({ hiddenSize, intermediateSize }: LlamaSizes, key: ArrayValue) {
    super();
    const [gate, up, down] = lax.unstack(random.split(key, 3));
    this.gateProj = linear(hiddenSize, intermediateSize, gate!);
    this.upProj = linear(hiddenSize, intermediateSize, up!);
    this.downProj = linear(intermediateSize, hiddenSize, down!);
  }

  forward(x: ArrayValue): ArrayValue {
    return this.downProj.forward(np.multiply(nn.silu(this.gateProj.forward(x)), this.upProj.forward(x)));
  }
}

class LlamaLayer extends nn.Module {
  readonly selfAttn: LlamaAttention;
  readonly mlp: LlamaMlp;
  readonly inputLayernorm: nn.RMSNorm;
  readonly postAttentionLayernorm: nn.RMSNorm;

  constructor(sizes: LlamaSizes, key: ArrayValue) {
    super();
    const [attention, mlp] = lax.unstack(random.split(key));
    const norm = () => new nn.RMSNorm(sizes.hiddenSize, { eps: sizes.rmsNormEps, useBias: false });
    this.selfAttn = new LlamaAttention(sizes, attention!);
    this.mlp = new LlamaMlp(sizes, mlp!);
    this.inputLayernorm = norm();
    this.postAttentionLayernorm = norm();
  }

  forward(x: ArrayValue, positions: ArrayValue, past: Past): [out: ArrayValue, now: Past] {
    const [attended, now] = this.selfAttn.forward(each(this.inputLayernorm, x), positions, past);
    const between = np.add(x, attended);
    return [np.add(between, each(this.mlp, each(this.postAttentionLayernorm, between))), now];
  }
}

/** @internal The layers, without logits. */
export class LlamaModel extends nn.Module {
  readonly embedTokens: nn.Embedding;
  readonly layers: readonly LlamaLayer[];
  readonly norm: nn.RMSNorm;

  constructor(sizes: LlamaSizes, key: ArrayValue) {
    super();
    const [tokens, ...layers] = lax.unstack(random.split(key, sizes.numHiddenLayers + 1));
    this.embedTokens = new nn.Embedding(sizes.vocabSize, sizes.hiddenSize, { key: tokens! });
    this.layers = layers.map((k) => new LlamaLayer(sizes, k));
    this.norm = new nn.RMSNorm(sizes.hiddenSize, { eps: sizes.rmsNormEps, useBias: false });
  }

  /** Shape: `[length] → [length, hiddenSize]`. */
  forward(ids: ArrayValue, cache: KeyValueCache | null): [hidden: ArrayValue, cache: KeyValueCache | null] {
    const own = np.arange(ids.shape[0]!, { dtype: "int32" });
    const positions = cache ? np.add(own, cache.length) : own;
    let hidden = vmap(this.embedTokens)(ids) as ArrayValue;
    const seen = this.layers.map((layer, i) => {
      const [out, now] = layer.forward(hidden, positions, cache && [cache.keys[i]!, cache.values[i]!]);
      hidden = out;
      return now!;
    });
    const next = cache && {
      keys: seen.map(([keys]) => keys),
      values: seen.map(([, values]) => values),
      length: np.add(cache.length, ids.shape[0]!),
    };
    return [each(this.norm, hidden), next];
  }
}
