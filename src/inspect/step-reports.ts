import type { Known } from "../compiler/fusion/plan.ts";
import {
  ArrayMemory,
  type Block,
  type Carried,
  type NestStep,
  type RoutineStep,
  type Step,
} from "../compiler/fusion/program.ts";
import type { EmittedKernel } from "../backends/wasm/module.ts";
import { type Memory, storageBytes } from "../compiler/kernel/expression.ts";
import type { Nest } from "../compiler/kernel/nest.ts";
import { type ClosedJaxpr, type Eqn, Literal, subJaxprs, type Var } from "../core/jaxpr.ts";
import { printNames, type ProgramNames } from "../core/print.ts";
import { showSource } from "../core/source.ts";
import { showAval } from "../core/value.ts";
import { boundaryText } from "./boundary.ts";
import { costOf, total } from "./cost.ts";
import { functionOf, trafficOf, writtenBy } from "./kernel-functions.ts";
import type { ControlFlow, Kernel, KernelEquation, ProgramStep, StepArray } from "./kernel-steps.ts";

type Held = { readonly name: string; readonly block: Block };
/** The programs that a step runs. */
function bodiesOf(step: Step): readonly Held[] {
  switch (step.kind) {
    case "cond":
      return step.branches.map((block, i) => ({ name: `branch ${i}`, block }));
    case "while":
      return [
        { name: "test", block: step.test },
        { name: "body", block: step.body },
      ];
    case "scan":
      return [{ name: `body, ${step.length} times${step.reverse ? " from the end" : ""}`, block: step.body }];
    default:
      return [];
  }
}

/** Describes the steps of a program. */
export class StepReports {
  private readonly ids = new Map<NestStep | RoutineStep, string>();
  private readonly begun = new Map<Known, string>();
  private readonly computedBy = new Map<Eqn, string[]>();
  private readonly memoryNames = new Map<Memory, string>();
  /** Elements of what kernels have for themselves. */
  private readonly scratch = new Map<Memory, number>();
  private readonly order = new Map<Eqn, number>();
  private readonly names: ProgramNames;

  constructor(
    program: ClosedJaxpr,
    private readonly main: Block,
    private readonly emitted: ReadonlyMap<Nest | RoutineStep, EmittedKernel>,
  ) {
    this.names = printNames(program);
    this.count(program);
    this.enlist(main);
  }
  steps(): ProgramStep[] {
    return this.block(this.main);
  }

  private count({ jaxpr }: ClosedJaxpr): void {
    for (const eqn of jaxpr.eqns) {
      this.order.set(eqn, this.order.size);
      for (const [, inner] of subJaxprs(eqn.params)) this.count(inner);
    }
  }
  /** Gives each kernel a number and each memory a name. */
  private enlist({ steps, variables }: Block): void {
    for (const [variable, memory] of variables) {
      const names = this.memoryNames.get(memory);
      const name = this.names.name(variable);
      this.memoryNames.set(memory, names === undefined ? name : `${names}/${name}`);
    }
    for (const step of steps)
      if (step.kind === "nest" || step.kind === "routine") {
        const id = `k${this.ids.size}`;
        this.ids.set(step, id);
        if (step.kind === "nest") for (const [memory, size] of step.scratch) this.scratch.set(memory, size);
        if (step.kind === "nest" && step.boundary) this.begun.set(step.boundary.value, id);
        for (const eqn of step.kind === "nest" ? step.eqns : [step.eqn])
          this.computedBy.set(eqn, [...(this.computedBy.get(eqn) ?? []), id]);
      } else for (const { block } of bodiesOf(step)) this.enlist(block);
  }

  /** What a memory is called, as its variables or by itself, and how large it is. */
  array(memory: Memory): StepArray {
    const name = this.memoryName(memory);
    if (memory instanceof ArrayMemory) return { name, aval: showAval(memory.aval), bytes: memory.bytes };
    const elements = this.scratch.get(memory)!;
    const { storage } = memory;
    return { name, aval: `${storage}[${elements}]`, bytes: elements * storageBytes[storage] };
  }
  private memoryName(memory: Memory): string {
    return this.memoryNames.get(memory) ?? memory.name;
  }

