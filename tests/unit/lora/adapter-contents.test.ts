import { readdirSync, readFileSync } from "node:fs";
import { type ArrayValue, files, lora, numpy as np } from "cotangent";
import { expect, test } from "vitest";
import { goldens, readBase, readConvBase } from "./tiny.ts";

const names = readdirSync(goldens).filter((name) => !name.includes(".") && name !== "conv");
const base = files.openSafetensors(new Uint8Array(readFileSync(`${goldens}/base.safetensors`)));

/** An adapter's files with another configuration and other tensors. */
function changed(
  name: string,
  config: object,
  change: (tensors: Map<string, ArrayValue>) => void,
): lora.AdapterFiles {
  const file = files.openSafetensors(
    new Uint8Array(readFileSync(`${goldens}/${name}/adapter_model.safetensors`)),
  );
  const tensors = new Map(file.names.map((key) => [key, file.get(key)]));
  change(tensors);
  const text = readFileSync(`${goldens}/${name}/adapter_config.json`, "utf8");
  return {
    config: JSON.stringify({ ...(JSON.parse(text) as object), ...config }),
    tensors: files.encodeSafetensors(tensors),
  };
}

test.each(names)("an adapter's weights are the same with a model and without: %s", (name) => {
  const { model, config } = lora.loadAdapter(`${goldens}/${name}`, readBase());
  const adapter = lora.openAdapter(`${goldens}/${name}`);
  expect(adapter.config).toEqual(config);
  const weights = new Map<string, ArrayValue>(
    Object.entries({
      "layers.0.weight": model.layers[0].weight,
      "layers.1.weight": model.layers[1].weight,
      "table.weight": model.table.weight,
      "classifier.weight": model.classifier.weight,
    }),
  );
  const adapted = [...weights].filter(([, weight]) => weight instanceof lora.AdaptedArray);
  expect(adapter.targets.map(({ weight }) => weight).toSorted()).toEqual(
    adapted.map(([path]) => path).toSorted(),
  );
  for (const target of adapter.targets) {
    const weight = adapter.adapted(
      target,
      adapter.kept.has(target.weight)
        ? adapter.get(adapter.kept.get(target.weight)!)
        : base.get(target.weight),
    );
    const other = weights.get(target.weight) as lora.LoraArray;
    expect(weight.constructor).toBe(other.constructor);
    expect(np.arrayEqual(weight.dense(), other.dense()).item()).toBe(true);
  }
  adapter.close();
});

test("so is that of a convolution", () => {
  const model = readConvBase();
  const adapted = lora.loadAdapter(`${goldens}/conv`, model).model;
  const adapter = lora.openAdapter(`${goldens}/conv`);
  const target = adapter.targets.find(({ name }) => name === "conv")!;
  expect([target.kind, adapter.shape(target)]).toEqual(["conv", model.conv.weight.shape]);
  const weight = adapter.adapted(target, model.conv.weight);
  expect(np.arrayEqual(weight.dense(), (adapted.conv.weight as lora.LoraKernel).dense()).item()).toBe(true);
  adapter.close();
});

const A = "base_model.model.layers.0.lora_A.weight";
const B = "base_model.model.layers.0.lora_B.weight";
const same = (): void => {};
type Case = readonly [
  message: string,
  name: string,
  config: object,
  change: (tensors: Map<string, ArrayValue>) => void,
];
test.each<Case>([
  ['"layers.0" has lora_A and no lora_B', "plain", {}, (tensors) => tensors.delete(B)],
  ['"layers.0" has lora_B and no lora_A', "plain", {}, (tensors) => tensors.delete(A)],
  ['"layers.0" has factors of the ranks', "plain", { rank_pattern: { "layers.0": 7 } }, same],
  ['"layers.0" has factors of the shapes (2, 4, 1, 1) and', "plain", {}, (tensors) => tensors.set(A, np.ones([2, 4, 1, 1]))],
  ['"layers.0" has factors, and is no target', "plain", { target_modules: ["layers.1"] }, same],
  ['"layers.0" has no magnitude, and DoRA has', "plain", { use_dora: true }, same],
  ['"layers.0" has a magnitude, and use_dora is off', "dora", { use_dora: false }, same],
  ['"layers.0" is adapted with DoRA, and its weight is transposed', "dora", { fan_in_fan_out: true }, same],
  ['"layers.0.weight" does not begin with "base_model.model."', "plain", {}, (tensors) => tensors.set("layers.0.weight", np.ones([1]))],
  ['"base_model.model.layers.0.lora_C.weight" is of a kind that is not known', "plain", {}, (tensors) => tensors.set("base_model.model.layers.0.lora_C.weight", np.ones([1]))],
])("refused: %s", (message, name, config, change) => {
  expect(() => lora.openAdapter(changed(name, config, change))).toThrow(message);
}); // prettier-ignore
