import { combine, partition } from "../../tree/index.ts";
import { adapt, type Summary, summary, trainable, withKey } from "../../lora/index.ts";
import { torchName } from "../../models/index.ts";
import type * as nn from "../../nn/index.ts";
import * as optim from "../../optim/index.ts";
import { UsageError } from "../usage-error.ts";
import { keyFor, type Task } from "./task.ts";
import { type Examples, examplesAt, IGNORED } from "./text-data.ts";
import type { TrainingConfig } from "./training-config.ts";

type Fixed = nn.Module;
type Fit = optim.FitOptions<nn.Module, Examples, Fixed>;

/** What a run consists of. */
export interface Training {
  readonly summary: Summary;
  /** How many steps the optimiser takes, each after `training.accumulate` batches. */
  readonly steps: number;
  /** The model without what is not trained. */
  readonly params: nn.Module;
  readonly batchAt: (batch: number) => Examples;
  readonly options: Pick<Fit, "optimiser" | "loss" | "key" | "fixed">;
  /** The whole model. */
  readonly modelOf: (params: nn.Module) => nn.Module;
}

/** @throws UsageError when there are too few examples for a step, or too few steps for the warmup. */
export function trainingOf(config: TrainingConfig, task: Task, examples: Examples): Training {
  const naming = { name: torchName };
  const count = examples.ids.shape[0]!;
  const steps = stepsOf(config, count);
  const start = adapt(task.base, task.adapter, { key: keyFor(config, "adapter"), ...naming });
  const marks = trainable(start, task.adapter, naming);
  const [params, rest] = partition(start, marks);

  const loss: Fit["loss"] = (part, batch, { fixed, key }) => {
    const logits = task.logits(withKey(combine(part, fixed), key), batch);
    const [mean, weight] = optim.meanCrossEntropy(logits, batch.labels, { ignoreIndex: IGNORED });
    return [mean, { weight }];
  };
  const rowsAt = optim.batches(count, config.training.batchSize, keyFor(config, "order"));
  return {
    summary: summary(start, { trainable: marks }),
    steps,
    params,
    batchAt: (batch) => examplesAt(examples, rowsAt(batch)),
    options: {
      optimiser: optimiserOf(config, steps),
      loss,
      key: keyFor(config, "dropout"),
      fixed: rest,
    },
    modelOf: (part) => combine(part, rest),
  };
}

function stepsOf({ training }: TrainingConfig, count: number): number {
  const { steps, epochs = 0, batchSize, accumulate } = training;
  const perEpoch = Math.floor(count / batchSize);
  const taken = steps ?? Math.floor((epochs * perEpoch) / accumulate);
  if (perEpoch > 0 && taken > 0) return taken;
  const parts = accumulate > 1 ? `, ${accumulate} of which make a step` : "";
  throw new UsageError(`${count} examples are too few for a batch of ${batchSize}${parts}`);
}

function optimiserOf({ training }: TrainingConfig, steps: number): optim.GradientTransformation<unknown> {
  const { learningRate, schedule, warmupSteps, weightDecay, clipNorm, accumulate } = training;
  if (warmupSteps >= steps)
    throw new UsageError(`training.warmupSteps is ${warmupSteps}, and there are ${steps} steps`);
  const rate = {
    linear: () => optim.warmupLinearDecaySchedule(0, learningRate, warmupSteps, steps),
    cosine: () => optim.warmupCosineDecaySchedule(0, learningRate, warmupSteps, steps),
    constant: () =>
      warmupSteps === 0
        ? optim.constantSchedule(learningRate)
        : optim.warmupConstantSchedule(0, learningRate, warmupSteps),
  }[schedule]();
  const adamw = optim.adamw(rate, { weightDecay });
  const whole = clipNorm === null ? optim.chain(adamw) : optim.chain(optim.clipByGlobalNorm(clipNorm), adamw);
  // Its state is only handed back to it.
  return (
    accumulate > 1 ? optim.multiSteps(whole, accumulate) : whole
  ) as optim.GradientTransformation<unknown>;
}
