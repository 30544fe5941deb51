import { Affine } from "./affine.ts";
import { idOf, load, type Loop, type Memory, storageBytes, type Type } from "./expression.ts";
import type { Store } from "./nest.ts";
import { keyAt, type Place, type Scopes } from "./scopes.ts";
import { copyOf, number, product, type Statement, sum, type Term, zero } from "./statement.ts";
import type { Values } from "./values.ts";

/** Pointers that are moved in a loop, at most: each is in a register of its own. */
const MOVING = 4;

/** Writes down where elements are, and how they are read and written. */
export class Addresses {
  constructor(
    private readonly scopes: Scopes,
    private readonly values: Pick<Values, "valueOf">,
  ) {}

  /** `Σ factor · loop` for loops that are not in vectors, times `scale`, and what is known of it, times `scale`. */
  private address(index: Affine, place: Place, scale: number): { base: Term; offset: number } {
    let offset = index.constant;
    let base = zero;
    let prefix = "";
    const terms = index.terms
      .map(([loop, factor]) => ({ loop, factor, scope: this.scopes.scopeOf(loop)! }))
      .sort((a, b) => a.scope.level - b.scope.level);
    for (const { loop, factor, scope } of terms) {
      offset += factor * this.scopes.part(loop, place).offset;
      if (scope.counter.kind === "const") {
        offset += factor * Number(scope.counter.value);
        continue;
      }
      prefix += `${loop.id}*${factor * scale}+`;
      const key = `a${prefix}`;
      let partial = scope.values.get(key);
      if (partial === undefined) {
        const times = `t${loop.id}*${factor * scale}`;
        let term = scope.values.get(times);
        if (term === undefined)
          scope.values.set(times, (term = this.scopes.keep(product(scope.counter, factor * scale), scope)));
        scope.values.set(key, (partial = this.scopes.keep(sum(base, term), scope)));
      }
      base = partial;
    }
    return { base, offset: offset * scale };
  }

  position(index: Affine, place: Place): Term {
    const { base, offset } = this.address(index, place, 1);
    const first = sum(base, number(offset));
    const vector = this.scopes.vectorOf(index.loops);
    if (vector === null) return first;
    const factor = index.step(vector);
    const values = Array.from({ length: this.scopes.schedule.lanes }, (_, i) => i * factor);
    const ramp: Term = { kind: "lanes", type: "i32", vector: true, values };
    const splat: Term = { kind: "splat", type: "i32", vector: true, arg: first };
    return { kind: "op", op: "add", of: "i32", type: "i32", vector: true, args: [splat, ramp] };
  }

  /** Where an address without lanes is: a base that is computed where it changes, and an offset. */
  private pointer(memory: Memory, index: Affine, place: Place): { base: Term; offset: number } {
    const { base, offset } = this.moving(memory, index, place) ?? this.computed(memory, index, place);
    // An offset of an instruction is added without wrapping, so what is before it must not be below 0.
    const plain = offset >= 0 && index.dynamic === null && index.terms.every(([, factor]) => factor > 0);
    return plain ? { base, offset } : { base: sum(base, number(offset)), offset: 0 };
  }
  private computed(memory: Memory, index: Affine, place: Place): { base: Term; offset: number } {
    const { base, offset } = this.address(index, place, storageBytes[memory.storage]);
    const start = this.start(memory);
    if (base === zero) return { base: start, offset };
    const home = this.scopes.home(new Set(index.terms.map(([loop]) => loop)));
    const key = `m${idOf(memory)}:${base.kind === "local" ? base.local.id : "c"}`;
    let known = home.values.get(key);
    if (known === undefined) home.values.set(key, (known = this.scopes.keep(sum(start, base), home)));
    return { base: known, offset };
  }
  /** In an innermost loop, a pointer that is moved in each turn instead of being computed. */
  private moving(memory: Memory, index: Affine, place: Place): { base: Term; offset: number } | null {
    const { scopes } = this;
    const { current } = scopes;
    const { loop, parent, turns, moving, values } = current;
    const factor = index.terms.find(([l]) => l === loop)?.[1];
    if (!loop || !parent || !turns || factor === undefined) return null;
    const bytes = storageBytes[memory.storage];
    const rest = Affine.sum(
      index.constant,
      index.terms.filter(([l]) => l !== loop),
    );
    const own = scopes.part(loop, place).offset * factor * bytes;
    const { base, offset } = scopes.within(parent, () => this.computed(memory, rest, place));
    const key = `v${factor}:${base.kind === "local" ? base.local.id : "c"}`;
    const before = values.get(key);
    if (before) return { base: before, offset: offset + own };
    if (moving.length === MOVING || current.statements.some(({ kind }) => kind === "for")) return null;
    const local = scopes.local("i32", false);
    const value = sum(base, product(turns.first, factor * bytes));
    scopes.push({ kind: "set", local, value }, parent);
    moving.push({ local, by: turns.step * factor * bytes });
    values.set(key, copyOf(local));
    return { base: copyOf(local), offset: offset + own };
  }

  private start(memory: Memory): Term {
    const key = `M${idOf(memory)}`;
    let start = this.scopes.root.values.get(key);
    if (start === undefined) {
      start = this.scopes.keep({ kind: "address", type: "i32", vector: false, memory }, this.scopes.root);
      this.scopes.root.values.set(key, start);
    }
    return start;
  }

