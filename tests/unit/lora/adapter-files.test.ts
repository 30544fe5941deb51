import { type ArrayValue, FileError, files, lora, nn, numpy as np, random, tree, values } from "cotangent";
import { torchName } from "cotangent/models";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readModel } from "../../../examples/minilm.ts";
import { dataFile } from "../../../examples/topics.ts";
import { convOutputs, goldens, outputs, readBase, readConvBase, type Tiny } from "./tiny.ts";

const folder = mkdtempSync(join(tmpdir(), "cotangent-"));
afterAll(() => rmSync(folder, { recursive: true }));
const expected = files.openSafetensors(`${goldens}/outputs.safetensors`);
const base = readBase();

const read = (name: string): lora.AdapterFiles => ({
  config: readFileSync(`${goldens}/${name}/adapter_config.json`, "utf8"),
  tensors: new Uint8Array(readFileSync(`${goldens}/${name}/adapter_model.safetensors`)),
});
const distance = (x: ArrayValue, y: ArrayValue) => np.max(np.abs(np.subtract(x, y))).item() as number;
const namesIn = ({ tensors }: lora.AdapterFiles) => files.openSafetensors(tensors).names;

/** The error that `body` throws. */
function thrown(body: () => unknown): { readonly code: string; readonly message: string } {
  try {
    body();
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error("nothing was thrown");
}

/** An adapter's files with other tensors. */
function withTensors(name: string, change: (tensors: Map<string, ArrayValue>) => void): lora.AdapterFiles {
  const { config, tensors } = read(name);
  const file = files.openSafetensors(tensors);
  const arrays = new Map(file.names.map((key) => [key, file.get(key)]));
  change(arrays);
  return { config, tensors: files.encodeSafetensors(arrays) };
}
const withConfig = (name: string, change: object): lora.AdapterFiles => {
  const { config, tensors } = read(name);
  return { tensors, config: JSON.stringify({ ...(JSON.parse(config) as object), ...change }) };
};

describe("an adapter that PEFT wrote", () => {
  test.each(expected.names.filter((name) => name !== "conv"))(
    "gives PEFT's outputs, and is written as it was: %s",
    (name) => {
      const { model, config } = lora.loadAdapter(`${goldens}/${name}`, base);
      expect(distance(outputs(model), expected.get(name))).toBeLessThan(1e-5);
      expect(distance(outputs(base), expected.get(name))).toBeGreaterThan(0.1);

      const again = lora.encodeAdapter(model, config);
      const { config: text, tensors } = read(name);
      expect(JSON.parse(again.config)).toEqual(JSON.parse(text));
      // With bias "all", PEFT writes biases of saved modules three times.
      if (name === "biases")
        expect(namesIn(again)).toEqual(
          namesIn(read(name)).filter((key) => !/saved_module|modules_to_save|original_module/.test(key)),
        );
      else expect(again.tensors).toEqual(tensors);
    },
  );

  test("to a convolution gives PEFT's outputs, and is written as it was", () => {
    const base = readConvBase();
    const { model, config } = lora.loadAdapter(read("conv"), base);
    expect(model.conv.weight).toBeInstanceOf(lora.LoraKernel);
    expect(distance(convOutputs(model), expected.get("conv"))).toBeLessThan(1e-5);
    expect(distance(convOutputs(base), expected.get("conv"))).toBeGreaterThan(0.1);
    expect(lora.encodeAdapter(model, config).tensors).toEqual(read("conv").tensors);
  });

  test("is loaded over a quantised base, which stays so", () => {
    const quantised = tree.at(
      (m) => m.layers[0].weight,
      base,
      values.Quantised.quantise(base.layers[0].weight),
    );
    const { model } = lora.loadAdapter(read("plain"), quantised);
    expect((model.layers[0].weight as lora.LoraArray)._w).toBeInstanceOf(values.Quantised);
    expect(distance(outputs(model), expected.get("plain"))).toBeLessThan(0.1);
  });

  test("of a pretrained encoder is written as it was", () => {
    const folder = dataFile("adapter-reference");
    const { model, config } = lora.loadAdapter(folder, readModel(), { name: torchName });
    const { tensors } = lora.encodeAdapter(model, config, { name: torchName });
    expect(
      Buffer.compare(tensors as Uint8Array, readFileSync(join(folder, "adapter_model.safetensors"))),
    ).toBe(0);
  });

  test("of half precision has the dtype of the weights", () => {
    const half = withTensors("plain", (tensors) =>
      tensors.forEach((x, key) => tensors.set(key, x.astype("bfloat16"))),
    );
    const { model } = lora.loadAdapter(half, base);
    expect((model.layers[0].weight as lora.LoraArray).a.dtype).toBe("float32");
    expect(distance(outputs(model), expected.get("plain"))).toBeLessThan(0.05);
  });

  test("is known by other names in the model", () => {
    const name = (path: string) => `bert.${path}`;
    const renamed = withTensors("plain", (tensors) => {
      for (const [key, x] of Array.from(tensors)) {
        tensors.delete(key);
        tensors.set(key.replace("model.layers", "model.bert.layers"), x);
      }
    });
    const config = JSON.stringify({ ...(JSON.parse(renamed.config) as object), target_modules: ["0", "1"] });
    const { model } = lora.loadAdapter({ ...renamed, config }, base, { name });
    expect(distance(outputs(model), expected.get("plain"))).toBeLessThan(1e-5);
    expect(thrown(() => lora.loadAdapter({ ...renamed, config }, base)).message).toContain(
      'names in the file have "bert." in front, which the option name can add',
    );
    expect(
      thrown(() => lora.loadAdapter(withConfig("plain", { target_modules: ["0", "1"] }), base, { name }))
        .message,
    ).toContain('names in the file lack "bert.", which the option name can take away');
  });

  test("may have a table that has grown, or one that was trained elsewhere", () => {
    const table = np.ones([7, 4]);
    const name = "base_model.model.table.base_layer.weight";
    const { model } = lora.loadAdapter(
      withTensors("embedding", (tensors) => tensors.set(name, table)),
      base,
    );
    expect((model.table.weight as lora.LoraArray)._w.toList()).toEqual(table.toList());
    const plain = lora.loadAdapter(
      withTensors("plain", (tensors) => tensors.set("base_model.model.table.weight", table)),
      base,
    );
    expect(plain.model.table.weight.toList()).toEqual(table.toList());
  });

  test("goes with weights that are stored the other way around", () => {
    class Conv1D extends nn.Module {
      constructor(readonly weight: ArrayValue, readonly bias: ArrayValue | null) { super(); } // prettier-ignore
      forward(x: ArrayValue): ArrayValue {
        return np.add(np.matmul(x, this.weight), this.bias!);
      }
    }
    const other = base.layers.map(({ weight, bias }) => new Conv1D(weight.T, bias));
    const model = tree.at((m: Tiny) => m.layers as unknown, base, other);
    const kind = (module: nn.Module) => (module instanceof Conv1D ? "transposed" : null);
    const loaded = lora.loadAdapter(read("plain"), model, { kind });
    expect(distance(outputs(loaded.model), expected.get("plain"))).toBeLessThan(1e-5);
    expect(lora.encodeAdapter(loaded.model, loaded.config, { kind }).tensors).toEqual(read("plain").tensors);
  });
});

describe("an adapter is refused", () => {
  const load = (source: string | lora.AdapterFiles) => thrown(() => lora.loadAdapter(source, base));

  test("with every key that is missing, too many, or of another shape or dtype", () => {
    const wrong = withTensors("plain", (tensors) => {
      const key = (rest: string) => `base_model.model.layers.${rest}.weight`;
      tensors.set(key("0.lora_A"), np.ones([3, 4]));
      tensors.set(key("0.lora_B"), np.ones([6, 2], "int32"));
      tensors.delete(key("1.lora_A"));
      tensors.set("unknown", np.ones([1]));
    });
    const error = load(wrong);
    expect(error).toBeInstanceOf(FileError);
    expect(error.code).toBe("lora/keys");
    expect(error.message.split("\n")).toEqual([
      "the adapter does not fit the model:",
      '  "base_model.model.layers.1.lora_A.weight" is not in the file; the model takes shape (2, 6)',
      '  "base_model.model.layers.0.lora_A.weight" is of shape (3, 4) in the file; the model takes (2, 4)',
      '  "base_model.model.layers.0.lora_B.weight" is I32 in the file; the model takes float32',
      '  "unknown" is in the file, and has no place in the model',
    ]);
  });

  test("that has less than its configuration says", () => {
    expect(load(withConfig("plain", { use_dora: true })).message).toContain("layers.0.lora_magnitude_vector");
    expect(load(withConfig("plain", { r: 3 })).message).toContain("the model takes (3, 4)");
    expect(load(withConfig("plain", { modules_to_save: ["norm"] })).message).toContain(
      "base_model.model.norm.bias",
    );
    expect(load(withConfig("plain", { bias: "lora_only" })).message).toContain("layers.1.base_layer.bias");
    expect(load(withConfig("plain", { target_modules: ["query"] })).code).toBe("lora/targets");
  });

  test("that is one to base weights which its file does not have", () => {
    for (const start of ["pissa", "pissa_niter_4", "olora", "corda", "lora_ga", "loftq"])
      expect(load(withConfig("plain", { init_lora_weights: start })).message).toContain(
        `starts as "${start}"`,
      );
    for (const start of [false, "gaussian", "orthogonal", "eva"])
      expect(() => lora.loadAdapter(withConfig("plain", { init_lora_weights: start }), base)).not.toThrow();
  });

  test("that has DoRA where a row is no output", () => {
    expect(load(withConfig("embedding", { use_dora: true })).message).toContain(
      "table is adapted with DoRA, which here takes weights [out, in], and its weight is embedding",
    );
  });

  test("that is none", () => {
    expect(load({ ...read("plain"), config: "{" }).message).toContain("adapter_config.json is no JSON");
    expect(load(3 as never).code).toBe("lora/source");
    expect(load(folder).code).toBe("files/open");
    expect(thrown(() => lora.loadAdapter(read("plain"), base, { names: 1 } as never)).code).toBe(
      "argument/unknown",
    );
  });

  test("by a model that has one", () => {
    const { model } = lora.loadAdapter(read("plain"), base);
    expect(thrown(() => lora.loadAdapter(read("plain"), model)).message).toContain(
      "layers.0.weight of the model is LoraArray f32[6,4] already: load the adapter into the base model",
    );
  });
});

describe("an adapter of a model", () => {
  const config = lora.loraConfig({ r: 2, loraAlpha: 3, targetModules: ["layers.0", "layers.1"] });
  const { model } = lora.loadAdapter(read("plain"), base);

  test("is two files in a folder, from which it comes back", () => {
    const path = join(folder, "made", "here");
    lora.saveAdapter(path, model, config);
    expect(readdirSync(path)).toEqual(["adapter_config.json", "adapter_model.safetensors"]);
    const again = lora.loadAdapter(path, base);
    expect(again.config).toEqual({ ...config, inferenceMode: true });
    expect(distance(outputs(again.model), outputs(model))).toBe(0);
  });

  test("that started as its weights did is one to the original weights once it is rebased", () => {
    const pissa = { r: 2, loraAlpha: 3, targetModules: ["layers.0"], initLoraWeights: "pissa" };
    const start = lora.adapt(base, pissa, { key: random.key(0) });
    const trained = tree.at(
      (m) => (m.layers[0].weight as lora.LoraArray).a,
      start,
      np.multiply(0.5, (start.layers[0].weight as lora.LoraArray).a),
    );
    expect(thrown(() => lora.encodeAdapter(trained, pissa)).message).toContain("with lora.rebase");
    const written = lora.encodeAdapter(lora.rebase(trained, start, base), lora.rebasedConfig(pissa));
    expect(distance(outputs(lora.loadAdapter(written, base).model), outputs(trained))).toBeLessThan(1e-5);
    const patterns = { rankPattern: { a: 3 }, alphaPattern: { b: 5 } };
    const scalings = (config: Partial<lora.LoraConfig>) => {
      const { r, loraAlpha, rankPattern, alphaPattern, useRslora } = lora.loraConfig(config);
      const ranks = [r, rankPattern["a"]!, r];
      return [loraAlpha, loraAlpha, alphaPattern["b"]!].map((alpha, i) =>
        lora.scalingOf(ranks[i]!, alpha, useRslora),
      );
    };
    for (const useRslora of [false, true]) {
      const [before, after] = [
        { ...patterns, useRslora },
        lora.rebasedConfig({ ...patterns, useRslora }),
      ].map(scalings);
      after!.forEach((scaling, i) => expect(scaling).toBeCloseTo(before![i]!, 12));
    }
  });

  test("is written where it is that of the configuration, and not otherwise", () => {
    const faults = (other: unknown, change: Partial<lora.LoraConfig>) =>
      thrown(() => lora.encodeAdapter(other, { ...config, ...change }))
        .message.split("\n  ")
        .slice(1);
    expect(faults(model, { r: 4 })).toEqual([
      "layers.0.weight is of rank 2, in the configuration 4",
      "layers.1.weight is of rank 2, in the configuration 4",
    ]);
    expect(faults(model, { loraAlpha: 4, targetModules: ["0"] })).toEqual([
      "layers.0.weight has the scaling 1.5, in the configuration 2",
      "layers.1.weight is LoraArray f32[4,6], and no weight of a target",
    ]);
    expect(faults(model, { loraDropout: 0.5, targetModules: "layers.0|classifier" })).toEqual([
      "layers.0.weight has the dropout 0, in the configuration 0.5",
      "layers.1.weight is LoraArray f32[4,6], and no weight of a target",
      "classifier.weight is NDArray f32[3,4], and a target of LoraArray",
    ]);
    expect(faults(model, { useDora: true })[0]).toBe(
      "layers.0.weight is LoraArray f32[6,4], and a target of DoraArray",
    );
    const twice = tree.at(
      (m) => m.layers[0].weight,
      model,
      new lora.LoraArray(model.layers[0].weight, { rank: 2, alpha: 3, key: random.key(0) }),
    );
    expect(faults(twice, {})).toEqual(["layers.0.weight has an adapter over another one"]);
  });
});
