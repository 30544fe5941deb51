import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ArrayValue, files, lora, nn, numpy as np, random, tree } from "cotangent";
import { Bert, llamaConfigFromJSON, loadLlama, torchName } from "cotangent/models";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loraCommand } from "../../../src/bin/lora/command.ts";

const folder = mkdtempSync(join(tmpdir(), "cotangent-"));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

const goldens = new URL("../../goldens/llama", import.meta.url).pathname;
const sizes = { vocab_size: 9, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 12, max_position_embeddings: 8 }; // prettier-ignore
const words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "cat", "dog", "oak", "elm"];
const characters = " abcdefghijklmnopqrstuvwxyz.,".split("");

const write = (name: string, json: unknown): string => {
  writeFileSync(at(name), JSON.stringify(json));
  return at(name);
};
const lines = (name: string, rows: readonly unknown[]): void =>
  writeFileSync(at(name), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));

beforeAll(() => {
  const bert = new Bert(
    { vocabSize: 9, hiddenSize: 8, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 12, maxPositionEmbeddings: 8 },
    { key: random.key(0) },
  ); // prettier-ignore
  const named = tree
    .leavesWithPath(bert)
    .map(([path, x]) => [torchName(files.tensorName(path)), x as ArrayValue] as const);
  // A head of another task, which is not used.
  files.saveSafetensors(
    at("bert.safetensors"),
    new Map([...named, ["pooler.dense.weight", np.ones([8, 8])]]),
  );
  writeFileSync(at("vocab.txt"), `${words.join("\n")}\n`);
  const pairs = ["cat", "oak", "a dog", "an elm", "dog", "elm", "a cat", "an oak"].map((text, i) => ({
    text,
    label: i % 2 === 0 ? "animal" : "tree",
  }));
  lines("pairs.jsonl", pairs);
  lines("unseen.jsonl", pairs.slice(0, 3));
  write("tokenizer.json", {
    version: "1.0",
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    model: {
      type: "BPE",
      vocab: Object.fromEntries(characters.map((x, i) => [x, i])),
      merges: [],
      unk_token: " ",
    },
  });
  lines(
    "texts.jsonl",
    ["the cat sat", "on a mat.", "a dog ran", "to an oak."].map((text) => ({ text })),
  );
});

const adapter = { r: 2, lora_alpha: 4, target_modules: ["query", "value"] };
interface Changes {
  readonly model?: object;
  readonly data?: object;
  readonly adapter?: object;
  readonly training?: object;
}
const classifying = (output: string, { model, data, adapter: own, training }: Changes = {}) =>
  write(`${output}.json`, {
    model: { kind: "bert", weights: "bert.safetensors", config: sizes, ...model },
    tokenizer: "vocab.txt",
    data: { train: "pairs.jsonl", maxLength: 8, ...data },
    adapter: { ...adapter, ...own },
    training: { steps: 4, batchSize: 4, learningRate: 0.05, ...training },
    output,
  });
const writing = (output: string, { data, adapter: own, training }: Changes = {}) =>
  write(`${output}.json`, {
    model: { kind: "llama", weights: `${goldens}/model.safetensors`, config: `${goldens}/config.json` },
    tokenizer: "tokenizer.json",
    data: { train: "texts.jsonl", ...data },
    adapter: { ...adapter, target_modules: ["q_proj", "v_proj"], ...own },
    training: { steps: 3, batchSize: 2, learningRate: 0.02, ...training },
    output,
  });

const run = (...args: readonly string[]) => loraCommand(args, () => {});
const json = async (...args: readonly string[]) =>
  JSON.parse(await run(...args, "--json")) as Trained & Evaluated;
interface Trained {
  readonly adapter: string;
  readonly resumedAt: number;
  readonly trainable: number;
  readonly labels: readonly string[];
  readonly last: Readonly<Record<string, number>>;
  readonly metrics: Readonly<Record<string, readonly (readonly [number, number])[]>>;
}
interface Evaluated {
  readonly examples: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly perplexity: number;
}
const lossesOf = ({ metrics }: Trained): number[] => metrics["loss"]!.map(([, loss]) => loss);
const tensorsOf = (output: string): Buffer => readFileSync(at(`${output}/adapter/adapter_model.safetensors`));

