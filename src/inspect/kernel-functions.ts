import type { EmittedKernel } from "../backends/wasm/module.ts";
import { ArrayMemory, type RoutineStep } from "../compiler/fusion/program.ts";
import { type Loop, type Memory, storageBytes } from "../compiler/kernel/expression.ts";
import { generate } from "../compiler/kernel/generate.ts";
import { exprsOf, type Nest } from "../compiler/kernel/nest.ts";
import { type Schedule, schedule } from "../compiler/kernel/schedule.ts";
import { workOf } from "../compiler/kernel/work.ts";
import type { KernelFunction, KernelLoop } from "./kernel-steps.ts";

/** The function that a nest has become, or statements that were written as such. */
export function functionOf(of: Nest | RoutineStep, { steps, grain }: EmittedKernel): KernelFunction {
  const chunks = Math.ceil(steps / grain);
  if ("routine" in of) {
    const { routine, work } = of;
    return { name: routine.name, loops: [], steps, chunks, work, routine };
  }
  const how = schedule(of);
  const routine = generate(of, how);
  return { name: of.name, loops: loopsOf(of, how), steps, chunks, work: workOf(of), routine };
}

function loopsOf({ stores }: Nest, { segments, vectors, lanes }: Schedule): KernelLoop[] {
  const own = new Set(stores.flatMap(({ loops, pass }) => (pass ? [] : loops)));
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
