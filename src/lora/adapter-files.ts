import { ArgumentError, FileError } from "../core/errors.ts";
import { isPlainObject, readOptions } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import { type ArrayValue, concreteOf, Dense } from "../core/value.ts";
import { encodeSafetensors, openSafetensors, saveSafetensors } from "../files/index.ts";
import { makeFolder, openSource, writeFile } from "../files/source.ts";
import * as lax from "../lax/index.ts";
import { matrixTranspose } from "../numpy/shape.ts";
import { AdaptedArray, denseOf } from "./adapted.ts";
import { checkKeys } from "./adapter-keys.ts";
import { layoutOf, type TargetTensors } from "./adapter-layout.ts";
import { LoraArray } from "./array.ts";
import { DoraArray } from "./dora.ts";
import type { NamingOptions } from "./modules.ts";
import { type LoraConfig, loraConfigFromJSON, loraConfigToJSON } from "./peft-config.ts";

const CONFIG = "adapter_config.json";
const TENSORS = "adapter_model.safetensors";
/** A longer configuration is none. */
const MAX_CONFIG = 2 ** 24;

/** The two files of an adapter. */
export interface AdapterFiles {
  /** `adapter_config.json`, as text. */
  readonly config: string;
  /** `adapter_model.safetensors`. */
  readonly tensors: Uint8Array | ArrayBuffer;
}

export interface LoadedAdapter<Model> {
  /** The model with the adapter. */
  readonly model: Model;
  readonly config: LoraConfig;
}

/** Ways to start that change the base weights, which an adapter's file does not have. */
const changesBase = /^(pissa(_niter_\d+)?|olora|corda|lora_ga|loftq)$/;

/**
 * A model with the adapter that PEFT, or {@link saveAdapter}, wrote to a folder, or of the bytes of its two files. The weights
 * of the modules that its configuration names are {@link LoraArray}s, or {@link DoraArray}s, over those of the model; modules and
 * biases that are kept with the adapter are its own.
 *
 * @throws FileError when a file cannot be read or is not of its format, or the adapter is not one for this model: every key that
 * is missing, has no place, or is of another shape or dtype is in the message. ArgumentError when the configuration means no
 * module, or the model has an adapter already.
 * @example
 * const { model, config } = lora.loadAdapter("adapters/topics", base);
 * const { model: other } = lora.loadAdapter({ config, tensors }, bert, { name: models.torchName });
 * @see PEFT's `PeftModel.from_pretrained`
 */
export function loadAdapter<Model>(
  source: string | AdapterFiles,
  model: Model,
  naming: NamingOptions = {},
): LoadedAdapter<Model> {
  const caller = "lora.loadAdapter";
  readOptions<NamingOptions>(caller, ["name", "kind"], [naming]);
  const { config: text, tensors } = filesOf(source, caller);
  const config = checkedStart(loraConfigFromJSON(parsed(text)));
  const layout = layoutOf(model, config, naming);
  const adapted = [...layout.arrays].find(([, array]) => array instanceof AdaptedArray);
  if (adapted !== undefined)
    throw new ArgumentError(
      "lora/adapted",
      `${caller}: ${adapted[0]} of the model is ${describe(adapted[1])} already: load the adapter into the base model`,
    );
  const file = openSafetensors(tensors);
  try {
    checkKeys(file, layout);
    const read = (key: string, path: string): ArrayValue =>
      lax.convertElementType(file.get(key), layout.arrays.get(path)!.dtype);
    const changed = new Map<string, ArrayValue>();
    for (const [key, path] of [...layout.whole, ...layout.optional])
      if (file.has(key)) changed.set(path, read(key, path));
    for (const target of layout.targets) {
      const w = changed.get(target.weight) ?? layout.arrays.get(target.weight)!;
      const [a, b] = oriented(target, read(target.B.key, target.weight), read(target.A.key, target.weight));
      const settings = { scaling: target.scaling, dropout: config.loraDropout };
      const { magnitude } = target;
      changed.set(
        target.weight,
        magnitude === null
          ? LoraArray.of(w, a, b, settings)
          : DoraArray.of(w, a, b, { ...settings, magnitude: read(magnitude.key, target.weight) }),
      );
    }
    return { model: layout.rebuilt(changed), config };
  } finally {
    file.close();
  }
}

/**
 * Writes the adapter of a model to a folder, as PEFT does: `adapter_model.safetensors` and `adapter_config.json`, each at once.
 * The base weights are in neither.
 *
 * @throws ArgumentError when the adapter of the model is not that of the configuration, saying everything in which they differ;
 * FileError when a file cannot be written.
 * @example
 * const config = lora.loraConfig({ r: 8, loraAlpha: 16, targetModules: ["query", "value"] });
 * lora.saveAdapter("adapters/topics", model, config);
 * @see PEFT's `PeftModel.save_pretrained`
 */
export function saveAdapter(
  folder: string,
  model: unknown,
  config: LoraConfig,
  naming: NamingOptions = {},
): void {
  const caller = "lora.saveAdapter";
  const tensors = tensorsOf(model, config, naming, caller);
  makeFolder(folder, caller);
  saveSafetensors(`${folder}/${TENSORS}`, tensors, { metadata });
  writeFile(`${folder}/${CONFIG}`, [new TextEncoder().encode(configText(config))], caller);
}

