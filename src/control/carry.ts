import { promoteTypes } from "../core/dtype.ts";
import { type ArrayValue, type Aval } from "../core/value.ts";
import { sameShape } from "../core/shape.ts";
import { avalsOf, type Flat } from "../interpreters/arguments.ts";
import { Zero } from "../interpreters/zero.ts";
import { convertElementType } from "../lax/index.ts";
import {
  type Body,
  flattenOperands,
  matchTrees,
  matchTypes,
  type Operands,
  sameType,
  traceBody,
} from "./operands.ts";

/** One of the two parts of a pair. */
function part({ treedef, leaves, slots, arrays, paths }: Operands, second: boolean): Operands {
  const def = treedef.children[second ? 1 : 0]!;
  const first = treedef.children[0]!.numLeaves;
  const [from, to] = second ? [first, leaves.length] : [0, first];
  const before = slots.slice(0, from).filter((slot) => slot >= 0).length;
  const own = slots.slice(from, to).map((slot) => (slot < 0 ? -1 : slot - before));
  const count = own.filter((slot) => slot >= 0).length;
  const given = leaves.slice(from, to);
  return {
    treedef: def,
    leaves: given,
    slots: own,
    arrays: arrays.slice(before, before + count),
    paths: paths.slice(before, before + count).map((path) => path.slice(1)),
    rebuild: (values) => def.unflatten(own.map((slot, i) => (slot < 0 ? given[i] : values[slot]))),
  };
}

/** Who loops, for messages: its name, and how deep in the carry the user's own one is. */
export interface Caller {
  readonly name: string;
  readonly depth: number;
}

/** The body of a loop, traced. */
export interface LoopBody {
  /** What goes in at first, of the types that the body gives back. */
  readonly carry: Operands;
  readonly body: Body;
  /** What comes out of one step beside the carry. */
  readonly ys: Operands;
}

/**
 * Traces `step`, from carry and slices to the pair of carry and outputs, on the carry `init`: again as long as the
 * carry that comes out asks for another one to go in. A weak number becomes what the body makes of it, and a `Zero` an
 * array.
 *
 * @throws ArgumentError, ShapeError, DTypeError when the carry does not keep its structure, shapes or dtypes, by path.
 * @see `jax._src.lax.control_flow.loops._promote_weak_typed_inputs`
 */
export function traceLoop(
  { name: caller, depth }: Caller,
  init: unknown,
  slices: readonly Aval[],
  step: (carry: unknown, slices: readonly ArrayValue[]) => readonly [carry: unknown, ys: unknown],
): LoopBody {
  const names = ["the carry that goes in", "the carry that comes out"] as const;
  const what = `${caller}: the carry before and after its body`;
  let carry = flattenOperands(init, caller);
  const dense = new Set<number>();
  for (;;) {
    const given: Operands = carry;
    const count = given.arrays.length;
    const body = traceBody(
      (inputs) => step(given.rebuild(inputs.slice(0, count)), inputs.slice(count)),
      [...avalsOf(given.arrays), ...slices],
      `the body of ${caller}`,
      (k) => (k < count ? `the carry` : `what is scanned`),
      dense,
    );
    const out = part(body.out, false);
    const clashes = matchTrees(given, out, what, names, depth);
    for (const leaf of clashes) dense.add(leaf);
    const before = avalsOf(given.arrays);
    const after = outAvals(body, out);
    const promoted = clashes.length === 0 ? promotions(before, after) : [];
    if (clashes.length > 0) carry = withArrays(given, clashes);
    else if (promoted.length > 0) {
      const arrays = given.arrays.map((x, i) => {
        const dtype = promoted.find(([at]) => at === i)?.[1];
        return dtype === undefined ? x : convertElementType(x, dtype);
      });
      carry = flattenOperands(given.rebuild(arrays), caller);
    } else {
      matchTypes(
        given.paths.map((path) => path.slice(depth)),
        before,
        after,
        what,
        names,
      );
      return { carry: given, body, ys: part(body.out, true) };
    }
  }
}

const outAvals = ({ closed }: Body, carry: Flat): Aval[] => closed.outAvals.slice(0, carry.arrays.length);

/** Weak entries of the carry that the body makes something else of, and what they have to be. */
const promotions = (before: readonly Aval[], after: readonly Aval[]) =>
  before.flatMap((aval, i) => {
    const out = after[i]!;
    if (!aval.weak || sameType(aval, out) || !sameShape(aval.shape, out.shape)) return [];
    const { dtype } = promoteTypes([aval, out]);
    return dtype === aval.dtype ? [] : [[i, dtype] as const];
  });

/** The same tree with arrays for the zeros among these leaves. */
function withArrays(given: Operands, leaves: readonly number[]): Operands {
  const tree = given.treedef.unflatten(
    given.leaves.map((leaf, i) => (leaves.includes(i) && leaf instanceof Zero ? leaf.materialise() : leaf)),
  );
  return flattenOperands(tree, "the carry");
}
