import { CotangentError, DispatchError } from "../core/errors.ts";
import type { ClosedJaxpr } from "../core/jaxpr.ts";
import type { AnyPrimitive } from "../core/primitive.ts";
import { zerosOf } from "../core/rules.ts";
import { scalarOf } from "../core/scalar.ts";
import { type ArrayValue, type Aval, avalOf, Dense, showAval, type Value } from "../core/value.ts";
import { evaluateJaxpr } from "../interpreters/evaluate.ts";
import { isStructured } from "../interpreters/fall-back.ts";
import { OpenZero } from "../interpreters/open-zero.ts";
import { plainArray, quaxifyValues } from "../interpreters/quax.ts";
import { scalarBehind } from "../interpreters/uniform.ts";
import { Zero } from "../interpreters/zero.ts";
import { add } from "../lax/index.ts";
import { flatten, type TreeDef } from "../tree/index.ts";
import {
  arraysOf,
  avalOfLeaf,
  dataOf,
  Form,
  isOpen,
  type Leaf,
  Repeated,
  sameLeaf,
  sameType,
} from "./form.ts";
import { closedStage, type Hoisted, prunedJaxpr } from "./transformed-jaxpr.ts";

const oneClass =
  "let what meets there be of one class: a carry before and after the body, the results of branches";

/** The arrays of a value brought to a form that it was joined to. */
function arraysAs(value: Value, form: Form, prim: AnyPrimitive): ArrayValue[] {
  const isArray = !isStructured(value);
  if (form.isPlain && !isArray) return [plainArray(value, prim, oneClass)];
  if (!form.isPlain && isArray) {
    const from = Form.known(value);
    const way = brought(from, form);
    if (way) return evaluateJaxpr(way.closed, [...way.consts, ...arraysAs(value, from, prim)]);
  }
  const [leaves] = flatten(value) as [ArrayValue[], TreeDef];
  return leaves.flatMap((x, i) => {
    const leaf = form.leaves[i]!;
    if (dataOf(leaf).length === 0) return [];
    if (leaf instanceof Repeated) return [scalarBehind(x)!];
    return [x instanceof Dense ? x : x instanceof OpenZero ? x.materialise() : zerosOf(x.aval)];
  });
}

/** The arrays of values brought to these forms. */
export const allArraysAs = (
  values: readonly Value[],
  forms: readonly Form[],
  prim: AnyPrimitive,
): ArrayValue[] => values.flatMap((value, i) => arraysAs(value, forms[i]!, prim));

/**
 * The form that values of both can be brought to, where branches or the two ends of a loop's body meet. A `Zero` and an
 * array make an array; zeros and a class that makes some, that class; otherwise two classes make a plain array. `place`
 * says where they meet.
 *
 * @throws DispatchError when they are of one class and differ in more than data: units, axes, number of entries.
 */
export function join(a: Form, b: Form, aval: Aval, place: () => string): Form {
  if (a.equals(b)) return a;
  const joined = joinParts(a, b);
  if (joined !== null) return joined;
  if (a.isPlain !== b.isPlain) {
    const [from, to] = a.isPlain ? [a, b] : [b, a];
    return brought(from, to)?.form ?? Form.plain(aval);
  }
  if (a.treedef.type !== b.treedef.type) return Form.plain(aval);
  throw new DispatchError(
    "quax/structure",
    `${place()} must have one structure, and for a ${a.name} that includes its metadata and the shapes of its arrays; got\n  ${show(a)}\nand\n  ${show(b)}`,
  );
}

/** Forms of one structure, joined leaf by leaf; null where they differ in metadata, shapes or dtypes. */
function joinParts(a: Form, b: Form): Form | null {
  if (!a.treedef.equals(b.treedef)) return null;
  const leaves = a.leaves.map((leaf, i) => joinLeaf(leaf, b.leaves[i]!));
  return leaves.every((leaf) => leaf !== null) ? new Form(a.treedef, leaves) : null;
}

function joinLeaf(a: Leaf, b: Leaf): Leaf | null {
  if (!sameType(a, b)) return null;
  if (isOpen(a) || sameLeaf(a, b)) return b;
  if (a instanceof Zero && !isOpen(b)) return b;
  return b instanceof Zero || isOpen(b)
    ? a
    : avalOf(a.shape, a.dtype, avalOfLeaf(a).weak && avalOfLeaf(b).weak);
}

interface Brought extends Hoisted {
  /** From the arrays of the one form to those of the other. */
  readonly closed: ClosedJaxpr;
  readonly form: Form;
}

/**
 * How zeros, or a scalar that is repeated, become a value of a class: as the sum with the zeros that the class makes.
 * Null where it makes none of this form, or not from its metadata alone, or has no such sum.
 */
function brought(from: Form, to: Form): Brought | null {
  const [leaf] = from.leaves;
  if (!(leaf instanceof Zero || leaf instanceof Repeated)) return null;
  const isZero = leaf instanceof Zero || leaf.kind !== "scalar";
  const count = to.avals.length;
  let form: Form | undefined;
  const sum = (model: ArrayValue, x: ArrayValue): ArrayValue | null => {
    const zeros = model.like(scalarOf(0, model.dtype), model.aval);
    return isZero || zeros === null ? zeros : add.bind([zeros, x], {})[0]!;
  };
  try {
    const { closed, consts } = closedStage(
      (inputs) => {
        const [made] = quaxifyValues(
          [to.rebuild(inputs), from.rebuild(inputs.slice(count))],
          ([model, x]) => [sum(model as ArrayValue, x as ArrayValue)],
          "zeros of a class",
        );
        form = (made && joinParts(Form.of(made), to)) ?? undefined;
        return form ? arraysOf([made!]) : [];
      },
      [...to.avals, ...from.avals],
      "zeros of a class",
    );
    if (form === undefined) return null;
    const own = consts.length;
    const isGiven = closed.inAvals.map((_, i) => i < own || i >= own + count);
    const { closed: program, inputs } = prunedJaxpr(
      closed,
      closed.outAvals.map(() => true),
      isGiven,
    );
    return inputs.some((read, i) => read && !isGiven[i]) ? null : { closed: program, consts, form };
  } catch (error) {
    if (error instanceof CotangentError) return null;
    throw error;
  }
}

const show = ({ treedef, leaves }: Form): string =>
  `${String(treedef)} with ${leaves.map((leaf) => (leaf instanceof Zero ? `Zero ${showAval(leaf.aval)}` : showAval(avalOfLeaf(leaf)))).join(", ")}`;
