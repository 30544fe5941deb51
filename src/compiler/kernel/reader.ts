import { Affine } from "./affine.ts";
import type { Element } from "./element.ts";
import { type Expr, Loop, type Monoid, reduce } from "./expression.ts";

/** A place in an array: an index for each axis. */
export type Index = readonly Affine[];

/** An array as a function of the place: what fusion puts into each other. */
export type Reader = (index: Index) => Element;

/** Loops that were found to be two. */
let splits = new WeakMap<Loop, readonly [outer: Loop, inner: Loop]>();
/** Loops of reductions by size, so that reductions over equal axes can share one. */
let pool = new Map<number, Loop[]>();

/** Forgets the loops made so far. */
export function freshLoops(): void {
  splits = new WeakMap();
  pool = new Map();
}

/** From now on `loop` is two: one of `inner` steps within another. */
export function splitLoop(loop: Loop, inner: number): void {
  splits.set(loop, [new Loop(loop.size / inner, `${loop.name}o`), new Loop(inner, `${loop.name}i`)]);
}

/** The loops that `loop` has become. */
export function partsOf(loop: Loop): readonly Loop[] {
  const parts = splits.get(loop);
  return parts ? parts.flatMap(partsOf) : [loop];
}

/** A loop as an index, if need be as the sum of the loops it has become. */
export function indexOf(loop: Loop): Affine {
  const parts = splits.get(loop);
  return parts ? indexOf(parts[0]).times(parts[1].size).plus(indexOf(parts[1])) : Affine.loop(loop);
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
