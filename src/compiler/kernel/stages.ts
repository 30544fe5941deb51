import { Affine } from "./affine.ts";
import { type Expr, load, Loop, type Memory, type Reduction, reduce } from "./expression.ts";
import { exprsOf, type Nest, reachable, type Steps, type Store } from "./nest.ts";
import { stepsOf } from "./profile.ts";
import { Rewriting } from "./rewriting.ts";

/** Steps of a reduction, of all its results together, from which on it is taken apart. */
const LEAST_STEPS = 1 << 16;
/** Steps of a chunk, of all its results together. */
const CHUNK = 1 << 17;
/** Results at most that a reduction along its innermost loop is taken apart for: more of them are shared out by themselves. */
const FEW = 16;
/** Results in a row from which on rows are added up in memory: each of them is read from its start to its end. */
const LONG_ROW = 256;
/** Rows that are added up before they are added to what is in memory. */
const ROWS = 4;

/**
 * Large reductions to few results, taken apart: chunks of the steps are reduced first, then what that has left. Which
 * chunks there are depends on the shape only. Other nests are left as they are.
 */
export function staged(nest: Nest): Steps {
  const nests: Nest[] = [];
  const scratch = new Map<Memory, number>();
  const exprs = new Map<Expr, Expr>();
  for (const [reduction, results] of reductionsIn(nest)) {
    const kind = kindOf(reduction, results[0]!);
    if (kind === null) continue;
    const values = reduction.values.map((x) => new Rewriting({ exprs }).expr(x));
    const stage = new Stage(nest, { ...reduction, values }, results[0]!, nests.length);
    for (const [memory, size] of stage.memories) scratch.set(memory, size);
    nests.push(...(kind === "rows" ? stage.rows() : stage.chunks()));
    const combined = stage.combined();
    for (const result of results) exprs.set(result, combined[result.part]!);
  }
  if (nests.length === 0) return { nests: [nest], scratch };
  const rewriting = new Rewriting({ exprs });
  const stores = nest.stores.map((store) => rewriting.store(store, store.loops));
  return { nests: [...nests, { ...nest, stores }], scratch };
}

type Result = Extract<Expr, { kind: "reduced" }>;

function reductionsIn({ stores }: Nest): Map<Reduction, Result[]> {
  const found = new Map<Reduction, Result[]>();
  for (const expr of exprsOf(stores))
    if (expr.kind === "reduced") found.set(expr.reduction, [...(found.get(expr.reduction) ?? []), expr]);
  return found;
}

/** How a reduction is taken apart, if it is. */
function kindOf({ over, values }: Reduction, { loops }: Result): "chunks" | "rows" | null {
  const all = [...loops, ...over];
  const [first] = over;
  if (first === undefined || stepsOf(all) < LEAST_STEPS) return null;
  const loads = reachable(values).filter((x) => x.kind === "load");
  // A product reads its operands again and again: it has tiles.
  if (!loads.some((x) => all.every((loop) => x.loops.has(loop)))) return null;
  if (stepsOf(loops) <= FEW && first.size > 1) return "chunks";
  const [row, ...others] = loops;
  const inRow = (x: Expr): boolean => x.kind === "load" && x.address.step(row!) === 1;
  return row && others.length === 0 && row.size >= LONG_ROW && over.length === 1 && loads.some(inRow)
    ? "rows"
    : null;
}

/** A reduction in two stages: chunks of steps of its first loop, and what is left of them. */
class Stage {
  private readonly results: readonly Loop[];
  private readonly first: Loop;
  /** Steps of the first loop in a chunk, and how many chunks are full. */
  private readonly size: number;
  private readonly full: number;
  private readonly count: number;
  private readonly partials: readonly Memory[];

  constructor(
    nest: Nest,
    private readonly reduction: Reduction,
    result: Result,
    number: number,
  ) {
    const { over, values } = reduction;
    // In the order of the stores.
    const order = nest.stores.flatMap(({ loops }) => loops);
    this.results = [...result.loops].sort((a, b) => order.indexOf(a) - order.indexOf(b));
    this.first = over[0]!;
    const each = stepsOf([...this.results, ...over.slice(1)]);
    this.size = Math.min(this.first.size, ROWS * Math.max(1, Math.ceil(CHUNK / each / ROWS)));
    this.full = Math.floor(this.first.size / this.size);
    this.count = Math.ceil(this.first.size / this.size);
    this.partials = values.map(({ type }, part) => ({
      name: `${nest.name}_stage${number}_${part}`,
      storage: type,
    }));
  }

  get memories(): (readonly [Memory, number])[] {
    const size = this.count * stepsOf(this.results);
    return this.partials.map((memory) => [memory, size]);
  }

  /** Where the result of a chunk is. */
  private place(chunk: Affine): Affine {
    return this.results.reduce((at, loop) => at.times(loop.size).plus(Affine.loop(loop)), chunk);
  }
  /** The reduction over some steps of its first loop. */
  private over(loop: Loop, index: Affine): readonly Expr[] {
    const { monoid, over, values } = this.reduction;
    const rewriting = new Rewriting({ indices: new Map([[this.first, index]]) });
    return reduce(monoid, [loop, ...over.slice(1)], values.map((x) => rewriting.expr(x))); // prettier-ignore
  }
  private store(loops: readonly Loop[], address: Affine, values: readonly Expr[]): Store[] {
    return values.map((value, part) => ({ loops, memory: this.partials[part]!, address, value }));
  }
  private nest(name: string, stores: readonly Store[], sequential: readonly Loop[] = []): Nest {
    return { name: `${this.partials[0]!.name}_${name}`, stores, sequential: new Set(sequential) };
  }

  chunks(): Nest[] {
    const [chunk, step] = [new Loop(this.full, "chunk"), new Loop(this.size, "step")];
    const index = Affine.loop(chunk).times(this.size).plus(Affine.loop(step));
    const loops = [chunk, ...this.results];
    return [
      this.nest("chunks", this.store(loops, this.place(Affine.loop(chunk)), this.over(step, index))),
      ...this.rest(),
    ];
  }
  /** The last chunk, which is shorter. */
  private rest(): Nest[] {
    const left = this.first.size - this.full * this.size;
    if (left === 0) return [];
    const step = new Loop(left, "step");
    const index = Affine.loop(step).plus(this.full * this.size);
    return [
      this.nest("rest", this.store(this.results, this.place(Affine.of(this.full)), this.over(step, index))),
    ];
  }
  /** Chunks of rows, some rows at a time added to what is in memory. */
  rows(): Nest[] {
    const { monoid } = this.reduction;
    const [chunk, few] = [new Loop(this.full, "chunk"), new Loop(this.size / ROWS, "rows")];
    const step = new Loop(ROWS, "row");
    const index = Affine.loop(chunk)
      .times(this.size)
      .plus(Affine.loop(few).times(ROWS))
      .plus(Affine.loop(step));
    const address = this.place(Affine.loop(chunk));
    const before = this.partials.map((memory) => load(memory, address));
    const after = monoid.combine(before, this.over(step, index));
    return [
      this.nest("start", this.store([chunk, ...this.results], address, monoid.unit)),
      this.nest("rows", this.store([chunk, few, ...this.results], address, after), [few]),
      ...this.rest(),
    ];
  }

  /** What is left of the chunks, combined. */
  combined(): readonly Expr[] {
    const chunk = new Loop(this.count, "chunk");
    const address = this.place(Affine.loop(chunk));
    return reduce(this.reduction.monoid, [chunk], this.partials.map((memory) => load(memory, address))); // prettier-ignore
  }
}
