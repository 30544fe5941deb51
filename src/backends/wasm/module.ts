import type {
  ArrayMemory,
  Block,
  Carried,
  HostStep,
  KernelProgram,
  NestStep,
  RoutineStep,
  Step,
} from "../../compiler/fusion/program.ts";
import type { Memory } from "../../compiler/kernel/expression.ts";
import type { MemoryPlan } from "../../compiler/fusion/memory-plan.ts";
import { type Content, contentOf } from "../../compiler/kernel/content.ts";
import { generate } from "../../compiler/kernel/generate.ts";
import type { Nest } from "../../compiler/kernel/nest.ts";
import { schedule } from "../../compiler/kernel/schedule.ts";
import type { Routine } from "../../compiler/kernel/statement.ts";
import { workOf } from "../../compiler/kernel/work.ts";
import type { Code } from "./code.ts";
import { emit } from "./emit.ts";
import { ModuleBuilder } from "./encoder.ts";
import type { Target } from "./features.ts";
import { Dispatch } from "./threads/dispatch.ts";
import { grainOf } from "./threads/grain.ts";

/** A program as a module that exports `main(frame)`. */
export interface EmittedModule {
  readonly bytes: Uint8Array;
  /** What `host(step, frame)` does, by the number of the step. */
  readonly hostSteps: readonly HostStep[];
  /** Whether threads have something to share in it. */
  readonly parallel: boolean;
  readonly kernels: ReadonlyMap<Nest | RoutineStep, EmittedKernel>;
}

/** What a kernel is given: the frame, and where its steps begin and end. */
const PARAMS = ["i32", "i32", "i32"] as const;

/** A function of the module that runs a routine: it is given what a kernel is, and the addresses of memories. */
interface Written {
  readonly routine: Routine;
  readonly index: number;
}
interface Part extends Written {
  readonly of: Nest | RoutineStep;
  readonly given: readonly Memory[];
}
/** How many nests do the same to different memories, and their function once it is written. */
interface Alike {
  nests: number;
  written: Written | null;
}

/** How a part of a kernel is called: whole, or in chunks of `grain` steps. The shape decides, so results are the same anywhere. */
export interface EmittedKernel {
  /** Of the function in the module that calls all parts. */
  readonly index: number;
  /** In the table of kernels. */
  readonly number: number;
  readonly steps: number;
  readonly grain: number;
}

/** The nests that run together. */
function together(nests: readonly Nest[]): Nest[][] {
  const kernels: Nest[][] = [];
  nests.forEach((nest, i) => {
    if (nests[i - 1]?.joined) kernels.at(-1)!.push(nest);
    else kernels.push([nest]);
  });
  return kernels;
}

/** The steps of a block that have kernels, and of those within it. */
function* kernelsOf({ steps }: Block): Generator<NestStep | RoutineStep> {
  for (const step of steps)
    if (step.kind === "nest" || step.kind === "routine") yield step;
    else if (step.kind === "cond") for (const branch of step.branches) yield* kernelsOf(branch);
    else if (step.kind === "while") for (const block of [step.test, step.body]) yield* kernelsOf(block);
    else if (step.kind === "scan") yield* kernelsOf(step.body);
}

function commonMultiple(a: number, b: number): number {
  let multiple = a;
  while (multiple % b !== 0) multiple += a;
  return multiple;
}

/** Writes the module of a program: a function for each kernel, and one that runs them in order. */
export function emitModule(program: KernelProgram, plan: MemoryPlan, target: Target): EmittedModule {
  return new ModuleWriter(plan, target).module(program);
}

class ModuleWriter {
  private readonly builder = new ModuleBuilder();
  private readonly hostSteps: HostStep[] = [];
  private readonly host: number;
  private readonly kernels = new Map<Nest | RoutineStep, EmittedKernel>();
  private readonly contents = new Map<Nest, Content>();
  private readonly alike = new Map<string, Alike>();
  /** The table of kernels. */
  private readonly called: number[] = [];
  private readonly dispatch: Dispatch;

