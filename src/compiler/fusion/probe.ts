import { sameShape, sizeOf } from "../../core/shape.ts";
import type { Aval } from "../../core/value.ts";
import { Affine, SplitLoop } from "../kernel/affine.ts";
import { readElement, representation } from "../kernel/element.ts";
import { type Expr, Loop, type Memory, type Storage } from "../kernel/expression.ts";
import { operandsOf } from "../kernel/nest.ts";
import { type Index, type Reader, ReverseLoop } from "../kernel/reader.ts";
import type { Elements } from "../lower/row.ts";

/** Operations that an element is taken to need where that depends on the kernel. */
const UNKNOWN = 64;

/**
 * Where an element of a value is in another one: at the same place counted row by row, or at an index in loops over the
 * value's own axes; null where it is not known.
 */
export type Relation = "linear" | Index | null;

/** What one computation does, found out by running it on loops. */
export interface Findings {
  /** For each operand, where its elements are read. */
  readonly relations: readonly (readonly Relation[])[];
  /** Operations for an element. */
  readonly cost: number;
}

interface Axis {
  readonly loop: Loop;
  readonly index: Affine;
}
const axes: Map<number, Axis>[] = [];
/** A loop over an axis, the same one for each axis of that place and size. */
function axisOf(axis: number, size: number): Axis {
  const ofSizes = (axes[axis] ??= new Map<number, Axis>());
  let known = ofSizes.get(size);
  if (known === undefined) {
    const loop = new Loop(size, `axis${axis}`);
    ofSizes.set(size, (known = { loop, index: Affine.loop(loop) }));
  }
  return known;
}
export const axesIndex = ({ shape }: Aval): Index => shape.map((size, axis) => axisOf(axis, size).index);

const isIdentity = (index: Index, own: Index, operand: Aval, out: Aval): boolean =>
  sameShape(operand.shape, out.shape) &&
  index.every((i, axis) => i === own[axis] || i.key === own[axis]!.key);

/** What operands are read from: each number of them has a memory for each way to store elements. */
const memories: Partial<Record<Storage, Memory>>[] = [];
const memoryOf = (operand: number, storage: Storage): Memory =>
  ((memories[operand] ??= {})[storage] ??= { name: `operand${operand}`, storage });
const first = Affine.of(0);

function operationsIn(roots: readonly Expr[]): number {
  const found = new Set<Expr>();
  const waiting = [...roots];
  let count = 0;
  for (let expr = waiting.pop(); expr !== undefined; expr = waiting.pop()) {
    if (found.has(expr)) continue;
    found.add(expr);
    if (expr.kind === "op") count++;
    waiting.push(...operandsOf(expr));
  }
  return count;
}

/** Finds out where a computation reads its operands for an element of an output. */
export function probe(
  { read, inOrder = false }: Elements,
  operands: readonly Aval[],
  out: Aval,
  which: number,
): Findings {
  const relations = operands.map((): Relation[] => []);
  if (inOrder) return { relations: [["linear"]], cost: 0 };
  const own = axesIndex(out);
  const readers = operands.map((aval, i): Reader => (index) => {
    const isOwn = isIdentity(index, own, aval, out);
    relations[i]!.push(isOwn ? "linear" : index);
    // Operations are counted: any place will do, if another one is another place.
    const memory = memoryOf(i, representation[aval.dtype].storage);
    return readElement(memory, aval.dtype, isOwn ? first : linear(index, aval).plus(1));
  });
  try {
    const roots = read(readers)[which]!(own);
    return { relations, cost: operationsIn(roots) };
  } catch (error) {
    // Which loops it takes depends on the kernel: nothing is known of it alone.
    if (!(error instanceof SplitLoop || error instanceof ReverseLoop)) throw error;
    return { relations: operands.map(() => [null]), cost: UNKNOWN };
  }
}

/** The number of an element, counted row by row. */
export function linear(index: Index, { shape }: Pick<Aval, "shape">): Affine {
  let sum = Affine.of(0);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    sum = sum.plus(index[axis]!.times(stride));
    stride *= shape[axis]!;
  }
  return sum;
}

/** The leading axes whose sizes have the product `rows`; null if there are none. */
export function leading({ shape }: Pick<Aval, "shape">, rows: number): number | null {
  let product = 1;
  for (let count = 0; ; count++) {
    if (product === rows) return count;
    if (count === shape.length || product > rows) return null;
    product *= shape[count]!;
  }
}

/** Whether what is in the first `rows` of `out` reads in `operand` the row of that number only. */
export function isAligned(relation: Relation, operand: Aval, out: Aval, rows: number): boolean {
  const [own, its] = [leading(out, rows), leading(operand, rows)];
  if (own === null || its === null || relation === null) return false;
  if (relation === "linear") return true;
  const prefix = (index: Index, count: number, { shape }: Aval): Affine =>
    linear(index.slice(0, count), { shape: shape.slice(0, count) });
  return prefix(relation, its, operand).key === prefix(axesIndex(out), own, out).key;
}

/** Where an element of a value is in a leaf, if `first` says where it is in an operand, and `then` where that is in the leaf. */
export function composed(first: Relation, then: Relation, operand: Aval, leaf: Aval): Relation {
  if (first === "linear") return then;
  if (first === null || then === null) return null;
  if (then === "linear") return renumbered(first, operand, leaf);
  const places = new Map(operand.shape.map((size, axis) => [axisOf(axis, size).loop, first[axis]!]));
  if (then.some(({ dynamic }) => dynamic !== null)) return null;
  return then.map((i) =>
    i.substitute(
      (loop) => places.get(loop) ?? null,
      (x) => x,
    ),
  );
}

/** The place of the same number, row by row, in an array of another shape; null where that is no sum of loops. */
function renumbered(index: Index, from: Aval, to: Aval): Relation {
  let rest = linear(index, from);
  const place: Affine[] = [];
  try {
    for (let axis = to.shape.length - 1; axis >= 0; axis--) {
      const [quotient, remainder] = axis === 0 ? [rest, rest] : rest.divide(to.shape[axis]!);
      place.unshift(remainder);
      rest = quotient;
    }
  } catch (error) {
    if (error instanceof SplitLoop) return null;
    throw error;
  }
  return place;
}

export const isEmpty = ({ shape }: Aval): boolean => sizeOf(shape) === 0;
