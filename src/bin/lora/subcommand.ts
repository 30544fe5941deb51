import type { ParseArgsConfig } from "node:util";

/** What a subcommand found or did. */
export interface Report {
  /** For scripts. */
  readonly json: object;
  /** For people. */
  readonly text: string;
}

/** What was given on the command line. */
export interface Given {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];
}

/** A part of `cotangent lora`. */
export interface Subcommand {
  /** What follows its name. */
  readonly synopsis: string;
  /** One line. */
  readonly summary: string;
  /** What `--help` says besides: the options, and examples. */
  readonly help: string;
  readonly options: NonNullable<ParseArgsConfig["options"]>;
  /** How many positionals it takes. */
  readonly positionals: number;
  /** Tells its progress line by line. */
  readonly run: (given: Given, tell: (line: string) => void) => Report | Promise<Report>;
}
