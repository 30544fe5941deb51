import { DispatchError } from "../core/errors.ts";
import type { ClosedJaxpr, Jaxpr } from "../core/jaxpr.ts";
import type { AnyPrimitive } from "../core/primitive.ts";
import { zerosOf } from "../core/rules.ts";
import { sameShape } from "../core/shape.ts";
import { type ArrayValue, type Aval, avalOf, Dense, sameAval, showAval, type Value } from "../core/value.ts";
import { evaluateJaxpr } from "../interpreters/evaluate.ts";
import { plainArray, quaxifyValues, registerVersion } from "../interpreters/quax.ts";
import { sameZero, Zero } from "../interpreters/zero.ts";
import { flatten, structure, type TreeDef } from "../tree/index.ts";
import { closedStage, type Hoisted } from "./transformed-jaxpr.ts";

type Arrays = readonly ArrayValue[];
/** What is known of one leaf of a value: the aval of an array, or a `Zero`, which has no data. */
type Leaf = Aval | Zero;

const resized = (leaf: Leaf, shape: Aval["shape"]): Leaf =>
  leaf instanceof Zero ? new Zero(shape, leaf.dtype) : avalOf(shape, leaf.dtype, leaf.weak);
const sameLeaf = (a: Leaf, b: Leaf): boolean =>
  a instanceof Zero ? b instanceof Zero && sameZero(a, b) : !(b instanceof Zero) && sameAval(a, b);

/** What a value is apart from its data: its class and metadata, and what is known of its arrays. */
export class Form {
  constructor(
    readonly treedef: TreeDef,
    readonly leaves: readonly Leaf[],
  ) {}

  static of(value: Value): Form {
    const [leaves, treedef] = flatten(value) as [ArrayValue[], TreeDef];
    return new Form(
      treedef,
      leaves.map((x) => (x instanceof Zero ? x : x.aval)),
    );
  }

  static plain(aval: Aval): Form {
    return new Form(structure(0), [aval]);
  }

  /** Of the arrays that it has. */
  get avals(): Aval[] {
    return this.leaves.filter((leaf): leaf is Aval => !(leaf instanceof Zero));
  }
  get isPlain(): boolean {
    return this.treedef.kind === "leaf";
  }
  /** The class, for messages. */
  get name(): string {
    return this.isPlain ? "ArrayValue" : (this.treedef.type?.name ?? "Value");
  }

  equals(other: Form): boolean {
    return (
      this.treedef.equals(other.treedef) && this.leaves.every((leaf, i) => sameLeaf(leaf, other.leaves[i]!))
    );
  }

  /** The value, from its arrays. */
  rebuild(arrays: Arrays): Value {
    let next = 0;
    return this.treedef.unflatten<Value>(
      this.leaves.map((leaf) => (leaf instanceof Zero ? leaf : arrays[next++]!)),
    );
  }

  /** The form of what a loop sees of it in one step: each array without its leading axis. */
  get step(): Form {
    return new Form(
      this.treedef,
      this.leaves.map((leaf) => resized(leaf, leaf.shape.slice(1))),
    );
  }
  /** The form of `length` such values, each array with a leading axis. */
  stacked(length: number): Form {
    return new Form(
      this.treedef,
      this.leaves.map((leaf) => resized(leaf, [length, ...leaf.shape])),
    );
  }
}

/** The arrays of values. */
export const arraysOf = (values: readonly Value[]): ArrayValue[] =>
  (flatten(values)[0] as ArrayValue[]).filter((x) => x instanceof Dense);

/** The values of these forms, from the arrays of all of them. */
export function rebuildAll(forms: readonly Form[], arrays: Arrays): Value[] {
  let next = 0;
  return forms.map((form) => form.rebuild(arrays.slice(next, (next += form.avals.length))));
}

const oneClass =
  "let what meets there be of one class: a carry before and after the body, the results of branches";

/** The arrays of a value brought to a form that it was joined to. */
export function arraysAs(value: Value, form: Form, prim: AnyPrimitive): ArrayValue[] {
  if (form.isPlain && form.avals.length > 0 && !(value instanceof Dense))
    return [plainArray(value, prim, oneClass)];
  const [leaves] = flatten(value) as [ArrayValue[], TreeDef];
  return leaves.flatMap((x, i) =>
    form.leaves[i] instanceof Zero ? [] : x instanceof Zero ? [zerosOf(x.aval)] : [x],
  );
}

