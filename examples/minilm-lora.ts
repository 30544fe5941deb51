/**
 * Adapts a pretrained encoder, whose matrices are and stay 8-bit integers, to tell the topic of a definition: LoRA on its
 * queries and values. Only the factors `a` and `b` are trained; neither `w + a·b` nor a weight in floats is formed.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ArrayValue, config, jit, lora, numpy as np, optim, random, setBackend } from "cotangent";
import type { Bert } from "cotangent/models";
import { z } from "zod";
import { chart, lossSeries } from "./chart.ts";
import { common, readSettings } from "./command.ts";
import {
  adapterConfig,
  adaptersLoss,
  embed,
  optimiserOf,
  partsOf,
  prototypes,
  readModel,
  wholeOf,
} from "./minilm.ts";
import { page, type Prediction, type Results, withError } from "./report.ts";
import { examplesAt, readTestTexts, readTopics, type Topics } from "./topics.ts";

const count = z.coerce.number().int().positive();
const settings = z.object({
  ...common,
  seed: common.seed.default(2),
  rank: count.default(8).describe("rank of the adapters"),
  alpha: z.coerce.number().positive().default(16).describe("a·b is multiplied with alpha / rank"),
  steps: count.default(75).describe("steps; 75 are one epoch"),
  batch: count.default(32).describe("texts per step"),
  lr: z.coerce.number().positive().default(4e-3).describe("highest learning rate"),
  warmup: count.default(8).describe("steps until the learning rate is highest"),
  out: z.string().default(".tmp/minilm-lora").describe("folder for the adapter and the report"),
  json: z.string().optional().describe("file for the results as JSON"),
  backend: z.enum(["wasm", "reference"]).default("wasm").describe("what computes"),
});
type Settings = z.infer<typeof settings>;

/** Batches of this size are embedded at once. */
const EVALUATED = 100;
const embedding = jit(embed);

/** Shape: `[n, hiddenSize]`. */
function embeddings(model: Bert, texts: Topics): ArrayValue {
  const n = texts.labels.size;
  const starts = Array.from({ length: Math.ceil(n / EVALUATED) }, (_, i) => i * EVALUATED);
  const parts = starts.map((from) =>
    embedding(model, examplesAt(texts, np.arange(from, Math.min(n, from + EVALUATED)))),
  );
  return np.concatenate(parts);
}
const predictions = (model: Bert, head: ArrayValue, texts: Topics): ArrayValue =>
  np.argmax(np.matmul(embeddings(model, texts), head.T), { axis: 1 });
const accuracyOf = (predicted: ArrayValue, { labels }: Topics): number =>
  np.mean(np.equal(predicted, labels)).item() as number;

const median = (xs: readonly number[]): number => xs.toSorted((a, b) => a - b)[Math.floor(xs.length / 2)]!;

async function main(options: Settings): Promise<void> {
  const started = performance.now();
  setBackend(options.backend);
  const steps = options.quick ? Math.min(10, options.steps) : options.steps;
  const topics = readTopics();
  const part = (texts: Topics, n: number) => (options.quick ? examplesAt(texts, np.arange(n)) : texts);
  const [train, test] = [part(topics.train, 600), part(topics.test, 200)];
  const n = test.labels.size;
  const [factorKey, orderKey] = [0, 1].map((purpose) => random.foldIn(random.key(options.seed), purpose));

  const base = readModel();
  const head = prototypes(embeddings(base, train), train.labels, topics.names.length);
  const first = predictions(base, head, test);
  const accuracyBefore = accuracyOf(first, test);
  console.log(`${train.labels.size} definitions to train on, ${n} to test on, ${topics.names.length} topics`);
  console.log(`before: ${withError(accuracyBefore, n)} of the test definitions\n`);

  const adapter = adapterConfig(options);
  const model = lora.adapt(base, adapter, { key: factorKey! });
  const [adapters, fixed] = partsOf(model, head);
  const { trainable, total, line } = lora.summary(model);
  console.log(line);

  const rowsAt = optim.batches(train.labels.size, options.batch, orderKey!);
  const bar = optim.progressBar();
  const times: number[] = [];
  const { params, metrics } = await optim.fit(adapters, (step) => examplesAt(train, rowsAt(step)), {
    optimiser: optimiserOf({ steps, warmup: options.warmup, learningRate: options.lr }),
    loss: adaptersLoss,
    fixed,
    steps,
    progress: (at) => {
      bar(at);
      times.push(at.seconds * 1000);
    },
  });
  const adapted = wholeOf(params, fixed);
  const last = predictions(adapted, head, test);
  const accuracyAfter = accuracyOf(last, test);
  console.log(`\nafter: ${withError(accuracyAfter, n)} of the test definitions`);

  mkdirSync(options.out, { recursive: true });
  const folder = join(options.out, "adapter");
  lora.saveAdapter(folder, adapted, adapter);
  const reloaded = predictions(lora.loadAdapter(folder, base).model, head, test);
  if (!np.arrayEqual(reloaded, last).item())
    throw new Error(`the adapter in ${folder} predicts otherwise than what was saved`);
  console.log(`the adapter in ${folder}, read again, predicts the same`);

  const results: Results = {
    accuracyBefore,
    accuracyAfter,
    trainable,
    total,
    msPerStep: median(times.map((at, i) => at - (times[i - 1] ?? 0))),
    seconds: (performance.now() - started) / 1000,
    backend: options.backend,
    threads: config.threads,
    peakBytes: 1024 * process.resourceUsage().maxRSS,
  };
  const nameAt = (labels: ArrayValue, row: number) => topics.names[labels.get(row).item() as number]!;
  const shown = readTestTexts()
    .slice(0, 12)
    .map((text, row): Prediction => ({
      text,
      topic: nameAt(test.labels, row),
      before: nameAt(first, row),
      after: nameAt(last, row),
    }));
  const curve = chart({ x: "step", y: "loss" }, lossSeries(metrics["loss"]!.map(([, loss]) => loss)));
  writeFileSync(join(options.out, "loss.svg"), curve);
  writeFileSync(
    join(options.out, "report.html"),
    page({ results, settings: options, curve, shown, tests: n }),
  );
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
  const { msPerStep, peakBytes, seconds } = results;
  console.log(
    `${msPerStep.toFixed(0)} ms/step, at most ${(peakBytes / 2 ** 20).toFixed(0)} MiB, ${seconds.toFixed(1)} s; see ${join(options.out, "report.html")}`,
  );
}

await main(readSettings("npm start", settings));
