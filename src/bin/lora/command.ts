import "../../numpy/methods.ts";
import "../../backends/default.ts";
import { nearest } from "../../core/errors.ts";
import { argumentsOf } from "../arguments.ts";
import { UsageError } from "../usage-error.ts";
import { convert } from "./convert.ts";
import { evaluate } from "./eval.ts";
import { inspect } from "./inspect.ts";
import { merge } from "./merge.ts";
import type { Given, Subcommand } from "./subcommand.ts";
import { train } from "./train.ts";

const subcommands: Readonly<Record<string, Subcommand>> = { train, eval: evaluate, merge, inspect, convert };
const common = { json: { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;

/** What `cotangent lora --help` prints. */
const usage = `usage: cotangent lora <command> …

${Object.entries(subcommands)
  .map(([name, { summary }]) => `  ${name.padEnd(9)}${summary}`)
  .join("\n")}

  --json     the result as JSON, for scripts
  --help     of a command: its options, and examples

Results go to the standard output, progress and errors to that of errors. The status is 0 where all went well, 1 where
something failed, and 2 where the command or its configuration is wrong.

  cotangent lora train topics.json
  cotangent lora inspect adapters/topics
  cotangent lora merge model.safetensors adapters/topics --out merged.safetensors
`;

const helpOf = (name: string, { synopsis, summary, help }: Subcommand): string =>
  `usage: cotangent lora ${name} ${synopsis} [--json]\n\n${summary[0]!.toUpperCase()}${summary.slice(1)}.\n\n${help}`;

/**
 * `cotangent lora`: what it prints when given these arguments.
 *
 * @throws UsageError when they are wrong.
 */
export async function loraCommand(args: readonly string[], tell: (line: string) => void): Promise<string> {
  const [name, ...rest] = args;
  if (name === undefined) throw new UsageError(usage);
  if (name === "--help" || name === "-h") return usage;
  if (!Object.hasOwn(subcommands, name)) {
    const near = nearest(name, Object.keys(subcommands));
    throw new UsageError(
      `there is no command lora ${name}${near ? `; did you mean lora ${near}?` : ""}\n${usage}`,
    );
  }
  const subcommand = subcommands[name]!;
  // Every option is a text or a flag, given once.
  const given = argumentsOf(`lora ${name}`, rest, { ...subcommand.options, ...common }) as Given;
  if (given.values["help"] === true) return helpOf(name, subcommand);
  if (given.positionals.length !== subcommand.positionals)
    throw new UsageError(`usage: cotangent lora ${name} ${subcommand.synopsis}; --help says more\n`);
  const report = await subcommand.run(given, tell);
  return given.values["json"] === true ? `${JSON.stringify(report.json, null, 2)}\n` : `${report.text}\n`;
}
