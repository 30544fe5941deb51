import { exprsOf } from "../kernel/nest.ts";
import { type Memory, storageBytes } from "../kernel/expression.ts";
import type { ArrayMemory, Block, Carried, KernelProgram, Step } from "./program.ts";

/** When a memory is in use: from one step to another, steps being numbered as they are written down. */
export interface Life {
  readonly memory: Memory;
  readonly bytes: number;
  first: number;
  last: number;
}

export interface Lifetimes {
  readonly lives: ReadonlyMap<Memory, Life>;
  /** Memories whose address changes. */
  readonly moving: readonly ArrayMemory[];
  /** Of memories that are where another one is that moves, that one. */
  readonly together: ReadonlyMap<ArrayMemory, ArrayMemory>;
  /** The steps by their numbers: a loop by that of its beginning; null where there is none, or branches. */
  readonly steps: readonly (Step | null)[];
}

/** When each memory of a program is in use. Inputs are from the beginning. */
export function lifetimesOf({ inputs, constants, outputs, block }: KernelProgram): Lifetimes {
  const walk = new Walk();
  for (const memory of [...inputs, ...constants.map((x) => x.memory)]) walk.use(memory);
  walk.block(block);
  // What is returned as it was given is there until the end.
  walk.tick();
  for (const memory of outputs) walk.use(memory);
  return walk;
}

/** When each memory of a loop's body is in use, from one turn's beginning to its end. */
export function lifetimesWithin(body: Block): Lifetimes {
  const walk = new Walk();
  walk.block(body);
  return walk;
}

/** Where an entry of a carry can be. */
const whereabouts = ({ initial, pair, unchanged, inPlace }: Carried): readonly ArrayMemory[] =>
  unchanged ? [initial] : inPlace ? [pair[0]] : pair;

class Walk {
  readonly lives = new Map<Memory, Life>();
  /** Memories whose address changes. */
  readonly moving: ArrayMemory[] = [];
  readonly together = new Map<ArrayMemory, ArrayMemory>();
  /** The steps by their numbers; null where there is none, or branches. */
  readonly steps: (Step | null)[] = [null];
  private readonly loops: { start: number; uses: Memory[] }[] = [];

  block({ steps }: Block): void {
    for (const step of steps) this.step(step);
  }
  private step(step: Step): void {
    this.tick(step.kind === "cond" || step.kind === "routine" ? null : step);
    switch (step.kind) {
      case "nest":
        for (const [memory, elements] of step.scratch)
          this.sizes.set(memory, elements * storageBytes[memory.storage]);
        for (const { stores } of step.nests) {
          for (const expr of exprsOf(stores)) if (expr.kind === "load") this.use(expr.memory);
          for (const { memory } of stores) this.use(memory);
        }
        return;
      case "routine":
        for (const memory of step.memories) this.use(memory);
        return;
      case "host":
        for (const memory of [...step.operands, ...step.outputs]) this.use(memory);
        return;
      case "copy":
        this.use(step.from);
        this.use(step.to);
        return;
      case "cond":
        this.use(step.index);
        for (const branch of step.branches) this.block(branch);
        this.tick();
        return;
      case "while":
        this.loop(step.carry, () => {
          this.block(step.test);
          this.tick();
          this.use(step.condition);
          this.block(step.body);
        });
        return;
      case "scan":
        for (const { whole, part } of step.windows) {
          this.use(whole);
          this.moving.push(part);
        }
        this.loop(step.carry, () => {
          this.block(step.body);
          for (const { whole } of step.windows) this.use(whole);
        });
    }
  }
  private get now(): number {
    return this.steps.length - 1;
  }
  tick(step: Step | null = null): void {
    this.steps.push(step);
  }
  private loop(carry: readonly Carried[], body: () => void): void {
    for (const { initial, current, next, inPlace } of carry) {
      this.use(initial);
      this.moving.push(current);
      if (!inPlace) this.moving.push(next);
      else if (next !== current) this.together.set(next, current);
    }
    const own = carry.flatMap(whereabouts);
    for (const memory of own) this.use(memory);
    this.loops.push({ start: this.now, uses: [] });
    this.tick();
    body();
    this.tick();
    // What is from outside of the loop is needed in each turn.
    const { start, uses } = this.loops.pop()!;
    for (const memory of uses) if (this.lives.get(memory)!.first <= start) this.use(memory);
    for (const memory of own) this.use(memory);
    for (const each of carry) this.aliases.set(each.current, whereabouts(each));
  }
  /** What a memory whose address changes may be. */
  private readonly aliases = new Map<Memory, readonly Memory[]>();
  /** Bytes of what is no array of the program. */
  private readonly sizes = new Map<Memory, number>();

  use(memory: Memory): void {
    for (const other of this.aliases.get(memory) ?? []) this.use(other);
    const life = this.lives.get(memory);
    if (life === undefined) {
      const bytes = this.sizes.get(memory) ?? (memory as ArrayMemory).bytes;
      this.lives.set(memory, { memory, bytes, first: this.now, last: this.now });
    } else life.last = this.now;
    for (const loop of this.loops) loop.uses.push(memory);
  }
}
