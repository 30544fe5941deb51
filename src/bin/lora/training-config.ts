import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { CotangentError } from "../../core/errors.ts";
import { checkedStart } from "../../lora/adapter-source.ts";
import { type LoraConfig, loraConfigFromJSON } from "../../lora/index.ts";
import { UsageError } from "../usage-error.ts";

const count = z.int().positive();
const object = z.record(z.string(), z.unknown());

const form = z.strictObject({
  model: z.strictObject({
    kind: z.enum(["bert", "llama"]),
    weights: z.string(),
    config: z.union([z.string(), object]),
    prefix: z.string().default(""),
  }),
  tokenizer: z.string(),
  data: z.strictObject({
    train: z.string(),
    eval: z.string().optional(),
    textField: z.string().default("text"),
    labelField: z.string().default("label"),
    maxLength: count.min(2).default(128),
  }),
  adapter: object,
  training: z
    .strictObject({
      epochs: count.optional(),
      steps: count.optional(),
      batchSize: count.default(8),
      learningRate: z.number().positive(),
      schedule: z.enum(["linear", "cosine", "constant"]).default("linear"),
      warmupSteps: z.int().nonnegative().default(0),
      weightDecay: z.number().nonnegative().default(0),
      clipNorm: z.number().positive().nullable().default(1),
      accumulate: count.default(1),
      seed: z
        .int()
        .min(0)
        .max(2 ** 32 - 1)
        .default(0),
      evalEvery: count.optional(),
      saveEvery: count.default(100),
    })
    .refine(({ epochs, steps }) => (epochs === undefined) !== (steps === undefined), {
      error: "it has either epochs or steps",
    }),
  output: z.string(),
});

/** A configuration of `lora train`, its paths whole. */
export type TrainingConfig = Omit<z.output<typeof form>, "adapter"> & {
  readonly adapter: LoraConfig;
  /** What the file says, to be compared with that of a run that is there. */
  readonly text: string;
};

/** @throws UsageError when the file is none, saying of each field what is wrong. */
export function readTrainingConfig(path: string): TrainingConfig {
  const wrong = (what: string, cause?: unknown): never => {
    throw new UsageError(`${path} is no configuration: ${what}`, { cause });
  };
  const json = readJSON(path);
  const read = form.safeParse(json);
  if (!read.success)
    return wrong(read.error.issues.map(({ path, message }) => `\n  ${path.join(".")}: ${message}`).join(""));
  const { model, data, adapter, ...rest } = read.data;
  const whole = (file: string): string => resolve(dirname(path), file);
  const taskType = model.kind === "bert" ? "SEQ_CLS" : "CAUSAL_LM";
  let lora: LoraConfig;
  try {
    lora = checkedStart(loraConfigFromJSON({ task_type: taskType, ...adapter }));
  } catch (error) {
    if (error instanceof CotangentError) return wrong(`\n  adapter: ${error.message}`, error);
    throw error;
  }
  return {
    ...rest,
    model: {
      ...model,
      weights: whole(model.weights),
      config:
        typeof model.config === "string" ? (readJSON(whole(model.config)) as object as Fields) : model.config,
    },
    data: {
      ...data,
      train: whole(data.train),
      ...(data.eval === undefined ? {} : { eval: whole(data.eval) }),
    },
    adapter: lora,
    tokenizer: whole(rest.tokenizer),
    output: whole(rest.output),
    text: `${JSON.stringify(json, null, 2)}\n`,
  };
}
type Fields = Record<string, unknown>;

/** @throws UsageError when there is no such file, or it is no JSON. */
export function readJSON(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new UsageError(`${path}: ${(cause as Error).message}`, { cause });
  }
}
