import { type Expr, type Loop, storageBytes } from "./expression.ts";
import { reachable, rootsOf, type Store } from "./nest.ts";
import { besideOf, isApart, type Pass, type Profile, stepsOf } from "./profile.ts";
import type { Part, Schedule, Segment } from "./schedule.ts";

/** Accumulators of a tile, in vectors: of the 16 registers that machines have, some hold what is loaded. */
const ACCUMULATORS = 8;
/** Rows of a tile of a product, and vectors of columns. */
export const TILE = { rows: 4, columns: 2 } as const;
/** Bytes that are read again from a cache that is near, shared with what else is read. */
const CACHE = 1 << 18;
/** Partial results of a reduction that would else wait for each other. */
const APART = 4;
/** Operations that are written down for a turn of a loop, where that has several steps, and for a tile. */
const LARGE = { turn: 80, tile: 120 } as const;
/** Elements that are copied at once where they lie in a row: memory is fetched in lines, and the next ones along with it. */
const RUN = 64;
/** Turns that are left at least of a loop of which a turn copies several steps: threads share them. */
const TURNS = 16;

/** The turns of each loop, so that what is loaded is used more than once and what is computed need not wait. */
export function tilesOf(profile: Profile, vectors: ReadonlySet<Loop>): Pick<Schedule, "segments" | "apart"> {
  const { reductions, own, lanes } = profile;
  const factors = factorsOf(profile, vectors);
  const segments = new Map<Loop, readonly Segment[]>();
  for (const loop of own) segments.set(loop, segmentsOf(loop, vectors, factors.get(loop) ?? 1, lanes));
  const apart = new Set<Loop>();
  for (const { over, loops, values } of reductions) {
    const folded = over.find((loop) => vectors.has(loop));
    const tiled = [...loops].some((loop) => (factors.get(loop) ?? 1) > 1);
    for (const loop of over) {
      if (segments.has(loop)) continue;
      const width = vectors.has(loop) ? lanes : 1;
      let factor = 1;
      const innermost = loop === (folded ?? over.at(-1)) && !reductions.some((pass) => pass.loops.has(loop));
      if (innermost && loop.size >= 4 * width) {
        if (!tiled && values.length === 1) {
          factor = Math.min(APART, copiesOf(values, [loop], LARGE.turn));
          if (factor > 1) apart.add(loop);
        } else if (tiled && !folded && isTransposed(values, loop, vectors)) factor = lanes;
      }
      segments.set(loop, segmentsOf(loop, vectors, factor, lanes));
    }
  }
  return { segments, apart };
}

/** How often what is computed in each step of all the loops may be written down, for so many operations at most. */
function copiesOf(values: readonly Expr[], loops: readonly Loop[], most: number): number {
  const all = reachable(values).filter((x) => loops.every((loop) => x.loops.has(loop)));
  const operations = all.filter(({ kind }) => kind === "op").length;
  return all.some(({ kind }) => kind === "running") ? 1 : Math.max(1, Math.floor(most / (operations || 1)));
}

/** How many steps, or vectors of steps, each loop of the stores takes in a turn. */
function factorsOf(profile: Profile, vectors: ReadonlySet<Loop>): Map<Loop, number> {
  const { stores, reductions, own, ordered, lanes } = profile;
  // The reduction with the most steps decides.
  const [main] = [...reductions].sort(
    (a, b) => stepsOf([...b.loops, ...b.over]) - stepsOf([...a.loops, ...a.over]),
  );
  const innermost = new Set(stores.map(({ loops }) => loops.at(-1)));
  const beside = besideOf(profile, vectors);
  const transposed = new Map(beside && [[beside, Math.min(2, Math.floor(beside.size / lanes)) * lanes]]);
  if (main && [...main.loops].some((loop) => innermost.has(loop))) {
    const tile = productTile(profile, vectors, main);
    return beside && !main.loops.has(beside) ? new Map([...tile, ...transposed]) : tile;
  }
  const factors = new Map<Loop, number>();
  for (const loop of own) {
    if (!vectors.has(loop) || loop.size < 8 * lanes || ordered.has(loop)) continue;
    const roots = stores.filter(({ loops }) => loops.includes(loop)).flatMap(rootsOf);
    if (copiesOf(roots, [loop], LARGE.turn) > 1) factors.set(loop, 2);
  }
  for (const [loop, factor] of transposed) factors.set(loop, factor);
  const run = runOf(profile, vectors);
  if (run) {
    factors.set(run.inner, Math.ceil(run.inner.size / lanes));
    const most = Math.min(Math.floor(RUN / run.inner.size), Math.floor(run.outer.size / TURNS));
    factors.set(run.outer, Math.max(1, most));
  }
  return factors;
}

