import { flatten, flattenWithPath, type Path, pathToString, structure, type TreeDef } from "../tree/index.ts";
import { weakDType } from "../core/dtype.ts";
import { ArgumentError } from "../core/errors.ts";
import { scalarOf, weakScalar } from "../core/scalar.ts";
import { describe } from "../core/trace.ts";
import { fromTypedArray, isTypedArray } from "../core/typed-array.ts";
import { type ArrayValue, type Aval, Dense, Value } from "../core/value.ts";
import { refuseAsync, refusePromise } from "./signature.ts";
import { Zero } from "./zero.ts";

export { toFunction } from "./signature.ts";

/**
 * Arrays, typed arrays and numbers are traced; everything else is static. Numbers below a Module or Value never come
 * here: they belong to the tree's structure.
 *
 * @throws ArgumentError for an object of an unregistered class that holds arrays: they would be frozen into the program.
 */
export function arrayLeaf(
  leaf: unknown,
  caller: string,
  path: () => string,
  number: (x: number) => ArrayValue = weakScalar,
): ArrayValue | null {
  if (leaf instanceof Dense) return leaf;
  if (typeof leaf === "number") return number(leaf);
  if (typeof leaf !== "object" || leaf === null || leaf instanceof Zero) return null;
  if (isTypedArray(leaf)) return fromTypedArray(leaf);
  if (holdsValue(leaf, 3)) {
    throw new ArgumentError(
      "transform/unregistered",
      `${caller}: ${path()} is of class ${leaf.constructor?.name ?? "Object"}, which holds arrays but is no pytree: extend Module, or use tree.register`,
    );
  }
  return null;
}

/** Whether something given for a leaf is a tree with structure of its own. */
export const isNode = (x: unknown): boolean =>
  typeof x === "object" && x !== null && structure(x).kind !== "leaf";

function holdsValue(x: object, depth: number): boolean {
  const fields: readonly unknown[] =
    x instanceof Set || x instanceof Map ? [...x.values()] : Object.values(x);
  return fields.some(
    (field) =>
      field instanceof Value ||
      (depth > 0 && typeof field === "object" && field !== null && holdsValue(field, depth - 1)),
  );
}

/** Arguments as a list of arrays, and the way back. */
export interface Flat {
  readonly treedef: TreeDef;
  /** The leaves that are traced, in order. */
  readonly arrays: readonly ArrayValue[];
  readonly paths: readonly Path[];
  /** For each leaf of the tree, where it is among the arrays; -1 for a static one. */
  readonly slots: readonly number[];
  /** Rebuilds the tree with other values in place of the arrays. */
  rebuild(values: readonly unknown[]): unknown;
}

/** Flattens arguments into the arrays that are traced and a static rest. */
export function flattenArguments(
  args: unknown,
  caller: string,
  number: (x: number) => ArrayValue = weakScalar,
  name = argumentPath,
): Flat {
  const [entries, treedef] = flattenWithPath(args);
  const arrays: ArrayValue[] = [];
  const paths: Path[] = [];
  const slots = entries.map(([path, leaf]) => {
    const array = arrayLeaf(leaf, caller, () => name(path), number);
    if (array === null) {
      refusePromise(leaf, () => `${caller}: ${name(path)} is a Promise: await it before, and pass its value`);
      return -1;
    }
    paths.push(path);
    return arrays.push(array) - 1;
  });
  const statics = slots.map((slot, i) => (slot < 0 ? entries[i]![1] : null));
  return { treedef, arrays, paths, slots, rebuild: rebuilder(treedef, slots, statics) };
}

/** For each array of flattened arguments the number that it was made of, if any: what is not transformed stays a number. */
export function numbersAmong({ slots }: Flat, args: unknown): (number | undefined)[] {
  const numbers: (number | undefined)[] = [];
  flatten(args)[0].forEach((leaf, i) => {
    if (slots[i]! >= 0) numbers[slots[i]!] = typeof leaf === "number" ? leaf : undefined;
  });
  return numbers;
}

/** Kept apart, so that what is kept with a compiled program does not keep the arrays of the call that made it. */
const rebuilder =
  (treedef: TreeDef, slots: readonly number[], statics: readonly unknown[]) =>
  (values: readonly unknown[]): unknown =>
    treedef.unflatten(slots.map((slot, i) => (slot < 0 ? statics[i] : values[slot])));

/** `[0].weight` as `argument 0 .weight`. */
export function argumentPath(path: Path): string {
  const text = pathToString(path);
  const match = /^\[(\d+)\](.*)$/.exec(text);
  return match ? `argument ${match[1]}${match[2] ? ` at ${match[2]}` : ""}` : text;
}

/** Splits `[out, aux]`. @throws ArgumentError when a function with hasAux returns something else. */
export function splitAux(result: unknown, caller: string): readonly [out: unknown, aux: unknown] {
  refuseAsync(result, caller);
  if (!Array.isArray(result) || result.length !== 2) {
    throw new ArgumentError(
      "transform/aux",
      `${caller}: with hasAux the function must return a list [out, aux], got ${Array.isArray(result) ? `a list of ${result.length}` : describe(result)}`,
    );
  }
  return [result[0], result[1]];
}

/** @throws ArgumentError when primals or tangents are not a list. */
export function checkList(list: unknown, caller: string, what: string): readonly unknown[] {
  if (!Array.isArray(list))
    throw new ArgumentError(
      "transform/list",
      `${caller} takes its ${what} as a list, one for each argument of the function, got ${describe(list)}`,
    );
  return list;
}

/** The result of a traced function as a list of arrays; numbers become weak scalars, `Zero` and the rest stay static. */
export function flattenResult(result: unknown, caller: string): Flat {
  refuseAsync(result, caller);
  return flattenArguments(result, caller, weakScalar, resultPath);
}

/** `.loss` as `the result at .loss`. */
export function resultPath(path: Path): string {
  const text = pathToString(path);
  return text ? `the result at ${text}` : "the result";
}

/** A number that is differentiated is a weak float, whatever its kind. */
export const weakFloat = (x: number): ArrayValue => scalarOf(x, weakDType("float"), true);

/** Avals of a list of arrays. */
export const avalsOf = (arrays: readonly { readonly aval: Aval }[]): Aval[] => arrays.map((x) => x.aval);
