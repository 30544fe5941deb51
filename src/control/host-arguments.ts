import { ArgumentError } from "../core/errors.ts";
import { name as paramName, type ParamKind } from "../core/param-kind.ts";
import { isPlainObject } from "../core/options.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Value } from "../core/value.ts";
import { argumentPath, flattenArguments } from "../interpreters/arguments.ts";
import { refusePromise } from "../interpreters/signature.ts";
import { flatten, type Path, TreeDef } from "../tree/index.ts";

/** A param that neither text nor JSON can hold; `write` gives what is printed, undefined for nothing. */
export const opaque = <T>(
  expected: string,
  is: (value: unknown) => boolean,
  write: (value: T) => unknown,
): ParamKind<T> => ({
  expected,
  is,
  write,
  read: () => undefined,
  opaque: true,
});
export const unprinted = (): undefined => undefined;
/** Kinds of what every such primitive has; they are printed as part of something else, or not at all. */
export const argumentKinds = {
  inTree: opaque<TreeDef>("the structure of arguments", (value) => value instanceof TreeDef, unprinted),
  staticArgs: opaque<HostArguments["staticArgs"]>("a list of leaves", Array.isArray, unprinted),
};
/** What a function is called in the text of a program. */
export const functionName = ({ name }: { readonly name: string }): unknown =>
  paramName.write(name || "<lambda>");
export const callbackKind = (write: (callback: HostFunction) => unknown): ParamKind<HostFunction> =>
  opaque("a function", (value) => typeof value === "function", write);

/** A function of the user's, called with what it was given arguments for. */
export type HostFunction = (...args: never[]) => unknown;

/** What it gets in place of an argument: an array for a number, everything else as it is. */
export type Given<T> = T extends number
  ? ArrayValue
  : T extends Value | HostFunction
    ? T
    : T extends object
      ? { [K in keyof T]: Given<T[K]> }
      : T;

/** What a host function gets beside the operands: the tree of its arguments, and the leaves that are no arrays. */
export interface HostArguments {
  readonly inTree: TreeDef;
  readonly staticArgs: readonly (readonly [leaf: number, value: unknown])[];
}

/** Arguments taken apart: arrays and numbers become operands. */
export function flattenHost(
  args: unknown,
  caller: string,
  name: (path: Path) => string = argumentPath,
): HostArguments & { readonly operands: readonly ArrayValue[] } {
  const { treedef, arrays, slots } = flattenArguments(args, caller, undefined, name);
  const [leaves] = flatten(args);
  const staticArgs = slots.flatMap((slot, i): [number, unknown][] => (slot < 0 ? [[i, leaves[i]]] : []));
  return { inTree: treedef, staticArgs, operands: arrays };
}

/** The arguments again, with values in the places of the arrays. */
export function hostArguments<T>({ inTree, staticArgs }: HostArguments, values: readonly Value[]): T {
  const statics = new Map(staticArgs);
  let next = 0;
  return inTree.unflatten<T>(
    Array.from({ length: inTree.numLeaves }, (_, i) => (statics.has(i) ? statics.get(i) : values[next++])),
  );
}

/** As `{name: value, …}` at the end of the arguments: options and named values, which are told apart by name. */
export function splitNamed(
  args: readonly unknown[],
  options: readonly string[],
): {
  positional: readonly unknown[];
  named: Readonly<Record<string, unknown>> | null;
  given: Readonly<Record<string, unknown>>;
} {
  const last = args.at(-1);
  if (!isPlainObject(last)) return { positional: args, named: null, given: {} };
  const entries = Object.entries(last);
  const isOption = ([name]: readonly [string, unknown]) => options.includes(name);
  return {
    positional: args.slice(0, -1),
    named: Object.fromEntries(entries.filter((entry) => !isOption(entry))),
    given: Object.fromEntries(entries.filter(isOption)),
  };
}

/** Arguments of the user's function: the named values are its last one, unless there were only options. */
export function callArguments(args: readonly unknown[], options: readonly string[]) {
  const { positional, named, given } = splitNamed(args, options);
  const onlyOptions = named !== null && Object.keys(named).length === 0 && Object.keys(given).length > 0;
  return { args: named === null || onlyOptions ? positional : [...positional, named], given };
}

/** @throws ArgumentError when it is no boolean. */
export function readFlag(caller: string, given: Readonly<Record<string, unknown>>, name: string): boolean {
  const value = given[name] ?? false;
  if (typeof value !== "boolean")
    throw new ArgumentError("callback/option", `${caller}: ${name} is a boolean, got ${describe(value)}`);
  return value;
}

/** @throws ArgumentError when it is no function. */
export function checkCallback(caller: string, callback: unknown): void {
  if (typeof callback !== "function")
    throw new ArgumentError(
      "callback/function",
      `${caller} takes a function first, got ${describe(callback)}`,
    );
}

/** What the function returns. @throws ArgumentError when it is a Promise. */
export function callSynchronous(caller: string, callback: HostFunction, args: readonly unknown[]): unknown {
  const result = callback(...(args as never[]));
  refusePromise(
    result,
    () =>
      `${caller}: ${callback.name || "the function"} returned a Promise, but the program does not wait: make it synchronous; it may start what finishes later`,
  );
  return result;
}

/** `PyTreeDef(((*,), {'x': *}))`, as JAX writes the structure of arguments. */
export function showArguments(positional: readonly TreeDef[], named: TreeDef | null): string {
  const args = `(${positional.map(python).join(", ")}${positional.length === 1 ? "," : ""})`;
  return `PyTreeDef((${args}, ${named === null ? "{}" : python(named)}))`;
}

function python(def: TreeDef): string {
  if (def.kind === "list") return `[${def.children.map(python).join(", ")}]`;
  if (def.kind === "object")
    return `{${def.children.map((child, i) => `'${String(def.keys[i])}': ${python(child)}`).join(", ")}}`;
  return def.kind === "static" || def.kind === "null" ? "None" : String(def);
}
