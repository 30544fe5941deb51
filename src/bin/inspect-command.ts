import "../numpy/methods.ts";
import "../backends/default.ts";
import { nearest } from "../core/errors.ts";
import { ClosedJaxpr } from "../core/jaxpr.ts";
import { TextReader } from "../core/text-reader.ts";
import {
  fromJSON,
  Kernels,
  parseJaxpr,
  simplify,
  type StageName,
  stageNames,
  Stages,
  stages,
  toDot,
  toJSON,
} from "../inspect/index.ts";
import { ShapeDtypeStruct } from "../interpreters/make-jaxpr.ts";
import { UsageError } from "./usage-error.ts";

// `cotangent inspect`, without what reads files.

type Output = string | Uint8Array | Promise<string>;
type Writer = (program: ClosedJaxpr, name: string | undefined) => Output;
const writers: Readonly<Record<string, Writer>> = {
  text: (program) => `${String(program)}\n`,
  json: (program) => `${JSON.stringify(toJSON(program), null, 2)}\n`,
  dot: (program) => toDot(program),
  // ts-morph is loaded only where it is used.
  ts: async (program, name) =>
    (await import("../inspect/typescript.ts")).toTypeScript(program, name === undefined ? {} : { name }),
};
/** Of what the compiler makes of a program: the stage `kernels`. */
const kernelWriters: Readonly<Record<string, (kernels: Kernels) => Output>> = {
  text: (kernels) => `${String(kernels)}\n`,
  json: (kernels) => `${JSON.stringify(kernels, null, 2)}\n`,
  wasm: (kernels) => kernels.wasm,
};
export const formats: readonly string[] = [...Object.keys(writers), "wasm"];
export const stageChoices: readonly string[] = [...stageNames, "kernels"];

export interface InspectOptions {
  readonly export?: string | undefined;
  readonly args?: string | undefined;
  readonly stage?: string | undefined;
  readonly format: string;
}

function choose(name: string, among: readonly string[], what: string): void {
  if (among.includes(name)) return;
  const near = nearest(name, among);
  throw new UsageError(
    `there is no ${what} ${name}${near ? `; did you mean ${near}?` : ""}; there is ${among.join(", ")}`,
  );
}

function check({ stage, format }: InspectOptions): void {
  choose(format, formats, "format");
  if (stage !== undefined) choose(stage, stageChoices, "stage");
  const kernels = stage === "kernels" || (stage === undefined && format === "wasm");
  if (!(kernels ? kernelWriters : writers)[format])
    throw new UsageError(
      kernels
        ? `kernels are written as ${Object.keys(kernelWriters).join(", ")}`
        : "wasm is a format of kernels",
    );
}

/** A program that stands in a file as text or JSON. */
export function inspectText(text: string, file: string, options: InspectOptions): Output {
  check(options);
  for (const name of ["export", "args"] as const)
    if (options[name] !== undefined) throw new UsageError(`--${name} is for modules; ${file} is a program`);
  const program = file.endsWith(".json") ? fromJSON(parsedJSON(text, file)) : parseJaxpr(text);
  return written(program, options);
}

function parsedJSON(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`${file} is no JSON: ${String(cause)}`, { cause });
  }
}

/** What a module exports: a program, its stages, a list of a function and its arguments, or a function. */
export function inspectExport(module: object, file: string, options: InspectOptions): Output {
  check(options);
  const exports = new Map(Object.entries(module));
  const names = [...exports.keys()].filter((name) => inspectable(exports.get(name)));
  const { export: name = names.length === 1 ? names[0]! : undefined } = options;
  if (name === undefined) {
    throw new UsageError(
      names.length === 0
        ? `${file} exports no function, program or list of a function and its arguments`
        : `${file} exports ${names.join(", ")}: choose one with --export`,
    );
  }
  if (!exports.has(name)) choose(name, [...exports.keys()], "export");
  const value = exports.get(name);
  if (options.args !== undefined && typeof value !== "function")
    throw new UsageError(`--args is for functions; ${name} is none`);
  if (value instanceof ClosedJaxpr || value instanceof Stages) return written(value, options);
  const [first, ...given] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  if (typeof first === "function") return written(stages(first as () => unknown)(...given), options);
  if (typeof value !== "function")
    throw new UsageError(
      `${name} of ${file} is neither a function nor a program (makeJaxpr(f)(…)) nor a list [f, ...arguments]`,
    );
  if (options.args === undefined && value.length > 0) {
    throw new UsageError(
      `${name} is a function of ${value.length}: give the shapes of its arguments, as in --args "f32[3,4] f32[4]", or export [${name}, ...arguments]`,
    );
  }
  const structs = new TextReader(options.args ?? "")
    .avals()
    .map(({ shape, dtype }) => new ShapeDtypeStruct(shape, dtype));
  return written(stages(value)(...structs), options);
}

const inspectable = (value: unknown): boolean =>
  typeof value === "function" ||
  value instanceof ClosedJaxpr ||
  value instanceof Stages ||
  (Array.isArray(value) && typeof value[0] === "function");

function written(value: ClosedJaxpr | Stages, { stage, format, export: name }: InspectOptions): Output {
  if (stage === "kernels" || format === "wasm")
    return kernelWriters[format]!(Kernels.of(value instanceof Stages ? value.quaxified : value));
  const write = (program: ClosedJaxpr) => writers[format]!(program, name);
  if (value instanceof ClosedJaxpr) {
    if (stage === undefined || stage === "traced") return write(value);
    if (stage !== "simplified")
      throw new UsageError(`of a program there is no stage ${stage}: export its function`);
    return write(simplify(value));
  }
  if (stage === undefined && format === "text") return `${String(value)}\n`;
  const program = value.programs.get((stage ?? "traced") as StageName);
  if (program === undefined)
    throw new UsageError(
      `there is no stage ${stage} of this function, which does not return one inexact number; there is ${[...value.programs.keys()].join(", ")}`,
    );
  return write(program);
}