  load(memory: Memory, index: Affine, type: Type, place: Place): Term {
    const bytes = storageBytes[memory.storage];
    const { base, offset } = this.pointer(memory, index, place);
    const { storage } = memory;
    const vector = this.scopes.vectorOf(index.loops);
    const scaled = index.dynamic && this.values.valueOf(index.dynamic, place);
    if (vector === null) {
      const at = scaled ? sum(base, product(scaled, bytes)) : base;
      return { kind: "load", storage, type, vector: false, base: at, offset, lanes: 1 };
    }
    const { lanes } = this.scopes.part(vector, place);
    const step = index.step(vector);
    if (scaled?.vector) {
      // Each lane has an address of its own.
      const kept = this.scopes.keep(scaled);
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
    if (step === -1 && lanes === this.scopes.schedule.lanes) {
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
    if (scaled === null && lanes === this.scopes.schedule.lanes) {
      const column = this.column(memory, index, type, place, vector);
      if (column) return column;
    }
    const kept = this.scopes.keep(at);
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

  /**
   * Lanes that are apart in memory, where parts of another loop are side by side: rows are loaded for as many of its parts
   * as there are lanes, and transposed.
   */
  private column(memory: Memory, index: Affine, type: Type, place: Place, vector: Loop): Term | null {
    const { scopes } = this;
    const { lanes } = scopes.schedule;
    const loop = scopes
      .open()
      .find((l) => index.step(l) === 1 && l !== vector && scopes.scopeOf(l)!.parts.length >= lanes);
    if (loop === undefined) return null;
    const part = place.get(loop) ?? 0;
    const first = part - (part % lanes);
    if (first + lanes > scopes.scopeOf(loop)!.parts.length) return null;
    const start = new Map([...place, [loop, first]]);
    const columns = Array.from(
      { length: lanes },
      (_, i) => `T${keyAt(load(memory, index), new Map([...place, [loop, first + i]]))}`,
    );
    const { values } = scopes.current;
    if (!values.has(columns[part - first]!)) {
      const step = index.step(vector);
      const rows = Array.from({ length: lanes }, (_, lane): Term => {
        const { base, offset } = this.pointer(memory, index.plus(lane * step), start);
        const { storage } = memory;
        return scopes.keep({ kind: "load", storage, type, vector: true, base, offset, lanes });
      });
      transposed(rows, (term) => scopes.keep(term)).forEach((column, i) => values.set(columns[i]!, column));
    }
    return values.get(columns[part - first]!)!;
  }

  /** How the value of a store is written. */
  storeTo({ memory, address }: Store, place: Place): (value: Term) => Statement[] {
    const bytes = storageBytes[memory.storage];
    const { storage } = memory;
    const { base, offset } = this.pointer(memory, address, place);
    const dynamic = address.dynamic && this.values.valueOf(address.dynamic, place);
    const vector = this.scopes.vectorOf(address.loops);
    const vectors = dynamic?.vector ? this.scopes.keep(dynamic) : null;
    const at = dynamic && !vectors ? this.scopes.keep(sum(base, product(dynamic, bytes))) : base;
    if (vector === null) return (value) => [{ kind: "store", storage, base: at, offset, value, lanes: 1 }];
    const { lanes } = this.scopes.part(vector, place);
    const step = staticStep(address, vector);
    const spread = (value: Term): Term =>
      value.vector ? value : { kind: "splat", type: value.type, vector: true, arg: value };
    if (step === 1 && !vectors)
      return (value) => [{ kind: "store", storage, base: at, offset, value: spread(value), lanes }];
    return (value) => {
      const kept = this.scopes.keep(spread(value));
      return Array.from({ length: lanes }, (_, lane): Statement => {
        const from = offset + lane * step * bytes;
        const element: Term = { kind: "lane", type: value.type, vector: false, arg: kept, lane };
        const own: Term = vectors
          ? sum(at, product({ kind: "lane", type: "i32", vector: false, arg: vectors, lane }, bytes))
          : at;
        return {
          kind: "store",
          storage,
          base: from < 0 ? sum(own, number(from)) : own,
          offset: Math.max(from, 0),
          value: element,
          lanes: 1,
        };
      });
    };
  }
}

/** What a step in which an address is not linear adds to it, apart from what is known only then. */
const staticStep = (index: Affine, loop: Loop): number => index.terms.find(([of]) => of === loop)?.[1] ?? 0;

/** The columns of as many rows as they have lanes. */
function transposed(rows: readonly Term[], keep: (term: Term) => Term): readonly Term[] {
  const { type } = rows[0]!;
  const shuffle = (a: Term, b: Term, order: readonly number[]): Term =>
    keep({ kind: "shuffle", type, vector: true, args: [a, b], order });
  const [a, b, c, d] = rows as [Term, Term, Term, Term];
  if (rows.length === 2) return [shuffle(a, b, [0, 2]), shuffle(a, b, [1, 3])];
  const low = [shuffle(a, b, [0, 4, 1, 5]), shuffle(c, d, [0, 4, 1, 5])] as const;
  const high = [shuffle(a, b, [2, 6, 3, 7]), shuffle(c, d, [2, 6, 3, 7])] as const;
  return [low, high].flatMap((half) => [shuffle(...half, [0, 1, 4, 5]), shuffle(...half, [2, 3, 6, 7])]);
}
