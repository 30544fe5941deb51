import type { Affine } from "./affine.ts";
import {
  type Expr,
  idOf,
  type Loop,
  type Memory,
  type Monoid,
  type Reduced,
  type Reduction,
  type Running,
  type Series,
  storageBytes,
  type Type,
  union,
  variable,
} from "./expression.ts";
import { operandsOf, reachable, rootsOf, type Nest, type Store } from "./nest.ts";
import {
  type Local,
  number,
  product,
  type Routine,
  type Statement,
  sum,
  type Term,
  zero,
} from "./statement.ts";

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
  /** For the loops of a reduction, whether each part has an accumulator of its own. */
  readonly apart: ReadonlySet<Loop>;
}

/** Which part of each tiled loop around is being computed. */
type Place = ReadonlyMap<Loop, number>;
const anywhere: Place = new Map();

/** The statements of one turn of a loop, or of the kernel, and what has been computed in it. */
class Scope {
  readonly statements: Statement[] = [];
  readonly values = new Map<string, Term>();
  constructor(
    readonly parent: Scope | null,
    readonly loop: Loop | null,
    /** The loop's counter. */
    readonly counter: Term,
    readonly parts: readonly Part[],
  ) {}
}

/** Nested deeper than this, a value is kept in a local. */
const DEEPEST = 40;
const depths = new WeakMap<Term, number>();

function depthOf(term: Term): number {
  const known = depths.get(term);
  if (known !== undefined) return known;
  const below =
    term.kind === "op" || term.kind === "gather"
      ? term.args
      : "arg" in term
        ? [term.arg]
        : term.kind === "load"
          ? [term.base]
          : [];
  const depth = 1 + below.reduce((most, x) => Math.max(most, depthOf(x)), 0);
  depths.set(term, depth);
  return depth;
}

const isFree = (term: Term): boolean => term.kind === "local" || term.kind === "const";

/** Writes down the routine of a nest. */
export function generate(nest: Nest, schedule: Schedule): Routine {
  return new Generator(nest, schedule).routine();
}

class Generator {
  private locals = 0;
  private readonly begin = this.local("i32", false);
  private readonly end = this.local("i32", false);
  private readonly root = new Scope(null, null, zero, [{ offset: 0, lanes: 1 }]);
  private scope = this.root;
  /** Expressions that more than one is computed from, or one that is computed elsewhere. */
  private readonly shared = new Set<Expr>();
  private readonly siblings = new Map<string, Reduction[]>();
  private readonly stages = new Map<Expr, number>();
  /** What each reduction's parts are used as. */
  private readonly results = new Map<Reduction, (Expr | undefined)[]>();
  private readonly series = new Map<Series, Map<string, Local[]>>();

  constructor(
    private readonly nest: Nest,
    private readonly schedule: Schedule,
  ) {
    this.survey(nest.stores.flatMap(rootsOf));
  }

  routine(): Routine {
    const { nest, schedule } = this;
    const outer = new Set(nest.stores.map(({ loops }) => loops[0]));
    const [only] = outer;
    const cut = outer.size === 1 && only !== undefined && !nest.sequential.has(only) ? only : null;
    this.nested(nest.stores, 0, cut);
    const segments = cut ? schedule.segments.get(cut)! : [];
    return {
      name: nest.name,
      lanes: schedule.lanes,
      begin: this.begin,
      end: this.end,
      body: this.root.statements,
      steps: cut ? cut.size : 1,
      align: segments.reduce((most, { step }) => Math.max(most, step), 1),
    };
  }

