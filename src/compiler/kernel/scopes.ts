import { type Expr, type Loop, type Type } from "./expression.ts";
import type { Part, Schedule, Segment } from "./schedule.ts";
import { type Local, number, read, type Statement, sum, type Term, zero } from "./statement.ts";

/** Which part of each tiled loop around is being computed. */
export type Place = ReadonlyMap<Loop, number>;
export const anywhere: Place = new Map();

/** Names what has been computed in a scope. */
type Key = string | number;

/** The steps of a loop that are to be taken, as far as that is known only when it runs. */
export interface Cut {
  readonly loop: Loop;
  readonly begin: Term;
  readonly end: Term;
}

/** The statements of one turn of a loop, or of the kernel, and what has been computed in it. */
class Scope {
  readonly statements: Statement[] = [];
  readonly values = new Map<Key, Term>();
  /** The values that are the same in every lane, as vectors. */
  readonly splats = new Map<Key, Term>();
  readonly level: number;
  /** Locals that move with the loop: by how much in each turn. */
  readonly moving: { readonly local: Local; readonly by: number }[] = [];
  constructor(
    readonly parent: Scope | null,
    readonly loop: Loop | null,
    /** The loop's counter. */
    readonly counter: Term,
    readonly parts: readonly Part[],
    /** Where the counter begins and how far it goes each time; null if it has one turn. */
    readonly turns: { readonly first: Term; readonly step: number } | null = null,
    /** Whether its statements are run under a condition, in a turn of the scope around it. */
    readonly conditional = false,
  ) {
    this.level = parent ? parent.level + 1 : 0;
  }
  /** What has been computed here, or before the condition was looked at. */
  known(key: Key): Term | undefined {
    return this.values.get(key) ?? (this.conditional ? this.parent!.known(key) : undefined);
  }
  knownSplat(key: Key): Term | undefined {
    return this.splats.get(key) ?? (this.conditional ? this.parent!.knownSplat(key) : undefined);
  }
}
export type { Scope };

/** Where statements are written to: the loops that are open, the outer ones first, and their parts. */
export class Scopes {
  private locals = 0;
  readonly begin = this.local("i32", false);
  readonly end = this.local("i32", false);
  readonly root = new Scope(null, null, zero, [{ offset: 0, lanes: 1 }]);
  private scope = this.root;

  constructor(readonly schedule: Schedule) {}

  local(type: Type, vector: boolean): Local {
    return { id: this.locals++, type, vector };
  }
  push(statement: Statement, scope = this.scope): void {
    scope.statements.push(statement);
  }
  /** A value in a local of its own. */
  keep(value: Term, scope = this.scope): Term {
    if (value.kind === "local" || value.kind === "const") return value;
    const local = this.local(value.type, value.vector);
    this.push({ kind: "set", local, value }, scope);
    return read(local);
  }
  get current(): Scope {
    return this.scope;
  }
  /** Runs `body` with its statements written in a scope around this one. */
  within<T>(scope: Scope, body: () => T): T {
    const before = this.scope;
    this.scope = scope;
    const result = body();
    this.scope = before;
    return result;
  }

  /** Runs `body` in the turns of a segment. */
  turn(loop: Loop, { from, to, step, parts }: Segment, cut: Cut | null, body: () => void): void {
    const once = to - from <= step;
    const counter = once ? null : this.local("i32", false);
    const first = cut ? this.keep(largest(cut.begin, from)) : number(from);
    const turns = once ? null : { first, step };
    const inner = new Scope(this.scope, loop, counter ? read(counter) : number(from), parts, turns);
    this.within(inner, body);
    for (const { local, by } of inner.moving)
      inner.statements.push({ kind: "set", local, value: sum(read(local), number(by)) });
    if (counter) {
      const last = cut ? smallest(cut.end, to) : number(to);
      this.push({ kind: "for", counter, from: first, to: last, step, body: inner.statements });
    } else if (cut) {
      // The part that has the segment's start.
      const condition = both(test("le_s", cut.begin, number(from)), test("lt_s", number(from), cut.end));
      this.push({ kind: "if", condition, body: inner.statements });
    } else this.scope.statements.push(...inner.statements);
  }
  /** Runs `body` with its statements under a condition. */
  when(condition: Term, body: () => void): void {
    const { loop, counter, parts } = this.scope;
    const inner = new Scope(this.scope, loop, counter, parts, null, true);
    this.within(inner, body);
    this.push({ kind: "if", condition, body: inner.statements });
  }
  /** Runs `body` for blocks of `size` steps of a loop that is opened in it, from `begin` to `end`. */
  blocks({ loop, begin, end }: Cut, size: number, body: (cut: Cut) => void): void {
    const counter = this.local("i32", false);
    const inner = new Scope(this.scope, null, read(counter), [{ offset: 0, lanes: 1 }]);
    this.within(inner, () => {
      const last = this.keep(limited("min_s", sum(read(counter), number(size)), end));
      body({ loop, begin: read(counter), end: last });
    });
    this.push({ kind: "for", counter, from: begin, to: end, step: size, body: inner.statements });
  }

