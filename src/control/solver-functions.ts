import { DTypeError, ShapeError } from "../core/errors.ts";
import { ClosedJaxpr, Var } from "../core/jaxpr.ts";
import { sameShape } from "../core/shape.ts";
import { type ArrayValue, type Aval, showAval } from "../core/value.ts";
import {
  type Flat,
  flattenArguments,
  flattenResult,
  resultPath,
  weakFloat,
} from "../interpreters/arguments.ts";
import type { Lifted } from "../interpreters/closure.ts";
import { hoistConstants, stage } from "../interpreters/stage.ts";
import { TreeError } from "../tree/index.ts";

// What the functions that are given to a solver take and give, and their programs.

type Arrays = readonly ArrayValue[];

/** A tree that a user's function takes or gives, as a list of arrays; numbers in it are floats. */
export const flattenOperand = (x: unknown, caller: string): Flat =>
  flattenArguments(x, caller, weakFloat, resultPath);

/**
 * What a user's function returned, as a list of arrays like those of `expected`.
 *
 * @throws TreeError, ShapeError, DTypeError when it has another structure, or other shapes or dtypes.
 */
export function resultLike(result: unknown, expected: Flat, place: string, name: string): Flat {
  const flat = flattenResult(result, place);
  if (!flat.treedef.equals(expected.treedef) || flat.arrays.length !== expected.arrays.length)
    throw new TreeError(
      "structure",
      `${place} must have the structure of ${name}, ${String(expected.treedef)}; it has ${String(flat.treedef)}`,
      [],
    );
  flat.arrays.forEach((x, i) => {
    const wanted = expected.arrays[i]!.aval;
    const differs = !sameShape(x.shape, wanted.shape);
    if (differs || x.dtype !== wanted.dtype)
      throw new (differs ? ShapeError : DTypeError)(
        differs ? "solve/shape" : "solve/dtype",
        `${place}: ${resultPath(flat.paths[i]!)} is ${showAval(x.aval)}, but that of ${name} is ${showAval(wanted)}`,
      );
  });
  return flat;
}

/** A function of arrays as a program of its avals, with what it captured ahead. */
export function staged(body: (inputs: Arrays) => Arrays, avals: readonly Aval[], label: string): Lifted {
  const { closed, consts } = hoistConstants(stage(body, avals, label));
  return { closed, captured: consts as Arrays };
}

/** The same program among more operands: `before` are those ahead of its captured ones, `after` those behind. */
export function amongOperands(
  { jaxpr }: ClosedJaxpr,
  captured: number,
  before: readonly Aval[],
  after: readonly Aval[],
): ClosedJaxpr {
  const unused = (avals: readonly Aval[]): Var[] => avals.map((aval) => new Var(aval));
  const [own, operands] = [jaxpr.invars.slice(0, captured), jaxpr.invars.slice(captured)];
  return new ClosedJaxpr(
    { ...jaxpr, invars: [...unused(before), ...own, ...unused(after), ...operands] },
    [],
  );
}
