import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  type ArrayValue,
  grad,
  inspect,
  jit,
  lora,
  numpy as np,
  quaxify,
  random,
  tree,
  vmap,
  Zero,
} from "cotangent";
import { generate, type Llama, llamaConfigFromJSON, loadLlama } from "cotangent/models";
import { describe, expect, test } from "vitest";
import { expectValues, values } from "../arrays.ts";

// A random checkpoint in the real layout, and what transformers computes with it: tests/referee/llama.py.
const at = (name: string) => fileURLToPath(new URL(`../../goldens/llama/${name}`, import.meta.url));
const json = (name: string) => JSON.parse(readFileSync(at(name), "utf8")) as Record<string, unknown>;
const golden = json("golden.json") as {
  ids: number[];
  logits: number[][];
  labels: number[];
  loss: number;
  greedy: number[];
};
const config = llamaConfigFromJSON(json("config.json"));
const model = loadLlama(at("model.safetensors"), config);
const ids = np.array(golden.ids, "int32");

describe("Llama", () => {
  test("has the logits of transformers", () => {
    for (const run of [model, jit(model)] as ((ids: ArrayValue) => ArrayValue)[] | Llama[]) {
      const out = typeof run === "function" ? run(ids) : run.forward(ids);
      expect(np.allclose(out, np.array(golden.logits), { rtol: 1e-5, atol: 1e-5 }).item()).toBe(true);
    }
    const two = vmap(model)(np.stack([ids, np.flip(ids)])) as ArrayValue;
    expectValues(two.get(0), golden.logits.flat());
  });

  test("sees the same through a cache, in parts of any sizes", () => {
    let cache = model.emptyCache(12);
    const parts: ArrayValue[] = [];
    for (const [start, stop] of [
      [0, 3],
      [3, 4],
      [4, 8],
    ] as const) {
      const [logits, next] = model.advance(ids.get(`${start}:${stop}`), cache);
      parts.push(logits);
      cache = next;
    }
    expectValues(np.concatenate(parts), golden.logits.flat());
    expect(cache.length.item()).toBe(8);
    expect(() => model.advance(np.zeros([13], "int32"), cache)).toThrow("room for 12 positions, got 13 ids");
    expect(() => model.forward(np.stack([ids]))).toThrow("models.Llama takes ids (length), got shape (1, 8)");
  });

  test("shares the vectors of pieces with the logits if it is told to", () => {
    const tied = tree.at((m: Llama) => m.lmHead, model, null);
    const hidden = model.model.forward(ids, null)[0];
    expectValues(tied.forward(ids), values(np.matmul(hidden, model.model.embedTokens.weight.T)));
    expectValues(tied.advance(ids, tied.emptyCache(8))[0], values(tied.forward(ids)));
  });

  test("takes adapters, whose gradients are all that is computed", () => {
    const adapted = lora.adapt(model, { r: 2, targetModules: ["qProj", "vProj"] }, { key: random.key(0) });
    const loss = (m: Llama) => np.mean(np.square(quaxify(m)(ids) as ArrayValue));
    const [train, rest] = tree.partition(adapted, lora.trainable(adapted));
    const gradient = grad((part: Llama) => loss(tree.combine(part, rest)))(train);
    expect(tree.leaves(gradient)).toHaveLength(8);
    expectValues(quaxify(adapted)(ids) as ArrayValue, golden.logits.flat());
    const all = grad(loss)(adapted);
    expect((all.model.layers[0]!.selfAttn.qProj.weight as lora.LoraArray)._w).toBeInstanceOf(Zero);
  });
});

