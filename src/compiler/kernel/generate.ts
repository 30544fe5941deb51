import type { Loop } from "./expression.ts";
import { exprsOf, type Nest, rootsOf, type Store } from "./nest.ts";
import type { Schedule } from "./schedule.ts";
import { type Cut, Scopes } from "./scopes.ts";
import { number, read, type Routine, type Statement, type Term, zero } from "./statement.ts";
import { Survey } from "./survey.ts";
import { Values } from "./values.ts";

/** Writes down the routine of a nest. */
export function generate(nest: Nest, schedule: Schedule): Routine {
  return new Generator(nest, schedule).routine();
}

class Generator {
  private readonly scopes: Scopes;
  private readonly values: Values;

  constructor(
    private readonly nest: Nest,
    private readonly schedule: Schedule,
  ) {
    this.scopes = new Scopes(schedule);
    this.values = new Values(this.scopes, new Survey(nest.stores));
  }

  routine(): Routine {
    const { nest, schedule, scopes } = this;
    const outer = new Set(nest.stores.map(({ loops }) => loops[0]));
    const [only] = outer;
    const whole = only === undefined || nest.sequential.has(only) || this.alongSeries(only);
    const first = outer.size === 1 && !whole ? only : null;
    const cut = first && (nest.shared ?? schedule.blocks.get(first)?.loop ?? first);
    const own = cut && { loop: cut, begin: read(scopes.begin), end: read(scopes.end) };
    this.nested(nest.stores, 0, own ? [own] : []);
    const segments = cut ? schedule.segments.get(cut)! : [];
    return {
      name: nest.name,
      lanes: schedule.lanes,
      begin: scopes.begin,
      end: scopes.end,
      body: scopes.root.statements,
      steps: cut ? cut.size : 1,
      align: segments.reduce((most, { step }) => Math.max(most, step), 1),
    };
  }

  private alongSeries(loop: Loop): boolean {
    const all = exprsOf(this.nest.stores);
    return all.some((x) => x.kind === "running" && x.series.along.includes(loop));
  }

  /** Stores that share their first `depth` loops, which are open. */
  private nested(stores: readonly Store[], depth: number, cuts: readonly Cut[]): void {
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
      const [{ pass }] = group as [Store];
      // What is written along with a reduction is written when that is computed.
      if (pass?.reduction.over[0] === loop) {
        this.values.reductions.pass(pass);
        continue;
      }
      const block = this.schedule.blocks.get(loop);
      if (block === undefined) this.opened(loop, group, depth, cuts);
      else {
        const whole = { loop: block.loop, begin: zero, end: number(block.loop.size) };
        const cut = cuts.find((each) => each.loop === block.loop) ?? whole;
        const others = cuts.filter((each) => each !== cut);
        this.scopes.blocks(cut, block.size, (part) => this.opened(loop, group, depth, [...others, part]));
      }
    }
  }
  private opened(loop: Loop, stores: readonly Store[], depth: number, cuts: readonly Cut[]): void {
    this.values.reductions.startSeries(stores, loop);
    const cut = cuts.find((each) => each.loop === loop) ?? null;
    for (const segment of this.schedule.segments.get(loop)!)
      this.scopes.turn(loop, segment, cut, () => this.nested(stores, depth + 1, cuts));
  }

  private write(stores: readonly Store[]): void {
    const { scopes, values } = this;
    const loops = scopes.open();
    const written: Statement[] = [];
    const roots = stores.flatMap(rootsOf);
    const places = scopes.places(loops.filter((loop) => stores.some((s) => s.loops.includes(loop))));
    values.compute(roots, places);
    for (const place of places)
      for (const store of stores) {
        const target = values.addresses.storeTo(store, place);
        const value = values.valueOf(store.value, place);
        // All values are computed before any is written: a store may be to where another reads.
        const kept: Term = stores.length > 1 || places.length > 1 ? scopes.keep(value) : value;
        const guard = store.when && values.valueOf(store.when, place);
        for (const statement of target(kept))
          written.push(guard ? { kind: "if", condition: guard, body: [statement] } : statement);
      }
    for (const statement of written) scopes.push(statement);
  }
}
