import { type Expr, idOf, type Reduced, type Reduction } from "./expression.ts";
import { operandsOf, reachable } from "./nest.ts";

/** What is to be known of the expressions of a nest before any of them is computed. */
export class Survey {
  /** Expressions that more than one is computed from, or one that is computed elsewhere. */
  readonly shared = new Set<Expr>();
  /** What each reduction's parts are used as. */
  readonly results = new Map<Reduction, (Expr | undefined)[]>();
  /** How many reductions are computed before an expression is, one from the other. */
  private readonly stages = new Map<Expr, number>();
  private readonly siblings = new Map<string, Reduction[]>();

  constructor(roots: readonly Expr[]) {
    const parents = new Map<Expr, Expr>();
    const rooted = new Set<Expr>();
    for (const root of roots) {
      if (rooted.has(root)) this.shared.add(root);
      rooted.add(root);
    }
    for (const expr of reachable(roots)) {
      let stage = 0;
      for (const operand of operandsOf(expr)) {
        stage = Math.max(stage, this.stages.get(operand)!);
        if (rooted.has(operand) || (parents.has(operand) && parents.get(operand) !== expr))
          this.shared.add(operand);
        parents.set(operand, expr);
        if (usedElsewhere(operand, expr)) this.shared.add(operand);
      }
      if (expr.kind === "reduced") this.enter(expr, ++stage);
      this.stages.set(expr, stage);
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
  `${stage}/${over.map(idOf).join()}/${[...loops]
    .map(idOf)
    .sort((a, b) => a - b)
    .join()}`;
