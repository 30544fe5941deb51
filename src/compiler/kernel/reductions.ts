import { type Expr, type Loop, type Monoid, type Reduced, type Reduction, type Running, type Series, union, variable } from "./expression.ts"; // prettier-ignore
import { reachable, rootsOf, type Store } from "./nest.ts";
import { anywhere, keyAt, type Place, type Scopes } from "./scopes.ts";
import { copyOf, type Local, read, type Term } from "./statement.ts";
import type { Survey } from "./survey.ts";
import type { Values } from "./values.ts";

/** Writes down reductions and running reductions. */
export class Reductions {
  /** The accumulators of a series, for each place. */
  private readonly series = new Map<Series, Map<string, Local[]>>();

  constructor(
    private readonly scopes: Scopes,
    private readonly survey: Survey,
    private readonly values: Pick<
      Values,
      "valueOf" | "splatOf" | "compute" | "needed" | "outerOperands" | "addresses"
    >,
  ) {}

  /** Computes a reduction, if it has not been. */
  pass(expr: Reduced): void {
    this.values.compute(
      [expr],
      this.scopes.places(this.scopes.open().filter((loop) => expr.loops.has(loop))),
    );
  }

  /** Computes a reduction, and those that can run in the same pass, for all places that they are wanted at. */
  reduce(expr: Reduced): void {
    const group = this.survey.siblingsOf(expr);
    const { over } = expr.reduction;
    const outer = this.scopes.current;
    const places = this.scopes.places(this.scopes.open().filter((loop) => expr.loops.has(loop)));
    this.values.compute(
      group.flatMap((reduction) => this.values.outerOperands(reduction)),
      places,
    );
    const folded = over.find((loop) => this.scopes.schedule.vectors.has(loop)) ?? null;
    const vector = folded !== null || this.scopes.vectorOf(expr.loops) !== null;
    const apart = over.find((loop) => this.scopes.schedule.apart.has(loop));
    const turns = apart ? this.scopes.schedule.segments.get(apart)! : [];
    const copies = turns.reduce((most, { parts }) => Math.max(most, parts.length), 1);
    const accumulators = group.map((reduction) =>
      places.map(() => Array.from({ length: copies }, () => this.accumulator(reduction.monoid, vector))),
    );
    const step = (): void => {
      const needed: Expr[][] = [];
      // One place after the other: what is loaded for it is used before the next is loaded.
      for (const i of this.scopes.places(over))
        places.forEach((place, p) => {
          const where: Place = new Map([...place, ...i]);
          group.forEach((reduction, g) => {
            needed[g] ??= this.values.needed(reduction.values, where);
            for (const expr of needed[g]) this.values.valueOf(expr, where);
            const values = reduction.values.map((x, part) => {
              const value = vector ? this.values.splatOf(x, where) : this.values.valueOf(x, where);
              return folded
                ? this.masked(value, reduction, part, this.scopes.part(folded, where).lanes)
                : value;
            });
            const target = accumulators[g]![p]![(apart && i.get(apart)) ?? 0]!;
            this.combineInto(reduction.monoid, target, values, vector);
            for (const store of this.survey.written.get(reduction) ?? []) {
              const value = this.values.valueOf(store.value, where);
              for (const statement of this.values.addresses.storeTo(store, where)(value))
                this.scopes.push(statement);
            }
          });
        });
    };
    const within = (rest: readonly Loop[]): void => {
      const [loop, ...others] = rest;
      if (loop === undefined) {
        step();
        return;
      }
      for (const segment of this.scopes.schedule.segments.get(loop)!)
        this.scopes.turn(loop, segment, null, () => within(others));
    };
    within(over);
    group.forEach((reduction, g) =>
      places.forEach((place, p) => {
        const [first, ...others] = accumulators[g]![p]!;
        for (const other of others) this.combineInto(reduction.monoid, first!, other.map(read), vector);
        const results = folded ? this.across(reduction.monoid, first!) : first!.map(read);
        results.forEach((result, part) => {
          const of = this.survey.results.get(reduction)![part];
          if (of) outer.values.set(keyAt(of, place), result);
        });
      }),
    );
  }

  private accumulator({ unit }: Monoid, vector: boolean): Local[] {
    return unit.map((x) => {
      const local = this.scopes.local(x.type, vector);
      const start = this.values.valueOf(x, anywhere);
      this.scopes.push({ kind: "set", local, value: vector ? this.values.splatOf(x, anywhere) : start });
      return local;
    });
  }

  /** `target = target ∘ values`. */
  private combineInto(
    monoid: Monoid,
    target: readonly Local[],
    values: readonly Term[],
    vector: boolean,
  ): void {
    const results = this.combined(monoid, target.map(read), values, vector);
    const kept = results.length > 1 ? results.map((x) => this.scopes.keep(x)) : results;
    target.forEach((local, i) => this.scopes.push({ kind: "set", local, value: kept[i]! }));
  }

