import { Affine } from "./affine.ts";
import { type Expr, load, type Loop, type Reduced, type Reduction } from "./expression.ts";
import { exprsOf, type Nest, reachable, type Store } from "./nest.ts";
import { Rewriting } from "./rewriting.ts";

/** Operations from which on a value is rather written and read than computed again. */
const DEAR = 8;

/** A value of each step of a reduction, that a store needs again: `again` is the same at the steps of the store's loops. */
interface Candidate {
  readonly pass: Reduced;
  readonly value: Expr;
  readonly store: Store;
  readonly again: Expr;
  readonly cost: number;
}

/**
 * A nest that computes dear values once: what a reduction goes over, and a store needs again, as the exponentials of a
 * softmax, is written where the result of that store will be, and read from there. Only memory that holds the value
 * exactly is used.
 */
export function kept(nest: Nest): Nest {
  let result = nest;
  const used = new Set<Store["memory"]>();
  for (let found = dearest(result, used); found; found = dearest(result, used)) {
    used.add(found.store.memory);
    result = withKept(result, found);
  }
  return result;
}

function dearest({ stores, sequential }: Nest, used: ReadonlySet<Store["memory"]>): Candidate | null {
  if (sequential.size > 0 || stores.some(({ when }) => when)) return null;
  const all = exprsOf(stores);
  if (all.some(({ kind }) => kind === "running")) return null;
  const results = new Map(all.flatMap((x) => (x.kind === "reduced" ? [[x.reduction, x] as const] : [])));
  if (results.size === 0) return null;
  const busy = new Set([...used, ...all.flatMap((x) => (x.kind === "load" ? x.memory : []))]);
  const free = stores.filter(
    ({ memory, address }) =>
      !busy.has(memory) && address.dynamic === null && stores.filter((x) => x.memory === memory).length === 1,
  );
  let best: Candidate | null = null;
  for (const [reduction, pass] of results)
    for (const store of free) {
      const indices = alongside(pass, store);
      if (indices === null) continue;
      const rewriting = new Rewriting({ indices });
      const wanted = new Set(reachable([store.value]));
      for (const value of valuesOf(reduction)) {
        if (value.type !== store.memory.storage) continue;
        const cost = costOf(value, reduction);
        if (cost < DEAR || cost <= (best?.cost ?? 0)) continue;
        const again = rewriting.expr(value);
        if (wanted.has(again)) best = { pass, value, store, again, cost };
      }
    }
  return best;
}

/** The steps of a store's own loops in the places of a reduction's, if both have as many within the same loops. */
function alongside(
  { reduction: { over }, loops: around }: Reduced,
  { loops }: Store,
): ReadonlyMap<Loop, Affine> | null {
  const [outer, own] = [loops.slice(0, around.size), loops.slice(around.size)];
  if (around.size === 0 || !outer.every((loop) => around.has(loop)) || own.length !== over.length)
    return null;
  if (over.some(({ size }, i) => size !== own[i]!.size)) return null;
  return new Map(over.map((loop, i) => [loop, Affine.loop(own[i]!)]));
}

/** What is computed at each step of a reduction's loops. */
function valuesOf({ values, over }: Reduction): Expr[] {
  const found = new Set<Expr>();
  const waiting = [...values];
  for (let expr = waiting.pop(); expr; expr = waiting.pop()) {
    if (expr.kind !== "op" || found.has(expr) || !over.every((loop) => expr!.loops.has(loop))) continue;
    found.add(expr);
    waiting.push(...expr.args);
  }
  return [...found];
}

/** Operations for each step of a reduction's loops. */
const costOf = (value: Expr, { over }: Reduction): number =>
  reachable([value]).filter((x) => x.kind === "op" && over.some((loop) => x.loops.has(loop))).length;

function withKept(nest: Nest, { pass, value, store, again }: Candidate): Nest {
  const { memory } = store;
  const { reduction } = pass;
  const own = store.loops.slice(store.loops.length - reduction.over.length);
  const loops = [...store.loops.slice(0, -own.length), ...reduction.over];
  const back = new Rewriting({
    indices: new Map(own.map((loop, i) => [loop, Affine.loop(reduction.over[i]!)])),
  });
  const address = back.affine(store.address);
  const first: Store = { loops, memory, address, value, pass };
  const exprs = new Map<Expr, Expr>([
    [again, load(memory, store.address)],
    [value, load(memory, address)],
  ]);
  // What is written in the turns of the store's loops is computed before the store writes; so are reductions of the row.
  const beside = nest.stores.filter((x) => sameLoops(x, store));
  for (const x of exprsOf(nest.stores))
    if (x.kind === "reduced" && !(x.loops.size === loops.length - own.length && dependsOn(x, reduction)))
      exprs.set(x, x);
  const rewriting = new Rewriting({ exprs });
  const rest = nest.stores
    .filter((x) => x !== store || x.value !== again)
    .map((x) => (beside.includes(x) ? rewriting.store(x, x.loops) : x));
  return { ...nest, stores: [first, ...rest] };
}

const sameLoops = (a: Store, b: Store): boolean =>
  a.loops.length === b.loops.length && a.loops.every((loop, i) => loop === b.loops[i]);

/** Whether a reduction is of what another one has left. */
const dependsOn = (x: Reduced, on: Reduction): boolean =>
  x.reduction !== on && reachable(x.reduction.values).some((y) => y.kind === "reduced" && y.reduction === on);
