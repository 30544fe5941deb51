import { Addresses } from "./addresses.ts";
import type { Expr, Op, Reduction } from "./expression.ts";
import { operandsOf, reachable, usualOperandsOf } from "./nest.ts";
import { Reductions } from "./reductions.ts";
import { keyAt, narrowed, type Place, type Scopes } from "./scopes.ts";
import { copyOf, read, type Term } from "./statement.ts";
import type { Survey } from "./survey.ts";

/** Of what is rare, that which has loops of its own, or takes a step in each turn of one. */
function inOrder(expr: Expr): Expr[] {
  if (expr.kind !== "op" || expr.op !== "rarely") return [];
  const isWhole = ({ kind }: Expr): boolean => kind === "reduced" || kind === "running";
  const all = reachable([expr.args[1]!], (x) => (isWhole(x) ? [] : operandsOf(x)));
  return all.filter(isWhole);
}

/** Writes down what computes expressions: each once for a place, in the outermost loop where it can be. */
export class Values {
  readonly addresses: Addresses;
  readonly reductions: Reductions;

  constructor(
    readonly scopes: Scopes,
    readonly survey: Survey,
  ) {
    this.addresses = new Addresses(scopes, this);
    this.reductions = new Reductions(scopes, survey, this);
  }

  /** Computes roots and what they need, operands first, for each place: no recursion follows the depth of a program. */
  compute(roots: readonly Expr[], places: readonly Place[]): void {
    for (const expr of this.needed(roots, places[0]!)) for (const place of places) this.valueOf(expr, place);
  }

  /** Roots and what they need that is not known at a place, operands first. */
  needed(roots: readonly Expr[], place: Place): Expr[] {
    const waiting = [...roots];
    const found = new Set<Expr>();
    for (let expr = waiting.pop(); expr; expr = waiting.pop()) {
      if (found.has(expr) || expr.kind === "const") continue;
      if (this.known(expr, place)) continue;
      found.add(expr);
      // What a reduction computes from is computed within its loops, and what is rare where it is needed.
      if (expr.kind === "reduced") waiting.push(...this.outerOperands(expr.reduction));
      else waiting.push(...usualOperandsOf(expr), ...inOrder(expr));
    }
    // What is loaded is loaded where it is wanted, as it is wanted: in every lane, or alone.
    return [...found].filter(({ kind }) => kind !== "load").sort((a, b) => a.id - b.id);
  }

  /** Of what is computed within a reduction, the largest expressions that do not depend on its loops. */
  outerOperands({ values, over }: Reduction): Expr[] {
    const outer: Expr[] = [];
    const seen = new Set<Expr>();
    const waiting = [...values];
    // The loops of reductions within it are not open yet either.
    const inner = new Set(over);
    for (let expr = waiting.pop(); expr; expr = waiting.pop()) {
      if (seen.has(expr)) continue;
      seen.add(expr);
      if ([...expr.loops].some((loop) => inner.has(loop))) {
        waiting.push(...operandsOf(expr));
        if (expr.kind === "reduced") for (const loop of expr.reduction.over) inner.add(loop);
      } else outer.push(expr);
    }
    return outer;
  }

  known(expr: Expr, place: Place): Term | undefined {
    return this.scopes.home(expr.loops).known(keyAt(expr, place));
  }

  /** The value of an expression: a vector if it depends on a vectorised loop. */
  valueOf(expr: Expr, place: Place): Term {
    if (expr.kind === "const") return { kind: "const", type: expr.type, vector: false, value: expr.value };
    const home = this.scopes.home(expr.loops);
    const key = keyAt(expr, place);
    const before = home.known(key);
    if (before) return before;
    return this.scopes.within(home, () => {
      let value = this.made(expr, narrowed(expr.loops, place));
      if (this.survey.kept.has(expr)) value = this.scopes.keep(value);
      home.values.set(key, value);
      return value;
    });
  }

  private made(expr: Expr, place: Place): Term {
    switch (expr.kind) {
      case "op": {
        if (expr.op === "rarely") return this.rarely(expr, place);
        const vector = this.scopes.vectorOf(expr.loops) !== null;
        // A shift is by one number for all lanes, where it can be.
        const shift = expr.op === "shl" || expr.op === "shr_s" || expr.op === "shr_u";
        const args = expr.args.map((x, i) =>
          vector && !(shift && i === 1) ? this.splatOf(x, place) : this.valueOf(x, place),
        );
        const of = expr.op === "select" ? expr.type : expr.args[0]!.type;
        return { kind: "op", op: expr.op, of, type: expr.type, vector, args };
      }
      case "position":
        return this.addresses.position(expr.index, place);
      case "load":
        return this.addresses.load(expr.memory, expr.address, expr.type, place);
      case "reduced":
        this.reductions.reduce(expr);
        return this.known(expr, place)!;
      case "running":
        return this.reductions.run(expr, place);
      default:
        throw new Error(`a ${expr.kind} has no value`);
    }
  }

  /** A choice, of which the first value is computed if it is chosen in any lane. */
  private rarely({ args, type, loops }: Op, place: Place): Term {
    const { scopes } = this;
    const [condition, rare, usual] = args as readonly [Expr, Expr, Expr];
    const vector = scopes.vectorOf(loops) !== null;
    const of = (x: Expr): Term => (vector ? this.splatOf(x, place) : this.valueOf(x, place));
    const test = scopes.keep(of(condition));
    const local = scopes.local(type, vector);
    scopes.push({ kind: "set", local, value: of(usual) });
    scopes.when(vector ? { kind: "any", type: "bool", vector: false, arg: test } : test, () => {
      this.compute([rare], [place]);
      const value = of(rare);
      const chosen: Term = {
        kind: "op",
        op: "select",
        of: type,
        type,
        vector,
        args: [test, value, copyOf(local)],
      };
      scopes.push({ kind: "set", local, value: vector ? chosen : value });
    });
    return read(local);
  }

  /** A value in every lane, kept where it is the same. */
  splatOf(expr: Expr, place: Place): Term {
    const { scopes } = this;
    if (scopes.vectorOf(expr.loops)) return this.valueOf(expr, place);
    const home = scopes.home(expr.loops);
    const key = keyAt(expr, place);
    const before = home.knownSplat(key);
    if (before) return before;
    const splat = scopes.within(home, () => {
      // A number that is only wanted in every lane is loaded into all of them.
      const alone = expr.kind !== "load" || this.known(expr, place) !== undefined;
      const arg = alone ? this.valueOf(expr, place) : this.made(expr, narrowed(expr.loops, place));
      return scopes.keep({ kind: "splat", type: expr.type, vector: true, arg });
    });
    home.splats.set(key, splat);
    return splat;
  }
}
