// Writes adapters for PEFT to load: npx tsx tests/referee/peft-write.ts FOLDER; see peft_adapters.py.
import { type ArrayValue, files, lora, numpy as np, random, tree } from "cotangent";
import { copyFileSync, mkdirSync } from "node:fs";
import { adapterConfig, embed, readModel } from "../../examples/minilm.ts";
import { dataFile } from "../../examples/topics.ts";
import { goldens, outputs, readBase, type Tiny } from "../unit/lora/tiny.ts";

const configs: Record<string, Partial<lora.LoraConfig>> = {
  plain: { r: 3, loraAlpha: 6, targetModules: ["layers.0", "layers.1"] },
  rslora: { r: 4, targetModules: "layers\\.[01]", useRslora: true, rankPattern: { "layers.1": 2 } },
  dora: { r: 2, targetModules: ["0"], useDora: true },
  embedding: { r: 2, targetModules: ["table", "classifier"], modulesToSave: ["norm"] },
  biases: { r: 2, targetModules: ["layers.1"], bias: "all" },
};

let seed = 0;
const noise = (shape: readonly number[]): ArrayValue =>
  np.multiply(0.3, random.normal(random.key(seed++), shape));

/** The model with adapters, biases and saved modules as if they had been trained. */
function trained(base: Tiny, config: lora.LoraConfig): Tiny {
  const targets = new Map(
    lora.targetsOf(config, lora.modulesOf(base)).map((target) => [`${target.path}.weight`, target]),
  );
  const isTrained = (name: string): boolean =>
    (config.bias === "all" && name.endsWith(".bias")) ||
    (config.modulesToSave ?? []).some((saved) => name.startsWith(`${saved}.`));
  return tree.mapWithPath((path, w: ArrayValue) => {
    const name = files.tensorName(path);
    const target = targets.get(name);
    if (target === undefined) return isTrained(name) ? np.add(w, noise(w.shape)) : w;
    const { rank, scaling } = target;
    const [n, m] = w.shape as [number, number];
    const [a, b] = [noise([n, rank]), noise([rank, m])];
    if (!config.useDora) return lora.LoraArray.of(w, a, b, { scaling });
    return lora.DoraArray.of(w, a, b, { scaling, magnitude: np.add(1, noise([n])) });
  }, base);
}

const folder = process.argv[2];
if (folder === undefined) throw new Error("usage: peft-write.ts FOLDER");
mkdirSync(folder, { recursive: true });
copyFileSync(`${goldens}/base.safetensors`, `${folder}/base.safetensors`);
const results = new Map<string, ArrayValue>();
for (const [name, options] of Object.entries(configs)) {
  const config = lora.loraConfig({ loraAlpha: 4, ...options });
  const model = trained(readBase(), config);
  lora.saveAdapter(`${folder}/${name}`, model, config);
  results.set(name, outputs(model));
}
files.saveSafetensors(`${folder}/outputs.safetensors`, results);

// The adapter of the pretrained encoder, read and written again.
const encoder = lora.loadAdapter(dataFile("adapter-reference"), readModel()).model;
lora.saveAdapter(`${folder}/minilm`, encoder, adapterConfig({ rank: 8, alpha: 16 }));
const step = files.openSafetensors(dataFile("golden-step.safetensors"));
const texts = { ids: step.get("input_ids"), mask: step.get("attention_mask").astype("bool") };
files.saveSafetensors(`${folder}/minilm/embedding.safetensors`, embed(encoder, texts));
