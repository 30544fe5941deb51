import type { EmittedKernel } from "../backends/wasm/module.ts";
import { ArrayMemory, type RoutineStep } from "../compiler/fusion/program.ts";
import { type Loop, type Memory, storageBytes } from "../compiler/kernel/expression.ts";
import { exprsOf, type Nest } from "../compiler/kernel/nest.ts";
import type { Schedule } from "../compiler/kernel/schedule.ts";
import { workOf } from "../compiler/kernel/work.ts";
import type { KernelFunction, KernelLoop } from "./kernel-steps.ts";

/** The function that a nest has become, or statements that were written as such. */
export function functionOf(
  of: Nest | RoutineStep,
  { schedule, routine, steps, grain }: EmittedKernel,
): KernelFunction {
  return {
    name: routine.name,
    loops: "stores" in of && schedule ? loopsOf(of, schedule) : [],
    steps,
    chunks: Math.ceil(steps / grain),
    work: "stores" in of ? workOf(of) : of.work,
    routine,
  };
}

function loopsOf({ stores }: Nest, { segments, vectors, lanes }: Schedule): KernelLoop[] {
  const own = new Set(stores.flatMap(({ loops }) => loops));
  return [...segments].map(([loop, turns]) => ({
    name: loop.name,
    size: loop.size,
    reduced: !own.has(loop),
    lanes: vectors.has(loop) ? lanes : 1,
    turns: turns.map(({ from, to, step }) => ({ from, to, step })),
  }));
}

const stepsOf = (loops: Iterable<Loop>): number => {
  let steps = 1;
  for (const { size } of loops) steps *= size;
  return steps;
};

/** Elements that nests write. */
export const writtenBy = (nests: readonly Nest[]): number =>
  nests.flatMap(({ stores }) => stores).reduce((sum, { loops }) => sum + stepsOf(loops), 0);

/** Bytes that nests read and write of each array, each byte once for each kernel. */
export function trafficOf(nests: readonly Nest[]): Record<"read" | "written", Map<ArrayMemory, number>> {
  const read = new Map<ArrayMemory, number>();
  const written = new Map<ArrayMemory, number>();
  const count = (traffic: Map<ArrayMemory, number>, memory: Memory, loops: Iterable<Loop>): void => {
    // Copies in panels and partial results are the kernel's own.
    if (!(memory instanceof ArrayMemory)) return;
    const bytes = (traffic.get(memory) ?? 0) + stepsOf(loops) * storageBytes[memory.storage];
    traffic.set(memory, Math.min(bytes, memory.bytes));
  };
  for (const { stores } of nests) {
    for (const x of exprsOf(stores)) if (x.kind === "load") count(read, x.memory, x.loops);
    for (const { memory, loops } of stores) count(written, memory, loops);
  }
  return { read, written };
}
