import type { Affine } from "./affine.ts";
import { type Expr, type Loop, type Reduction, storageBytes } from "./expression.ts";
import { type Nest, reachable, rootsOf, type Store } from "./nest.ts";

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

/** Accumulators of a tile, in vectors: of the 16 registers that machines have, some hold what is loaded. */
const ACCUMULATORS = 8;
/** Rows of a tile of a product, and vectors of columns. */
export const TILE = { rows: 4, columns: 2 } as const;
/** Bytes that are read again from a cache that is near, shared with what else is read. */
const CACHE = 1 << 18;
/** Partial results of a reduction that would else wait for each other. */
const APART = 4;
/** What reading lanes one by one costs, beside reading them at once. */
const GATHER = 1.5;
/** What reading as many vectors as they have lanes and transposing them costs for each. */
const TRANSPOSED = 2.5;

/**
 * How to run a nest: which loops have lanes as their steps, which are tiled so that what is loaded is used more than
 * once, and where their remainders begin. The choice is made by shape and by strides only.
 */
export function schedule(nest: Nest): Schedule {
  const all = reachable(nest.stores.flatMap(rootsOf));
  const reductions = reductionsIn(all);
  const lanes = lanesOf(nest);
  const vector = vectorLoop(nest, all, reductions, lanes);
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
    const best = over
      .filter((loop) => loop.size >= lanes && alone(loop))
      .map((loop) => ({ loop, cost: costOf(nest, all, reductions, new Set([...vectors, loop]), lanes) }))
      .sort((a, b) => a.cost - b.cost)[0];
    if (best && best.cost < costOf(nest, all, reductions, vectors, lanes)) vectors.add(best.loop);
  }
  const { segments, apart } = tiles(nest, all, reductions, vectors, lanes);
  return { lanes, vectors, segments, apart, blocks: blocksOf(nest, reductions, segments) };
}

/** How many lanes vectors have: as many as there are of the widest type. */
export function lanesOf({ stores }: Nest): 2 | 4 {
  const wide =
    reachable(stores.flatMap(rootsOf)).some(({ type }) => type === "i64" || type === "f64") ||
    stores.some(({ memory: { storage } }) => storage === "i64" || storage === "f64");
  return wide ? 2 : 4;
}

interface Pass extends Reduction {
  /** What the result depends on. */
  readonly loops: ReadonlySet<Loop>;
}
function reductionsIn(all: readonly Expr[]): Pass[] {
  const found = new Map<Reduction, Pass>();
  for (const expr of all)
    if (expr.kind === "reduced") found.set(expr.reduction, { ...expr.reduction, loops: expr.loops });
  return [...found.values()];
}

const stepsOf = (loops: Iterable<Loop>): number => {
  let steps = 1;
  for (const loop of loops) steps *= loop.size;
  return steps;
};

/** The loop of the stores that has lanes as its steps, if one is better than none. */
function vectorLoop(
  nest: Nest,
  all: readonly Expr[],
  reductions: readonly Pass[],
  lanes: number,
): Loop | null {
  const { stores, sequential } = nest;
  const series = all.flatMap((x) => (x.kind === "running" ? x.series.along : []));
  const candidates = new Set(stores.flatMap(({ loops }) => loops));
  let best: Loop | null = null;
  let least = costOfBest(nest, all, reductions, null, lanes);
  for (const loop of candidates) {
    if (loop.size < 2 || sequential.has(loop) || series.includes(loop)) continue;
    if (stores.some(({ when }) => when?.loops.has(loop))) continue;
    const cost = costOfBest(nest, all, reductions, loop, lanes);
    if (cost < least) [best, least] = [loop, cost];
  }
  return best;
}

/** The cost with `loop` vectorised and, in reductions that do not depend on it, the best of their own. */
function costOfBest(
  nest: Nest,
  all: readonly Expr[],
  reductions: readonly Pass[],
  loop: Loop | null,
  lanes: number,
): number {
  const vectors = new Set(loop ? [loop] : []);
  for (const { over, loops } of reductions) {
    if (loop && loops.has(loop)) continue;
    const last = over.findLast((l) => l.size >= lanes);
    if (last) vectors.add(last);
  }
  return costOf(nest, all, reductions, vectors, lanes);
}

