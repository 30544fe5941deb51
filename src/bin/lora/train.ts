import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { combine, partition } from "../../tree/index.ts";
import { jit } from "../../control/index.ts";
import type { ArrayValue } from "../../core/value.ts";
import { writeFile } from "../../files/source.ts";
import { valueAndGrad } from "../../interpreters/vjp.ts";
import { adapt, saveAdapter, summary, trainable, withKey } from "../../lora/index.ts";
import { torchName } from "../../models/index.ts";
import * as optim from "../../optim/index.ts";
import * as random from "../../random/index.ts";
import { UsageError } from "../usage-error.ts";
import type { Report, Subcommand } from "./subcommand.ts";
import { evaluation, keyFor, type Task, taskOf } from "./task.ts";
import { type Examples, examplesAt, examplesOf, IGNORED, labelsOf, readRows } from "./text-data.ts";
import { readTokenizer } from "./tokenizer.ts";
import { readTrainingConfig, type TrainingConfig } from "./training-config.ts";

export const train: Subcommand = {
  synopsis: "<config.json>",
  summary: "train an adapter on texts, as a configuration says",
  help: `  <config.json>   the model, the data, the adapter and the training; paths in it are relative to it

The adapter is written to the folder adapter in the output of the configuration, as PEFT has it. A run that was ended goes on
when the command is given again.

  cotangent lora train topics.json
  cotangent lora train topics.json --json > result.json
`,
  options: {},
  positionals: 1,
  async run({ positionals: [path] }, tell) {
    const config = readTrainingConfig(path!);
    checkOutput(config);
    const encode = await readTokenizer(config.tokenizer);
    const rows = readRows(config.data.train, config);
    const labels = labelsOf(rows);
    const examples = examplesOf(rows, encode, labels, config);
    const { eval: held } = config.data;
    const unseen = held === undefined ? null : examplesOf(readRows(held, config), encode, labels, config);
    return trained(config, taskOf(config, labels), examples, unseen, labels, tell);
  },
};

/** Where a run keeps what. */
export const placesOf = ({ output }: TrainingConfig) => ({
  config: join(output, "config.json"),
  run: join(output, "run.safetensors"),
  adapter: join(output, "adapter"),
  labels: join(output, "adapter", "labels.json"),
});
const encoded = (text: string): Uint8Array => new TextEncoder().encode(text);

/** @throws UsageError when the output has a run of another configuration. */
function checkOutput(config: TrainingConfig): void {
  const places = placesOf(config);
  if (existsSync(places.run) && readFileSync(places.config, "utf8") !== config.text)
    throw new UsageError(
      `${config.output} has a run with another configuration: choose another output, or remove that one`,
    );
}

