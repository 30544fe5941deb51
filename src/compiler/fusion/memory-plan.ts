import type { Memory } from "../kernel/expression.ts";
import type { ArrayMemory, KernelProgram, Step } from "./program.ts";
import { canTakeOver } from "./aliases.ts";
import { type Life, lifetimesOf } from "./lifetimes.ts";

/** Where a memory is: at an offset of the program's working memory, or where a number in it says. */
export type Place = { readonly offset: number } | { readonly cell: number };

/** The working memory of a program: cells with addresses, then memory. */
export interface MemoryPlan {
  readonly bytes: number;
  readonly places: ReadonlyMap<Memory, Place>;
  /** Of outputs that are where a donated input was, that input. Both have one place. */
  readonly donations: ReadonlyMap<ArrayMemory, ArrayMemory>;
  /** What the temporaries take. */
  readonly shared: number;
  /** What they would take without sharing memory. */
  readonly unshared: number;
}

/** Arrays of at most so many bytes are copied into the working memory, and out of it, by each call. */
export type IsSmall = (memory: ArrayMemory) => boolean;

const ALIGN = 64;
const aligned = (bytes: number): number => Math.ceil(bytes / ALIGN) * ALIGN;

/**
 * Gives every memory of a program a place; those that are not in use at the same time may share one, and so may an array
 * and one that is computed from it element by element.
 * @param donated Which inputs may be overwritten.
 */
export function planMemory(
  program: KernelProgram,
  isSmall: IsSmall,
  donated: readonly boolean[] = [],
): MemoryPlan {
  const places = new Map<Memory, Place>();
  const { inputs, constants, outputs } = program;
  const { lives, moving, together, steps } = lifetimesOf(program);
  const given = new Set([...constants.map(({ memory }) => memory), ...inputs]);
  const made = [...new Set(outputs)].filter((memory) => !given.has(memory));
  const outside = [...given, ...made];
  const large = outside.filter((memory) => !isSmall(memory));
  const donations = donationsOf(
    inputs.filter((memory, i) => donated[i] && !isSmall(memory)),
    made.filter((memory) => !isSmall(memory)),
    lives,
    steps,
  );
  let cells = 0;
  for (const memory of [...large, ...moving])
    if (!donations.has(memory)) places.set(memory, { cell: 4 * cells++ });
  for (const [output, input] of donations) places.set(output, places.get(input)!);
  for (const [memory, moved] of together) places.set(memory, places.get(moved)!);
  let end = aligned(4 * cells);
  for (const memory of outside)
    if (isSmall(memory)) {
      places.set(memory, { offset: end });
      end += aligned(memory.bytes);
    }
  const ending = new Map<number, Life[]>();
  for (const life of lives.values()) {
    const list = ending.get(life.last);
    if (list) list.push(life);
    else ending.set(life.last, [life]);
  }
  // What an output is made of, element by element, can be where the output will be.
  for (const output of made)
    for (let next = lives.get(output); next && !donations.has(output);) {
      const { memory, first } = next;
      const before = endingAt(first).find(
        (life) => !places.has(life.memory) && canTakeOver(next!, life, steps),
      );
      if (before) places.set(before.memory, places.get(memory)!);
      next = before;
    }
  const temporaries = [...lives.values()]
    .filter(({ memory }) => !places.has(memory))
    .sort((a, b) => a.first - b.first);
  const pool = new Pool();
  let live: Life[] = [];
  let unshared = 0;
  for (const life of temporaries) {
    const ended = live.filter(({ last }) => last < life.first);
    for (const { memory, bytes } of ended) pool.free(offsetOf(memory) - end, aligned(bytes));
    live = live.filter(({ last }) => last >= life.first);
    const bytes = aligned(life.bytes);
    unshared += bytes;
    const before = live.findIndex((other) => canTakeOver(life, other, steps));
    if (before < 0) places.set(life.memory, { offset: end + pool.take(bytes) });
    else {
      const [other] = live.splice(before, 1);
      places.set(life.memory, places.get(other!.memory)!);
    }
    live.push(life);
  }
  return { bytes: end + pool.size, places, donations, shared: pool.size, unshared };

  function endingAt(step: number): readonly Life[] {
    return ending.get(step) ?? [];
  }
  function offsetOf(memory: Memory): number {
    return (places.get(memory) as { readonly offset: number }).offset;
  }
}

/** For outputs, in the order of their computation, a donated input whose memory they can have. */
function donationsOf(
  inputs: readonly ArrayMemory[],
  outputs: readonly ArrayMemory[],
  lives: ReadonlyMap<Memory, Life>,
  steps: readonly (Step | null)[],
): Map<ArrayMemory, ArrayMemory> {
  const donations = new Map<ArrayMemory, ArrayMemory>();
  const left = [...inputs];
  const first = (memory: ArrayMemory): number => lives.get(memory)!.first;
  for (const output of outputs.toSorted((a, b) => first(a) - first(b))) {
    const found = left.findIndex((input) => canTakeOver(lives.get(output)!, lives.get(input)!, steps));
    if (found >= 0) donations.set(output, left.splice(found, 1)[0]!);
  }
  return donations;
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
