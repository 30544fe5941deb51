import { Affine } from "./affine.ts";
import { type Expr, Loop, type Reduced, type Reduction, reduce } from "./expression.ts";
import { exprsOf, type Nest, type Store } from "./nest.ts";
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
  const pieces = new Map<Expr, readonly Piece[]>();
  const cuts = new Map<Loop, Cut>();
  for (const expr of exprsOf(nest.stores)) {
    if (expr.kind !== "reduced" || !isLong(expr.reduction)) continue;
    const values = expr.reduction.values.map((x) => new Rewriting({ exprs }).expr(x));
    const own = inBlocks({ ...expr.reduction, values }, cuts);
    const [all, left] = own.map(({ results }) => results);
    exprs.set(expr, (left ? expr.reduction.monoid.combine(all!, left) : all!)[expr.part]!);
    pieces.set(expr, own);
  }
  if (exprs.size === 0) return nest;
  const rewriting = new Rewriting({ exprs });
  const stores = nest.stores.flatMap((store) => {
    const own = store.pass && pieces.get(store.pass);
    return own ? own.map((piece) => piecewise(store, piece, rewriting)) : rewriting.store(store, store.loops);
  });
  return { ...nest, stores };
}

/** What is written along with a reduction, along with a piece of it. */
function piecewise(
  { pass, ...store }: Store,
  { indices, results, over }: Piece,
  rewriting: Rewriting,
): Store {
  const loops = [...store.loops.filter((loop) => pass!.loops.has(loop)), ...over];
  const within = new Rewriting({ indices }).store(rewriting.store(store, store.loops), loops);
  return { ...within, pass: results[pass!.part] as Reduced };
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

/** Steps of a reduction: what they are reduced to, and the loops that they are now. */
interface Piece {
  readonly results: readonly Expr[];
  readonly over: readonly Loop[];
  readonly indices: ReadonlyMap<Loop, Affine>;
}

/** The innermost loops are a block, and of the last that is too long for it some steps. */
function inBlocks({ monoid, over, values }: Reduction, cuts: Map<Loop, Cut>): readonly Piece[] {
  let first = over.length - 1;
  while (stepsOf(over.slice(first)) <= BLOCK) first--;
  const [around, loop, within] = [over.slice(0, first), over[first]!, over.slice(first + 1)];
  const size = Math.floor(BLOCK / stepsOf(within));
  if (size === 1) {
    const results = reduce(monoid, [...around, loop], reduce(monoid, within, values));
    return [{ results, over, indices: new Map() }];
  }
  let cut = cuts.get(loop);
  if (cut === undefined) cuts.set(loop, (cut = cutOf(loop, size)));
  const { outer, inner, rest } = cut;
  const piece = (index: Affine, innermost: readonly Loop[], outermost: readonly Loop[]): Piece => {
    const indices = new Map([[loop, index]]);
    const rewriting = new Rewriting({ indices });
    const block = reduce(monoid, innermost, values.map((x) => rewriting.expr(x))); // prettier-ignore
    const results = outermost.length > 0 ? reduce(monoid, outermost, block) : block;
    return { results, over: [...outermost, ...innermost], indices };
  };
  const full = Affine.loop(outer).times(inner.size).plus(Affine.loop(inner));
  const blocks = piece(full, [inner, ...within], [...around, outer]);
  if (rest.size === 0) return [blocks];
  return [blocks, piece(Affine.loop(rest).plus(outer.size * inner.size), [...around, rest, ...within], [])];
}
