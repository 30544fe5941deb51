import type { Affine } from "./affine.ts";
import type { Expr, Loop, Reduction } from "./expression.ts";
import { exprsOf, type Nest, reachable } from "./nest.ts";

/** A reduction, with the loops that its result depends on. */
export interface Pass extends Reduction {
  readonly loops: ReadonlySet<Loop>;
}
/** What a schedule is chosen by. */
export interface Profile extends Nest {
  readonly lanes: 2 | 4;
  /** Everything that is computed, operands first. */
  readonly all: readonly Expr[];
  readonly reductions: readonly Pass[];
  /** The innermost reduction at each step of which something is loaded. */
  readonly passes: ReadonlyMap<Expr, Pass>;
  /** The loops of the stores, apart from those of reductions. */
  readonly own: ReadonlySet<Loop>;
  /** Loops whose steps are taken one after the other. */
  readonly ordered: ReadonlySet<Loop>;
}

const known = new WeakMap<Nest, Profile>();
export function profileOf(nest: Nest): Profile {
  let profile = known.get(nest);
  if (profile === undefined) known.set(nest, (profile = profiled(nest)));
  return profile;
}

function profiled(nest: Nest): Profile {
  const all = exprsOf(nest.stores);
  const reductions = new Map<Reduction, Pass>();
  for (const expr of all)
    if (expr.kind === "reduced") reductions.set(expr.reduction, { ...expr.reduction, loops: expr.loops });
  const passes = new Map<Expr, Pass>();
  for (const pass of reductions.values())
    for (const x of reachable(pass.values))
      if (x.kind === "load" && !passes.has(x) && pass.over.some((loop) => x.loops.has(loop)))
        passes.set(x, pass);
  const along = all.flatMap((x) => (x.kind === "running" ? x.series.along : []));
  return {
    ...nest,
    lanes: lanesOf(nest),
    all,
    reductions: [...reductions.values()],
    passes,
    own: new Set(nest.stores.flatMap(({ loops, pass }) => loops.filter((l) => !pass || pass.loops.has(l)))),
    ordered: new Set([...nest.sequential, ...along]),
  };
}

/** How many lanes vectors have: as many as there are of the widest type. */
export function lanesOf({ stores }: Nest): 2 | 4 {
  const wide =
    exprsOf(stores).some(({ type }) => type === "i64" || type === "f64") ||
    stores.some(({ memory: { storage } }) => storage === "i64" || storage === "f64");
  return wide ? 2 : 4;
}

/** How often what is in all these loops is done. */
export function stepsOf(loops: Iterable<Loop>): number {
  let steps = 1;
  for (const { size } of loops) steps *= size;
  return steps;
}

/** Whether the lanes of a vector come from places apart. */
export const isApart = (address: Affine, vectors: ReadonlySet<Loop>): boolean =>
  [...vectors].some((loop) => Math.abs(address.step(loop)) > 1);

/** A loop of the stores along which lanes that are apart in memory lie side by side, if there is one. */
export function besideOf(
  { all, own, ordered, lanes }: Profile,
  vectors: ReadonlySet<Loop>,
): Loop | undefined {
  const apart = all.flatMap((x) => (x.kind === "load" && isApart(x.address, vectors) ? x.address : []));
  return [...own].find(
    (loop) =>
      !vectors.has(loop) && !ordered.has(loop) && loop.size >= lanes && apart.some((x) => x.step(loop) === 1),
  );
}
