import type { MemoryPlan } from "../compiler/fusion/memory-plan.ts";
import type { KernelProgram } from "../compiler/fusion/program.ts";
import type { Memory } from "../compiler/kernel/expression.ts";
import type { StepArray } from "./kernel-steps.ts";

/** An array of a program's that has a place in its working memory. */
export interface Temporary extends StepArray {
  readonly offset: number;
}
/** The memory that a call takes beside its arguments and results. */
export interface WorkingMemory {
  /** All of it: addresses, small arguments and results, temporaries. */
  readonly bytes: number;
  /** What the temporaries take, and what they would take if none had the place of another. */
  readonly temporaryBytes: number;
  readonly unsharedBytes: number;
  /** In the order of their places. Those whose bytes overlap are not in use at the same time. */
  readonly temporaries: readonly Temporary[];
}

/** Describes where the temporaries of a program are. */
export function workingMemory(
  { inputs, outputs, constants }: KernelProgram,
  { bytes, shared, unshared, places }: MemoryPlan,
  arrayOf: (memory: Memory) => StepArray,
): WorkingMemory {
  const outside = new Set<Memory>([...inputs, ...outputs, ...constants.map(({ memory }) => memory)]);
  const temporaries = [...places].flatMap(([memory, place]): Temporary[] =>
    "cell" in place || outside.has(memory) ? [] : [{ ...arrayOf(memory), offset: place.offset }],
  );
  temporaries.sort((a, b) => a.offset - b.offset);
  return { bytes, temporaryBytes: shared, unsharedBytes: unshared, temporaries };
}
