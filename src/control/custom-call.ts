import { isInexact } from "../core/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.ts";
import { zerosOf } from "../core/rules.ts";
import { sameShape } from "../core/shape.ts";
import { describe, isEager } from "../core/trace.ts";
import { type ArrayValue, type Aval, showAval } from "../core/value.ts";
import {
  argumentPath,
  type Flat,
  flattenArguments,
  flattenResult,
  resultPath,
} from "../interpreters/arguments.ts";
import { type Lifted, lift } from "../interpreters/closure.ts";
import { isQuaxified } from "../interpreters/quax.ts";
import { refuseAsync } from "../interpreters/signature.ts";
import { canonicalArgnums } from "../interpreters/vjp.ts";
import { zeroTangent } from "../interpreters/zero.ts";
import { TreeError } from "../tree/index.ts";
import type { Traced } from "./operands.ts";

type Path = Flat["paths"][number];

/** The arguments that `nondiffArgnums` names, in its order. */
export type Nondiff<Args extends unknown[], N extends readonly number[]> = {
  -readonly [K in keyof N]: Args[N[K]];
};

/** The other arguments, as a rule gets them. */
export type Diff<
  Args extends unknown[],
  N extends readonly number[],
  Before extends unknown[] = [],
> = Args extends [infer First, ...infer Rest]
  ? Before["length"] extends N[number]
    ? Diff<Rest, N, [...Before, First]>
    : [Traced<First>, ...Diff<Rest, N, [...Before, First]>]
  : Traced<Args>;

/** All arguments, each as a rule gets it. */
export type Ruled<Args extends unknown[], N extends readonly number[]> = {
  [K in keyof Args]: K extends `${N[number]}` ? Args[K] : Traced<Args[K]>;
};

/** Arguments of a function with a rule of its own: those that are differentiated, flattened, and the others. */
export interface CustomArguments {
  /** In the order of `nondiffArgnums`. */
  readonly nondiff: readonly unknown[];
  /** Its paths name the arguments by their positions among all. */
  readonly flat: Flat;
  /** All arguments, from the list of those that are differentiated. */
  merge(diff: unknown): unknown[];
}

/** @throws ArgumentError when `nondiffArgnums` names an argument that is not there, or one twice. */
export function customArguments(
  args: readonly unknown[],
  nondiffArgnums: readonly number[],
  caller: string,
): CustomArguments {
  const fixed = canonicalArgnums(nondiffArgnums, args.length, caller);
  if (new Set(fixed).size !== fixed.length)
    throw new ArgumentError(
      "custom/nondiff",
      `${caller}: nondiffArgnums names an argument twice: ${nondiffArgnums.join(", ")}`,
    );
  const positions = args.flatMap((_, i) => (fixed.includes(i) ? [] : [i]));
  const renumbered = ([first, ...rest]: Path): Path => [
    { kind: "index", key: positions[first!.key as number]! },
    ...rest,
  ];
  const diff = positions.map((i) => args[i]);
  const flat = flattenArguments(diff, caller, undefined, (path) => argumentPath(renumbered(path)));
  return {
    nondiff: fixed.map((i) => args[i]),
    flat: { ...flat, paths: flat.paths.map(renumbered) },
    merge: (given) => {
      const all = [...args];
      positions.forEach((position, i) => (all[position] = (given as readonly unknown[])[i]));
      return all;
    },
  };
}

type Arrays = readonly ArrayValue[];

/**
 * Runs `f` or, where something is being transformed, hands it to `bindCall` as a program, with the structure of its
 * result.
 */
export function callCustom(
  f: (...args: readonly unknown[]) => unknown,
  { flat, merge }: CustomArguments,
  label: string,
  bindCall: (lifted: Lifted, out: Flat) => Arrays,
): unknown {
  let out: Flat | undefined;
  const call = (operands: Arrays): Arrays => {
    out = flattenResult(f(...merge(flat.rebuild(operands))), label);
    return out.arrays;
  };
  const outs = isEager() ? call(flat.arrays) : null;
  const lifted = outs ? null : lift(call, flat.arrays, label);
  return out!.rebuild(outs ?? bindCall(lifted!, out!));
}

/**
 * What a rule says is the value of the function, as a list of arrays.
 *
 * @throws TreeError, ShapeError, DTypeError when it is not of the function's structure, shapes and dtypes.
 */
export function primalOutputs(result: unknown, out: Flat, rule: string): Flat {
  const given = flattenResult(result, rule);
  if (!given.treedef.equals(out.treedef) || given.arrays.length !== out.arrays.length)
    throw new TreeError(
      "structure",
      `${rule} must return what the function returns, a ${String(out.treedef)}, and it returned a ${String(given.treedef)}`,
      [],
    );
  given.arrays.forEach((x, i) => {
    const expected = out.arrays[i]!.aval;
    const place = `${rule}: ${resultPath(given.paths[i]!)} is ${showAval(x.aval)}, but the function returned ${showAval(expected)}`;
    if (!sameShape(x.shape, expected.shape)) throw new ShapeError("custom/shape", place);
    if (x.dtype !== expected.dtype) throw new DTypeError("custom/dtype", place);
  });
  return given;
}

/** @throws ArgumentError when a rule returned something else than a list of two. */
export function checkPair(result: unknown, rule: string, pair: string): readonly [unknown, unknown] {
  refuseAsync(result, rule);
  if (Array.isArray(result) && result.length === 2) return [result[0], result[1]];
  throw new ArgumentError(
    "custom/result",
    `${rule} must return a list ${pair}, got ${Array.isArray(result) ? `a list of ${result.length}` : describe(result)}`,
  );
}

/**
 * What a rule that takes no symbolic zeros is given for a structural zero. Integers have no tangent but `Zero`, and under
 * quaxify zeros of a class are not those of another.
 */
export const instantiated = (aval: Aval): ArrayValue =>
  isInexact(aval.dtype) && !isQuaxified() ? zerosOf(aval) : zeroTangent(aval);