  private combined(monoid: Monoid, left: readonly Term[], right: readonly Term[], vector: boolean): Term[] {
    const pattern = patternOf(monoid);
    const values = new Map<Expr, Term>();
    pattern.left.forEach((x, i) => values.set(x, left[i]!));
    pattern.right.forEach((x, i) => values.set(x, right[i]!));
    for (const expr of pattern.steps) {
      if (values.has(expr)) continue;
      if (expr.kind === "const") {
        values.set(expr, vector ? this.values.splatOf(expr, anywhere) : this.values.valueOf(expr, anywhere));
      } else if (expr.kind === "op") {
        const op = expr.op === "rarely" ? "select" : expr.op;
        const of = op === "select" ? expr.type : expr.args[0]!.type;
        const args = expr.args.map((x) => values.get(x)!);
        const value: Term = { kind: "op", op, of, type: expr.type, vector, args };
        values.set(expr, pattern.steps.length > 3 ? this.scopes.keep(value) : value);
      }
    }
    return pattern.result.map((x) => values.get(x)!);
  }

  /** The unit in the lanes that are not in use. */
  private masked(value: Term, { monoid }: Reduction, part: number, lanes: number): Term {
    if (lanes === this.scopes.schedule.lanes) return value;
    const used = Array.from({ length: this.scopes.schedule.lanes }, (_, i) => (i < lanes ? 1 : 0));
    const mask: Term = { kind: "lanes", type: "bool", vector: true, values: used };
    const unit = this.values.splatOf(monoid.unit[part]!, anywhere);
    return {
      kind: "op",
      op: "select",
      of: value.type,
      type: value.type,
      vector: true,
      args: [mask, value, unit],
    };
  }

  /** The lanes combined, two neighbours first. */
  private across(monoid: Monoid, accumulator: readonly Local[]): Term[] {
    let rows = Array.from({ length: this.scopes.schedule.lanes }, (_, lane) =>
      accumulator.map((local) =>
        this.scopes.keep({ kind: "lane", type: local.type, vector: false, arg: read(local), lane }),
      ),
    );
    while (rows.length > 1) {
      const next: Term[][] = [];
      for (let i = 0; i < rows.length; i += 2)
        next.push(
          rows[i + 1]
            ? this.combined(monoid, rows[i]!, rows[i + 1]!, false).map((x) => this.scopes.keep(x))
            : rows[i]!,
        );
      rows = next;
    }
    return rows[0]!;
  }

  /** Accumulators of what runs along `loop` and loops within it, which is about to be opened. */
  startSeries(stores: readonly Store[], loop: Loop): void {
    if (!this.survey.runs) return;
    const found = reachable(stores.flatMap(rootsOf)).flatMap((x) => (x.kind === "running" ? x.series : []));
    for (const series of new Set(found)) {
      if (series.along[0] !== loop) continue;
      const around = union(series.values.map((x) => x.loops));
      const open = this.scopes.open().filter((l) => around.has(l));
      const vector = this.scopes.vectorOf(new Set(open)) !== null;
      const accumulators = new Map<string, Local[]>();
      for (const place of this.scopes.places(open))
        accumulators.set(keyOf(place), this.accumulator(series.monoid, vector));
      this.series.set(series, accumulators);
    }
  }

  /** One step of a running reduction. */
  run({ series, part }: Running, place: Place): Term {
    const accumulators = this.series.get(series)!;
    const outer = new Map([...place].filter(([loop]) => !series.along.includes(loop)));
    const key = `S${series.id};${keyOf(place)}`;
    if (!this.scopes.current.values.has(`${key}/0`)) {
      const target = accumulators.get(keyOf(outer))!;
      const vector = target[0]!.vector;
      const values = series.values.map((x) =>
        vector ? this.values.splatOf(x, place) : this.values.valueOf(x, place),
      );
      this.combineInto(series.monoid, target, values, vector);
      target.forEach((local, i) =>
        this.scopes.current.values.set(`${key}/${i}`, this.scopes.keep(copyOf(local))),
      );
    }
    return this.scopes.current.values.get(`${key}/${part}`)!;
  }
}

const keyOf = (place: Place): string => [...place].map(([loop, i]) => `${loop.id}.${i}`).join();

interface Pattern {
  readonly left: readonly Expr[];
  readonly right: readonly Expr[];
  readonly steps: readonly Expr[];
  readonly result: readonly Expr[];
}
const patterns = new WeakMap<Monoid, Pattern>();
/** A monoid's operation, of variables. */
function patternOf(monoid: Monoid): Pattern {
  let pattern = patterns.get(monoid);
  if (pattern === undefined) {
    const left = monoid.unit.map((x) => variable(x.type));
    const right = monoid.unit.map((x) => variable(x.type));
    const result = monoid.combine(left, right);
    patterns.set(monoid, (pattern = { left, right, steps: reachable(result), result }));
  }
  return pattern;
}