/** An estimate of the instructions that a nest takes. */
function costOf(
  { stores, sequential }: Pick<Nest, "stores" | "sequential">,
  all: readonly Expr[],
  reductions: readonly Pass[],
  vectors: ReadonlySet<Loop>,
  lanes: number,
): number {
  const vectorOf = (loops: ReadonlySet<Loop>): Loop | undefined =>
    [...loops].find((loop) => vectors.has(loop));
  const steps = (loops: ReadonlySet<Loop>, vector: Loop | undefined): number =>
    stepsOf(loops) / (vector ? Math.min(lanes, vector.size) : 1);
  const beside = besides({ stores, sequential }, all, vectors, lanes);
  const passes = new Map<Expr, Pass>();
  for (const pass of reductions)
    for (const x of reachable(pass.values))
      if (x.kind === "load" && pass.over.some((loop) => x.loops.has(loop))) passes.set(x, pass);
  let cost = 0;
  for (const expr of all) {
    const vector = vectorOf(expr.loops);
    if (expr.kind === "op") cost += steps(expr.loops, vector);
    else if (expr.kind === "load") {
      const step = vector ? expr.address.step(vector) : 0;
      const single = Math.min(lanes, vector?.size ?? 1) * GATHER;
      const apart =
        beside && vector && expr.address.step(beside) === 1 ? Math.min(single, TRANSPOSED) : single;
      const each = loadsOf(expr, passes.get(expr), vector, steps, vectorOf);
      cost += step === 1 || step === 0 || step === -1 ? each : each * apart;
    }
  }
  for (const { over, loops, values } of reductions) {
    const inner = new Set([...over, ...loops]);
    cost += steps(inner, vectorOf(inner)) * values.length;
    const folded = over.find((loop) => vectors.has(loop));
    if (folded) cost += stepsOf(loops) * 2 * lanes;
  }
  for (const { loops, address } of stores) {
    const own = new Set(loops);
    const vector = vectorOf(own);
    const each = steps(own, vector);
    const step = vector ? address.step(vector) : 0;
    cost += step === 1 || step === 0 ? each : each * lanes * GATHER;
  }
  return cost;
}

/** How often something is loaded: in a reduction at each step, though once for all columns or all rows of a tile. */
function loadsOf(
  { loops }: Expr,
  pass: Pass | undefined,
  vector: Loop | undefined,
  steps: (loops: ReadonlySet<Loop>, vector: Loop | undefined) => number,
  vectorOf: (loops: ReadonlySet<Loop>) => Loop | undefined,
): number {
  if (pass === undefined) return steps(loops, vector);
  const around = new Set([...pass.over, ...pass.loops]);
  const each = steps(around, vectorOf(around));
  const reused = [...around].some((loop) => loop.size > 1 && !loops.has(loop));
  return reused ? each / (vector ? TILE.rows : TILE.columns) : each;
}

