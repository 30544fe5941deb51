import { Affine, SplitLoop } from "./affine.ts";
import type { Element } from "./element.ts";
import { type Expr, Loop, type Monoid, reduce } from "./expression.ts";

/** A place in an array: an index for each axis. */
export type Index = readonly Affine[];

/** An array as a function of the place: what fusion puts into each other. */
export type Reader = (index: Index) => Element;

/** A loop whose steps are needed from the last to the first. */
export class ReverseLoop extends Error {
  constructor(readonly loop: Loop) {
    super(`loop ${loop.name} is to run from its last step to its first`);
  }
}

/** Loops that were found to be two. */
let splits = new WeakMap<Loop, readonly [outer: Loop, inner: Loop]>();
/** Loops that count down. */
let reversed = new WeakSet<Loop>();
/** Loops of reductions by size, so that reductions over equal axes can share one. */
let pool = new Map<number, Loop[]>();

/** Forgets the loops made so far. */
export function freshLoops(): void {
  splits = new WeakMap();
  reversed = new WeakSet();
  pool = new Map();
}

/** From now on `loop` is two: one of `inner` steps within another. */
function splitLoop(loop: Loop, inner: number): void {
  const parts = [new Loop(loop.size / inner, `${loop.name}o`), new Loop(inner, `${loop.name}i`)] as const;
  splits.set(loop, parts);
  if (reversed.has(loop)) for (const part of parts) reversed.add(part);
}

/** What `build` makes of indices of loops, once no loop of them has to be two, or to run the other way. */
export function arranged<T>(build: () => T): T {
  for (;;)
    try {
      return build();
    } catch (error) {
      // A loop that is to be changed twice is one that `build` did not take from `indexOf`.
      if (error instanceof SplitLoop && !splits.has(error.loop)) splitLoop(error.loop, error.inner);
      else if (error instanceof ReverseLoop && !reversed.has(error.loop)) reversed.add(error.loop);
      else throw error;
    }
}

/** The loops that `loop` has become. */
export function partsOf(loop: Loop): readonly Loop[] {
  const parts = splits.get(loop);
  return parts ? parts.flatMap(partsOf) : [loop];
}

/** A loop as an index: if need be as the sum of the loops it has become, and counting down. */
export function indexOf(loop: Loop): Affine {
  const parts = splits.get(loop);
  if (parts) return indexOf(parts[0]).times(parts[1].size).plus(indexOf(parts[1]));
  const step = Affine.loop(loop);
  return reversed.has(loop) ? step.times(-1).plus(loop.size - 1) : step;
}

/** Loops of the given sizes, none of which is in `index`. */
function loopsBeside(sizes: readonly number[], index: Index): Loop[] {
  const taken = new Set(index.flatMap((i) => [...i.loops]));
  const chosen: Loop[] = [];
  for (const size of sizes) {
    let loops = pool.get(size);
    if (loops === undefined) pool.set(size, (loops = []));
    let loop = loops.find((l) => !chosen.includes(l) && !partsOf(l).some((part) => taken.has(part)));
    if (loop === undefined) loops.push((loop = new Loop(size, `r${size}_${loops.length}`)));
    chosen.push(loop);
  }
  return chosen;
}

/**
 * A reduction over axes of the given sizes, for an element whose place is `index`: `values` gets an index for each of the
 * axes.
 */
export function reduceOver(
  monoid: Monoid,
  sizes: readonly number[],
  index: Index,
  values: (reduced: Index) => readonly Expr[],
): readonly Expr[] {
  if (sizes.length === 0) return values([]);
  const loops = loopsBeside(sizes, index);
  return reduce(monoid, loops.flatMap(partsOf), values(loops.map(indexOf)));
}
