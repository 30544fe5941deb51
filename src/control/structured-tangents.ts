import { isInexact } from "../core/dtype.ts";
import { DispatchError } from "../core/errors.ts";
import { zerosOf } from "../core/rules.ts";
import { ArrayValue, Dense, type Value } from "../core/value.ts";
import { linearizeArrays } from "../interpreters/linearize.ts";
import { pullBack } from "../interpreters/vjp.ts";
import { flatten, type TreeDef } from "../tree/index.ts";
import { flattenValues, Form } from "./form.ts";

// A tangent (or cotangent) of a structured value is a value of its class: its inexact arrays are tangents, the others
// those of the value itself, so that it has, say, the same sparsity pattern. Where the array is not linear in those that
// it is made of, the class says what its tangent is, and cotangents are plain arrays.

type Tangents = readonly (ArrayValue | null)[];

const parts = (value: Value): [leaves: ArrayValue[], treedef: TreeDef] =>
  flatten(value) as [ArrayValue[], TreeDef];

/** The tangents of values, from those of their arrays; null where all of these are structurally zero. */
export function tangentValues(values: readonly Value[], tangents: Tangents): (Value | null)[] {
  let next = 0;
  return values.map((value) => {
    const [leaves, treedef] = parts(value);
    const own = leaves.map((leaf) => (leaf instanceof Dense ? tangents[next++]! : null));
    if (own.every((t) => t === null)) return null;
    const change = treedef.unflatten<Value>(
      leaves.map(
        (leaf, i) => own[i] ?? (leaf instanceof Dense && isInexact(leaf.dtype) ? zerosOf(leaf.aval) : leaf),
      ),
    );
    return isLinear(value) ? change : (value as ArrayValue).tangentOf!(change as ArrayValue);
  });
}

/** The tangents of a value's arrays, from its tangent, which has its structure. */
const tangentArrays = (value: Value, tangent: Value | null): (ArrayValue | null)[] =>
  flattenValues([value]).arrays.map((x, i) =>
    tangent === null || !isInexact(x.dtype) ? null : flattenValues([tangent]).arrays[i]!,
  );

/** Whether the array that a value stands for is linear in those that it is made of. */
const isLinear = (value: Value): boolean => !(value instanceof ArrayValue && value.tangentOf);

/** Whether `b` can be a tangent or cotangent of `a` array by array. */
const sameStructure = (a: Value, b: Value): boolean => isLinear(a) && parts(a)[1].equals(parts(b)[1]);

/** Results and their tangents as arrays; where the two are of different structure, both become plain arrays. */
export function alignTangents(
  outs: readonly Value[],
  tangents: readonly (Value | null)[],
): [outs: Value[], tangents: (ArrayValue | null)[]] {
  const aligned = outs.map((out, i): [Value, Value | null] => {
    const t = tangents[i] ?? null;
    return t === null || sameStructure(out, t) ? [out, t] : [out.materialise(), t.materialise()];
  });
  return [aligned.map(([out]) => out), aligned.flatMap(([out, t]) => tangentArrays(out, t))];
}

/**
 * Cotangents of the arrays of operands, from those of the operands. A plain one of a structured operand is a cotangent
 * of the array that the operand stands for, and is pulled back to what that is made of.
 */
export function pullToArrays(
  operands: readonly Value[],
  cotangents: readonly (Value | null)[],
  name: string,
): (ArrayValue | null)[] {
  return operands.flatMap((operand, i) => {
    const ct = cotangents[i] ?? null;
    if (ct === null || sameStructure(operand, ct)) return tangentArrays(operand, ct);
    const { arrays, rebuild } = flattenValues([operand]);
    const { linear } = linearizeArrays(
      (xs) => ({ arrays: [rebuild(xs)[0]!.materialise()], result: null }),
      arrays,
      arrays.map((x) => isInexact(x.dtype)),
      `materialise of ${operand.constructor.name} in ${name}`,
    );
    return pullBack(linear, [ct.materialise()], arrays.length);
  });
}

/** @throws DispatchError when results of a rule cannot take the places of those that the function had. */
export function checkStructure(outs: readonly Value[], expected: readonly Form[], rule: string): void {
  outs.forEach((out, i) => {
    const { treedef } = Form.of(out);
    if (treedef.equals(expected[i]!.treedef)) return;
    throw new DispatchError(
      "custom/structure",
      `${rule} gave a value of the structure ${String(treedef)} where the function, recorded in a program, gave ${String(expected[i]!.treedef)}: a tangent must be of the class of the value`,
    );
  });
}
