import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ArrayValue, files, type lora } from "cotangent";
import type { Bert } from "cotangent/models";
import { z } from "zod";
import { adapt, targetNames, targets } from "./minilm.ts";

const configFile = (folder: string) => join(folder, "adapter_config.json");
const weightsFile = (folder: string) => join(folder, "adapter_model.safetensors");
const keyOf = (name: string, part: "A" | "B") => `base_model.model.${name}.lora_${part}.weight`;

/** Writes the adapters of a model as PEFT does. */
export function saveAdapter(
  folder: string,
  model: Bert,
  { rank, alpha }: { rank: number; alpha: number },
): void {
  mkdirSync(folder, { recursive: true });
  const config = {
    base_model_name_or_path: "sentence-transformers/paraphrase-MiniLM-L3-v2",
    bias: "none",
    fan_in_fan_out: false,
    inference_mode: true,
    lora_alpha: alpha,
    lora_dropout: 0,
    peft_type: "LORA",
    r: rank,
    target_modules: ["query", "value"],
    task_type: "FEATURE_EXTRACTION",
  };
  writeFileSync(configFile(folder), `${JSON.stringify(config, null, 2)}\n`);
  const weights = targets(model) as lora.LoraArray[];
  const arrays: Record<string, ArrayValue> = {};
  for (const [i, name] of targetNames(model).entries()) {
    arrays[keyOf(name, "A")] = weights[i]!.b;
    arrays[keyOf(name, "B")] = weights[i]!.a;
  }
  files.saveSafetensors(weightsFile(folder), arrays, { metadata: { format: "pt" } });
}

/** A model with the adapters that {@link saveAdapter} wrote. */
export function readAdapter(folder: string, base: Bert): Bert {
  const { r, lora_alpha: alpha } = z
    .object({ r: z.int().positive(), lora_alpha: z.number().positive() })
    .parse(JSON.parse(readFileSync(configFile(folder), "utf8")));
  const file = files.openSafetensors(weightsFile(folder));
  const factors = targetNames(base).map((name) => ({
    a: file.get(keyOf(name, "B")),
    b: file.get(keyOf(name, "A")),
  }));
  file.close();
  return adapt(base, factors, alpha / r);
}
