/**
 * Nanoseconds of work from which a chunk is worth having: taking one costs some 10 ns, waking a worker for it some 10 µs,
 * most of them the caller's.
 */
const CHUNK = 20_000;
/** Several for each of many threads, so that those which come late or run slowly take fewer. */
const MOST_CHUNKS = 128;

/**
 * The grain for `size` iterations that take about `nanoseconds` each on one thread: `size` where it does not pay to split
 * them; otherwise a multiple of `tile`. It depends on no machine, so that results do not.
 */
export function grainOf(size: number, nanoseconds: number, tile = 1): number {
  const chunks = Math.min(MOST_CHUNKS, Math.floor((size * nanoseconds) / CHUNK));
  if (chunks < 2) return size;
  return Math.min(size, Math.ceil(size / chunks / tile) * tile);
}
