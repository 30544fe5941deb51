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
  const { all, reductions, lanes } = profile;
  const vector = vectorLoop(profile);
  const vectors = new Set<Loop>(vector ? [vector] : []);
  // What depends on two of them would have lanes of both.
  const together = [
    ...all.map(({ loops }) => loops),
    ...reductions.map(({ over, loops }) => new Set([...over, ...loops])),
  ];
  const alone = (loop: Loop): boolean =>
    together.every((loops) => !loops.has(loop) || ![...vectors].some((other) => loops.has(other)));
  for (const { over } of reductions) {
    if (over.some((loop) => vectors.has(loop))) continue;
    const [best] = over
      .filter((loop) => loop.size >= lanes && alone(loop))
      .map((loop) => ({ loop, cost: costOf(profile, new Set([...vectors, loop])) }))
      .sort((a, b) => a.cost - b.cost);
    if (best && best.cost < costOf(profile, vectors)) vectors.add(best.loop);
  }
  const { segments, apart } = tilesOf(profile, vectors);
  return { lanes, vectors, segments, apart, blocks: blocksOf(profile, segments) };
}

/** The loop of the stores that has lanes as its steps, if one is better than none. */
function vectorLoop(profile: Profile): Loop | null {
  const { stores, own, ordered } = profile;
  let best: Loop | null = null;
  let least = costOfBest(profile, null);
  for (const loop of own) {
    if (loop.size < 2 || ordered.has(loop) || stores.some(({ when }) => when?.loops.has(loop))) continue;
    const cost = costOfBest(profile, loop);
    if (cost < least) [best, least] = [loop, cost];
  }
  return best;
}

/** The cost with `loop` vectorised and, in reductions that do not depend on it, the best of their own. */
function costOfBest(profile: Profile, loop: Loop | null): number {
  const vectors = new Set(loop ? [loop] : []);
  for (const { over, loops } of profile.reductions) {
    if (loop && loops.has(loop)) continue;
    const last = over.findLast(({ size }) => size >= profile.lanes);
    if (last) vectors.add(last);
  }
  return costOf(profile, vectors);
}