  constructor(
    private readonly plan: MemoryPlan,
    private readonly target: Target,
  ) {
    const { shared } = target;
    this.builder.importMemory("cotangent", "memory", { initial: 1, maximum: 65_536, shared });
    this.host = this.builder.importFunction("cotangent", "host", ["i32", "i32"], []);
    this.dispatch = new Dispatch(this.builder, shared);
  }

  module({ block }: KernelProgram): EmittedModule {
    for (const step of kernelsOf(block))
      if (step.kind === "nest") for (const nest of step.nests) this.count(nest);
    for (const step of kernelsOf(block))
      if (step.kind === "nest")
        for (const nests of together(step.nests)) {
          const parts = nests.map((nest) => this.part(nest));
          this.kernel(parts, nests.reduce((sum, nest) => sum + workOf(nest), 0)); // prettier-ignore
        }
      else this.kernel([{ ...this.written(step.routine), of: step, given: [] }], step.work);
    this.builder.function(["i32"], [], (code) => this.block(block, code), "main");
    const kernels = [...this.kernels.values()];
    this.dispatch.define(this.called);
    const parallel = kernels.some(({ steps, grain }) => grain < steps);
    return { bytes: this.builder.finish(), hostSteps: this.hostSteps, parallel, kernels: this.kernels };
  }

  private count(nest: Nest): void {
    const content = contentOf(nest);
    this.contents.set(nest, content);
    const alike = this.alike.get(content.text);
    if (alike) alike.nests++;
    else this.alike.set(content.text, { nests: 1, written: null });
  }
  /** The function of a nest. Those that do the same to different memories have one, which is given the addresses. */
  private part(nest: Nest): Part {
    const { text, memories } = this.contents.get(nest)!;
    const alike = this.alike.get(text)!;
    if (alike.nests === 1) return { ...this.written(generate(nest, schedule(nest))), of: nest, given: [] };
    alike.written ??= this.written(generate(nest, schedule(nest)), memories);
    return { ...alike.written, of: nest, given: memories };
  }
  private written(routine: Routine, given: readonly Memory[] = []): Written {
    const params = [...PARAMS, ...given.map(() => "i32" as const)];
    const locals = new Map(given.map((memory, i) => [memory, PARAMS.length + i]));
    const addressOf = (memory: Memory, code: Code): void => {
      const local = locals.get(memory);
      if (local === undefined) this.address(memory, code);
      else code.localGet(local);
    };
    const index = this.builder.function(params, [], (code) =>
      emit(routine, code, addressOf, this.target.relaxed),
    );
    return { routine, index };
  }
  private kernel(parts: readonly Part[], work: number): void {
    const [only, ...others] = parts as [Part, ...Part[]];
    const index =
      others.length === 0 && only.given.length === 0
        ? only.index
        : this.builder.function(PARAMS, [], (code) => {
            for (const part of parts) {
              code.localGet(0).localGet(1).localGet(2);
              for (const memory of part.given) this.address(memory, code);
              code.call(part.index);
            }
          });
    const [{ routine: { steps } }] = parts as [Part]; // prettier-ignore
    const align = parts.reduce((all, { routine }) => commonMultiple(all, routine.align), 1);
    const grain = grainOf(steps, work, align);
    const number = this.called.push(index) - 1;
    for (const { of } of parts) this.kernels.set(of, { index, number, steps, grain });
  }

  /** Pushes the address of a memory. The frame is the first parameter of every function. */
  private address(memory: Memory, code: Code): void {
    const place = this.plan.places.get(memory)!;
    code.localGet(0);
    if ("cell" in place) code.load("i32.load", { offset: place.cell });
    else code.i32Const(place.offset).op("i32.add");
  }
  /** Sets the address of a memory that moves to what `value` pushes. */
  private move(memory: ArrayMemory, code: Code, value: () => void): void {
    const place = this.plan.places.get(memory) as { readonly cell: number };
    code.localGet(0);
    value();
    code.store("i32.store", { offset: place.cell });
  }