describe("a classifier", () => {
  test("learns, is evaluated, and is an adapter of PEFT with its head", async () => {
    const config = classifying("learned", { data: { eval: "unseen.jsonl" }, training: { steps: 30, evalEvery: 10 } });
    const trained = await json("train", config);
    expect(trained.labels).toEqual(["animal", "tree"]);
    expect(trained.trainable).toBe(2 * 2 * (8 + 8) + 2 * 8 + 2);
    expect(trained.metrics["evalLoss"]!.map(([step]) => step)).toEqual([10, 20, 30]);
    expect(trained.last["loss"]!).toBeLessThan(lossesOf(trained)[0]! / 2);
    expect(trained.last["evalAccuracy"]).toBe(1);

    const evaluated = await json("eval", config);
    expect(evaluated).toMatchObject({ examples: 3, accuracy: 1 });
    expect(evaluated.loss).toBeCloseTo(trained.last["evalLoss"]!, 6);
    const parts = await json("eval", classifying("learned", { training: { batchSize: 2 } }), "--data", at("unseen.jsonl"));
    expect(parts.loss).toBeCloseTo(evaluated.loss, 6);

    const contents = lora.openAdapter(trained.adapter);
    expect(contents.targets.map(({ name }) => name)).toEqual([
      "bert.encoder.layer.0.attention.self.query",
      "bert.encoder.layer.0.attention.self.value",
    ]);
    expect([...contents.kept.keys()]).toEqual(["classifier.bias", "classifier.weight"]);
    contents.close();
    const merged = await run("merge", at("bert.safetensors"), trained.adapter, "--out", at("merged"), "--strip", "bert.");
    expect(merged).toContain("2 weights merged, 2 added");
  }); // prettier-ignore

  test("goes on where it was ended, to the same bytes", async () => {
    await run("train", classifying("whole", { training: { saveEvery: 2 } }));
    const config = classifying("ended", { training: { saveEvery: 2 } });
    const end = (line: string) => {
      if (line.startsWith("step 3/")) throw new Error("ended");
    };
    await expect(loraCommand(["train", config], end)).rejects.toThrow("ended");
    expect((await json("train", config)).resumedAt).toBe(2);
    expect(tensorsOf("ended")).toEqual(tensorsOf("whole"));
    // A run that is done is only written again.
    expect((await json("train", config)).resumedAt).toBe(4);
    expect(tensorsOf("ended")).toEqual(tensorsOf("whole"));
  });

  test("takes the same steps with batches in parts", async () => {
    await run("train", classifying("at-once"));
    const parts = await json("train", classifying("in-parts", { training: { batchSize: 2, accumulate: 2 } }));
    expect(lossesOf(parts)).toHaveLength(8);
    const [whole, own] = ["at-once", "in-parts"].map((output) => files.openSafetensors(new Uint8Array(tensorsOf(output))));
    for (const name of whole!.names) expect(np.allclose(whole!.get(name), own!.get(name), { atol: 1e-4 }).item()).toBe(true);
  }); // prettier-ignore
});

