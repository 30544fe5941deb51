import { checksNumbers, config } from "./config.ts";

/**
 * Where in the user's source an equation came from: the raw stack of the outermost operation, read only when shown.
 * Rules that an operation runs inherit it, so a derivative's equation points at the line of the function.
 */
let active: string | undefined;
let staging = 0;
/** The rule of an array type that is running, while a program is staged. */
let rule: string | undefined;

/** Runs `body` with the equations it stages attributed to a rule, if there is one. */
export function withRule<T>(name: string | undefined, body: () => T): T {
  if (name === undefined) return body();
  const outer = rule;
  rule = name;
  try {
    return body();
  } finally {
    rule = outer;
  }
}
export const activeRule = (): string | undefined => rule;
export const isStaging = (): boolean => staging > 0;

/** Runs `body` with the equations it stages attributed to `source`. */
export function withSource<T>(source: string | undefined, body: () => T): T {
  const outer = active;
  active = source;
  try {
    return body();
  } finally {
    active = outer;
  }
}

/** Runs `body` while a program is being staged, so that operations record where they were called. */
export function whileStaging<T>(body: () => T): T {
  staging++;
  const outer = active;
  active = undefined;
  try {
    return body();
  } finally {
    staging--;
    active = outer;
  }
}

export const activeSource = (): string | undefined => active;

/** How many frames V8 is asked for, until the user's is among them: each one costs, most where it has a source map. */
const FRAMES = [12, 50];

/**
 * The stack of the running operation, if one is staged and no outer operation has recorded its own. While numbers are
 * checked eager operations have one too, so that their derivatives can name it.
 */
export function captureSource(): string | undefined {
  if ((staging === 0 && !checksNumbers()) || active !== undefined || !config.sources) return active;
  const limit = Error as { stackTraceLimit?: number };
  const before = limit.stackTraceLimit;
  let stack: string | undefined;
  for (const frames of FRAMES) {
    limit.stackTraceLimit = frames;
    ({ stack } = new Error());
    if (stack === undefined || leavesLibrary(stack)) break;
  }
  if (before !== undefined) limit.stackTraceLimit = before;
  return stack;
}

/** A place in a file. Lines and columns count from 1. */
export interface SourcePosition {
  readonly functionName: string | undefined;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

// V8: "    at f (file:1:2)" or "    at file:1:2"; JavaScriptCore and SpiderMonkey: "f@file:1:2" or "@file:1:2".
const v8Frame = /^\s*at (?:async )?(?:(?:new )?(.+?) \()?(.+?):(\d+):(\d+)\)?$/;
const atFrame = /^(.*?)@(.+?):(\d+):(\d+)$/;

/** The frames of a stack of any of the three engines, innermost first; lines that are no frames are left out. */
export function parseStack(stack: string): SourcePosition[] {
  return stack.split("\n").flatMap((line) => {
    const match = v8Frame.exec(line) ?? atFrame.exec(line.trim());
    if (match === null) return [];
    const [, name, file, row, column] = match;
    return [
      {
        functionName: name?.includes("<anonymous>") ? undefined : name || undefined,
        file: file!,
        line: Number(row),
        column: Number(column),
      },
    ];
  });
}

// This file lives in <package>/src/core or <package>/dist/core: its grandparent is where the library's code is.
const here = parseStack(new Error().stack ?? "")[0]?.file ?? "";
const library = here.replace(/core\/source\.[jt]s.*$/, "");
// Where library and program were bundled into one file, their frames cannot be told apart: no place is named.
const isLibrary = (file: string): boolean =>
  library !== "" && library !== here ? file.startsWith(library) : file === here || file.includes("cotangent");

const mark = library !== "" && library !== here ? library : "cotangent";
const frameEnd = /\d\)?$/;
/** Whether a stack has a frame outside the library, by a look at its text: to parse it would cost more than to make it. */
const leavesLibrary = (stack: string): boolean =>
  stack
    .split("\n")
    .some(
      (line) =>
        !line.includes(mark) && frameEnd.test(line) && !line.includes("node:") && !line.includes("internal/"),
    );

/** The innermost frame outside the library, and outside the runtime. */
export function userPosition(stack: string | undefined): SourcePosition | undefined {
  if (stack === undefined) return undefined;
  return parseStack(stack).find(
    ({ file }) =>
      !isLibrary(file) && !file.startsWith("node:") && file !== "native" && !file.startsWith("internal/"),
  );
}

/** `model.ts:12:5 (forward)`, or undefined where the source is not known. */
export function showSource(stack: string | undefined): string | undefined {
  const position = userPosition(stack);
  if (position === undefined) return undefined;
  const file = position.file
    .replace(/^file:\/\//, "")
    .split("/")
    .slice(-2)
    .join("/");
  return `${file}:${position.line}:${position.column}${position.functionName ? ` (${position.functionName})` : ""}`;
}
