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
import { type State, type Training, trainingOf } from "./training.ts";

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
    const report = trained(config, task, trainingOf(config, task, examples), evaluate, tell);
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

/** The run of a configuration, which is begun or goes on; and how it is told. */
function runOf(config: TrainingConfig, training: Training, evaluate: ((model: Module) => Quality) | null) {
  const { accumulate, evalEvery, saveEvery } = config.training;
  const places = placesOf(config);
  mkdirSync(config.output, { recursive: true });
  writeFile(places.config, [encoded(config.text)], "lora train");
  const evaluateEvery = (evalEvery ?? training.steps) * accumulate;
  const measure = (state: State): optim.Measured => {
    const { loss, accuracy } = evaluate!(training.modelOf(state));
    return { evalLoss: loss, evalAccuracy: accuracy };
  };
  const run = new optim.Run<State>(places.run, training.start, {
    saveEvery: saveEvery * accumulate,
    evaluateEvery,
    ...(evaluate ? { evaluate: measure } : {}),
  });
  // About a hundred lines, and those of evaluations.
  const isTold = (): boolean =>
    run.step % (Math.ceil(training.steps / 100) * accumulate) === 0 || run.step % evaluateEvery === 0;
  return { run, isTold };
}

function trained(
  config: TrainingConfig,
  task: Task,
  training: Training,
  evaluate: ((model: Module) => Quality) | null,
  tell: (line: string) => void,
): Report {
  const { summary, steps } = training;
  const { accumulate } = config.training;
  const { adapter } = placesOf(config);
  tell(summary.line);
  const { run, isTold } = runOf(config, training, evaluate);
  const resumedAt = run.step / accumulate;
  if (resumedAt > 0) tell(`going on after step ${resumedAt}`);
  while (run.step < steps * accumulate) {
    const [state, loss] = training.advance(run.state, run.step);
    run.advance(state, { loss });
    if (isTold()) tell(`step ${run.step / accumulate}/${steps}${lastOf(run)}`);
  }
  run.save();
  saveAdapter(adapter, training.modelOf(run.state), task.adapter, { name: torchName });

  const { trainable, total, line } = summary;
  const { metrics } = run;
  const last = Object.fromEntries(Object.entries(metrics).map(([name, points]) => [name, points.at(-1)![1]]));
  return {
    json: { adapter, steps, resumedAt, trainable, total, last, metrics },
    text: `${line}\n${steps} steps${lastOf(run)}\nadapter: ${adapter}`,
  };
}

/** What was measured in the last step, or after it. */
function lastOf({ metrics, step }: optim.Run<State>): string {
  return Object.entries(metrics)
    .flatMap(([name, points]) => {
      const [at, value] = points.at(-1)!;
      return at >= step - 1 ? [`  ${name} ${value.toFixed(4)}`] : [];
    })
    .join("");
}
