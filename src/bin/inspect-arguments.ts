import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import process from "node:process";
import { argumentsOf } from "./arguments.ts";
import { formats, inspectExport, inspectText, stageChoices } from "./inspect-command.ts";
import { UsageError } from "./usage-error.ts";

/** What `cotangent inspect --help` prints. */
export const inspectUsage = `usage: cotangent inspect <file> [--export name] [--args "f32[3,4] f32[4]"] [--stage …] [--format …]

  <file>     a module that exports a program (makeJaxpr(f)(…)), a list [f, ...arguments], or a function (with --args);
             or a program as text (.jaxpr, .txt) or JSON (.json)
  --export   which export; needless where there is one
  --args     shapes and dtypes of the function's arguments
  --stage    ${stageChoices.join(", ")}; without it all as text, and the first in other formats
  --format   ${formats.join(", ")}
`;

/** A module of the user's. Where Node does not read TypeScript by itself, tsx does, if it is installed. */
async function load(file: string): Promise<object> {
  const url = pathToFileURL(file).href;
  try {
    return (await import(url)) as object;
  } catch (error) {
    const { code } = error as { readonly code?: string };
    if (code !== "ERR_UNKNOWN_FILE_EXTENSION" || !/\.[cm]?tsx?$/.test(file)) throw error;
  }
  let tsx: string;
  try {
    tsx = createRequire(pathToFileURL(file)).resolve("tsx/esm/api");
  } catch {
    throw new UsageError(
      `Node ${process.version} does not read TypeScript: install tsx beside ${file}, compile the file, or use Node 22.18 or later`,
    );
  }
  const { tsImport } = (await import(pathToFileURL(tsx).href)) as {
    tsImport: (url: string, parent: string) => Promise<object>;
  };
  return tsImport(url, import.meta.url);
}

/**
 * `cotangent inspect`: what it prints when given these arguments.
 *
 * @throws UsageError when they are wrong.
 */
export async function inspectCommand(args: readonly string[]): Promise<string | Uint8Array> {
  const { values, positionals } = argumentsOf("inspect", args, {
    export: { type: "string" },
    args: { type: "string" },
    stage: { type: "string" },
    format: { type: "string", default: "text" },
    help: { type: "boolean", short: "h", default: false },
  });
  if (values.help) return inspectUsage;
  const [path, ...others] = positionals;
  if (path === undefined || others.length > 0) throw new UsageError(inspectUsage);
  const file = resolve(path);
  if (/\.(?:json|jaxpr|txt)$/.test(file)) return inspectText(readFileSync(file, "utf8"), file, values);
  return inspectExport(await load(file), path, values);
}
