import { Affine } from "./affine.ts";
import { type Expr, Loop, type Reduction, reduce } from "./expression.ts";
import { type Nest, reachable, rootsOf } from "./nest.ts";
import { stepsOf } from "./profile.ts";
import { Rewriting } from "./rewriting.ts";

/** Steps that are combined one after the other. */
const BLOCK = 1024;
/** Steps from which on they are in blocks. */
const LEAST_STEPS = 4 * BLOCK;

/**
 * A nest in which long reductions of floats are taken in blocks of steps, and then those combined: the error of a sum grows
 * with the number of blocks and with the steps of one, rather than with all steps.
 * @see https://doi.org/10.1137/0914050 (Higham, The accuracy of floating point summation)
 */
export function blocked(nest: Nest): Nest {
  const exprs = new Map<Expr, Expr>();
  const cuts = new Map<Loop, Cut>();
  for (const expr of reachable(nest.stores.flatMap(rootsOf))) {
    if (expr.kind !== "reduced" || !isLong(expr.reduction)) continue;
    const values = expr.reduction.values.map((x) => new Rewriting({ exprs }).expr(x));
    exprs.set(expr, inBlocks({ ...expr.reduction, values }, cuts)[expr.part]!);
  }
  if (exprs.size === 0) return nest;
  const rewriting = new Rewriting({ exprs });
  return { ...nest, stores: nest.stores.map((store) => rewriting.store(store, store.loops)) };
}

const isLong = ({ over, values }: Reduction): boolean =>
  stepsOf(over) >= LEAST_STEPS && values.some(({ type }) => type === "f32" || type === "f64");

/** A loop as an outer and an inner one, and the steps that are left. */
interface Cut {
  readonly outer: Loop;
  readonly inner: Loop;
  readonly rest: Loop;
}
function cutOf(loop: Loop, size: number): Cut {
  const full = Math.floor(loop.size / size);
  const [outer, inner] = [new Loop(full, `${loop.name}o`), new Loop(size, `${loop.name}i`)];
  return { outer, inner, rest: new Loop(loop.size - full * size, `${loop.name}r`) };
}

/** The innermost loops are a block, and of the last that is too long for it some steps. */
function inBlocks({ monoid, over, values }: Reduction, cuts: Map<Loop, Cut>): readonly Expr[] {
  let first = over.length - 1;
  while (stepsOf(over.slice(first)) <= BLOCK) first--;
  const [around, loop, within] = [over.slice(0, first), over[first]!, over.slice(first + 1)];
  const size = Math.floor(BLOCK / stepsOf(within));
  if (size === 1) return reduce(monoid, [...around, loop], reduce(monoid, within, values));
  let cut = cuts.get(loop);
  if (cut === undefined) cuts.set(loop, (cut = cutOf(loop, size)));
  const { outer, inner, rest } = cut;
  const at = (index: Affine): Expr[] => {
    const rewriting = new Rewriting({ indices: new Map([[loop, index]]) });
    return values.map((x) => rewriting.expr(x));
  };
  const blocks = reduce(monoid, [inner, ...within], at(Affine.loop(outer).times(inner.size).plus(Affine.loop(inner)))); // prettier-ignore
  const all = reduce(monoid, [...around, outer], blocks);
  if (rest.size === 0) return all;
  const left = reduce(monoid, [...around, rest, ...within], at(Affine.loop(rest).plus(outer.size * inner.size))); // prettier-ignore
  return monoid.combine(all, left);
}
