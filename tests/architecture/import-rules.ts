import { isBuiltin } from "node:module";
import { posix } from "node:path";
import { parseSync, Visitor } from "vite";

export type SourceFile = readonly [path: string, source: string];

/** A folder of src imports from itself and from those to its left. */
const order =
  "tree core lax interpreters control compiler backends numpy scipy random values files nn optim lora models inspect entry".split(
    " ",
  );
const top = order.length - 1;

/** Packages that src may use at all, and the files or folders (ending in `/`) that may name them. */
const packages: Readonly<Record<string, readonly string[]>> = {
  "ts-morph": ["src/inspect/typescript.ts"],
  "@huggingface": ["src/bin/"],
  zod: ["src/inspect/", "src/lora/peft-config.ts", "src/optim/run.ts", "src/bin/"],
};
const node = ["src/host/", "src/bin/"];
/** What package.json's `imports` names: the adapter of Node or that of browsers. */
const adapters = ["#host"];
/** The command loads what the user names. */
const computed = ["src/bin/"];

/** What every public entry point loads, so that it works alone: they install methods and register backends. */
const installers = ["src/numpy/methods.ts", "src/backends/default.ts"];

/** Every module that `source` names: by import, `import type`, `export … from`, `import()`, or `import("…")` in a type. */
export function importsOf([path, source]: SourceFile): string[] {
  const { program, module, errors } = parseSync(path, source);
  if (errors[0]) throw new SyntaxError(`${path}: ${errors[0].message}`);
  const found = [
    ...module.staticImports.map((statement) => statement.moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap((entry) => entry.moduleRequest?.value ?? []),
    ),
  ];
  new Visitor({
    ImportExpression({ source: from }) {
      found.push(from.type === "Literal" && typeof from.value === "string" ? from.value : "(computed)");
    },
    TSImportType({ source: from }) {
      found.push(from.value);
    },
  }).visit(program);
  return [...new Set(found)];
}

/** The imports among `files` that break the order of the house, one sentence each. */
export function findings(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const [path] = file;
    const names = importsOf(file);
    const wrong = names.flatMap((name) => fault(path, name) ?? []).map((why) => `${path} ${why}`);
    const resolved = names.map((name) => posix.join(posix.dirname(path), name));
    const missing = isEntry(path) ? installers.filter((installer) => !resolved.includes(installer)) : [];
    return [
      ...wrong,
      ...missing.map((installer) => `${path} is an entry point and does not import ${installer}`),
    ];
  });
}

function fault(path: string, name: string): string | null {
  const here = level(path);
  if (here === null) return `is in no folder of the order (${order.join(" → ")})`;
  if (isBuiltin(name)) return allowed(path, node) ? null : `imports ${name}: only ${node.join(", ")} may`;
  if (adapters.includes(name)) return null;
  if (name === "(computed)" && allowed(path, computed)) return null;
  if (!name.startsWith(".")) {
    const users = packages[name.split("/")[0] ?? ""];
    if (!users) return `imports ${name}: the library may use ${Object.keys(packages).join(", ")} only`;
    return allowed(path, users) ? null : `imports ${name}: only ${users.join(", ")} may`;
  }
  const target = posix.join(posix.dirname(path), name);
  const there = level(target);
  if (there === null) return `imports ${target}, which is in no folder of the order`;
  return there > here ? `imports ${target}: ${folder(path)} comes before ${folder(target)}` : null;
}

/** How far right a file of src stands; `src/host` is left of all, `src/index.ts` and `src/bin` on top. */
function level(path: string): number | null {
  if (path === "src/index.ts" || path.startsWith("src/bin/")) return top;
  if (path.startsWith("src/host/")) return -1;
  const at = path.startsWith("src/") ? order.indexOf(folder(path)) : -1;
  return at < 0 ? null : at;
}

const folder = (path: string): string => path.split("/")[1] ?? "";
const isEntry = (path: string): boolean => path === "src/index.ts" || folder(path) === "entry";
const allowed = (path: string, users: readonly string[]): boolean =>
  users.some((user) => (user.endsWith("/") ? path.startsWith(user) : path === user));
