/**
 * Adapts a pretrained encoder, whose matrices are and stay 8-bit integers, to tell the topic of a definition: LoRA on its
 * queries and values. Only the factors `a` and `b` are trained; neither `w + a·b` nor a weight in floats is formed.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ArrayValue, config, jit, lora, numpy as np, optim, random, setBackend } from "cotangent";
import type { Bert } from "cotangent/models";
import { SingleBar } from "cli-progress";
import { z } from "zod";
import { readSettings } from "./command.ts";
import { adapterConfig, embed, prototypes, readModel, trainer } from "./minilm.ts";
import { lossCurve, page, type Prediction, type Results, withError } from "./report.ts";
import { examplesAt, readTestTexts, readTopics, type Topics } from "./topics.ts";

const count = z.coerce.number().int().positive();
const settings = z.object({
  seed: z.coerce
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(2)
    .describe("seed of everything random"),
  rank: count.default(8).describe("rank of the adapters"),
  alpha: z.coerce.number().positive().default(16).describe("a·b is multiplied with alpha / rank"),
  steps: count.default(75).describe("steps; 75 are one epoch"),
  batch: count.default(32).describe("texts per step"),
  lr: z.coerce.number().positive().default(4e-3).describe("highest learning rate"),
  warmup: count.default(8).describe("steps until the learning rate is highest"),
  out: z.string().default(".tmp/minilm-lora").describe("folder for the adapter and the report"),
  json: z.string().optional().describe("file for the results as JSON"),
  backend: z.enum(["wasm", "reference"]).default("wasm").describe("what computes"),
  quick: z.boolean().default(false).describe("a few steps on a part of the data, for a try"),
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

/** A progress bar with loss and speed; now and then a line where there is no terminal. */
function progress(steps: number) {
  const started = performance.now();
  const bar = process.stdout.isTTY
    ? new SingleBar({
        format: "training {bar} {value}/{total} steps  loss {loss}  {ms} ms/step  {tokens} tokens/s",
        hideCursor: true,
      })
    : null;
  bar?.start(steps, 0, { loss: "-", ms: "-", tokens: "-" });
  let tokens = 0;
  return {
    step(number: number, loss: number, pieces: number): void {
      tokens += pieces;
      const ms = performance.now() - started;
      const shown = {
        loss: loss.toFixed(4),
        ms: (ms / number).toFixed(0),
        tokens: Math.round((1000 * tokens) / ms),
      };
      if (bar) bar.update(number, shown);
      else if (number % 15 === 0 || number === steps)
        console.log(
          `step ${number}/${steps}  loss ${shown.loss}  ${shown.ms} ms/step  ${shown.tokens} tokens/s`,
        );
    },
    stop: () => bar?.stop(),
  };
}

function main(options: Settings): void {
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
  const training = trainer(model, head, { steps, warmup: options.warmup, learningRate: options.lr });
  const { trainable, total, line } = lora.summary(model);
  console.log(line);

  const losses: number[] = [];
  const times: number[] = [];
  const batchAt = optim.batches(train.labels.size, options.batch, orderKey!);
  const bar = progress(steps);
  let at = training.start;
  for (let i = 0; i < steps; i++) {
    const batch = examplesAt(train, batchAt(i));
    const from = performance.now();
    const [next, loss] = training.step(at, batch);
    at = next;
    losses.push(loss);
    times.push(performance.now() - from);
    bar.step(i + 1, loss, np.sum(batch.mask).item() as number);
  }
  bar.stop();

  const adapted = training.modelOf(at);
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
    msPerStep: times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!,
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
  const curve = lossCurve(losses);
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

main(readSettings("npm start", settings));
