import { existsSync } from "node:fs";
import { loadAdapter } from "../../lora/index.ts";
import { torchName } from "../../models/index.ts";
import { UsageError } from "../usage-error.ts";
import type { Subcommand } from "./subcommand.ts";
import { evaluation, taskOf } from "./task.ts";
import { examplesOf, readRows } from "./text-data.ts";
import { readTokenizer } from "./tokenizer.ts";
import { placesOf } from "./train.ts";
import { readJSON, readTrainingConfig } from "./training-config.ts";

export const evaluate: Subcommand = {
  synopsis: "<config.json> [--data texts.jsonl]",
  summary: "tell how well a trained adapter does on texts",
  help: `  <config.json>   what lora train was given
  --data          the texts; without it those of data.eval in the configuration

  cotangent lora eval topics.json
  cotangent lora eval topics.json --data others.jsonl --json
`,
  options: { data: { type: "string" } },
  positionals: 1,
  async run({ values, positionals: [path] }) {
    const config = readTrainingConfig(path!);
    const data = (values["data"] as string | undefined) ?? config.data.eval;
    if (data === undefined)
      throw new UsageError("there is nothing to evaluate on: give --data, or data.eval in the configuration");
    const places = placesOf(config);
    if (!existsSync(places.adapter))
      throw new UsageError(`there is no ${places.adapter}: lora train makes it`);
    const labels = config.model.kind === "bert" ? (readJSON(places.labels) as readonly string[]) : [];
    const encode = await readTokenizer(config.tokenizer);
    const rows = readRows(data, config);
    const task = taskOf(config, labels);
    const { model } = loadAdapter(places.adapter, task.base, { name: torchName });
    const { loss, accuracy } = evaluation(task, config.training.batchSize)(
      model,
      examplesOf(rows, encode, labels, config),
    );
    const perplexity = config.model.kind === "llama" ? { perplexity: Math.exp(loss) } : {};
    const json = { data, examples: rows.length, loss, accuracy, ...perplexity };
    const numbers = Object.entries({ loss, accuracy, ...perplexity });
    return {
      json,
      text: `${rows.length} examples  ${numbers.map(([name, value]) => `${name} ${value.toFixed(4)}`).join("  ")}`,
    };
  },
};
