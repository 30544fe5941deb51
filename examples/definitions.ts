/**
 * Trains a small language model from nothing on definitions of WordNet, character by character; adapts it by LoRA to those of a
 * topic that it has not seen; and lets both write some.
 */
import { writeFileSync } from "node:fs";
import { type ArrayValue, jit, lora, numpy as np, optim, quaxify, random, tree, vmap } from "cotangent";
import { generate, Llama } from "cotangent/models";
import { z } from "zod";
import { common, readSettings, stepsOf } from "./command.ts";
import { readDefinitions } from "./topics.ts";

const count = z.coerce.number().int().positive();
const settings = z.object({
  ...common,
  topic: z.string().default("food").describe("topic that is seen by the adapters only"),
  steps: count.default(400).describe("steps on the other topics"),
  "adapt-steps": count.default(150).describe("steps of the adapters"),
  batch: count.default(16).describe("pieces of text per step"),
  lr: z.coerce.number().positive().default(3e-3).describe("highest learning rate"),
  json: z.string().optional().describe("file for the results as JSON"),
});
type Settings = z.infer<typeof settings>;

/** Characters that are predicted at once. */
const LENGTH = 64;

const logitsOf = quaxify((model: Llama, ids: ArrayValue) =>
  vmap((row: ArrayValue) => model.forward(row))(ids),
);

/** Mean cross-entropy of each character after those before it. Shape: ids `[n, length + 1]`. */
const lossOf = (model: Llama, ids: ArrayValue): ArrayValue =>
  optim.meanCrossEntropy(logitsOf(model, ids.get(":", ":-1")), ids.get(":", "1:"))[0];
const evaluate = jit(lossOf);
const write = jit((model: Llama, start: ArrayValue, key: ArrayValue) =>
  quaxify((m: Llama) => generate(m, start, { maxNewTokens: 120, temperature: 0.7, key }))(model),
);

/** Pieces of `text` that begin anywhere. */
function pieces(text: ArrayValue, n: number, key: ArrayValue): ArrayValue {
  const starts = random.randint(key, [n, 1], 0, text.size - LENGTH);
  return np.take(text, np.add(starts, np.arange(LENGTH + 1)));
}

interface Training<Params> {
  readonly title: string;
  readonly params: Params;
  readonly modelOf: (params: Params) => Llama;
  readonly text: ArrayValue;
  readonly steps: number;
  readonly learningRate: number;
  readonly batch: number;
  readonly key: ArrayValue;
}

/** Adam on random pieces; what is trained is `params`. */
async function fit<Params>({
  title,
  params,
  modelOf,
  text,
  steps,
  learningRate,
  batch,
  key,
}: Training<Params>) {
  const optimiser = optim.chain(
    optim.clipByGlobalNorm(1),
    optim.adamw(optim.warmupCosineDecaySchedule(0, learningRate, Math.ceil(steps / 10), steps), {
      weightDecay: 0.01,
    }),
  );
  const fitted = await optim.fit(params, (step) => pieces(text, batch, random.foldIn(key, step + 1)), {
    optimiser,
    loss: (part, ids) => lossOf(modelOf(part), ids),
    steps,
    progress: optim.progressBar({ title }),
  });
  return fitted.params;
}

async function main(options: Settings): Promise<void> {
  const started = performance.now();
  const definitions = readDefinitions();
  const isHeld = ({ label }: { label: string }) => label === options.topic;
  if (!definitions.train.some(isHeld)) throw new Error(`no definition is about ${options.topic}`);
  const textOf = (parts: typeof definitions.train) => parts.map(({ text }) => `${text}\n`).join("");
  const characters = [...new Set(textOf([...definitions.train, ...definitions.test]))].sort();
  const idsOf = (text: string) =>
    np.array(Int32Array.from(text, (character) => characters.indexOf(character)));
  const general = idsOf(textOf(definitions.train.filter((x) => !isHeld(x))));
  const [own, unseen] = [definitions.train, definitions.test].map((part) =>
    idsOf(textOf(part.filter(isHeld))),
  );
  const held = pieces(unseen!, 64, random.key(1));
  const [modelKey, textKey, adapterKey, writeKey] = random.split(random.key(options.seed), 4);
  const steps = (n: number) => stepsOf({ steps: n, quick: options.quick });
  const lossOn = (model: Llama) => evaluate(model, held).item() as number;

  const sizes = {
    hiddenSize: 96,
    intermediateSize: 256,
    numHiddenLayers: 3,
    numAttentionHeads: 4,
    numKeyValueHeads: 2,
  };
  const model = new Llama({ ...sizes, vocabSize: characters.length }, { key: modelKey! });
  const common = { batch: options.batch, key: textKey! };
  console.log(`training on ${general.size} characters, none about ${options.topic}`);
  const base = await fit({
    title: "training",
    ...common,
    params: model,
    modelOf: (m) => m,
    text: general,
    steps: steps(options.steps),
    learningRate: options.lr,
  });

  const config = lora.loraConfig({
    r: 8,
    loraAlpha: 16,
    targetModules: ["qProj", "vProj", "upProj", "downProj"],
  });
  const start = lora.adapt(base, config, { key: adapterKey! });
  const [adapters, rest] = tree.partition(start, lora.trainable(start));
  console.log(`\nadapting to ${own!.size} characters about ${options.topic}`);
  const trained = await fit({
    title: "adapting",
    ...common,
    params: adapters,
    modelOf: (part: Llama) => tree.combine(part, rest),
    text: own!,
    steps: steps(options["adapt-steps"]),
    learningRate: options.lr,
  });
  const adapted = tree.combine(trained, rest);

  const results = { lossBefore: lossOn(base), lossAfter: lossOn(adapted), seconds: 0 };
  const sample = (m: Llama) => {
    const ids = write(m, idsOf("\n"), writeKey!).toList() as number[];
    return ids
      .map((id) => characters[id])
      .join("")
      .trim()
      .split("\n")
      .map((line) => `  ${line}`)
      .join("\n");
  };
  console.log(
    `\nloss on definitions about ${options.topic} that neither has seen: ${results.lossBefore.toFixed(3)} before, ${results.lossAfter.toFixed(3)} after`,
  );
  console.log(`\nthe model writes\n${sample(base)}\n\nand adapted\n${sample(adapted)}`);
  results.seconds = (performance.now() - started) / 1000;
  console.log(`\n${results.seconds.toFixed(1)} s`);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
}

await main(readSettings("npm run definitions", settings));