/**
 * The form that values of both can be brought to, where branches or the two ends of a loop's body meet. A `Zero` and an
 * array make an array; two classes, a plain array. `place` says where they meet.
 *
 * @throws DispatchError when they are of one class and differ in more than data: units, axes, number of entries.
 */
export function join(a: Form, b: Form, aval: Aval, place: () => string): Form {
  if (a.equals(b)) return a;
  if (a.treedef.equals(b.treedef)) {
    const leaves = a.leaves.map((leaf, i): Leaf | null => joinLeaf(leaf, b.leaves[i]!));
    if (leaves.every((leaf) => leaf !== null)) return new Form(a.treedef, leaves);
  } else if (a.isPlain || b.isPlain || a.treedef.type !== b.treedef.type) return Form.plain(aval);
  throw new DispatchError(
    "quax/structure",
    `${place()} must have one structure, and for a ${a.name} that includes its metadata and the shapes of its arrays; got\n  ${show(a)}\nand\n  ${show(b)}`,
  );
}

function joinLeaf(a: Leaf, b: Leaf): Leaf | null {
  if (!sameShape(a.shape, b.shape) || a.dtype !== b.dtype) return null;
  if (a instanceof Zero) return b;
  return b instanceof Zero || a.weak === b.weak ? a : avalOf(a.shape, a.dtype, false);
}

const show = ({ treedef, leaves }: Form): string =>
  `${String(treedef)} with ${leaves.map((leaf) => (leaf instanceof Zero ? `Zero ${showAval(leaf.aval)}` : showAval(leaf))).join(", ")}`;

/** Values as their plain arrays, and the way back; a `Zero` among the leaves has no data and stays what it is. */
export function flattenValues(values: readonly Value[]): {
  arrays: ArrayValue[];
  treedef: TreeDef;
  rebuild: (arrays: Arrays) => Value[];
} {
  const [leaves, treedef] = flatten(values) as [ArrayValue[], TreeDef];
  return {
    arrays: leaves.filter((x) => x instanceof Dense),
    treedef,
    rebuild: (arrays) => {
      let next = 0;
      return treedef.unflatten<Value[]>(leaves.map((x) => (x instanceof Dense ? arrays[next++]! : x)));
    },
  };
}

export interface QuaxifiedJaxpr extends Hoisted {
  /** From the arrays of the values to the arrays of the results. */
  readonly closed: ClosedJaxpr;
  readonly outs: readonly Form[];
}
interface Entry extends QuaxifiedJaxpr {
  readonly forms: readonly Form[];
  readonly forced: readonly (Form | undefined)[];
  readonly version: number;
}
const entries = new WeakMap<Jaxpr, Entry[]>();
const REMEMBERED = 16;

const sameForms = (a: readonly (Form | undefined)[], b: readonly (Form | undefined)[]): boolean =>
  a.length === b.length && a.every((form, i) => form === b[i] || (form && b[i] ? form.equals(b[i]) : false));

/**
 * A jaxpr rewritten for values of these forms, each operation in it dispatching. Outputs are brought to the forms that
 * `forced` has for them, on behalf of `prim`.
 */
export function quaxifiedJaxpr(
  closed: ClosedJaxpr,
  forms: readonly Form[],
  prim: AnyPrimitive,
  forced: readonly (Form | undefined)[] = [],
): QuaxifiedJaxpr {
  const version = registerVersion();
  let known = entries.get(closed.jaxpr);
  if (known === undefined) entries.set(closed.jaxpr, (known = []));
  const found = known.find(
    (e) => e.version === version && sameForms(e.forms, forms) && sameForms(e.forced, forced),
  );
  if (found) return found;
  let outs: readonly Form[] = [];
  const staged = closedStage(
    (inputs) => {
      const values = quaxifyValues(
        rebuildAll(forms, inputs),
        (boxed) => evaluateJaxpr(closed, boxed),
        "quaxify of a jaxpr",
      );
      outs = values.map((value, i) => forced[i] ?? Form.of(value));
      return values.flatMap((value, i) => arraysAs(value, outs[i]!, prim));
    },
    forms.flatMap((form) => form.avals),
    "quaxify of a jaxpr",
  );
  const entry: Entry = { ...staged, outs, forms, forced, version };
  if (known.push(entry) > REMEMBERED) known.shift();
  return entry;
}