  private block({ steps, variables }: Block): ProgramStep[] {
    return steps.map((step): ProgramStep => {
      switch (step.kind) {
        case "nest":
          return this.kernel(step, variables);
        case "routine":
          return this.routine(step);
        case "host": {
          const { primitive } = step.eqn.primitive;
          return {
            kind: "host",
            equation: this.line(step.eqn),
            because: step.eqn.primitive.rules.host
              ? "it calls a function of the user's"
              : `${primitive} has no row of loops: the reference backend computes it`,
            reads: this.arrays(step.operands),
            writes: this.arrays(step.outputs),
          };
        }
        case "copy":
          return {
            kind: "copy",
            from: this.memoryName(step.from),
            to: this.memoryName(step.to),
            bytes: step.to.bytes,
          };
        default:
          return {
            kind: step.kind,
            equation: this.line(step.eqn),
            length: step.kind === "scan" ? step.length : 1,
            bodies: bodiesOf(step).map(({ name, block }) => ({ name, steps: this.block(block) })),
            carries: step.kind === "cond" ? [] : step.carry.map((carried) => this.carry(carried)),
          };
      }
    });
  }

  /** An equation, without the programs that it holds. */
  private line(eqn: Eqn): string {
    const { primitive, inputs, outputs } = eqn;
    const made = outputs.map((v) => `${this.names.name(v)}:${showAval(v.aval)}`).join(" ");
    const given = inputs.map((x) => (x instanceof Literal ? showAval(x.aval) : this.names.name(x)));
    return `${made ? `${made} = ` : ""}${primitive.primitive} ${given.join(" ")}`.trimEnd();
  }
  private carry({ current, unchanged, inPlace }: Carried): ControlFlow["carries"][number] {
    const memory = unchanged ? "unchanged" : inPlace ? "in place" : "two in turn";
    return { name: this.memoryName(current), aval: showAval(current.aval), memory };
  }
  private arrays(memories: readonly ArrayMemory[]): StepArray[] {
    return memories.map((memory) => this.array(memory));
  }

  private kernel(step: NestStep, variables: Block["variables"]): Kernel {
    const { nests, boundary } = step;
    const id = this.ids.get(step)!;
    const eqns = [...step.eqns].sort((a, b) => this.order.get(a)! - this.order.get(b)!);
    const traffic = trafficOf(nests);
    const made = new Set(eqns.flatMap((eqn) => eqn.outputs));
    const used = (list: Iterable<Var>, traffic: ReadonlyMap<unknown, number>): StepArray[] =>
      [...new Set(list)].flatMap((v) => {
        const bytes = traffic.get(variables.get(v));
        return bytes === undefined ? [] : [{ name: this.names.name(v), aval: showAval(v.aval), bytes }];
      });
    const inputs = eqns.flatMap((eqn) =>
      eqn.inputs.filter((x): x is Var => !(x instanceof Literal) && !made.has(x)),
    );
    const reads = used(inputs, traffic.read);
    const writes = used(made, traffic.written);
    const overwritten = boundary === null && inputs.find((v) => traffic.written.has(variables.get(v)!));
    // What is added to a window of an array is no more than what is written.
    const most = boundary === null ? writtenBy(nests) : Infinity;
    const equations = eqns
      .map((eqn) => this.equation(eqn, id))
      .map((each) => (each.primitive === "add_any" ? { ...each, flops: Math.min(each.flops, most) } : each));
    return {
      kind: "kernel",
      id,
      equations,
      because: boundary
        ? boundaryText(boundary, {
            value: ({ variable }) => this.names.name(variable),
            kernel: (first) => this.begun.get(first)!,
          })
        : eqns.length === 0
          ? "it is a constant that is needed in memory"
          : `${eqns.at(-1)!.primitive.primitive} writes to a part of an array`,
      reads,
      writes,
      inPlace: overwritten ? this.names.name(overwritten) : undefined,
      functions: nests.map((nest) => functionOf(nest, this.emitted.get(nest)!)),
      flops: total(equations, "flops"),
      bytes: [...reads, ...writes].reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  private routine(step: RoutineStep): Kernel {
    const { eqn, memories } = step;
    const id = this.ids.get(step)!;
    const arrays = this.arrays(memories);
    return {
      kind: "kernel",
      id,
      equations: [this.equation(eqn, id)],
      because: `${eqn.primitive.primitive} has statements of its own, which work on arrays in memory`,
      reads: arrays,
      writes: arrays,
      inPlace: undefined,
      functions: [functionOf(step, this.emitted.get(step)!)],
      flops: costOf(eqn).flops,
      bytes: 2 * arrays.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  private equation(eqn: Eqn, within: string): KernelEquation {
    return {
      text: this.names.equation(eqn).replace(/\s+/g, " "),
      primitive: eqn.primitive.primitive,
      source: showSource(eqn.source),
      again: this.computedBy.get(eqn)!.filter((other) => other !== within),
      ...costOf(eqn),
    };
  }
}
