import { ArgumentError, FileError } from "../core/errors.ts";
import { isPlainObject } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import { type FileSource, openSource } from "../files/source.ts";
import { type LoraConfig, loraConfigFromJSON } from "./peft-config.ts";

// What reading an adapter's files takes, with a model or without.

export const CONFIG = "adapter_config.json";
export const TENSORS = "adapter_model.safetensors";
/** A longer configuration is none. */
const MAX_CONFIG = 2 ** 24;

/** The two files of an adapter. */
export interface AdapterFiles {
  /** `adapter_config.json`, as text. */
  readonly config: string;
  /** `adapter_model.safetensors`. */
  readonly tensors: Uint8Array | ArrayBuffer;
}

/** Ways to start that change the base weights, which an adapter's file does not have. */
const changesBase = /^(pissa(_niter_\d+)?|olora|corda|lora_ga|loftq)$/;

/** The configuration of an adapter, and where its tensors are. @throws FileError when the configuration is none. */
export function readAdapter(
  source: string | AdapterFiles,
  caller: string,
): { readonly config: LoraConfig; readonly tensors: FileSource } {
  const { config, tensors } = filesOf(source, caller);
  return { config: loraConfigFromJSON(parsed(config)), tensors };
}

function filesOf(source: string | AdapterFiles, caller: string): { config: string; tensors: FileSource } {
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

/** @throws ArgumentError when base weights go with the adapter that its file does not have. */
export function checkedStart(config: LoraConfig): LoraConfig {
  const start = config.initLoraWeights;
  if (typeof start !== "string" || !changesBase.test(start)) return config;
  throw new ArgumentError(
    "lora/start",
    `an adapter that starts as "${start}" is one to base weights that were changed at the start, and an adapter's file does not have them: make it a plain one before it is saved, with lora.rebase (PEFT: path_initial_model_for_weight_conversion)`,
  );
}