  /** Finds what is shared, and which reductions can run in one pass. */
  private survey(roots: readonly Expr[]): void {
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
        // In a reduction the operand is used within its loops.
        if (expr.kind === "op" && operand.loops.size !== expr.loops.size) this.shared.add(operand);
        if (expr.kind === "op" && expr.args.filter((x) => x === operand).length > 1) this.shared.add(operand);
        if (expr.kind === "load" || expr.kind === "running") this.shared.add(operand);
        // What is the same in each step of the reduction's loops is computed before them.
        if (expr.kind === "reduced" && operand.loops.size !== expr.loops.size + expr.reduction.over.length)
          this.shared.add(operand);
      }
      if (expr.kind === "reduced") {
        stage++;
        let results = this.results.get(expr.reduction);
        if (results === undefined) this.results.set(expr.reduction, (results = []));
        results[expr.part] = expr;
        const key = siblingKey(expr, stage);
        const group = this.siblings.get(key);
        if (group === undefined) this.siblings.set(key, [expr.reduction]);
        else if (!group.includes(expr.reduction)) group.push(expr.reduction);
      }
      this.stages.set(expr, stage);
    }
  }

  private local(type: Type, vector: boolean): Local {
    return { id: this.locals++, type, vector };
  }
  private push(statement: Statement, scope = this.scope): void {
    scope.statements.push(statement);
  }
  private keep(value: Term, scope = this.scope): Term {
    if (isFree(value)) return value;
    const local = this.local(value.type, value.vector);
    this.push({ kind: "set", local, value }, scope);
    return { kind: "local", type: value.type, vector: value.vector, local };
  }

  /** Stores that share their first `depth` loops, which are open. */
  private nested(stores: readonly Store[], depth: number, cut: Loop | null): void {
    const here = stores.filter(({ loops }) => loops.length === depth);
    if (here.length > 0) this.write(here);
    const inner = new Map<Loop, Store[]>();
    for (const store of stores) {
      const loop = store.loops[depth];
      if (loop === undefined) continue;
      const group = inner.get(loop);
      if (group) group.push(store);
      else inner.set(loop, [store]);
    }
    for (const [loop, group] of inner) {
      this.startSeries(group, loop);
      for (const segment of this.schedule.segments.get(loop)!)
        this.turn(loop, segment, cut === loop, () => this.nested(group, depth + 1, null));
    }
  }

  /** Runs `body` in the turns of a segment. */
  private turn(loop: Loop, { from, to, step, parts }: Segment, cut: boolean, body: () => void): void {
    const outer = this.scope;
    const once = to - from <= step;
    const counter = once ? null : this.local("i32", false);
    const value: Term = counter
      ? { kind: "local", type: "i32", vector: false, local: counter }
      : number(from);
    this.scope = new Scope(outer, loop, value, parts);
    body();
    const { statements } = this.scope;
    this.scope = outer;
    const [begin, end] = [this.begin, this.end].map((local): Term => ({
      kind: "local",
      type: "i32",
      vector: false,
      local,
    }));
    if (counter) {
      const first = cut ? largest(begin!, from) : number(from);
      const last = cut ? smallest(end!, to) : number(to);
      this.push({ kind: "for", counter, from: first, to: last, step, body: statements });
    } else if (cut) {
      // The part that has the segment's start.
      const condition = both(test("le_s", begin!, number(from)), test("lt_s", number(from), end!));
      this.push({ kind: "if", condition, body: statements });
    } else outer.statements.push(...statements);
  }

  private write(stores: readonly Store[]): void {
    const loops = this.openLoops();
    const written: Statement[] = [];
    const roots = stores.flatMap(rootsOf);
    const places = this.places(loops.filter((loop) => stores.some((s) => s.loops.includes(loop))));
    this.compute(roots, places);
    for (const place of places)
      for (const store of stores) {
        const target = this.storeTo(store, place);
        const value = this.lanesOf(store.value, place);
        // All values are computed before any is written: a store may be to where another reads.
        const kept = stores.length > 1 || places.length > 1 ? this.keep(value) : value;
        const guard = store.when && this.valueOf(store.when, place);
        for (const statement of target(kept))
          written.push(guard ? { kind: "if", condition: guard, body: [statement] } : statement);
      }
    for (const statement of written) this.push(statement);
  }

  /** Loops that are open here, from the outer to the inner. */
  private openLoops(): Loop[] {
    const loops: Loop[] = [];
    for (let scope: Scope | null = this.scope; scope; scope = scope.parent)
      if (scope.loop) loops.unshift(scope.loop);
    return loops;
  }
  private scopeOfLoop(loop: Loop): Scope | null {
    for (let scope: Scope | null = this.scope; scope; scope = scope.parent)
      if (scope.loop === loop) return scope;
    return null;
  }
  /** The scope where something that depends on these loops is computed: the innermost of theirs. */
  private home(loops: ReadonlySet<Loop>): Scope {
    for (let scope = this.scope; ; scope = scope.parent!)
      if (scope.parent === null || (scope.loop && loops.has(scope.loop))) return scope;
  }
  /** The vectorised loop that something depends on. */
  private vectorOf(loops: ReadonlySet<Loop>): Loop | null {
    for (let scope: Scope | null = this.scope; scope; scope = scope.parent)
      if (scope.loop && this.schedule.vectors.has(scope.loop) && loops.has(scope.loop)) return scope.loop;
    return null;
  }
  /** All combinations of the parts of the open loops among `loops`. */
  private places(loops: Iterable<Loop>): Place[] {
    let places: Place[] = [anywhere];
    for (const loop of loops) {
      const scope = this.scopeOfLoop(loop);
      if (!scope || scope.parts.length === 1) continue;
      places = places.flatMap((place) => scope.parts.map((_, i) => new Map([...place, [loop, i]])));
    }
    return places;
  }
  private part(loop: Loop, place: Place): Part {
    return this.scopeOfLoop(loop)!.parts[place.get(loop) ?? 0]!;
  }
  private keyAt(expr: Expr, place: Place, suffix = ""): string {
    let key = `${expr.id}${suffix}`;
    for (const [loop, i] of place) if (expr.loops.has(loop)) key += `,${idOf(loop)}.${i}`;
    return key;
  }
  /** The part of a place that an expression depends on. */
  private narrow(loops: ReadonlySet<Loop>, place: Place): Place {
    if (place.size === 0) return place;
    return new Map([...place].filter(([loop]) => loops.has(loop)));
  }

  /** Computes roots and what they need, operands first, for each place: no recursion follows the depth of a program. */
  private compute(roots: readonly Expr[], places: readonly Place[]): void {
    const waiting = [...roots];
    const found = new Set<Expr>();
    for (let expr = waiting.pop(); expr; expr = waiting.pop()) {
      if (found.has(expr) || expr.kind === "const") continue;
      if (this.known(expr, places[0]!)) continue;
      found.add(expr);
      // What a reduction computes from is computed within its loops.
      if (expr.kind !== "reduced") waiting.push(...operandsOf(expr));
      else waiting.push(...this.outerOperands(expr.reduction));
    }
    for (const expr of [...found].sort((a, b) => a.id - b.id))
      for (const place of places) this.valueOf(expr, place);
  }
  /** Of what is computed within a reduction, the largest expressions that do not depend on its loops. */
  private outerOperands({ values, over }: Reduction): Expr[] {
    const outer: Expr[] = [];
    const seen = new Set<Expr>();
    const waiting = [...values];
    for (let expr = waiting.pop(); expr; expr = waiting.pop()) {
      if (seen.has(expr)) continue;
      seen.add(expr);
      if (over.some((loop) => expr!.loops.has(loop))) waiting.push(...operandsOf(expr));
      else outer.push(expr);
    }
    return outer;
  }
  private known(expr: Expr, place: Place): Term | undefined {
    return this.home(expr.loops).values.get(this.keyAt(expr, place));
  }

  /** The value of an expression: a vector if it depends on a vectorised loop. */
  private valueOf(expr: Expr, place: Place): Term {
    if (expr.kind === "const") return { kind: "const", type: expr.type, vector: false, value: expr.value };
    const home = this.home(expr.loops);
    const key = this.keyAt(expr, place);
    const before = home.values.get(key);
    if (before) return before;
    const outer = this.scope;
    this.scope = home;
    const own = this.narrow(expr.loops, place);
    let value = this.made(expr, own);
    if (this.shared.has(expr) || depthOf(value) > DEEPEST) value = this.keep(value);
    home.values.set(key, value);
    this.scope = outer;
    return value;
  }
  /** The value as a vector, where the store or operation is one. */
  private lanesOf(expr: Expr, place: Place): Term {
    return this.valueOf(expr, place);
  }

  private made(expr: Expr, place: Place): Term {
    switch (expr.kind) {
      case "op": {
        const vector = this.vectorOf(expr.loops) !== null;
        // A shift is by one number for all lanes, where it can be.
        const shift = expr.op === "shl" || expr.op === "shr_s" || expr.op === "shr_u";
        const args = expr.args.map((x, i) =>
          vector && !(shift && i === 1) ? this.splatOf(x, place) : this.valueOf(x, place),
        );
        const of = expr.op === "select" ? expr.type : expr.args[0]!.type;
        return { kind: "op", op: expr.op, of, type: expr.type, vector, args };
      }
      case "position":
        return this.position(expr.index, place);
      case "load":
        return this.load(expr.memory, expr.address, expr.type, place);
      case "reduced":
        this.reduce(expr);
        return this.known(expr, place)!;
      case "running":
        return this.run(expr, place);
      default:
        throw new Error(`a ${expr.kind} has no value`);
    }
  }

  /** A value in every lane, kept where it is the same. */
  private splatOf(expr: Expr, place: Place): Term {
    const value = this.valueOf(expr, place);
    if (value.vector) return value;
    const home = this.home(expr.loops);
    const key = this.keyAt(expr, place, "s");
    let splat = home.values.get(key);
    if (splat === undefined) {
      splat = { kind: "splat", type: value.type, vector: true, arg: value };
      // A load is splat as it is loaded, if it is used once.
      if (value.kind !== "load") splat = this.keep(splat, home);
      home.values.set(key, splat);
    }
    return splat;
  }

  /** `Σ factor · loop` for loops that are not in vectors, times `scale`, and what is known of it, times `scale`. */
  private address(index: Affine, place: Place, scale: number): { base: Term; offset: number } {
    let offset = index.constant;
    let base = zero;
    let prefix = "";
    const terms = index.terms
      .map(([loop, factor]) => ({ loop, factor, scope: this.scopeOfLoop(loop)! }))
      .sort((a, b) => levelOf(a.scope) - levelOf(b.scope));
    for (const { loop, factor, scope } of terms) {
      offset += factor * this.part(loop, place).offset;
      if (scope.counter.kind === "const") {
        offset += factor * Number(scope.counter.value);
        continue;
      }
      prefix += `${idOf(loop)}*${factor * scale}+`;
      const key = `a${prefix}`;
      let partial = scope.values.get(key);
      if (partial === undefined) {
        const times = `t${idOf(loop)}*${factor * scale}`;
        let term = scope.values.get(times);
        if (term === undefined)
          scope.values.set(times, (term = this.keep(product(scope.counter, factor * scale), scope)));
        scope.values.set(key, (partial = this.keep(sum(base, term), scope)));
      }
      base = partial;
    }
    return { base, offset: offset * scale };
  }

  private position(index: Affine, place: Place): Term {
    const { base, offset } = this.address(index, place, 1);
    const first = sum(base, number(offset));
    const vector = this.vectorOf(index.loops);
    if (vector === null) return first;
    const factor = index.step(vector);
    const values = Array.from({ length: this.schedule.lanes }, (_, i) => i * factor);
    const ramp: Term = { kind: "lanes", type: "i32", vector: true, values };
    const splat: Term = { kind: "splat", type: "i32", vector: true, arg: first };
    return { kind: "op", op: "add", of: "i32", type: "i32", vector: true, args: [splat, ramp] };
  }

  /** Where an address without lanes is: a base that is computed where it changes, and an offset. */
  private pointer(memory: Memory, index: Affine, place: Place): { base: Term; offset: number } {
    const bytes = storageBytes[memory.storage];
    const { base, offset } = this.address(index, place, bytes);
    const start = this.start(memory);
    let pointer: Term;
    if (base === zero) pointer = start;
    else {
      const loops = new Set(index.terms.map(([loop]) => loop));
      const home = this.home(loops);
      const key = `m${idOf(memory)}:${base.kind === "local" ? base.local.id : "c"}`;
      let known = home.values.get(key);
      if (known === undefined) home.values.set(key, (known = this.keep(sum(start, base), home)));
      pointer = known;
    }
    // An offset of an instruction is added without wrapping, so what is before it must not be below 0.
    const plain = offset >= 0 && index.dynamic === null && index.terms.every(([, factor]) => factor > 0);
    return plain ? { base: pointer, offset } : { base: sum(pointer, number(offset)), offset: 0 };
  }
  private start(memory: Memory): Term {
    const key = `M${idOf(memory)}`;
    let start = this.root.values.get(key);
    if (start === undefined) {
      start = this.keep({ kind: "address", type: "i32", vector: false, memory }, this.root);
      this.root.values.set(key, start);
    }
    return start;
  }

  private load(memory: Memory, index: Affine, type: Type, place: Place): Term {
    const bytes = storageBytes[memory.storage];
    const { base, offset } = this.pointer(memory, index, place);
    const { storage } = memory;
    const vector = this.vectorOf(index.loops);
    const scaled = index.dynamic && this.valueOf(index.dynamic, place);
    if (vector === null) {
      const at = scaled ? sum(base, product(scaled, bytes)) : base;
      return { kind: "load", storage, type, vector: false, base: at, offset, lanes: 1 };
    }
    const { lanes } = this.part(vector, place);
    const step = index.step(vector);
    if (scaled?.vector) {
      // Each lane has an address of its own.
      const kept = this.keep(scaled);
      const own = step * bytes;
      const args = Array.from({ length: lanes }, (_, lane): Term => {
        const element: Term = { kind: "lane", type: "i32", vector: false, arg: kept, lane };
        const at = sum(base, product(element, bytes));
        const from = offset + (Number.isNaN(own) ? staticStep(index, vector) * bytes * lane : own * lane);
        return {
          kind: "load",
          storage,
          type,
          vector: false,
          base: from < 0 ? sum(at, number(from)) : at,
          offset: Math.max(from, 0),
          lanes: 1,
        };
      });
      return { kind: "gather", type, vector: true, args };
    }
    const at = scaled ? sum(base, product(scaled, bytes)) : base;
    if (step === 1) return { kind: "load", storage, type, vector: true, base: at, offset, lanes };
    if (step === -1 && lanes === this.schedule.lanes) {
      const first = offset - (lanes - 1) * bytes;
      const from = first < 0 ? sum(at, number(first)) : at;
      const arg: Term = {
        kind: "load",
        storage,
        type,
        vector: true,
        base: from,
        offset: Math.max(first, 0),
        lanes,
      };
      return { kind: "reverse", type, vector: true, arg };
    }
    const kept = this.keep(at);
    const args = Array.from({ length: lanes }, (_, lane): Term => {
      const from = offset + lane * step * bytes;
      return {
        kind: "load",
        storage,
        type,
        vector: false,
        base: from < 0 ? sum(kept, number(from)) : kept,
        offset: Math.max(from, 0),
        lanes: 1,
      };
    });
    return { kind: "gather", type, vector: true, args };
  }

  /** How the value of a store is written. */
  private storeTo({ memory, address }: Store, place: Place): (value: Term) => Statement[] {
    const bytes = storageBytes[memory.storage];
    const { storage } = memory;
    const { base, offset } = this.pointer(memory, address, place);
    const dynamic = address.dynamic && this.valueOf(address.dynamic, place);
    const vector = this.vectorOf(address.loops);
    const at = dynamic ? this.keep(sum(base, product(dynamic, bytes))) : base;
    if (vector === null) return (value) => [{ kind: "store", storage, base: at, offset, value, lanes: 1 }];
    const { lanes } = this.part(vector, place);
    const step = address.step(vector);
    const spread = (value: Term): Term =>
      value.vector ? value : { kind: "splat", type: value.type, vector: true, arg: value };
    if (step === 1)
      return (value) => [{ kind: "store", storage, base: at, offset, value: spread(value), lanes }];
    return (value) => {
      const kept = this.keep(spread(value));
      return Array.from({ length: lanes }, (_, lane): Statement => {
        const from = offset + lane * step * bytes;
        const element: Term = { kind: "lane", type: value.type, vector: false, arg: kept, lane };
        return {
          kind: "store",
          storage,
          base: from < 0 ? sum(at, number(from)) : at,
          offset: Math.max(from, 0),
          value: element,
          lanes: 1,
        };
      });
    };
  }

  /** Computes a reduction, and those that can run in the same pass, for all places that they are wanted at. */
  private reduce(expr: Reduced): void {
    const group = this.siblings.get(siblingKey(expr, this.stages.get(expr)!))!;
    const { over } = expr.reduction;
    const outer = this.scope;
    const places = this.places(this.openLoops().filter((loop) => expr.loops.has(loop)));
    this.compute(
      group.flatMap((reduction) => this.outerOperands(reduction)),
      places,
    );
    const folded = over.find((loop) => this.schedule.vectors.has(loop)) ?? null;
    const vector = folded !== null || this.vectorOf(expr.loops) !== null;
    const apart = over.find((loop) => this.schedule.apart.has(loop));
    const turns = apart ? this.schedule.segments.get(apart)! : [];
    const copies = turns.reduce((most, { parts }) => Math.max(most, parts.length), 1);
    const accumulators = group.map((reduction) =>
      places.map(() => Array.from({ length: copies }, () => this.accumulator(reduction.monoid, vector))),
    );
    const step = (): void => {
      const inner = this.places(over);
      const everywhere = places.flatMap((place) => inner.map((i): Place => new Map([...place, ...i])));
      this.compute(
        group.flatMap((r) => r.values),
        everywhere,
      );
      group.forEach((reduction, g) =>
        places.forEach((place, p) =>
          inner.forEach((i) => {
            const where: Place = new Map([...place, ...i]);
            const values = reduction.values.map((x, part) => {
              const value = vector ? this.splatOf(x, where) : this.valueOf(x, where);
              return folded ? this.masked(value, reduction, part, this.part(folded, where).lanes) : value;
            });
            const target = accumulators[g]![p]![(apart && i.get(apart)) ?? 0]!;
            this.combineInto(reduction.monoid, target, values, vector);
          }),
        ),
      );
    };
    const within = (rest: readonly Loop[]): void => {
      const [loop, ...others] = rest;
      if (loop === undefined) {
        step();
        return;
      }
      for (const segment of this.schedule.segments.get(loop)!)
        this.turn(loop, segment, false, () => within(others));
    };
    within(over);
    group.forEach((reduction, g) =>
      places.forEach((place, p) => {
        const [first, ...others] = accumulators[g]![p]!;
        for (const other of others) this.combineInto(reduction.monoid, first!, other.map(read), vector);
        const results = folded ? this.across(reduction.monoid, first!) : first!.map(read);
        results.forEach((result, part) => {
          const of = this.results.get(reduction)![part];
          if (of) outer.values.set(this.keyAt(of, place), result);
        });
      }),
    );
  }
  private accumulator({ unit }: Monoid, vector: boolean): Local[] {
    return unit.map((x) => {
      const local = this.local(x.type, vector);
      const start = this.valueOf(x, anywhere);
      this.push({ kind: "set", local, value: vector ? this.splatOf(x, anywhere) : start });
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
    const kept = results.length > 1 ? results.map((x) => this.keep(x)) : results;
    target.forEach((local, i) => this.push({ kind: "set", local, value: kept[i]! }));
  }
  private combined(monoid: Monoid, left: readonly Term[], right: readonly Term[], vector: boolean): Term[] {
    const pattern = patternOf(monoid);
    const values = new Map<Expr, Term>();
    pattern.left.forEach((x, i) => values.set(x, left[i]!));
    pattern.right.forEach((x, i) => values.set(x, right[i]!));
    for (const expr of pattern.steps) {
      if (values.has(expr)) continue;
      if (expr.kind === "const") {
        values.set(expr, vector ? this.splatOf(expr, anywhere) : this.valueOf(expr, anywhere));
      } else if (expr.kind === "op") {
        const of = expr.op === "select" ? expr.type : expr.args[0]!.type;
        const args = expr.args.map((x) => values.get(x)!);
        const value: Term = { kind: "op", op: expr.op, of, type: expr.type, vector, args };
        values.set(expr, pattern.steps.length > 3 ? this.keep(value) : value);
      }
    }
    return pattern.result.map((x) => values.get(x)!);
  }
  /** The unit in the lanes that are not in use. */
  private masked(value: Term, { monoid }: Reduction, part: number, lanes: number): Term {
    if (lanes === this.schedule.lanes) return value;
    const used = Array.from({ length: this.schedule.lanes }, (_, i) => (i < lanes ? 1 : 0));
    const mask: Term = { kind: "lanes", type: "bool", vector: true, values: used };
    const unit = this.splatOf(monoid.unit[part]!, anywhere);
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
    let rows = Array.from({ length: this.schedule.lanes }, (_, lane) =>
      accumulator.map((local) =>
        this.keep({ kind: "lane", type: local.type, vector: false, arg: read(local), lane }),
      ),
    );
    while (rows.length > 1) {
      const next: Term[][] = [];
      for (let i = 0; i < rows.length; i += 2)
        next.push(
          rows[i + 1]
            ? this.combined(monoid, rows[i]!, rows[i + 1]!, false).map((x) => this.keep(x))
            : rows[i]!,
        );
      rows = next;
    }
    return rows[0]!;
  }

  /** Accumulators of what runs along `loop` and loops within it, which is about to be opened. */
  private startSeries(stores: readonly Store[], loop: Loop): void {
    const found = reachable(stores.flatMap(rootsOf)).flatMap((x) => (x.kind === "running" ? x.series : []));
    for (const series of new Set(found)) {
      if (series.along[0] !== loop) continue;
      const around = union(series.values.map((x) => x.loops));
      const open = this.openLoops().filter((l) => around.has(l));
      const vector = this.vectorOf(new Set(open)) !== null;
      const accumulators = new Map<string, Local[]>();
      for (const place of this.places(open))
        accumulators.set(keyOf(place), this.accumulator(series.monoid, vector));
      this.series.set(series, accumulators);
    }
  }
  /** One step of a running reduction. */
  private run({ series, part }: Running, place: Place): Term {
    const accumulators = this.series.get(series)!;
    const outer = new Map([...place].filter(([loop]) => !series.along.includes(loop)));
    const key = `S${series.id};${keyOf(place)}`;
    if (!this.scope.values.has(`${key}/0`)) {
      const target = accumulators.get(keyOf(outer))!;
      const vector = target[0]!.vector;
      const values = series.values.map((x) => (vector ? this.splatOf(x, place) : this.valueOf(x, place)));
      this.combineInto(series.monoid, target, values, vector);
      target.forEach((local, i) => this.scope.values.set(`${key}/${i}`, this.keep(copyOf(local))));
    }
    return this.scope.values.get(`${key}/${part}`)!;
  }
}

const keyOf = (place: Place): string => [...place].map(([loop, i]) => `${idOf(loop)}.${i}`).join();
const siblingKey = ({ reduction: { over }, loops }: Reduced, stage: number): string =>
  `${stage}/${over.map(idOf).join()}/${[...loops]
    .map(idOf)
    .sort((a, b) => a - b)
    .join()}`;
/** What a step in which an address is not linear adds to it, apart from what is known only then. */
const staticStep = (index: Affine, loop: Loop): number => index.terms.find(([of]) => of === loop)?.[1] ?? 0;

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
const bounded = (op: "min_s" | "max_s", a: Term, to: number): Term => ({
  kind: "op",
  op,
  of: "i32",
  type: "i32",
  vector: false,
  args: [a, number(to)],
});
const largest = (a: Term, least: number): Term => (least === 0 ? a : bounded("max_s", a, least));
const smallest = (a: Term, most: number): Term => bounded("min_s", a, most);

const copyOf = (local: Local): Term => ({ kind: "copy", type: local.type, vector: local.vector, local });
const read = (local: Local): Term => ({ kind: "local", type: local.type, vector: local.vector, local });
const levels = new WeakMap<Scope, number>();
function levelOf(scope: Scope): number {
  let level = levels.get(scope);
  if (level === undefined) levels.set(scope, (level = scope.parent ? levelOf(scope.parent) + 1 : 0));
  return level;
}
