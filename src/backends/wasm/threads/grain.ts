/** Chunks of a job at most: some more than there are threads, so that those which come late or run slowly take fewer. */
const MOST_CHUNKS = 32;

/** Operations from which on a chunk is worth having: taking one costs some 10 ns, waking a worker for it some 10 µs. */
let least = 100_000;
/** Sets how many operations a chunk has at least; returns what it was. Programs that are compiled keep their chunks. */
export function cutFrom(operations: number): number {
  const before = least;
  least = operations;
  return before;
}

/**
 * How many of `steps` iterations, which take so many operations together, are a chunk: a multiple of `tile`; all where it
 * does not pay to split them. It depends on no machine, so that results do not.
 */
export function grainOf(steps: number, operations: number, tile = 1): number {
  const chunks = Math.max(1, Math.min(MOST_CHUNKS, Math.floor(operations / least)));
  return Math.min(steps, Math.ceil(steps / chunks / tile) * tile);
}
