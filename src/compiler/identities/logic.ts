import * as lax from "../../lax/index.ts";
import { sameShape } from "../../core/shape.ts";
import { evaluated, uniformValue } from "../uniform.ts";
import {
  absorbing,
  allOnes,
  type Apply,
  everywhere,
  holds,
  type Identity,
  identity,
  isKnown,
  madeBy,
  operation,
  unit,
} from "./identity.ts";

const zero = (): bigint => 0n;

const known: Apply<object> = ([which, ...cases], _params, program) => {
  const scalar = uniformValue(which!, program);
  if (scalar === null) return null;
  // Out of range, the first or last case.
  const index = Number(scalar.value.storage[0]);
  return [cases[Math.min(Math.max(index, 0), cases.length - 1)]!];
};

const turned: Apply<object> = ([which, ...cases], params, program) => {
  const inner = which!.aval.dtype === "bool" ? madeBy(lax.not, which, program) : null;
  return inner && cases.length === 2
    ? operation(lax.selectN, [inner.inputs[0]!, ...cases.toReversed()], params)
    : null;
};

/** A mask as numbers, compared with a number: the mask again, its opposite, or the same everywhere. */
const comparedChoice: Apply<object> = (inputs, params, program, eqn) => {
  const side = inputs.findIndex((x) => madeBy(lax.selectN, x, program));
  const choice = madeBy(lax.selectN, inputs[side], program);
  const other = choice && uniformValue(inputs[1 - side]!, program);
  if (!other) return null;
  const [which, ...cases] = choice.inputs;
  const shape = eqn.outputs[0]!.aval.shape;
  if (which!.aval.dtype !== "bool" || !sameShape(which!.aval.shape, shape)) return null;
  const scalars = cases.map((x) => uniformValue(x, program)?.value);
  const compared = scalars.map((x) => {
    const pair = x && (side === 0 ? [x, other.value] : [other.value, x]);
    return pair && holds(evaluated(eqn.primitive, pair, params), 1n);
  });
  const [off, on] = compared;
  if (off === undefined || on === undefined) return null;
  if (off === on) return everywhere(on, eqn);
  return on ? [which!] : operation(lax.not, [which!], {});
};

export const logic: readonly Identity[] = [
  identity("x ∧ ~0 = x", lax.and, unit(1, allOnes)),
  identity("~0 ∧ x = x", lax.and, unit(0, allOnes)),
  identity("x ∧ 0 = 0", lax.and, absorbing(zero)),
  identity("x ∨ 0 = x", [lax.or, lax.xor], unit(1, zero)),
  identity("0 ∨ x = x", [lax.or, lax.xor], unit(0, zero)),
  identity("x ∨ ~0 = ~0", lax.or, absorbing(allOnes)),
  identity("x ⊕ x = 0", lax.xor, ([x, y], _params, _program, eqn) => (x === y ? everywhere(0, eqn) : null)),
  identity(
    "x moved by no bits",
    [lax.shiftLeft, lax.shiftRightLogical, lax.shiftRightArithmetic],
    unit(1, zero),
  ),
  identity("not x = y is x ≠ y", lax.not, ([x], params, program) => {
    const made = x!.aval.dtype === "bool" ? madeBy(lax.eq, x, program) : null;
    return made && operation(lax.ne, made.inputs, params);
  }),
  identity("not x ≠ y is x = y", lax.not, ([x], params, program) => {
    const made = x!.aval.dtype === "bool" ? madeBy(lax.ne, x, program) : null;
    return made && operation(lax.eq, made.inputs, params);
  }),
  identity(
    "a comparison of a choice between numbers",
    [lax.eq, lax.ne, lax.lt, lax.le, lax.gt, lax.ge],
    comparedChoice,
  ),
  identity("a choice between equals", lax.selectN, ([, first, ...others]) =>
    others.every((x) => x === first) ? [first!] : null,
  ),
  identity("a choice that is known", lax.selectN, known),
  identity("a choice by not p", lax.selectN, turned),
  identity("a choice between false and true", lax.selectN, ([which, off, on], _params, program) =>
    which!.aval.dtype === "bool" &&
    on?.aval.dtype === "bool" &&
    isKnown(off!, () => 0n, program) &&
    isKnown(on, () => 1n, program)
      ? [which!]
      : null,
  ),
  identity("a choice between true and false", lax.selectN, ([which, off, on], _params, program) =>
    which!.aval.dtype === "bool" &&
    on?.aval.dtype === "bool" &&
    isKnown(off!, () => 1n, program) &&
    isKnown(on, () => 0n, program)
      ? operation(lax.not, [which!], {})
      : null,
  ),
];
