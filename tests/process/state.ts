import { readdirSync } from "node:fs";
import * as cotangent from "cotangent";
import { compileEagerFrom } from "../../src/backends/wasm/eager.ts";
import { cutFrom } from "../../src/backends/wasm/threads/grain.ts";
import { rows } from "../../src/compiler/lower/index.ts";
import { currentBackend } from "../../src/core/backend.ts";
import { config } from "../../src/core/config.ts";
import { warned } from "../../src/core/dtype.ts";
import { type AnyPrimitive, primitives } from "../../src/core/primitive.ts";
import { Value } from "../../src/core/value.ts";
import { registered, type Rule } from "../../src/interpreters/rule-table.ts";

// All of the library is loaded, so that no test depends on what others of its process have imported.
const entries = new URL("../../src/entry/", import.meta.url);
const library: object[] = [cotangent];
// One after the other: modules that import each other would be seen half loaded.
for (const name of readdirSync(entries)) library.push((await import(new URL(name, entries).href)) as object);

type Class = abstract new (...args: never[]) => unknown;
const isClass = (x: unknown): x is Class =>
  x === Value || (typeof x === "function" && x.prototype instanceof Value);
const classesOf = ({ signature, rest }: Rule): readonly Class[] => (rest ? [...signature, rest] : signature);
const libraryClasses = new Set<Class>([
  ...library.flatMap((module) => Object.values(module)).filter(isClass),
  ...[...registered.values()].flat().flatMap(classesOf),
]);
const isOfLibrary = (rule: Rule): boolean => classesOf(rule).every((cls) => libraryClasses.has(cls));
const textOf = ({ primitive }: AnyPrimitive, rule: Rule): string =>
  `${primitive}(${classesOf(rule)
    .map(({ name }) => name)
    .join(", ")})`;
const libraryPrimitives = new Set(primitives.values());

const globals = (): [name: string, property: PropertyDescriptor][] =>
  Object.entries(Object.getOwnPropertyDescriptors(globalThis));
/** Node replaces those by their values when they are first read. */
const lazyGlobals = new Set(globals().flatMap(([name, { get }]) => (get ? [name] : [])));

/** What a setter replaces, which it returns. */
function peek(set: (value: number) => number): number {
  const value = set(0);
  set(value);
  return value;
}

/** What the files of one process have in common, of the library and of the engine: each kind, and of each kind what there is by name. */
const kinds: Readonly<Record<string, () => Iterable<readonly [name: string, value: unknown]>>> = {
  primitive: () => primitives,
  // Those for classes or primitives of a test's own concern no other.
  rule: () =>
    [...registered].flatMap(([prim, rules]) =>
      libraryPrimitives.has(prim)
        ? rules.filter(isOfLibrary).map((rule) => [textOf(prim, rule), rule.run] as const)
        : [],
    ),
  lowering: () => Object.entries(rows),
  backend: () => [["in use", currentBackend()]],
  setting: () => Object.entries(config),
  printing: () => Object.entries(cotangent.numpy.getPrintoptions()),
  threshold: () => [
    ["compileEagerFrom", peek(compileEagerFrom)],
    ["cutFrom", peek(cutFrom)],
  ],
  variable: () => Object.entries(process.env),
  global: () =>
    globals().map(([name, { value }]) => [name, lazyGlobals.has(name) ? "lazy" : (value as unknown)]),
};

export type State = ReadonlyMap<string, unknown>;

/** What is so now. */
export const stateOfProcess = (): State =>
  new Map(
    Object.entries(kinds).flatMap(([kind, read]) =>
      [...read()].map(([name, value]) => [`${kind} ${name}`, value] as const),
    ),
  );

/** Names of what is not the same in both. */
export const changes = (before: State, after: State): string[] =>
  [...new Set([...before.keys(), ...after.keys()])].filter(
    (name) => before.has(name) !== after.has(name) || !Object.is(before.get(name), after.get(name)),
  );

/** Takes out the primitives that a test has defined, `test_…`; what is said once is said again. */
export function forgetTests(): void {
  warned.clear();
  for (const name of primitives.keys())
    if (name.startsWith("test_")) (primitives as Map<string, AnyPrimitive>).delete(name);
}
