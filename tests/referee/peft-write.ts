// Writes adapters for PEFT to load: npx tsx tests/referee/peft-write.ts FOLDER; see peft_adapters.py.
import { type ArrayValue, files, lora, numpy as np, random, tree } from "cotangent";
import { copyFileSync, mkdirSync } from "node:fs";
import { adapterConfig, embed, readModel } from "../../examples/minilm.ts";
import { dataFile } from "../../examples/topics.ts";
import {
  convOutputs,
  goldens,
  outputs,
  readBase,
  readConvBase,
  type Tiny,
  type TinyConv,
} from "../unit/lora/tiny.ts";

const configs: Record<string, Partial<lora.LoraConfig>> = {
  plain: { r: 3, loraAlpha: 6, targetModules: ["layers.0", "layers.1"] },
  rslora: { r: 4, targetModules: "layers\\.[01]", useRslora: true, rankPattern: { "layers.1": 2 } },
  dora: { r: 2, targetModules: ["0"], useDora: true },
  embedding: { r: 2, targetModules: ["table", "classifier"], modulesToSave: ["norm"] },
  biases: { r: 2, targetModules: ["layers.1"], bias: "all" },
  conv: { r: 2, targetModules: ["conv"], modulesToSave: ["classifier"], bias: "lora_only" },
};

let seed = 0;
const noise = (shape: readonly number[]): ArrayValue =>
  np.multiply(0.3, random.normal(random.key(seed++), shape));

/** The model with an adapter, and all that is trained with it as if it had been. */
function trained<Model extends Tiny | TinyConv>(base: Model, config: lora.LoraConfig): Model {
  const model = lora.adapt(base, config, { key: random.key(seed++) });
  const [part, rest] = tree.partition(model, lora.trainable(model, config));
  const moved = tree.map((x: ArrayValue) => np.add(x, noise(x.shape)), part);
  return tree.combine(moved, rest) as Model;
}

const folder = process.argv[2];
if (folder === undefined) throw new Error("usage: peft-write.ts FOLDER");
mkdirSync(folder, { recursive: true });
for (const file of ["base.safetensors", "base-conv.safetensors"])
  copyFileSync(`${goldens}/${file}`, `${folder}/${file}`);
const results = new Map<string, ArrayValue>();
for (const [name, options] of Object.entries(configs)) {
  const config = lora.loraConfig({ loraAlpha: 4, ...options });
  const save = (model: unknown) => lora.saveAdapter(`${folder}/${name}`, model, config);
  if (name === "conv") {
    const model = trained(readConvBase(), config);
    save(model);
    results.set(name, convOutputs(model));
  } else {
    const model = trained(readBase(), config);
    save(model);
    results.set(name, outputs(model));
  }
}
files.saveSafetensors(`${folder}/outputs.safetensors`, results);

// The adapter of the pretrained encoder, read and written again.
const encoder = lora.loadAdapter(dataFile("adapter-reference"), readModel()).model;
lora.saveAdapter(`${folder}/minilm`, encoder, adapterConfig({ rank: 8, alpha: 16 }));
const step = files.openSafetensors(dataFile("golden-step.safetensors"));
const texts = { ids: step.get("input_ids"), mask: step.get("attention_mask").astype("bool") };
files.saveSafetensors(`${folder}/minilm/embedding.safetensors`, embed(encoder, texts));
