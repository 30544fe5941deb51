import { costOf } from "./cost.ts";
import type { Loop } from "./expression.ts";
import type { Nest } from "./nest.ts";
import { type Profile, profileOf } from "./profile.ts";
import { blocksOf, tilesOf } from "./tiles.ts";

/** A step of a tiled loop within one turn of it: how far from its counter, and how many lanes of a vector are in use. */
export interface Part {
  readonly offset: number;
  readonly lanes: number;
}
/** Turns of a loop that are alike: from `from` to `to`, each taking the steps of all `parts`. */
export interface Segment {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly parts: readonly Part[];
}
/** How a nest is to be run. */
export interface Schedule {
  readonly lanes: number;
  /** Which loops have the lanes of vectors as their steps. */
  readonly vectors: ReadonlySet<Loop>;
  readonly segments: ReadonlyMap<Loop, readonly Segment[]>;
  /** Before a loop is opened, another one within it is cut into blocks of so many steps: what it reads stays in a cache. */
  readonly blocks: ReadonlyMap<Loop, { readonly loop: Loop; readonly size: number }>;
  /** For the loops of a reduction, whether each part has an accumulator of its own. */
  readonly apart: ReadonlySet<Loop>;
}

/**
 * How to run a nest: which loops have lanes as their steps, which are tiled so that what is loaded is used more than
 * once, and where their remainders begin. The choice is made by shape and by strides only.
 */
export function schedule(nest: Nest): Schedule {
  const profile = profileOf(nest);
  const vectors = vectorLoops(profile);
  const { segments, apart } = tilesOf(profile, vectors);
  return { lanes: profile.lanes, vectors, segments, apart, blocks: blocksOf(profile, segments) };
}

/**
 * The loops that have lanes as their steps, each where it is better than none: of the stores, first the one that all of
 * them are best off with, then one for each that does not share it, and of reductions that have none yet.
 */
function vectorLoops(profile: Profile): Set<Loop> {
  const { stores, all, reductions, lanes, own, ordered } = profile;
  const isUsable = (loop: Loop): boolean =>
    loop.size > 1 && own.has(loop) && !ordered.has(loop) && !stores.some(({ when }) => when?.loops.has(loop));
  const vectors = new Set<Loop>();
  // What depends on two of them would have lanes of both.
  const together = [
    ...all.map(({ loops }) => loops),
    ...reductions.map(({ over, loops }) => new Set([...over, ...loops])),
    ...stores.map(({ loops }) => new Set(loops)),
  ];
  const alone = (loop: Loop): boolean =>
    together.every((loops) => !loops.has(loop) || ![...vectors].some((other) => loops.has(other)));
  const add = (loops: Iterable<Loop>): void => {
    const [best] = [...loops]
      .filter(alone)
      .map((loop) => ({ loop, cost: costOfBest(profile, [...vectors, loop]) }))
      .sort((a, b) => a.cost - b.cost);
    if (best && best.cost < costOfBest(profile, vectors)) vectors.add(best.loop);
  };
  add([...own].filter(isUsable));
  for (const { loops } of stores) if (!loops.some((loop) => vectors.has(loop))) add(loops.filter(isUsable));
  for (const { over } of reductions) {
    if (over.some((loop) => vectors.has(loop))) continue;
    const [best] = over
      .filter((loop) => loop.size >= lanes && alone(loop))
      .map((loop) => ({ loop, cost: costOf(profile, new Set([...vectors, loop])) }))
      .sort((a, b) => a.cost - b.cost);
    if (best && best.cost < costOf(profile, vectors)) vectors.add(best.loop);
  }
  return vectors;
}

/** The cost with some loops vectorised and, in reductions that do not depend on them, the best of their own. */
function costOfBest(profile: Profile, loops: Iterable<Loop>): number {
  const vectors = new Set(loops);
  const chosen = [...vectors];
  for (const { over, loops: around } of profile.reductions) {
    if (chosen.some((loop) => around.has(loop))) continue;
    const last = over.findLast(({ size }) => size >= profile.lanes);
    if (last) vectors.add(last);
  }
  return costOf(profile, vectors);
}
