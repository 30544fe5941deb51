import type { Atom } from "../../core/jaxpr.ts";
import type { AnyPrimitive, ParamsOf } from "../../core/primitive.ts";
import { range, sameShape } from "../../core/shape.ts";
import { keptAxes } from "../../lax/dot-dimensions.ts";
import * as lax from "../../lax/index.ts";
import type { Program } from "../rewrite.ts";
import { type Apply, type Identity, identity, type Made, madeBy, operation } from "./identity.ts";
import { turnedBroadcast } from "./movement.ts";

type Dot = ParamsOf<typeof lax.dotGeneral>;

/** Operand `side` without its transpose, if the axes that it keeps stay in order; the sums are in the same order. */
const ofTranspose =
  (side: 0 | 1): Apply<Dot> =>
  (inputs, params, program) => {
    const inner = madeBy(lax.transpose, inputs[side], program);
    if (inner === null) return null;
    const { permutation } = inner.params;
    const [contract, batch] = params.dimensionNumbers;
    const kept = keptAxes(permutation.length, contract[side], batch[side]).map((axis) => permutation[axis]!);
    if (kept.some((axis, i) => i > 0 && kept[i - 1]! > axis)) return null;
    const moved = (pairs: Dot["dimensionNumbers"][0]): Dot["dimensionNumbers"][0] => {
      const axes = pairs[side].map((axis) => permutation[axis]!);
      return side === 0 ? [axes, pairs[1]] : [pairs[0], axes];
    };
    return operation(lax.dotGeneral, inputs.with(side, inner.inputs[0]!), {
      ...params,
      dimensionNumbers: [moved(contract), moved(batch)],
    });
  };

/**
 * `(a · b)ᵀ = bᵀ · aᵀ`: products of two numbers commute, and the sums are in the same order. Batch axes are free. Null
 * where the result would still have to be transposed.
 */
function turnedProduct({ inputs, params }: Made<typeof lax.dotGeneral>, permutation: readonly number[]) {
  const { dimensionNumbers, precision, preferredElementType } = params;
  const [contract, batch] = dimensionNumbers;
  const [shared, rank] = [batch[0].length, permutation.length];
  const left = inputs[0]!.aval.shape.length - contract[0].length - shared;
  const [order, kept] = [permutation.slice(0, shared), permutation.slice(shared)];
  const [lhs, rhs] = [range(left, shared), range(rank - shared - left, shared + left)];
  const swapped = sameShape(kept, [...rhs, ...lhs]);
  if (order.some((axis) => axis >= shared) || !(swapped || sameShape(kept, [...lhs, ...rhs]))) return null;
  const at = (axes: readonly number[]) => order.map((axis) => axes[axis]!);
  const sides = <T>([x, y]: readonly [T, T]): readonly [T, T] => (swapped ? [y, x] : [x, y]);
  return operation(lax.dotGeneral, swapped ? inputs.toReversed() : inputs, {
    dimensionNumbers: [sides(contract), sides([at(batch[0]), at(batch[1])])],
    precision: precision && sides(precision),
    preferredElementType,
  });
}

/** How deep below a transpose products are looked for. */
const DEPTH = 4;

/** An operation whose operands may be operations that are still to be written. */
interface Plan {
  readonly primitive: AnyPrimitive;
  readonly inputs: readonly (Atom | Plan)[];
  readonly params: object;
}

/** `x` with its axes in another order, without a transpose: null if it takes one, or computing something twice. */
function turned(
  x: Atom,
  permutation: readonly number[],
  program: Program,
  depth: number,
): Atom | Plan | null {
  if (x.aval.shape.length === 0) return x;
  const made = program.producer(x);
  if (made === undefined) return null;
  const { primitive, inputs, outputs, params } = made;
  if (primitive === lax.broadcastInDim)
    return turnedBroadcast({ inputs, params: params as never }, permutation, x);
  if (program.uses(x) > 1) return null;
  if (primitive === lax.dotGeneral) return turnedProduct({ inputs, params: params as never }, permutation);
  if (!primitive.rules.elementwise || outputs.length > 1 || depth === 0) return null;
  const operands = inputs.map((operand) => turned(operand, permutation, program, depth - 1));
  return operands.every((operand) => operand !== null) ? { primitive, inputs: operands, params } : null;
}

const isAtom = (x: Atom | Plan): x is Atom => "aval" in x;

const transposed: Apply<ParamsOf<typeof lax.transpose>> = ([x], { permutation }, program, eqn) => {
  const plan = turned(x!, permutation, program, DEPTH);
  const written = (part: Atom | Plan): Atom =>
    isAtom(part) ? part : program.define({ ...part, inputs: part.inputs.map(written) }, eqn);
  return plan && (isAtom(plan) ? [plan] : { ...plan, inputs: plan.inputs.map(written) });
};

export const products: readonly Identity[] = [
  identity("aᵀ · b", lax.dotGeneral, ofTranspose(0)),
  identity("a · bᵀ", lax.dotGeneral, ofTranspose(1)),
  identity("(a · b ∘ c)ᵀ", lax.transpose, transposed),
];
