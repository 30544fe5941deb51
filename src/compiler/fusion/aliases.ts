import { type Expr, type Load, type Loop, type Memory, storageBytes } from "../kernel/expression.ts";
import { reachable, rootsOf, type Store } from "../kernel/nest.ts";
import type { Life, Lifetimes } from "./lifetimes.ts";
import type { ArrayMemory, NestStep, Step } from "./program.ts";

/**
 * Whether a memory can be where `before` is, whose life it does not precede: that one is not used later, and where both
 * are used by one step, each element is read before it is overwritten.
 */
export function canTakeOver(life: Life, before: Life, steps: readonly (Step | null)[]): boolean {
  const { memory, first } = life;
  if (memory === before.memory || life.bytes !== before.bytes) return false;
  if (before.last !== first) return before.last < first;
  const step = steps[first] ?? null;
  switch (step?.kind) {
    case "nest":
      return isElementwise(step, before.memory, memory, life.bytes);
    case "copy":
      return step.from === before.memory && step.to === memory;
    case "host":
      // Operands are copied before results are.
      return isAmong(step.outputs, memory) && isAmong(step.operands, before.memory);
    case "while":
    case "scan":
      // A carry is where it begins.
      return step.carry.some(
        ({ initial, pair, unchanged }) => !unchanged && initial === before.memory && pair[0] === memory,
      );
    default:
      return false;
  }
}

/** Whether what a body computes of an entry of a carry can be written where that is, by the body's own lifetimes. */
export function canStay(current: ArrayMemory, next: ArrayMemory, { lives, steps }: Lifetimes): boolean {
  const [before, life] = [lives.get(current), lives.get(next)];
  return life !== undefined && (before === undefined || canTakeOver(life, before, steps));
}

/**
 * Whether a step writes each element of `to` once, and reads `from` only where it writes `to`, in the same turn of the
 * same loops: a kernel computes all that it stores in a turn before it stores any of it. A reduction may read other
 * elements, so `from` is not to be in one.
 */
export function isElementwise({ nests }: NestStep, from: Memory, to: Memory, bytes: number): boolean {
  if (storageBytes[from.storage] !== storageBytes[to.storage]) return false;
  let written = 0;
  for (const { stores } of nests) {
    const targets = stores.filter(({ memory }) => memory === to);
    if (targets.some(({ when }) => when) || stores.some(({ memory }) => memory === from)) return false;
    for (const { loops } of targets) written += loops.reduce((product, { size }) => product * size, 1);
    for (const store of stores) {
      const all = reachable(rootsOf(store));
      const combined = all.flatMap((x) =>
        x.kind === "reduced" ? x.reduction.values : x.kind === "running" ? x.series.values : [],
      );
      if (loadsOf(from, reachable(combined)).length > 0) return false;
      const together = targets.filter(({ loops }) => sameLoops(loops, store.loops));
      if (loadsOf(from, all).some(({ address }) => !together.some((x) => x.address.key === address.key)))
        return false;
    }
  }
  return written * storageBytes[to.storage] === bytes;
}

const isAmong = (memories: readonly Memory[], memory: Memory): boolean => memories.includes(memory);

const loadsOf = (memory: Memory, all: readonly Expr[]): Load[] =>
  all.filter((x): x is Load => x.kind === "load" && x.memory === memory);

const sameLoops = (a: Store["loops"], b: readonly Loop[]): boolean =>
  a.length === b.length && a.every((loop, i) => loop === b[i]);