  private block({ steps }: Block, code: Code): void {
    for (const step of steps) this.step(step, code);
  }
  private step(step: Step, code: Code): void {
    switch (step.kind) {
      case "nest":
        for (const [nest] of together(step.nests)) this.call(nest!, code);
        return;
      case "routine":
        this.call(step, code);
        return;
      case "host":
        code
          .i32Const(this.hostSteps.push(step) - 1)
          .localGet(0)
          .call(this.host);
        return;
      case "copy":
        this.copy(step.from, step.to, code);
        return;
      case "cond": {
        // The index is clamped: below 0 it is the first, and from the last on the last.
        const last = step.branches.length - 1;
        const which = code.local("i32");
        this.address(step.index, code);
        code
          .load("i32.load")
          .localTee(which)
          .i32Const(0)
          .localGet(which)
          .i32Const(0)
          .op("i32.gt_s")
          .op("select");
        code
          .localTee(which)
          .i32Const(last)
          .localGet(which)
          .i32Const(last)
          .op("i32.lt_s")
          .op("select")
          .localSet(which);
        step.branches.forEach((branch, i) => {
          if (i === last) this.block(branch, code);
          else {
            code.localGet(which).i32Const(i).op("i32.eq").if();
            this.block(branch, code);
            code.else();
          }
        });
        for (let i = 0; i < last; i++) code.end();
        return;
      }
      case "while":
        this.start(step.carry, code);
        code.block().loop();
        this.block(step.test, code);
        this.address(step.condition, code);
        code.load("i32.load8_u").op("i32.eqz").brIf(1);
        this.block(step.body, code);
        this.advance(step.carry, code);
        code.br(0).end().end();
        return;
      case "scan": {
        const { length, reverse, windows } = step;
        this.start(step.carry, code);
        if (length === 0) return;
        const turn = code.local("i32");
        for (const { whole, part } of windows)
          this.move(part, code, () => {
            this.address(whole, code);
            if (reverse) code.i32Const((length - 1) * part.bytes).op("i32.add");
          });
        code.i32Const(length).localSet(turn).loop();
        this.block(step.body, code);
        this.advance(step.carry, code);
        for (const { part } of windows)
          this.move(part, code, () => {
            this.address(part, code);
            code.i32Const(reverse ? -part.bytes : part.bytes).op("i32.add");
          });
        code.localGet(turn).i32Const(-1).op("i32.add").localTee(turn).brIf(0).end();
      }
    }
  }

  private call(of: Nest | RoutineStep, code: Code): void {
    const { index, number, steps, grain } = this.kernels.get(of)!;
    if (grain >= steps) code.localGet(0).i32Const(0).i32Const(steps).call(index);
    else code.i32Const(number).localGet(0).i32Const(steps).i32Const(grain).call(this.dispatch.index);
  }
  private copy(from: ArrayMemory, to: ArrayMemory, code: Code): void {
    // What takes over the memory of another has its place.
    if (to.bytes === 0 || this.plan.places.get(to) === this.plan.places.get(from)) return;
    this.address(to, code);
    this.address(from, code);
    code.i32Const(to.bytes).op("memory.copy");
  }
  /** Before the first turn, the carry is in the first of its two memories. */
  private start(carry: readonly Carried[], code: Code): void {
    for (const { initial, current, next, pair, unchanged, inPlace } of carry) {
      if (!unchanged) this.copy(initial, pair[0], code);
      this.move(current, code, () => this.address(unchanged ? initial : pair[0], code));
      if (!inPlace) this.move(next, code, () => this.address(pair[1], code));
    }
  }
  /** What was written is the carry of the next turn. */
  private advance(carry: readonly Carried[], code: Code): void {
    for (const { current, next, inPlace } of carry) {
      if (inPlace) continue;
      const was = code.local("i32");
      this.address(current, code);
      code.localSet(was);
      this.move(current, code, () => this.address(next, code));
      this.move(next, code, () => void code.localGet(was));
    }
  }
}
