import {
  appendMessage,
  ArgumentError,
  type CotangentError,
  DTypeError,
  JaxprError,
  ShapeError,
} from "../core/errors.ts";
import { weakScalar } from "../core/scalar.ts";
import { sameShape } from "../core/shape.ts";
import { showSource } from "../core/source.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, type Aval, showAval } from "../core/value.ts";
import { argumentPath, type Flat, flattenArguments, flattenResult } from "../interpreters/arguments.ts";
import { withBoxes } from "../interpreters/quax.ts";
import { hoistConstants, stage } from "../interpreters/stage.ts";
import { sameZero, Zero } from "../interpreters/zero.ts";
import { flatten, map, type Path, pathToString, unflatten } from "../tree/index.ts";
import type { Hoisted } from "./transformed-jaxpr.ts";

/** The error with the user's line, to be thrown. */
export function located<E extends CotangentError>(error: E): E {
  const position = showSource(error.stack);
  if (position !== undefined) appendMessage(error, ` (at ${position})`);
  return error;
}

/** Booleans in the data of control flow are data: a flag that a loop carries changes. Captured values are arrays. */
const withFlags = (tree: unknown): unknown =>
  map((leaf: unknown) => (typeof leaf === "boolean" ? weakScalar(leaf) : leaf), withBoxes(tree));

/** A tree of operands, carries or results: its arrays, and all of its leaves. */
export interface Operands extends Flat {
  readonly leaves: readonly unknown[];
}

/** Operands, a carry, or what is scanned over. */
export function flattenOperands(tree: unknown, caller: string, name = argumentPath): Operands {
  const data = withFlags(tree);
  return { ...flattenArguments(data, caller, weakScalar, name), leaves: flatten(data)[0] };
}

/** A traced function of arrays, what it captured being leading inputs, with its result. */
export interface Body extends Hoisted {
  readonly out: Operands;
}

/** Traces a function of the user's on arrays. A `Zero` at one of the leaves `dense` of its result becomes an array. */
export function traceBody(
  f: (inputs: readonly ArrayValue[]) => unknown,
  avals: readonly Aval[],
  label: string,
  name: (index: number) => string,
  dense: ReadonlySet<number> = new Set(),
): Body {
  let out: Operands | undefined;
  const body = (inputs: readonly ArrayValue[]): readonly ArrayValue[] => {
    const [leaves, treedef] = flatten(withFlags(f(inputs)));
    const given = leaves.map((leaf, i) => (leaf instanceof Zero && dense.has(i) ? leaf.materialise() : leaf));
    out = { ...flattenResult(unflatten(treedef, given), label), leaves: given };
    return out.arrays;
  };
  const hoisted = hoistConstants(stage(body, avals, label, name));
  return { ...hoisted, out: out! };
}

/** `[0].loss` as ` at [0].loss`. */
const at = (path: Path): string => (path.length > 0 ? ` at ${pathToString(path)}` : "");

/**
 * Checks that two trees have one structure and the same static leaves. Returns the leaves where one of them has an
 * array and the other a `Zero`.
 *
 * @throws ArgumentError that names the first place where they differ.
 */
export function matchTrees(
  a: Operands,
  b: Operands,
  what: string,
  names: readonly [string, string],
  depth = 0,
): number[] {
  const paths = a.treedef.paths().map((path) => path.slice(depth));
  if (!a.treedef.equals(b.treedef)) {
    const [mine, theirs] = [
      paths.map(pathToString),
      b.treedef.paths().map((path) => pathToString(path.slice(depth))),
    ];
    const place = mine.find((path) => !theirs.includes(path)) ?? theirs.find((path) => !mine.includes(path));
    throw located(
      new ArgumentError(
        "control/structure",
        `${what} must have one structure${place ? `, but they differ at ${place}` : ""}: ${names[0]} has ${String(a.treedef)}, ${names[1]} has ${String(b.treedef)}`,
      ),
    );
  }
  return a.leaves.flatMap((x, i) => {
    const y = b.leaves[i];
    const [traced, other] = [a.slots[i]! >= 0, b.slots[i]! >= 0];
    if (traced && other) return [];
    if (!traced && !other && (Object.is(x, y) || (x instanceof Zero && y instanceof Zero && sameZero(x, y))))
      return [];
    if ((traced || x instanceof Zero) && (other || y instanceof Zero)) return [i];
    throw located(
      new ArgumentError(
        "control/static",
        `${what} must agree in what is not an array${at(paths[i]!)}: ${names[0]} has ${describe(x)}, ${names[1]} has ${describe(y)}`,
      ),
    );
  });
}

