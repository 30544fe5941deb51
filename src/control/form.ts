import { isInexact } from "../core/dtype.ts";
import { scalarOf } from "../core/scalar.ts";
import { sameShape, type Shape } from "../core/shape.ts";
import { type ArrayValue, type Aval, avalOf, Dense, sameAval, type Value } from "../core/value.ts";
import { OpenZero } from "../interpreters/open-zero.ts";
import { isKnownZero, repeated, scalarBehind } from "../interpreters/uniform.ts";
import { sameZero, Zero } from "../interpreters/zero.ts";
import { flatten, structure, type TreeDef } from "../tree/index.ts";

type Arrays = readonly ArrayValue[];

/** A plain array that repeats a scalar, which is all of its data; zeros have none, be their class open or not. */
export class Repeated {
  constructor(
    readonly aval: Aval,
    readonly kind: "scalar" | "zero" | "open",
  ) {}
  get shape(): Shape {
    return this.aval.shape;
  }
  get dtype(): Aval["dtype"] {
    return this.aval.dtype;
  }
  /** What is passed of it. */
  get data(): Aval[] {
    return this.kind === "scalar" ? [avalOf([], this.dtype, this.aval.weak)] : [];
  }
}
/** What is known of one leaf of a value: the aval of an array, or a `Zero`, which has no data. */
export type Leaf = Aval | Zero | Repeated;

export const avalOfLeaf = (leaf: Leaf): Aval =>
  leaf instanceof Zero || leaf instanceof Repeated ? leaf.aval : leaf;
export const dataOf = (leaf: Leaf): Aval[] =>
  leaf instanceof Zero ? [] : leaf instanceof Repeated ? leaf.data : [leaf];
function resized(leaf: Leaf, shape: Shape): Leaf {
  if (leaf instanceof Zero) return new Zero(shape, leaf.dtype);
  const whole = avalOf(shape, leaf.dtype, avalOfLeaf(leaf).weak);
  return leaf instanceof Repeated && leaf.kind !== "scalar" ? new Repeated(whole, leaf.kind) : whole;
}
export function sameLeaf(a: Leaf, b: Leaf): boolean {
  if (a instanceof Zero || b instanceof Zero) return a instanceof Zero && b instanceof Zero && sameZero(a, b);
  if (a instanceof Repeated || b instanceof Repeated)
    return a instanceof Repeated && b instanceof Repeated && a.kind === b.kind && sameAval(a.aval, b.aval);
  return sameAval(a, b);
}
export const sameType = (a: Leaf, b: Leaf): boolean => a.dtype === b.dtype && sameShape(a.shape, b.shape);

export const isOpen = (leaf: Leaf | undefined): boolean => leaf instanceof Repeated && leaf.kind === "open";

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
      leaves.map((x) =>
        x instanceof Zero ? x : x instanceof OpenZero ? new Repeated(x.aval, "open") : x.aval,
      ),
    );
  }

  static plain(aval: Aval): Form {
    return new Form(structure(0), [aval]);
  }

  /** As `of`; of a plain array also that it repeats a scalar, or zero, where that is known. */
  static known(value: Value): Form {
    const { shape, dtype } = value.aval;
    const isZero = isKnownZero(value);
    // A scalar is one that differs from call to call, and so a float that is zero is the only one that is told apart.
    const isRepeated = shape.length > 0 ? scalarBehind(value) !== null : isZero && isInexact(dtype);
    return isRepeated
      ? new Form(structure(0), [new Repeated(value.aval, isZero ? "zero" : "scalar")])
      : Form.of(value);
  }

  /** Of the arrays that it has. */
  get avals(): Aval[] {
    return this.leaves.flatMap(dataOf);
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
      this.leaves.map((leaf) => {
        if (leaf instanceof Zero) return leaf;
        if (!(leaf instanceof Repeated)) return arrays[next++]!;
        if (leaf.kind === "open") return new OpenZero(leaf.aval);
        const { dtype, weak } = leaf.aval;
        return repeated(leaf.kind === "zero" ? scalarOf(0, dtype, weak) : arrays[next++]!, leaf.shape);
      }),
    );
  }

  /** Floats that are known to be zero, their class being open; else the form itself. */
  get opened(): Form {
    const [leaf] = this.leaves;
    return leaf instanceof Repeated && leaf.kind === "zero" && isInexact(leaf.dtype)
      ? new Form(this.treedef, [new Repeated(leaf.aval, "open")])
      : this;
  }
  get isOpen(): boolean {
    return isOpen(this.leaves[0]);
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
  /** The form with an array for a scalar that is repeated: a loop has one for each of its steps. */
  get spread(): Form {
    return new Form(
      this.treedef,
      this.leaves.map((leaf) => resized(leaf, leaf.shape)),
    );
  }
}

/** The arrays of values. */
export const arraysOf = (values: readonly Value[]): ArrayValue[] =>
  (flatten(values)[0] as ArrayValue[]).filter((x) => x instanceof Dense);

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

/** The values of these forms, from the arrays of all of them. */
export function rebuildAll(forms: readonly Form[], arrays: Arrays): Value[] {
  let next = 0;
  return forms.map((form) => form.rebuild(arrays.slice(next, (next += form.avals.length))));
}
