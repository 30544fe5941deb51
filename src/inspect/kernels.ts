import { isSmall } from "../backends/wasm/executable.ts";
import { theTarget } from "../backends/wasm/features.ts";
import { emitModule } from "../backends/wasm/module.ts";
import { lowerProgram } from "../compiler/fusion/lower.ts";
import { planMemory } from "../compiler/fusion/memory-plan.ts";
import { printRoutine } from "../compiler/kernel/print.ts";
import { optimise } from "../compiler/optimise.ts";
import type { ClosedJaxpr } from "../core/jaxpr.ts";
import type { ArrayValue } from "../core/value.ts";
import { trace } from "../interpreters/make-jaxpr.ts";
import type { Traceable } from "../interpreters/signature.ts";
import type { Cost } from "./cost.ts";
import { type WorkingMemory, workingMemory } from "./kernel-memory.ts";
import type { Kernel, ProgramStep } from "./kernel-steps.ts";
import { kernelsText } from "./kernel-text.ts";
import { StepReports } from "./step-reports.ts";
import { inspectSymbol } from "../host/inspect-symbol.ts";

/** A program as the WebAssembly backend compiles it. */
export class Kernels implements Cost {
  /** Arithmetic operations, and bytes that kernels read and write: of a branch the most, of a scan as often as it runs. */
  readonly flops: number;
  readonly bytes: number;

  private constructor(
    /** The program that was lowered: optimised. */
    readonly program: ClosedJaxpr,
    readonly steps: readonly ProgramStep[],
    readonly memory: WorkingMemory,
    /** The module, which exports `main(frame)`. */
    readonly wasm: Uint8Array,
  ) {
    this.flops = sumOf(steps, "flops");
    this.bytes = sumOf(steps, "bytes");
  }

  /** What becomes of a program, which need not be simplified. */
  static of(closed: ClosedJaxpr): Kernels {
    const program = optimise(closed);
    const lowered = lowerProgram(program);
    const plan = planMemory(lowered, isSmall);
    const { bytes, kernels } = emitModule(lowered, plan, theTarget());
    const reports = new StepReports(program, lowered.block, kernels);
    const memory = workingMemory(lowered, plan, (memory) => reports.array(memory));
    return new Kernels(program, reports.steps(), memory, bytes);
  }

  /** The kernels of the program, those of branches and bodies included, in order. */
  get kernels(): readonly Kernel[] {
    const all = (steps: readonly ProgramStep[]): Kernel[] =>
      steps.flatMap((step) =>
        step.kind === "kernel"
          ? [step]
          : "bodies" in step
            ? step.bodies.flatMap((body) => all(body.steps))
            : [],
      );
    return all(this.steps);
  }

  /** The functions of the kernels as statements: locals by their types, memory as `name[byte address]`. */
  get statements(): string {
    const functions = this.kernels.flatMap((kernel) => kernel.functions);
    return functions.map(({ routine }) => printRoutine(routine)).join("\n\n");
  }

  toString(): string {
    return kernelsText(this);
  }
  [inspectSymbol](): string {
    return this.toString();
  }
  /** The same as data, without the functions' statements and the module's bytes. */
  toJSON(): object {
    const { flops, bytes, steps, memory, wasm } = this;
    const withoutRoutines = (key: string, value: unknown): unknown => (key === "routine" ? undefined : value);
    const plain = JSON.parse(JSON.stringify({ steps, memory }, withoutRoutines)) as object;
    return { flops, bytes, moduleBytes: wasm.length, ...plain };
  }
}

function sumOf(steps: readonly ProgramStep[], what: keyof Cost): number {
  return steps.reduce((sum, step) => {
    if (step.kind === "kernel") return sum + step[what];
    if (!("bodies" in step)) return sum;
    const each = step.bodies.map((body) => sumOf(body.steps, what));
    return sum + (step.kind === "cond" ? Math.max(...each) : step.length * each.reduce((a, b) => a + b, 0));
  }, 0);
}

/**
 * What the WebAssembly backend makes of `f` with arguments of these shapes: its kernels, the equations in each and why it
 * begins where it does, what each reads and writes, its loops, branches and loops of the program, what runs on the host,
 * the working memory, and the module. It is compiled, whatever the current backend is, and not run.
 *
 * @throws BackendError when a constant of `f` is being traced.
 * @example
 * console.log(String(inspect.kernels(grad(loss))(w, x)));
 */
export const kernels =
  <Args extends unknown[] = ArrayValue[]>(f: Traceable<Args, unknown>) =>
  (...args: readonly unknown[]): Kernels =>
    Kernels.of(trace(f, args, "kernels").closed);
