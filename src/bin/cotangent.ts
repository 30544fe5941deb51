#!/usr/bin/env node
import process from "node:process";
import { inspectCommand, inspectUsage } from "./inspect-arguments.ts";
import { loraCommand } from "./lora/command.ts";
import { UsageError } from "./usage-error.ts";

const usage = `${inspectUsage}
usage: cotangent lora <command> …

  train and evaluate adapters; inspect, merge and convert them and models in files; cotangent lora --help says more
`;

async function main([command, ...args]: readonly string[]): Promise<string | Uint8Array> {
  if (command === "inspect") return inspectCommand(args);
  if (command === "lora") return loraCommand(args, (line) => process.stderr.write(`${line}\n`));
  if (command === "--help" || command === "-h") return usage;
  throw new UsageError(`${command === undefined ? "" : `there is no command ${command}\n`}${usage}`);
}

try {
  process.stdout.write(await main(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
