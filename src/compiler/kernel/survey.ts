import { type Expr, type Loop, type Reduced, type Reduction } from "./expression.ts";
import { exprsOf, operandsOf, rootsOf, type Store } from "./nest.ts";

/** Nested deeper than this, a value is kept. */
const DEEPEST = 40;

/** What is to be known of the expressions of a nest before any of them is computed. */
export class Survey {
  /** Expressions that are kept: that more than one is computed from, or one that is computed elsewhere; or nested too deep. */
  readonly kept = new Set<Expr>();
  /** Whether there are running reductions. */
  readonly runs: boolean;
  /** What each reduction's parts are used as. */
  readonly results = new Map<Reduction, (Expr | undefined)[]>();
  /** How many reductions are computed before an expression is, one from the other. */
  private readonly stages = new Map<Expr, number>();
  private readonly siblings = new Map<string, Reduction[]>();

  /** The stores that are written as a reduction is computed. */
  readonly written = new Map<Reduction, Store[]>();

  constructor(stores: readonly Store[]) {
    for (const store of stores)
      if (store.pass) {
        const reduction = innermost(store.pass, store.loops.at(-1)!);
        this.written.set(reduction, [...(this.written.get(reduction) ?? []), store]);
      }
    const roots = stores.flatMap(rootsOf);
    const all = exprsOf(stores);
    this.runs = all.some(({ kind }) => kind === "running");
    const parents = new Map<Expr, Expr>();
    const rooted = new Set<Expr>();
    for (const root of roots) {
      if (rooted.has(root)) this.kept.add(root);
      rooted.add(root);
    }
    for (const expr of all) {
      let stage = 0;
      for (const operand of operandsOf(expr)) {
        stage = Math.max(stage, this.stages.get(operand)!);
        if (rooted.has(operand) || (parents.has(operand) && parents.get(operand) !== expr))
          this.kept.add(operand);
        parents.set(operand, expr);
        if (usedElsewhere(operand, expr)) this.kept.add(operand);
      }
      if (expr.kind === "reduced") this.enter(expr, ++stage);
      this.stages.set(expr, stage);
    }
    this.keepDeep(all);
  }

  private keepDeep(all: readonly Expr[]): void {
    const depths = new Map<Expr, number>();
    for (const expr of all) {
      let depth = 0;
      for (const operand of operandsOf(expr))
        if (!this.kept.has(operand)) depth = Math.max(depth, depths.get(operand)!);
      if (depth === DEEPEST) this.kept.add(expr);
      // Results of reductions are in locals.
      depths.set(expr, expr.kind === "reduced" || expr.kind === "running" ? 0 : depth + 1);
    }
  }

  private enter(expr: Reduced, stage: number): void {
    const { reduction, part } = expr;
    let results = this.results.get(reduction);
    if (results === undefined) this.results.set(reduction, (results = []));
    results[part] = expr;
    const key = siblingKey(expr, stage);
    const group = this.siblings.get(key);
    if (group === undefined) this.siblings.set(key, [reduction]);
    else if (!group.includes(reduction)) group.push(reduction);
  }

  /** The reductions that are computed in one pass with this one, itself included. */
  siblingsOf(expr: Reduced): readonly Reduction[] {
    return this.siblings.get(siblingKey(expr, this.stages.get(expr)!))!;
  }
}

/** The reduction along `loop`, which may be what another one is of. */
function innermost({ reduction, part }: Reduced, loop: Loop): Reduction {
  return reduction.over.includes(loop) ? reduction : innermost(reduction.values[part] as Reduced, loop);
}

/** Whether an operand is computed in another scope than what it is an operand of, or is wanted more than once there. */
function usedElsewhere(operand: Expr, expr: Expr): boolean {
  switch (expr.kind) {
    case "op":
      return operand.loops.size !== expr.loops.size || expr.args.filter((x) => x === operand).length > 1;
    case "reduced":
      // What is the same in each step of the reduction's loops is computed before them.
      return operand.loops.size !== expr.loops.size + expr.reduction.over.length;
    default:
      return expr.kind === "load" || expr.kind === "running";
  }
}

const siblingKey = ({ reduction: { over }, loops }: Reduced, stage: number): string =>
  `${stage}/${over.map(({ id }) => id).join()}/${[...loops]
    .map(({ id }) => id)
    .sort((a, b) => a - b)
    .join()}`;