  /** Loops that are open here, from the outer to the inner. */
  open(): Loop[] {
    const loops: Loop[] = [];
    for (let scope: Scope | null = this.scope; scope; scope = scope.parent)
      if (scope.loop && !scope.conditional) loops.unshift(scope.loop);
    return loops;
  }
  scopeOf(loop: Loop): Scope | null {
    for (let scope: Scope | null = this.scope; scope; scope = scope.parent)
      if (scope.loop === loop) return scope;
    return null;
  }
  /** The scope where something that depends on these loops is computed: the innermost of theirs. */
  home(loops: ReadonlySet<Loop>): Scope {
    for (let scope = this.scope; ; scope = scope.parent!)
      if (isWhole(scope) || (scope.loop && loops.has(scope.loop))) return scope;
  }
  /** The vectorised loop that something depends on. */
  vectorOf(loops: ReadonlySet<Loop>): Loop | null {
    for (let scope: Scope | null = this.scope; scope; scope = scope.parent)
      if (scope.loop && this.schedule.vectors.has(scope.loop) && loops.has(scope.loop)) return scope.loop;
    return null;
  }
  /** All combinations of the parts of the open loops among `loops`. */
  places(loops: Iterable<Loop>): Place[] {
    let places: Place[] = [anywhere];
    for (const loop of loops) {
      const scope = this.scopeOf(loop);
      if (!scope || scope.parts.length === 1) continue;
      places = places.flatMap((place) => scope.parts.map((_, i) => new Map([...place, [loop, i]])));
    }
    return places;
  }
  part(loop: Loop, place: Place): Part {
    return this.scopeOf(loop)!.parts[place.get(loop) ?? 0]!;
  }
}

/** Whether a scope is not within a loop. */
const isWhole = ({ parent, conditional }: Scope): boolean =>
  parent === null || (conditional && isWhole(parent));

/** A name for the value of an expression at a place. */
export function keyAt(expr: Expr, place: Place): Key {
  let parts = "";
  for (const [loop, i] of place) if (expr.loops.has(loop)) parts += `,${loop.id}.${i}`;
  return parts === "" ? expr.id : expr.id + parts;
}
/** The part of a place that some loops say. */
export function narrowed(loops: ReadonlySet<Loop>, place: Place): Place {
  for (const loop of place.keys())
    if (!loops.has(loop)) return new Map([...place].filter(([each]) => loops.has(each)));
  return place;
}

const scalar = (op: "le_s" | "lt_s" | "and", args: readonly Term[], of: Type): Term => ({
  kind: "op",
  op,
  of,
  type: "bool",
  vector: false,
  args,
});
const test = (op: "le_s" | "lt_s", a: Term, b: Term): Term => scalar(op, [a, b], "i32");
const both = (a: Term, b: Term): Term => scalar("and", [a, b], "bool");
const limited = (op: "min_s" | "max_s", a: Term, to: Term): Term => ({
  kind: "op",
  op,
  of: "i32",
  type: "i32",
  vector: false,
  args: [a, to],
});
const largest = (a: Term, least: number): Term => (least === 0 ? a : limited("max_s", a, number(least)));
const smallest = (a: Term, most: number): Term => limited("min_s", a, number(most));
