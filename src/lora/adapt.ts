import { flattenWithPath } from "../tree/index.ts";
import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { sizeOf } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue } from "../core/value.ts";
import { tensorName } from "../files/index.ts";
import * as lax from "../lax/index.ts";
import { requireKey } from "../nn/linear.ts";
import { matrixTranspose } from "../numpy/shape.ts";
import * as random from "../random/index.ts";
import { Nf4, Quantised } from "../values/index.ts";
import { LoraArray, type LoraSettings } from "./array.ts";
import { DoraArray } from "./dora.ts";
import { wide } from "./initial.ts";
import { LoraKernel } from "./kernel.ts";
import { modulesOf, type NamingOptions } from "./modules.ts";
import { type LoraConfig, loraConfig } from "./peft-config.ts";
import { type Start, startOf, type StartOptions } from "./start.ts";
import { type Target, targetsOf } from "./targets.ts";

export interface AdaptOptions extends NamingOptions {
  /** Randomness for the adapters. */
  readonly key: ArrayValue;
  /** What LoftQ makes of a weight. Default: what `loftq_bits` says, 4 (`values.Nf4`) or 8 (`values.Quantised`). */
  readonly quantise?: ((weight: ArrayValue) => ArrayValue) | undefined;
}

/**
 * The model with an adapter at the weight of each module that the configuration means, started as it says. Factors are float32
 * where weights are of half precision.
 *
 * @throws ArgumentError when it means no module, or one that cannot be adapted in the way it says.
 * @example
 * const config = lora.loraConfig({ r: 8, loraAlpha: 16, targetModules: ["query", "value"] });
 * const model = lora.adapt(bert, config, { key });
 * @see PEFT's `get_peft_model`
 */
export function adapt<Model>(model: Model, config: Partial<LoraConfig>, options: AdaptOptions): Model {
  const caller = "lora.adapt";
  const names = ["key", "quantise", "name", "kind"] as const;
  const { key, quantise, ...naming } = readOptions<AdaptOptions>(caller, names, [options]);
  const complete = loraConfig(config);
  const targets = targetsOf(complete, modulesOf(model, naming));
  const places = new Map(targets.map((target) => [`${target.path}.weight`, target]));
  const keys = lax.unstack(random.split(requireKey(key, caller), targets.length));
  const [leaves, treedef] = flattenWithPath(model, (node) => node instanceof ArrayValue);
  const loftq = loftqOf(complete, quantise);
  let next = 0;
  return treedef.unflatten<Model>(
    leaves.map(([path, leaf]) => {
      const target = places.get(tensorName(path));
      return target ? adapted(leaf as ArrayValue, target, complete, keys[next++]!, loftq) : leaf;
    }),
  );
}

type LoftqOptions = Pick<StartOptions, "quantise" | "rounds">;

/** What `loftq_config` says. @throws ArgumentError when it says something else than is known. */
function loftqOf({ others }: LoraConfig, quantise: StartOptions["quantise"] | undefined): LoftqOptions {
  const given = (others["loftq_config"] ?? {}) as {
    readonly loftq_bits?: unknown;
    readonly loftq_iter?: unknown;
  };
  const { loftq_bits: bits = 4, loftq_iter: rounds = 1 } = given;
  const refuse = (what: string, value: unknown): never => {
    throw new ArgumentError("lora/initial", `lora.adapt: loftq_config: ${what}, got ${describe(value)}`);
  };
  if (bits !== 4 && bits !== 8) refuse("loftq_bits is 4 or 8", bits);
  if (!(Number.isInteger(rounds) && (rounds as number) > 0))
    refuse("loftq_iter is a positive integer", rounds);
  const usual = (weight: ArrayValue) => (bits === 4 ? Nf4.quantise(weight) : Quantised.quantise(weight));
  return { quantise: quantise ?? usual, rounds: rounds as number };
}

function adapted(
  weight: ArrayValue,
  { name, kind, rank, scaling }: Target,
  config: LoraConfig,
  key: ArrayValue,
  loftq: LoftqOptions,
): ArrayValue {
  const { initLoraWeights: method, loraDropout: dropout, useDora } = config;
  const settings: LoraSettings = { scaling, dropout };
  const refuse = (what: string): never => {
    throw new ArgumentError("lora/targets", `lora.adapt: ${name} is ${what}`);
  };
  if (useDora && kind !== "linear")
    return refuse("no matrix [out, in], which useDora needs: adapt it without");
  const start = (w: ArrayValue): Start => startOf(method, w, { rank, scaling, key, ...loftq });
  if (kind === "embedding") {
    if (typeof method === "string" && method !== "gaussian")
      return refuse(`a table of vectors, which initLoraWeights ${JSON.stringify(method)} is not for`);
    const [n, m] = weight.shape as [number, number];
    const { dtype } = weight;
    return LoraArray.of(
      weight,
      wide(lax.full([n, rank], 0, dtype)),
      wide(random.normal(key, [rank, m], { dtype })),
      settings,
    );
  }
  if (kind === "conv") {
    if (typeof method === "string" && method !== "gaussian")
      return refuse(
        `the kernel of a convolution, which initLoraWeights ${JSON.stringify(method)} is not for`,
      );
    const [out, ...rest] = weight.shape as [number, ...number[]];
    const { a, b } = start(lax.reshape(weight, [out, sizeOf(rest)]));
    return new LoraKernel(weight, a, lax.reshape(b, [rank, ...rest]), settings);
  }
  if (kind === "transposed") {
    const { weight: w, a, b } = start(matrixTranspose(weight));
    return LoraArray.of(matrixTranspose(w), wide(matrixTranspose(b)), wide(matrixTranspose(a)), settings);
  }
  const { weight: w, a, b } = start(weight);
  return (useDora ? DoraArray : LoraArray).of(w, wide(a), wide(b), settings);
}