describe("generate", () => {
  test("adds the most probable ids, as transformers does", () => {
    const complete = (model: Llama, ids: ArrayValue) => generate(model, ids, { maxNewTokens: 12 });
    for (const run of [complete, jit(complete)]) expect(run(model, ids).toList()).toEqual(golden.greedy);
    expect(generate(model, ids, { maxNewTokens: 1 }).toList()).toEqual(golden.greedy.slice(0, 9));
  });

  test("is one program, whose loop is a scan", () => {
    const text = String(
      inspect.stages((ids: ArrayValue) => generate(model, ids, { maxNewTokens: 5 }))(ids).traced,
    );
    expect(text.match(/= scan\[/g)).toHaveLength(1);
    expect(text).toContain("dynamic_update_slice");
  });

  test("draws by the temperature, among the most probable ones, the same for the same key", () => {
    const draw = (seed: number, options: object) =>
      generate(model, ids, { maxNewTokens: 8, temperature: 2, key: random.key(seed), ...options }).toList();
    expect(draw(0, {})).toEqual(draw(0, {}));
    expect(draw(0, {})).not.toEqual(draw(1, {}));
    expect(draw(0, { topK: 1 })).toEqual(golden.greedy.slice(0, 16));
    expect(draw(3, { topK: 100 })).toEqual(draw(3, {}));
  });

  test("repeats the id that ends", () => {
    const [end] = golden.greedy.slice(10) as [number];
    const out = generate(model, ids, { maxNewTokens: 12, eosTokenId: end }).toList() as number[];
    const first = out.indexOf(end, 8);
    expect(out.slice(first).every((id) => id === end)).toBe(true);
    expect(out.slice(0, first)).toEqual(golden.greedy.slice(0, first));
  });

  test("works through quaxify, on a model with adapters", () => {
    const adapted = lora.adapt(model, { targetModules: ["qProj"], r: 2 }, { key: random.key(0) });
    const run = quaxify((m: Llama, ids: ArrayValue) => generate(m, ids, { maxNewTokens: 12 }));
    expect(jit(run)(adapted, ids).toList()).toEqual(golden.greedy);
  });

  test("refuses options that are out of range", () => {
    const of = (options: object) => () => generate(model, ids, { maxNewTokens: 2, ...options });
    expect(of({ maxNewTokens: 0 })).toThrow("maxNewTokens is a positive integer, got the number 0");
    expect(of({ temperature: 1 })).toThrow("key is needed for a temperature that is not 0");
    expect(of({ temperature: -1 })).toThrow("temperature is a number from 0 on");
    expect(of({ topK: 0.5 })).toThrow("topK is a positive integer");
    expect(() => generate(model, np.zeros([0], "int32"), { maxNewTokens: 1 })).toThrow(
      "goes on from at least one id",
    );
  });
});

describe("llamaConfigFromJSON", () => {
  test("reads the names of transformers, old and new", () => {
    expect(config).toMatchObject({
      vocabSize: 29,
      numKeyValueHeads: 2,
      headDim: 6,
      ropeTheta: 500,
      tieWordEmbeddings: false,
    });
    const { rope_parameters: _, head_dim: __, ...rest } = json("config.json");
    expect(llamaConfigFromJSON({ ...rest, rope_theta: 7, rope_scaling: null })).toMatchObject({
      ropeTheta: 7,
      headDim: 6,
    });
  });

  test("refuses what would compute something else, and sizes that do not fit", () => {
    const of = (changes: object) => () => llamaConfigFromJSON({ ...json("config.json"), ...changes });
    expect(of({ hidden_act: "gelu" })).toThrow('hidden_act is "gelu", which is not supported');
    expect(of({ rope_parameters: { rope_type: "llama3", rope_theta: 1 } })).toThrow('rope_type is "llama3"');
    expect(of({ num_key_value_heads: 3 })).toThrow("a multiple of numKeyValueHeads, got 4 and 3");
    expect(of({ hidden_size: "24" })).toThrow("hiddenSize must be a positive integer");
    expect(() => llamaConfigFromJSON([])).toThrow("takes an object");
  });
});

test("a checkpoint that is not of the model is refused by every name", () => {
  expect(() => loadLlama(at("model.safetensors"), { ...config, numHiddenLayers: 1 })).toThrow(
    '"model.layers.1.mlp.down_proj.weight" is in the file, and has no place',
  );
  expect(() => loadLlama(at("model.safetensors"), { ...config, vocabSize: 30 })).toThrow(
    "has shape (29, 24); the model takes (30, 24)",
  );
});
