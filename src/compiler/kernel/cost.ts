import type { Expr, Loop } from "./expression.ts";
import { besideOf, type Profile, stepsOf } from "./profile.ts";
import { TILE } from "./tiles.ts";

/** What reading lanes one by one costs, beside reading them at once. */
const GATHER = 1.5;
/** What reading as many vectors as they have lanes and transposing them costs for each. */
const TRANSPOSED = 2.5;

/** An estimate of the instructions that a nest takes with some loops in the lanes of vectors. */
export function costOf(profile: Profile, vectors: ReadonlySet<Loop>): number {
  const { stores, all, reductions, lanes } = profile;
  const vectorOf = (loops: ReadonlySet<Loop>): Loop | undefined =>
    [...loops].find((loop) => vectors.has(loop));
  const steps = (loops: ReadonlySet<Loop>): number =>
    stepsOf(loops) / Math.min(lanes, vectorOf(loops)?.size ?? 1);
  const beside = besideOf(profile, vectors);
  let cost = 0;
  for (const expr of all)
    if (expr.kind === "op") cost += steps(expr.loops);
    else if (expr.kind === "load") {
      const vector = vectorOf(expr.loops);
      const step = vector ? expr.address.step(vector) : 0;
      const single = Math.min(lanes, vector?.size ?? 1) * GATHER;
      const apart =
        beside && vector && expr.address.step(beside) === 1 ? Math.min(single, TRANSPOSED) : single;
      const each = loadsOf(profile, expr, vector !== undefined, vectors, steps);
      cost += step === 1 || step === 0 || step === -1 ? each : each * apart;
    }
  for (const { over, loops, values } of reductions) {
    cost += steps(new Set([...over, ...loops])) * values.length;
    if (over.some((loop) => vectors.has(loop))) cost += stepsOf(loops) * 2 * lanes;
  }
  for (const { loops, address } of stores) {
    const vector = vectorOf(new Set(loops));
    const each = steps(new Set(loops));
    const step = vector ? address.step(vector) : 0;
    cost += step === 1 || step === 0 ? each : each * lanes * GATHER;
  }
  return cost;
}

/** How often something is loaded: in a reduction at each step, though once for all columns or all rows of a tile. */
function loadsOf(
  { passes, lanes }: Profile,
  expr: Expr,
  inLanes: boolean,
  vectors: ReadonlySet<Loop>,
  steps: (loops: ReadonlySet<Loop>) => number,
): number {
  const pass = passes.get(expr);
  if (pass === undefined) return steps(expr.loops);
  const around = new Set([...pass.over, ...pass.loops]);
  const reused = [...around].some((loop) => loop.size > 1 && !expr.loops.has(loop));
  if (!reused) return steps(around);
  const columns = [...around].find((loop) => vectors.has(loop));
  const most = columns ? Math.ceil(columns.size / lanes) : TILE.columns;
  return steps(around) / (inLanes ? TILE.rows : Math.min(TILE.columns, most));
}