function tiles(
  { stores, sequential }: Nest,
  all: readonly Expr[],
  reductions: readonly Pass[],
  vectors: ReadonlySet<Loop>,
  lanes: number,
): Pick<Schedule, "segments" | "apart"> {
  const own = new Set(stores.flatMap(({ loops }) => loops));
  const series = new Set(all.flatMap((x) => (x.kind === "running" ? x.series.along : [])));
  const factors = new Map<Loop, number>();
  const apart = new Set<Loop>();
  // The reduction with the most steps decides.
  const main = [...reductions].sort(
    (a, b) => stepsOf([...b.loops, ...b.over]) - stepsOf([...a.loops, ...a.over]),
  )[0];
  const inner =
    main && [...main.loops].some((loop) => own.has(loop) && isInnermost(loop, stores)) ? main : undefined;
  if (inner) {
    const loads = reachable(inner.values).filter((x) => x.kind === "load" && x.loops.size > 0);
    const order = stores.find(({ loops }) => loops.some((loop) => inner.loops.has(loop)))!.loops;
    const rows = order.filter(
      (loop) =>
        inner.loops.has(loop) &&
        !vectors.has(loop) &&
        !sequential.has(loop) &&
        !series.has(loop) &&
        loop.size > 1,
    );
    const column = order.find((loop) => inner.loops.has(loop) && vectors.has(loop));
    const row = rows.findLast((loop) => loads.some((x) => !x.loops.has(loop)));
    const wanted = column ? Math.ceil(column.size / lanes) : 1;
    // Three vectors of columns are taken at once where they are all there is.
    const count = row ? (wanted === 3 ? 3 : Math.min(wanted, TILE.columns)) : Math.min(wanted, ACCUMULATORS);
    if (column) factors.set(column, count);
    if (row) factors.set(row, Math.min(column ? Math.ceil(ACCUMULATORS / count) : TILE.rows, row.size));
    if (row && !column) {
      const other = rows.findLast((loop) => loop !== row && loads.some((x) => !x.loops.has(loop)));
      if (other) factors.set(other, Math.min(TILE.columns, other.size));
    }
  } else {
    for (const loop of own)
      if (vectors.has(loop) && loop.size >= 8 * lanes && all.length < 60 && !series.size)
        factors.set(loop, 2);
    const beside = besides({ stores, sequential }, all, vectors, lanes);
    if (beside) factors.set(beside, Math.min(2, Math.floor(beside.size / lanes)) * lanes);
  }
  const segments = new Map<Loop, readonly Segment[]>();
  for (const loop of own) segments.set(loop, segmentsOf(loop, vectors, factors.get(loop) ?? 1, lanes));
  for (const { over, loops, values } of reductions) {
    const last = over.at(-1)!;
    for (const loop of over) {
      if (segments.has(loop)) continue;
      const width = vectors.has(loop) ? lanes : 1;
      const folded = over.find((l) => vectors.has(l));
      const tiled = [...loops].some((l) => (factors.get(l) ?? 1) > 1);
      let factor = 1;
      if (loop === (folded ?? last) && loop.size >= 4 * width) {
        if (!tiled && values.length === 1) {
          factor = APART;
          apart.add(loop);
        } else if (tiled && !folded && isTransposed(values, loop, vectors)) factor = lanes;
      }
      segments.set(loop, segmentsOf(loop, vectors, factor, lanes));
    }
  }
  return { segments, apart };
}

/** A loop of the stores along which lanes that are apart in memory lie side by side, if there is one. */
function besides(
  { stores, sequential }: Pick<Nest, "stores" | "sequential">,
  all: readonly Expr[],
  vectors: ReadonlySet<Loop>,
  lanes: number,
): Loop | undefined {
  const apart = all
    .filter((x) => x.kind === "load")
    .map((x) => x.address)
    .filter((address) => isApart(address, vectors));
  return stores
    .flatMap(({ loops }) => loops)
    .find(
      (loop) =>
        !vectors.has(loop) &&
        !sequential.has(loop) &&
        loop.size >= lanes &&
        apart.some((x) => x.step(loop) === 1),
    );
}
/** Whether the lanes of a vector come from places apart. */
const isApart = (address: Affine, vectors: ReadonlySet<Loop>): boolean =>
  [...vectors].some((loop) => Math.abs(address.step(loop)) > 1);
const isTransposed = (values: readonly Expr[], loop: Loop, vectors: ReadonlySet<Loop>): boolean =>
  reachable(values).some(
    (x) => x.kind === "load" && x.address.step(loop) === 1 && isApart(x.address, vectors),
  );

/** What is read again at each step of an outer loop, cut into blocks that stay in a cache. */
function blocksOf(
  { stores, sequential }: Nest,
  reductions: readonly Pass[],
  segments: Schedule["segments"],
): Schedule["blocks"] {
  const [store, ...others] = stores;
  if (store === undefined || others.length > 0) return new Map();
  const { loops } = store;
  for (const { over, values } of reductions)
    for (const x of reachable(values)) {
      if (x.kind !== "load") continue;
      const at = loops.findIndex((loop) => !x.loops.has(loop));
      const loop = loops.slice(at + 1).find((l) => x.loops.has(l));
      if (at < 0 || loop === undefined || sequential.has(loops[at]!) || sequential.has(loop)) continue;
      const inner = [...loops.slice(at), ...over].filter((l) => x.loops.has(l));
      const bytes = stepsOf(inner) * storageBytes[x.memory.storage];
      if (bytes <= CACHE) continue;
      const step = Math.max(...segments.get(loop)!.map((segment) => segment.step));
      const size = Math.max(1, Math.floor((CACHE * loop.size) / bytes / step)) * step;
      if (size < loop.size) return new Map([[loops[at]!, { loop, size }]]);
    }
  return new Map();
}

const isInnermost = (loop: Loop, stores: readonly Store[]): boolean =>
  stores.some(({ loops }) => loops.at(-1) === loop);

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
