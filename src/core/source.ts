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

/** Which files are not the user's: those of the runtime, and those of the library, of which `here` is this one. */
function outsiders(here: string) {
  // This file lives in <package>/src/core or <package>/dist/core: its grandparent is where the library's code is.
  const library = here.replace(/core\/source\.[jt]s.*$/, "");
  // Where library and program were bundled into one file, their frames cannot be told apart: no place is named.
  const bundled = library === "" || library === here;
  const isUsers = (file: string): boolean =>
    !(bundled ? file === here || file.includes("cotangent") : file.startsWith(library)) &&
    !file.startsWith("node:") &&
    file !== "native" &&
    !file.startsWith("internal/");
  return { mark: bundled ? "cotangent" : library, bundled, isUsers };
}
const written = outsiders(parseStack(new Error().stack ?? "")[0]?.file ?? "");

const frameEnd = /\d\)?$/;
/** Whether a stack has a frame outside the library, by a look at its text: to parse it would cost more than to make it. */
const leavesLibrary = (stack: string): boolean =>
  stack
    .split("\n")
    .some(
      (line) =>
        !line.includes(written.mark) &&
        frameEnd.test(line) &&
        !line.includes("node:") &&
        !line.includes("internal/"),
    );

/** The innermost frame outside the library, and outside the runtime. */
export function userPosition(stack: string | undefined): SourcePosition | undefined {
  if (stack === undefined) return undefined;
  return parseStack(stack).find(({ file }) => written.isUsers(file));
}

/** A frame as V8 keeps it, before anything is written out. @see https://v8.dev/docs/stack-trace-api */
interface Site {
  getFileName(): string | null | undefined;
  getLineNumber(): number | null;
  getColumnNumber(): number | null;
}

/** What engines hang on `Error`, where they do. */
const errors = Error as {
  readonly stackTraceLimit?: number;
  readonly prepareStackTrace?: (error: Error, sites: never[]) => unknown;
};

/** How many frames V8 is asked for, until the user's is among them: each one costs. */
const FRAMES = [24, 50];

/** The stack of so many frames: a text, which is dear to write, or what `prepare` makes of it in V8. */
function stackOf(frames: number, prepare = errors.prepareStackTrace): unknown {
  const { stackTraceLimit, prepareStackTrace } = errors;
  Reflect.set(Error, "stackTraceLimit", frames);
  Reflect.set(Error, "prepareStackTrace", prepare);
  const { stack } = new Error();
  Reflect.set(Error, "prepareStackTrace", prepareStackTrace);
  if (stackTraceLimit !== undefined) Reflect.set(Error, "stackTraceLimit", stackTraceLimit);
  return stack;
}
const asSites = (_error: Error, sites: Site[]): Site[] => sites;

/** As `written`, of the files that are executed; null if they are not known, or maps tell more about them. */
const executed = ((): typeof written | null => {
  const sites = stackOf(1, asSites);
  if (!Array.isArray(sites)) return null;
  const found = outsiders((sites as readonly Site[])[0]?.getFileName() ?? "");
  return found.bundled && !written.bundled ? null : found;
})();

/** The stacks of the places in the user's files that operations were called from: written once for each. */
const stacks = new Map<string, string>();
/** Places that are remembered; a program that is generated may have more. */
const MOST = 1 << 14;

/**
 * The stack of the running operation, if one is staged and no outer operation has recorded its own. While numbers are
 * checked eager operations have one too, so that their derivatives can name it.
 */
export function captureSource(): string | undefined {
  if ((staging === 0 && !checksNumbers()) || active !== undefined || !config.sources) return active;
  if (executed === null) return writtenStack();
  for (const frames of FRAMES) {
    const sites = stackOf(frames, asSites) as readonly Site[];
    const site = sites.find((each) => executed!.isUsers(each.getFileName() ?? "native"));
    if (site === undefined) continue;
    const place = `${site.getFileName()}:${site.getLineNumber()}:${site.getColumnNumber()}`;
    let stack = stacks.get(place);
    if (stack === undefined) {
      if (stacks.size === MOST) stacks.clear();
      stacks.set(place, (stack = writtenStack() ?? ""));
    }
    return stack;
  }
  return "";
}

/** The text of the stack, with a frame of the user's if there is one. */
function writtenStack(): string | undefined {
  let stack: string | undefined;
  for (const frames of FRAMES) {
    stack = stackOf(frames) as string | undefined;
    if (stack === undefined || leavesLibrary(stack)) break;
  }
  return stack;
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
