import { ArgumentError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue } from "../core/value.ts";
import { encodeSafetensors, openSafetensors, saveSafetensors } from "../files/index.ts";
import { makeFolder, writeFile } from "../files/source.ts";
import * as lax from "../lax/index.ts";
import { AdaptedArray, denseOf } from "./adapted.ts";
import { checkKeys } from "./adapter-keys.ts";
import { layoutOf } from "./adapter-layout.ts";
import { adaptedOf, faultOf, tensorsIn } from "./adapter-parts.ts";
import { type AdapterFiles, checkedStart, CONFIG, readAdapter, TENSORS } from "./adapter-source.ts";
import { wide } from "./initial.ts";
import type { NamingOptions } from "./modules.ts";
import { type LoraConfig, loraConfig, loraConfigToJSON } from "./peft-config.ts";

export interface LoadedAdapter<Model> {
  /** The model with the adapter. */
  readonly model: Model;
  readonly config: LoraConfig;
}

/**
 * A model with the adapter that PEFT, or {@link saveAdapter}, wrote to a folder, or of the bytes of its two files. The weights
 * of the modules that its configuration names are `LoraArray`s over those of the model, or `DoraArray`s or `LoraKernel`s; modules and
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
  const { config: own, tensors } = readAdapter(source, caller);
  const config = checkedStart(own);
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
    for (const [key, { path }] of [...layout.whole, ...layout.optional])
      if (file.has(key)) changed.set(path, lax.reshape(read(key, path), layout.arrays.get(path)!.shape));
    for (const target of layout.targets) {
      const { weight } = target;
      const w = changed.get(weight) ?? layout.arrays.get(weight)!;
      const settings = { scaling: target.scaling, dropout: config.loraDropout };
      changed.set(
        weight,
        adaptedOf(target, w, (key) => wide(file.get(key)), settings),
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
 * lora.saveAdapter("adapters/topics", model, { r: 8, loraAlpha: 16, targetModules: ["query", "value"] });
 * @see PEFT's `PeftModel.save_pretrained`
 */
export function saveAdapter(
  folder: string,
  model: unknown,
  config: Partial<LoraConfig>,
  naming: NamingOptions = {},
): void {
  const caller = "lora.saveAdapter";
  const complete = loraConfig(config);
  const tensors = tensorsOf(model, complete, naming, caller);
  makeFolder(folder, caller);
  saveSafetensors(`${folder}/${TENSORS}`, tensors, { metadata });
  writeFile(`${folder}/${CONFIG}`, [new TextEncoder().encode(configText(complete))], caller);
}

/** As {@link saveAdapter}, as bytes. @throws ArgumentError as there. */
export function encodeAdapter(
  model: unknown,
  config: Partial<LoraConfig>,
  naming: NamingOptions = {},
): AdapterFiles {
  const complete = loraConfig(config);
  const tensors = tensorsOf(model, complete, naming, "lora.encodeAdapter");
  return { config: configText(complete), tensors: encodeSafetensors(tensors, { metadata }) };
}

const metadata = { format: "pt" };
const configText = (config: LoraConfig): string =>
  JSON.stringify(loraConfigToJSON({ ...config, inferenceMode: true }), null, 2);

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
  const factors = targets.flatMap((target) => tensorsIn(target, arrays.get(target.weight)!));
  const kept = [...whole].map(
    ([key, { path, shape }]) => [key, lax.reshape(denseOf(arrays.get(path)!), shape)] as const,
  );
  return new Map([...factors, ...kept]);
}
