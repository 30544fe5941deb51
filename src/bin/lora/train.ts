import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFile } from "../../files/source.ts";
import { saveAdapter } from "../../lora/index.ts";
import { torchName } from "../../models/index.ts";
import type { Module } from "../../nn/index.ts";
import * as optim from "../../optim/index.ts";
import { UsageError } from "../usage-error.ts";
import type { Report, Subcommand } from "./subcommand.ts";
import { evaluation, type Quality, type Task, taskOf } from "./task.ts";
import { examplesOf, labelsOf, readRows } from "./text-data.ts";
import { readTokenizer } from "./tokenizer.ts";
import { readTrainingConfig, type TrainingConfig } from "./training-config.ts";
import { type Training, trainingOf } from "./training.ts";

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
    const task = taskOf(config, labels);
    const quality = evaluation(task, config.training.batchSize);
    const evaluate = unseen && ((model: Module) => quality(model, unseen));
    const report = await trained(config, task, trainingOf(config, task, examples), evaluate, tell);
    if (labels.length === 0) return report;
    writeFile(placesOf(config).labels, [encoded(`${JSON.stringify(labels)}\n`)], "lora train");
    return { ...report, json: { ...report.json, labels } };
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

async function trained(
  config: TrainingConfig,
  task: Task,
  { params, batchAt, options, modelOf, summary, steps }: Training,
  evaluate: ((model: Module) => Quality) | null,
  tell: (line: string) => void,
): Promise<Report> {
  const { accumulate, evalEvery, saveEvery } = config.training;
  const places = placesOf(config);
  mkdirSync(config.output, { recursive: true });
  writeFile(places.config, [encoded(config.text)], "lora train");
  tell(summary.line);
  const evaluateEvery = (evalEvery ?? steps) * accumulate;
  const fitted = await optim.fit(params, batchAt, {
    ...options,
    steps: steps * accumulate,
    file: places.run,
    saveEvery: saveEvery * accumulate,
    evaluateEvery,
    ...(evaluate ? { evaluate: (part: Module) => named(evaluate(modelOf(part))) } : {}),
    progress: (at) => {
      if (at.resumedAt > 0 && at.step === at.resumedAt + 1)
        tell(`going on after step ${at.resumedAt / accumulate}`);
      // About a hundred lines, and those of evaluations.
      const isTold = at.step % (Math.ceil(steps / 100) * accumulate) === 0 || at.step % evaluateEvery === 0;
      if (isTold) tell(`step ${at.step / accumulate}/${steps}${lastOf(at.metrics, at.step)}`);
    },
  });
  saveAdapter(places.adapter, modelOf(fitted.params), task.adapter, { name: torchName });

  const { trainable, total, line } = summary;
  const { metrics } = fitted;
  const resumedAt = fitted.resumedAt / accumulate;
  const last = Object.fromEntries(Object.entries(metrics).map(([name, points]) => [name, points.at(-1)![1]]));
  return {
    json: { adapter: places.adapter, steps, resumedAt, trainable, total, last, metrics },
    text: `${line}\n${steps} steps${lastOf(metrics, fitted.steps)}\nadapter: ${places.adapter}`,
  };
}

const named = ({ loss, accuracy }: Quality): optim.Measured => ({ evalLoss: loss, evalAccuracy: accuracy });

/** What was measured in the last step, or after it. */
function lastOf(metrics: optim.Metrics, step: number): string {
  return Object.entries(metrics)
    .flatMap(([name, points]) => {
      const [at, value] = points.at(-1)!;
      return at >= step - 1 ? [`  ${name} ${value.toFixed(4)}`] : [];
    })
    .join("");
}