describe("a language model", () => {
  test("starts with the loss that it has without an adapter, and learns", async () => {
    const config = writing("language", {
      training: { steps: 12, batchSize: 4 },
      data: { eval: "texts.jsonl" },
    });
    const trained = await json("train", config);
    const llama = loadLlama(
      `${goldens}/model.safetensors`,
      llamaConfigFromJSON(JSON.parse(readFileSync(`${goldens}/config.json`, "utf8"))),
    );
    const losses = ["the cat sat", "on a mat.", "a dog ran", "to an oak."].flatMap((text) => {
      const ids = text.split("").map((character) => characters.indexOf(character));
      const logs = nn.logSoftmax(llama.forward(np.array(ids, "int32"))).toList() as number[][];
      return ids.slice(1).map((id, i) => -logs[i]![id]!);
    });
    expect(lossesOf(trained)[0]).toBeCloseTo(losses.reduce((sum, x) => sum + x) / losses.length, 4);
    expect(trained.last["loss"]).toBeLessThan(0.9 * lossesOf(trained)[0]!);
    expect(trained).not.toHaveProperty("labels");

    const { loss, perplexity } = await json("eval", config);
    expect(loss).toBeCloseTo(trained.last["evalLoss"]!, 5);
    expect(perplexity).toBeCloseTo(Math.exp(loss), 6);
  });

  test.each([
    ["a constant rate", { training: { schedule: "constant" } }],
    ["a cosine", { training: { schedule: "cosine" } }],
    ["a warmup", { training: { warmupSteps: 1 } }],
    ["a decay of weights", { training: { weightDecay: 0.9 } }],
    ["dropout", { adapter: { lora_dropout: 0.5 } }],
    ["another seed", { training: { seed: 1 } }],
    ["magnitudes", { adapter: { use_dora: true } }],
    ["gradients that are not clipped", { training: { clipNorm: null } }],
  ])("is trained otherwise with %s", async (name, changes) => {
    await run("train", writing("usual"));
    await run("train", writing(name, changes));
    expect(tensorsOf(name).equals(tensorsOf("usual"))).toBe(false);
  });
});

describe("refused:", () => {
  test.each<readonly [message: string, config: () => string]>([
    ["trainnig", () => write("x.json", { trainnig: {} })],
    ["training: it has either epochs or steps", () => classifying("x", { training: { epochs: 1 } })],
    ["training.learningRate", () => classifying("x", { training: { learningRate: "fast" } })],
    ['adapter: the configuration of the adapter cannot be used:\n  r must be a number from 1 on', () => classifying("x", { adapter: { r: 0 } })],
    ['starts as "pissa"', () => classifying("x", { adapter: { init_lora_weights: "pissa" } })],
    ["8 examples are too few for a batch of 9", () => classifying("few", { training: { batchSize: 9 } })],
    ["training.warmupSteps is 4, and there are 4 steps", () => classifying("warm", { training: { warmupSteps: 4 } })],
    ["data.maxLength is 9, and the model has 8 positions", () => classifying("long", { data: { maxLength: 9 } })],
    ["model.config is none of a BERT:\n  vocab_size", () => classifying("sizes", { model: { config: {} } })],
    ['texts.jsonl:1: there is no label, a text or an integer, under "label"', () => classifying("unlabelled", { data: { train: "texts.jsonl" } })],
    ['pairs.jsonl:1: there is no text under "body"', () => classifying("field", { data: { textField: "body" } })],
    ["no-config.json", () => at("no-config.json")],
  ])("%s", async (message, config) => {
    await expect(run("train", config())).rejects.toThrow(message);
  }); // prettier-ignore

  test("a line that is no JSON, and a label that was not trained on", async () => {
    writeFileSync(at("broken.jsonl"), '{"text": "cat", "label": "animal"}\n\n{"text"\n');
    await expect(
      run("train", classifying("broken-run", { data: { train: "broken.jsonl" } })),
    ).rejects.toThrow("broken.jsonl:3: ");
    lines("other.jsonl", [{ text: "cat", label: "fish" }]);
    await expect(run("train", classifying("other-run", { data: { eval: "other.jsonl" } }))).rejects.toThrow(
      'the label "fish" is none of those to train on: animal, tree',
    );
  });

  test("only until it is put right, in the same output", async () => {
    await expect(run("train", classifying("mended", { training: { batchSize: 9 } }))).rejects.toThrow(
      "too few",
    );
    expect((await json("train", classifying("mended", { training: { steps: 1 } }))).resumedAt).toBe(0);
  });

  test("an output that has another run, and one that has none to evaluate", async () => {
    await run("train", writing("taken", { training: { steps: 1 } }));
    await expect(run("train", writing("taken", { training: { steps: 2 } }))).rejects.toThrow(
      "has a run with another configuration",
    );
    await expect(run("eval", writing("untrained", { data: { eval: "texts.jsonl" } }))).rejects.toThrow("lora train makes it");
    await expect(run("eval", writing("taken"))).rejects.toThrow("nothing to evaluate on");
  }); // prettier-ignore
});
