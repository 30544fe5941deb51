import { reachable, rootsOf } from "../kernel/nest.ts";
import type { ArrayMemory, Block, Carried, KernelProgram, Step } from "./program.ts";

/** Where a memory is: at an offset of the program's working memory, or where a number in it says. */
export type Place = { readonly offset: number } | { readonly cell: number };

/** The working memory of a program: cells with addresses, then memory. */
export interface MemoryPlan {
  readonly bytes: number;
  readonly places: ReadonlyMap<ArrayMemory, Place>;
  /** What the temporaries take. */
  readonly shared: number;
  /** What they would take without sharing memory. */
  readonly unshared: number;
}

/** Arrays of at most so many bytes are copied into the working memory, and out of it, by each call. */
export type IsSmall = (memory: ArrayMemory) => boolean;

const ALIGN = 64;
const aligned = (bytes: number): number => Math.ceil(bytes / ALIGN) * ALIGN;

interface Life {
  readonly memory: ArrayMemory;
  first: number;
  last: number;
}

/** Gives every memory of a program a place; those that are not in use at the same time may share one. */
export function planMemory(program: KernelProgram, isSmall: IsSmall): MemoryPlan {
  const places = new Map<ArrayMemory, Place>();
  const { inputs, constants, outputs, block } = program;
  const walk = new Walk();
  walk.block(block);
  const outside = [...constants.map(({ memory }) => memory), ...inputs, ...outputs];
  let cells = 0;
  for (const memory of [...outside.filter((memory) => !isSmall(memory)), ...walk.moving])
    places.set(memory, { cell: 4 * cells++ });
  let end = aligned(4 * cells);
  for (const memory of outside)
    if (isSmall(memory)) {
      places.set(memory, { offset: end });
      end += aligned(memory.bytes);
    }
  const lives = [...walk.lives.values()]
    .filter(({ memory }) => !places.has(memory))
    .sort((a, b) => a.first - b.first);
  const pool = new Pool();
  const live: Life[] = [];
  let unshared = 0;
  for (const life of lives) {
    for (let i = live.length - 1; i >= 0; i--)
      if (live[i]!.last < life.first) {
        const [ended] = live.splice(i, 1);
        const { offset } = places.get(ended!.memory) as { offset: number };
        pool.free(offset - end, aligned(ended!.memory.bytes));
      }
    const bytes = aligned(life.memory.bytes);
    unshared += bytes;
    places.set(life.memory, { offset: end + pool.take(bytes) });
    live.push(life);
  }
  return { bytes: end + pool.size, places, shared: pool.size, unshared };
}

/** Where an entry of a carry can be. */
const whereabouts = ({ initial, pair, unchanged, inPlace }: Carried): readonly ArrayMemory[] =>
  unchanged ? [initial] : inPlace ? [pair[0]] : pair;

/** When each memory is in use, steps being numbered as they are written down. */
class Walk {
  readonly lives = new Map<ArrayMemory, Life>();
  /** Memories whose address changes. */
  readonly moving: ArrayMemory[] = [];
  private now = 0;
  private readonly loops: { start: number; uses: ArrayMemory[] }[] = [];

  block({ steps }: Block): void {
    for (const step of steps) this.step(step);
  }
  private step(step: Step): void {
    this.now++;
    switch (step.kind) {
      case "nest":
        for (const { stores } of step.nests) {
          for (const expr of reachable(stores.flatMap(rootsOf)))
            if (expr.kind === "load") this.use(expr.memory as ArrayMemory);
          for (const { memory } of stores) this.use(memory as ArrayMemory);
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
        this.now++;
        return;
      case "while":
        this.loop(step.carry, () => {
          this.block(step.test);
          this.now++;
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
  private loop(carry: readonly Carried[], body: () => void): void {
    for (const { initial, current, next } of carry) {
      this.use(initial);
      this.moving.push(current, ...(next === current ? [] : [next]));
    }
    const own = carry.flatMap(whereabouts);
    for (const memory of own) this.use(memory);
    this.loops.push({ start: this.now, uses: [] });
    this.now++;
    body();
    this.now++;
    // What is from outside of the loop is needed in each turn.
    const { start, uses } = this.loops.pop()!;
    for (const memory of uses) if (this.lives.get(memory)!.first <= start) this.use(memory);
    for (const memory of own) this.use(memory);
    for (const each of carry) this.aliases.set(each.current, whereabouts(each));
  }
  /** What a memory whose address changes may be. */
  private readonly aliases = new Map<ArrayMemory, readonly ArrayMemory[]>();

  private use(memory: ArrayMemory): void {
    for (const other of this.aliases.get(memory) ?? []) this.use(other);
    const life = this.lives.get(memory);
    if (life === undefined) this.lives.set(memory, { memory, first: this.now, last: this.now });
    else life.last = this.now;
    for (const loop of this.loops) loop.uses.push(memory);
  }
}

/** Memory that is handed out and taken back: the first gap that is large enough. */
class Pool {
  size = 0;
  private readonly gaps: { offset: number; bytes: number }[] = [];

  take(bytes: number): number {
    const i = this.gaps.findIndex((gap) => gap.bytes >= bytes);
    if (i < 0) {
      const last = this.gaps.at(-1);
      // A gap at the end grows.
      if (last && last.offset + last.bytes === this.size) {
        this.gaps.pop();
        this.size = last.offset + bytes;
        return last.offset;
      }
      this.size += bytes;
      return this.size - bytes;
    }
    const gap = this.gaps[i]!;
    if (gap.bytes === bytes) this.gaps.splice(i, 1);
    else this.gaps[i] = { offset: gap.offset + bytes, bytes: gap.bytes - bytes };
    return gap.offset;
  }
  free(offset: number, bytes: number): void {
    if (bytes === 0) return;
    let i = this.gaps.findIndex((gap) => gap.offset > offset);
    if (i < 0) i = this.gaps.length;
    this.gaps.splice(i, 0, { offset, bytes });
    const [here, next] = [this.gaps[i]!, this.gaps[i + 1]];
    if (next && here.offset + here.bytes === next.offset)
      this.gaps.splice(i, 2, { offset: here.offset, bytes: here.bytes + next.bytes });
    const [previous, own] = [this.gaps[i - 1], this.gaps[i]!];
    if (previous && previous.offset + previous.bytes === own.offset)
      this.gaps.splice(i - 1, 2, { offset: previous.offset, bytes: previous.bytes + own.bytes });
  }
}