/** A short loop of lanes, and the one around it, if memory that is read goes on from a step of this to the next. */
function runOf(
  { stores, ordered }: Profile,
  vectors: ReadonlySet<Loop>,
): { readonly outer: Loop; readonly inner: Loop } | null {
  const [store, ...others] = stores;
  if (store?.value.kind !== "load" || others.length > 0 || store.loops.length < 3) return null;
  const { address } = store.value;
  const [outer, inner] = store.loops.slice(-2) as [Loop, Loop];
  const goesOn = address.step(inner) === 1 && address.step(outer) === inner.size;
  return goesOn && vectors.has(inner) && 2 * inner.size <= RUN && !ordered.has(outer)
    ? { outer, inner }
    : null;
}

/** Rows and columns of which each element that is loaded is used for all of the others. */
function productTile(
  { stores, reductions, ordered, lanes }: Profile,
  vectors: ReadonlySet<Loop>,
  { loops, over, values }: Pass,
): Map<Loop, number> {
  const factors = new Map<Loop, number>();
  const loads = reachable(values).filter((x) => x.kind === "load" && x.loops.size > 0);
  // Others may share outer loops with it.
  const depth = (store: Store): number => store.loops.filter((loop) => loops.has(loop)).length;
  const store = stores.reduce((a, b) => (depth(b) > depth(a) ? b : a));
  const order = store.loops.filter((loop) => loops.has(loop));
  const rows = order.filter((loop) => !vectors.has(loop) && !ordered.has(loop) && loop.size > 1);
  const column = order.find((loop) => vectors.has(loop));
  const row = rows.findLast((loop) => loads.some((x) => !x.loops.has(loop)));
  const wanted = column ? Math.ceil(column.size / lanes) : 1;
  // What depends on rows or on columns only is computed once for all of the others.
  const tiled = [row, column].filter((loop) => loop !== undefined);
  const bodies = reductions.filter((pass) => pass.over.some((loop) => over.includes(loop))).flatMap((pass) => pass.values); // prettier-ignore
  const steps = over.some((loop) => isTransposed(bodies, loop, vectors)) ? lanes : 1;
  const most = Math.max(1, Math.floor(copiesOf(bodies, tiled, LARGE.tile) / steps));
  // Three vectors of columns are taken at once where they are all there is.
  const few = row ? (wanted === 3 ? 3 : Math.min(wanted, TILE.columns)) : Math.min(wanted, ACCUMULATORS);
  const count = Math.min(few, most);
  const left = Math.max(1, Math.floor(most / count));
  if (column) factors.set(column, count);
  if (row) factors.set(row, Math.min(column ? Math.ceil(ACCUMULATORS / count) : TILE.rows, row.size, left));
  if (row && !column) {
    const other = rows.findLast((loop) => loop !== row && loads.some((x) => !x.loops.has(loop)));
    if (other)
      factors.set(other, Math.min(TILE.columns, other.size, Math.max(1, Math.floor(left / TILE.rows))));
  }
  return factors;
}

/** Whether lanes that are apart lie side by side along the loop of a reduction. */
const isTransposed = (values: readonly Expr[], loop: Loop, vectors: ReadonlySet<Loop>): boolean =>
  reachable(values).some(
    (x) => x.kind === "load" && x.address.step(loop) === 1 && isApart(x.address, vectors),
  );

/** What is read again at each step of an outer loop, cut into blocks that stay in a cache. */
export function blocksOf(
  { stores, reductions, ordered }: Profile,
  segments: Schedule["segments"],
): Schedule["blocks"] {
  const [store, ...others] = stores;
  if (store === undefined || others.length > 0) return new Map();
  const { loops } = store;
  for (const { values } of reductions)
    for (const x of reachable(values)) {
      if (x.kind !== "load") continue;
      const at = loops.findIndex((loop) => loop.size > 1 && !x.loops.has(loop));
      const loop = loops.slice(at + 1).find((l) => x.loops.has(l));
      if (at < 0 || loop === undefined || ordered.has(loops[at]!) || ordered.has(loop)) continue;
      const around = loops.slice(0, at);
      const bytes = stepsOf([...x.loops].filter((l) => !around.includes(l))) * storageBytes[x.memory.storage];
      if (bytes <= CACHE) continue;
      const step = Math.max(...segments.get(loop)!.map((segment) => segment.step));
      const size = Math.max(1, Math.floor((CACHE * loop.size) / bytes / step)) * step;
      if (size < loop.size) return new Map([[loops[at]!, { loop, size }]]);
    }
  return new Map();
}

/** The turns of a loop of which each takes `factor` steps, of a vector each: full turns, and one for the rest. */
export function segmentsOf(loop: Loop, vectors: ReadonlySet<Loop>, factor: number, lanes: number): Segment[] {
  const { size } = loop;
  const width = vectors.has(loop) ? lanes : 1;
  const parts = (count: number): Part[] =>
    Array.from({ length: Math.ceil(count / width) }, (_, i) => ({
      offset: i * width,
      lanes: Math.min(width, count - i * width),
    }));
  const step = width * factor;
  const whole = size - (size % step);
  const segments: Segment[] = [];
  if (whole > 0) segments.push({ from: 0, to: whole, step, parts: parts(step) });
  if (whole < size) segments.push({ from: whole, to: size, step: size - whole, parts: parts(size - whole) });
  return segments;
}