export const sameType = (a: Aval, b: Aval): boolean => a.dtype === b.dtype && sameShape(a.shape, b.shape);

/**
 * Checks that arrays at the same places have one shape and dtype; weakness does not matter.
 *
 * @throws ShapeError, DTypeError that list each place where they differ, with both avals.
 */
export function matchTypes(
  paths: readonly Path[],
  a: readonly Aval[],
  b: readonly Aval[],
  what: string,
  names: readonly [string, string],
): void {
  const wrong = a.flatMap((aval, i) => (sameType(aval, b[i]!) ? [] : [i]));
  if (wrong.length === 0) return;
  const lines = wrong.map(
    (i) =>
      `\n  ${at(paths[i]!).trimStart() || "here"}: ${names[0]} has ${showAval(a[i]!)}, ${names[1]} has ${showAval(b[i]!)}`,
  );
  const shapes = wrong.some((i) => !sameShape(a[i]!.shape, b[i]!.shape));
  throw located(
    new (shapes ? ShapeError : DTypeError)(
      shapes ? "control/shape" : "control/dtype",
      `${what} must have one shape and dtype, but they differ:${lines.join("")}\nConvert one with astype, np.float32(…) or np.broadcastTo.`,
    ),
  );
}

/**
 * Whether operands fit the program that an equation holds; weakness does not matter.
 * @throws JaxprError when they do not.
 */
export function checkFit(name: string, expected: readonly Aval[], operands: readonly Aval[]): void {
  if (expected.length === operands.length && expected.every((aval, i) => sameType(aval, operands[i]!)))
    return;
  throw new JaxprError(
    "jaxpr/arity",
    `${name}: its program takes [${expected.map(showAval).join(", ")}], it is given [${operands.map(showAval).join(", ")}]`,
  );
}

/** @throws ArgumentError when it is no function. */
export function checkFunction(f: unknown, caller: string, what: string): (...args: never[]) => unknown {
  if (typeof f === "function") return f as (...args: never[]) => unknown;
  throw located(
    new ArgumentError("control/function", `${caller}: ${what} must be a function, got ${describe(f)}`),
  );
}

/** A rank-0 array from a number, boolean or array that decides what runs. */
export function scalarOperand(x: unknown, caller: string, what: string): ArrayValue {
  const array = typeof x === "number" || typeof x === "boolean" ? weakScalar(x) : x;
  if (!(array instanceof ArrayValue))
    throw located(
      new ArgumentError("control/scalar", `${caller}: ${what} must be a scalar, got ${describe(x)}`),
    );
  if (array.ndim === 0) return array;
  throw located(
    new ShapeError(
      "control/scalar",
      `${caller}: ${what} must be a scalar, got ${showAval(array.aval)}: use np.any or np.all, np.where, or vmap`,
    ),
  );
}

/** What stays as it is: an array, a function, or a model, whose numbers are static. */
type Kept = ArrayValue | ((...args: never[]) => unknown) | { forward(...args: never[]): unknown };

/** What functions get for what was given: arrays in place of numbers and booleans. */
export type Traced<T> = T extends number | boolean
  ? ArrayValue
  : T extends Kept
    ? T
    : T extends object
      ? { -readonly [K in keyof T]: Traced<T[K]> }
      : T;

/** What may stand where `T` is: numbers and booleans for arrays. */
export type Like<T> = T extends ArrayValue | number | boolean
  ? ArrayValue | number | boolean
  : T extends Kept
    ? T
    : T extends object
      ? { readonly [K in keyof T]: Like<T[K]> }
      : T;
