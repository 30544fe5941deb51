import type { Affine } from "./affine.ts";
import {
  type Expr,
  type Load,
  load,
  type Loop,
  op,
  position,
  type Reduced,
  reduce,
  running,
} from "./expression.ts";
import { operandsOf, type Store } from "./nest.ts";

interface Replacements {
  /** What is in the place of a loop where it is an index. */
  readonly indices?: ReadonlyMap<Loop, Affine>;
  /** The loops of a reduction, of those that it has had. */
  readonly loops?: (loops: readonly Loop[]) => readonly Loop[];
  readonly exprs?: ReadonlyMap<Expr, Expr>;
}

/** Makes expressions again with others in the places of loops and of expressions. */
export class Rewriting {
  private readonly indices: ReadonlyMap<Loop, Affine>;
  private readonly loops: (loops: readonly Loop[]) => readonly Loop[];
  private readonly done: Map<Expr, Expr>;
  /** Whether nothing changes but what depends on the loops in `indices`: those of a reduction are its own. */
  private readonly onlyIndices: boolean;

  constructor({ indices = new Map(), loops, exprs = new Map() }: Replacements) {
    this.indices = indices;
    this.loops = loops ?? ((same) => same);
    this.onlyIndices = loops === undefined && exprs.size === 0;
    this.done = new Map(exprs);
  }

  expr(root: Expr): Expr {
    const found = new Set<Expr>();
    const waiting = [root];
    for (let expr = waiting.pop(); expr; expr = waiting.pop()) {
      if (found.has(expr) || this.done.has(expr)) continue;
      if (this.onlyIndices && ![...this.indices.keys()].some((loop) => expr!.loops.has(loop))) {
        this.done.set(expr, expr);
        continue;
      }
      found.add(expr);
      waiting.push(...operandsOf(expr));
    }
    for (const expr of [...found].sort((a, b) => a.id - b.id)) this.done.set(expr, this.again(expr));
    return this.done.get(root)!;
  }
  affine(index: Affine): Affine {
    return index.substitute(
      (loop) => this.indices.get(loop) ?? null,
      (value) => this.expr(value),
    );
  }
  /** A store under `loops`; what it is written along with is still reduced. */
  store({ memory, address, value, when, pass }: Store, loops: readonly Loop[]): Store {
    return {
      loops,
      memory,
      address: this.affine(address),
      value: this.expr(value),
      ...(when && { when: this.expr(when) }),
      ...(pass && { pass: this.expr(pass) as Reduced }),
    };
  }

  /** The loops in each step of which an element is read anew, though its address is the same. */
  private anew({ address, loops }: Load): Loop[] {
    const own = [...loops].filter((loop) => !address.loops.has(loop));
    return own.flatMap((loop) => [...(this.indices.get(loop)?.loops ?? [loop])]);
  }
  /** What an expression is with its operands made again, which they are. */
  private again(expr: Expr): Expr {
    const of = (x: Expr): Expr => this.done.get(x)!;
    switch (expr.kind) {
      case "load":
        return load(expr.memory, this.affine(expr.address), this.anew(expr));
      case "position":
        return position(this.affine(expr.index));
      case "op":
        return op(expr.op, ...expr.args.map(of));
      case "reduced": {
        const { monoid, over, values } = expr.reduction;
        return reduce(monoid, this.loops(over), values.map(of))[expr.part]!;
      }
      case "running": {
        const { monoid, along, values } = expr.series;
        return running(monoid, along, values.map(of))[expr.part]!;
      }
      default:
        return expr;
    }
  }
}