/** As {@link saveAdapter}, as bytes. @throws ArgumentError as there. */
export function encodeAdapter(model: unknown, config: LoraConfig, naming: NamingOptions = {}): AdapterFiles {
  const tensors = tensorsOf(model, config, naming, "lora.encodeAdapter");
  return { config: configText(config), tensors: encodeSafetensors(tensors, { metadata }) };
}

const metadata = { format: "pt" };
const configText = (config: LoraConfig): string =>
  JSON.stringify(loraConfigToJSON({ ...config, inferenceMode: true }), null, 2);

function filesOf(
  source: string | AdapterFiles,
  caller: string,
): { config: string; tensors: string | Uint8Array | ArrayBuffer } {
  if (typeof source === "string")
    return { config: readText(`${source}/${CONFIG}`, caller), tensors: `${source}/${TENSORS}` };
  if (isPlainObject(source) && typeof source.config === "string" && typeof source.tensors !== "string")
    return source;
  throw new ArgumentError(
    "lora/source",
    `${caller} takes the path of a folder, or { config, tensors }: the text of ${CONFIG} and the bytes of ${TENSORS}; got ${describe(source)}`,
  );
}

function readText(path: string, caller: string): string {
  const file = openSource(path, caller);
  try {
    if (file.size > MAX_CONFIG)
      throw new FileError(
        "lora/config",
        `${caller}: ${file.name} has ${file.size} bytes, more than a configuration has`,
      );
    const bytes = new Uint8Array(file.size);
    file.read(bytes, 0);
    return new TextDecoder().decode(bytes);
  } finally {
    file.close();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FileError("lora/config", `${CONFIG} is no JSON: ${(cause as Error).message}`, { cause });
  }
}

function checkedStart(config: LoraConfig): LoraConfig {
  const start = config.initLoraWeights;
  if (typeof start !== "string" || !changesBase.test(start)) return config;
  throw new ArgumentError(
    "lora/start",
    `an adapter that starts as "${start}" is one to base weights that were changed at the start, and an adapter's file does not have them: convert it to a plain one before it is saved (PEFT: path_initial_model_for_weight_conversion)`,
  );
}

/** `A` and `B` of PEFT, or what is in their places in a model, as the others. */
const oriented = ({ kind }: TargetTensors, b: ArrayValue, a: ArrayValue): [ArrayValue, ArrayValue] =>
  kind === "linear" ? [b, a] : [matrixTranspose(a), matrixTranspose(b)];

/** The tensors of the adapter of a model, by their keys. */
function tensorsOf(
  model: unknown,
  config: LoraConfig,
  naming: NamingOptions,
  caller: string,
): ReadonlyMap<string, ArrayValue> {
  readOptions<NamingOptions>(caller, ["name", "kind"], [naming]);
  const { arrays, targets, whole } = layoutOf(model, checkedStart(config), naming);
  const weights = new Map(targets.map((target) => [target.weight, target]));
  const faults = [...arrays].flatMap(
    ([path, array]) => faultOf(path, array, weights.get(path), config) ?? [],
  );
  if (faults.length > 0)
    throw new ArgumentError(
      "lora/adapter",
      `${caller}: the adapter of the model is not that of the configuration:\n  ${faults.join("\n  ")}`,
    );
  const tensors = new Map<string, ArrayValue>();
  for (const target of targets) {
    const lora = arrays.get(target.weight) as LoraArray;
    const [B, A] = oriented(target, lora.a, lora.b);
    tensors.set(target.A.key, A).set(target.B.key, B);
    if (target.magnitude) tensors.set(target.magnitude.key, (lora as DoraArray).magnitude);
  }
  for (const [key, path] of whole) tensors.set(key, denseOf(arrays.get(path)!));
  return tensors;
}

function faultOf(
  path: string,
  array: ArrayValue,
  target: TargetTensors | undefined,
  { useDora, loraDropout }: LoraConfig,
): string | null {
  if (target === undefined)
    return array instanceof AdaptedArray ? `${path} is ${describe(array)}, and no weight of a target` : null;
  const Class = useDora ? DoraArray : LoraArray;
  if (!(array instanceof LoraArray) || array.constructor !== Class)
    return `${path} is ${describe(array)}, and a target of ${Class.name}`;
  if (array._w instanceof AdaptedArray) return `${path} has an adapter over another one`;
  const rank = array.a.shape[1];
  if (rank !== target.rank) return `${path} is of rank ${rank}, in the configuration ${target.rank}`;
  const scaling = Number(
    array.scaling instanceof Dense ? concreteOf(array.scaling, "lora.saveAdapter").storage[0] : array.scaling,
  );
  if (Math.abs(scaling - target.scaling) > 1e-6 * Math.abs(target.scaling))
    return `${path} has the scaling ${scaling}, in the configuration ${target.scaling}`;
  return array.dropout === loraDropout
    ? null
    : `${path} has the dropout ${array.dropout}, in the configuration ${loraDropout}`;
}