function trained(
  config: TrainingConfig,
  task: Task,
  examples: Examples,
  unseen: Examples | null,
  labels: readonly string[],
  tell: (line: string) => void,
): Report {
  const { training } = config;
  const { batchSize, accumulate } = training;
  const places = placesOf(config);
  const naming = { name: torchName };

  const count = examples.ids.shape[0]!;
  const perEpoch = Math.floor(count / batchSize);
  const updates = training.steps ?? Math.floor((training.epochs! * perEpoch) / accumulate);
  if (perEpoch === 0 || updates === 0)
    throw new UsageError(
      `${count} examples are too few for a batch of ${batchSize}${accumulate > 1 ? `, ${accumulate} of which make a step` : ""}`,
    );
  const start = adapt(task.base, task.adapter, { key: keyFor(config, "adapter"), ...naming });
  const marks = trainable(start, task.adapter, naming);
  const counts = summary(start, { trainable: marks });
  tell(counts.line);
  const [params, rest] = partition(start, marks);
  const optimiser = optimiserOf(config, updates);
  const step = jit((params: Params, moments: unknown, rest: Params, batch: Examples, key: ArrayValue) => {
    const lossOf = (part: Params) => {
      const logits = task.logits(withKey(combine(part, rest), key), batch);
      return optim.meanCrossEntropy(logits, batch.labels, { ignoreIndex: IGNORED });
    };
    const [[loss, weight], gradient] = valueAndGrad(lossOf, { hasAux: true })(params);
    const [changes, next] = optimiser.update(gradient, moments, params, { weight });
    return [optim.applyUpdates(params, changes), next, loss] as const;
  });

  const quality = evaluation(task, batchSize);
  const evaluate = (params: Params) => {
    const { loss, accuracy } = quality(combine(params, rest), unseen!);
    return { evalLoss: loss, evalAccuracy: accuracy };
  };
  const evaluateEvery = (training.evalEvery ?? updates) * accumulate;
  mkdirSync(config.output, { recursive: true });
  writeFile(places.config, [encoded(config.text)], "lora train");
  const run = new optim.Run<State>(
    places.run,
    { params, moments: optimiser.init(params) },
    {
      saveEvery: training.saveEvery * accumulate,
      evaluateEvery,
      ...(unseen === null ? {} : { evaluate: ({ params }: State) => evaluate(params) }),
    },
  );
  const resumedAt = run.step;
  if (resumedAt > 0) tell(`going on after step ${resumedAt / accumulate}`);
  const dropKey = keyFor(config, "dropout");
  const batchAt = optim.batches(count, batchSize, keyFor(config, "order"));
  while (run.step < updates * accumulate) {
    const { params, moments } = run.state;
    const batch = examplesAt(examples, batchAt(run.step));
    const [next, after, loss] = step(params, moments, rest, batch, random.foldIn(dropKey, run.step));
    run.advance({ params: next, moments: after }, { loss });
    const taken = run.step / accumulate;
    // About a hundred lines, and those of evaluations.
    const isTold = taken % Math.ceil(updates / 100) === 0 || run.step % evaluateEvery === 0;
    if (isTold && Number.isInteger(taken)) tell(`step ${taken}/${updates}${lastOf(run, run.step)}`);
  }
  run.save();

  saveAdapter(places.adapter, combine(run.state.params, rest), task.adapter, naming);
  if (labels.length > 0) writeFile(places.labels, [encoded(`${JSON.stringify(labels)}\n`)], "lora train");
  const last = Object.fromEntries(
    Object.entries(run.metrics).map(([name, points]) => [name, points.at(-1)![1]]),
  );
  return {
    json: {
      adapter: places.adapter,
      steps: updates,
      resumedAt: resumedAt / accumulate,
      trainable: counts.trainable,
      total: counts.total,
      labels,
      last,
      metrics: run.metrics,
    },
    text: `${counts.line}\n${updates} steps${lastOf(run, run.step)}\nadapter: ${places.adapter}`,
  };
}
type Params = Task["base"];
interface State {
  readonly params: Params;
  readonly moments: unknown;
}

/** What was measured in the last step, or after it. */
function lastOf({ metrics }: { readonly metrics: optim.Metrics }, step: number): string {
  return Object.entries(metrics)
    .flatMap(([name, points]) => {
      const [at, value] = points.at(-1)!;
      return at >= step - 1 ? [`  ${name} ${value.toFixed(4)}`] : [];
    })
    .join("");
}

function optimiserOf({ training }: TrainingConfig, updates: number): optim.GradientTransformation<unknown> {
  const { learningRate, schedule, warmupSteps, weightDecay, clipNorm, accumulate } = training;
  if (warmupSteps >= updates)
    throw new UsageError(`training.warmupSteps is ${warmupSteps}, and there are ${updates} steps`);
  const rate = {
    linear: () => optim.warmupLinearDecaySchedule(0, learningRate, warmupSteps, updates),
    cosine: () => optim.warmupCosineDecaySchedule(0, learningRate, warmupSteps, updates),
    constant: () =>
      warmupSteps === 0
        ? optim.constantSchedule(learningRate)
        : optim.warmupConstantSchedule(0, learningRate, warmupSteps),
  }[schedule]();
  const adamw = optim.adamw(rate, { weightDecay });
  const clipped = clipNorm === null ? adamw : optim.chain(optim.clipByGlobalNorm(clipNorm), adamw);
  return (accumulate > 1 ? optim.multiSteps(clipped as never, accumulate) : clipped) as never;
}
