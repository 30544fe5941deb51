import type { MemoryPlan } from "../../../../src/compiler/fusion/memory-plan.ts";
import type {
  ArrayMemory,
  Block,
  Carried,
  KernelProgram,
  Step,
} from "../../../../src/compiler/fusion/program.ts";
import type { Memory } from "../../../../src/compiler/kernel/expression.ts";
import { reachable, rootsOf } from "../../../../src/compiler/kernel/nest.ts";

const BLOCK = 64;
/** Turns of a loop: carries have been in both of their places, and come back. */
const TURNS = 3;

/** Goes through the steps of a program as they run, and sees to it that what is read is what was written there. */
export class MemoryMachine {
  /** Whose data is in each block of the working memory. */
  private readonly owners = new Map<number, Memory>();
  /** What a memory whose address changes is now. */
  private readonly moving = new Map<Memory, Memory>();
  /** Memories outside of the working memory that have data. */
  private readonly written = new Set<Memory>();
  readonly faults: string[] = [];

  /** @param choose Which branch is taken. */
  constructor(
    private readonly program: KernelProgram,
    private readonly plan: MemoryPlan,
    private readonly choose: (branches: number) => number,
  ) {}

  run(): this {
    const { inputs, constants, outputs, block } = this.program;
    for (const memory of [...constants.map(({ memory }) => memory), ...inputs]) this.write(memory);
    this.block(block);
    for (const memory of outputs) this.read(memory);
    return this;
  }

  private resolved(memory: Memory): ArrayMemory {
    let at = memory;
    for (let next = this.moving.get(at); next !== undefined; next = this.moving.get(at)) at = next;
    return at as ArrayMemory;
  }
  private blocksOf(memory: ArrayMemory): number[] {
    const place = this.plan.places.get(memory);
    if (place === undefined || "cell" in place) return [];
    const first = place.offset / BLOCK;
    return Array.from({ length: Math.ceil(memory.bytes / BLOCK) }, (_, i) => first + i);
  }
  private write(memory: Memory): void {
    const own = this.resolved(memory);
    this.written.add(own);
    for (const block of this.blocksOf(own)) this.owners.set(block, own);
  }
  private read(memory: Memory): void {
    const own = this.resolved(memory);
    if (own.bytes === 0) return;
    if (!this.written.has(own)) this.faults.push(`${own.name} is read before it is written`);
    for (const block of this.blocksOf(own)) {
      const owner = this.owners.get(block);
      if (owner === own) continue;
      this.faults.push(`${own.name} is read where ${owner?.name ?? "nothing"} is`);
      return;
    }
  }

  private block({ steps }: Block): void {
    for (const step of steps) this.step(step);
  }
  private step(step: Step): void {
    switch (step.kind) {
      case "nest": {
        // What an element is computed from may be overwritten by it: of a step, everything is read first.
        const targets = new Set(step.nests.flatMap(({ stores }) => stores.map(({ memory }) => memory)));
        const used = reachable(step.nests.flatMap(({ stores }) => stores.flatMap(rootsOf)));
        for (const expr of used)
          if (expr.kind === "load" && !step.scratch.has(expr.memory) && !targets.has(expr.memory))
            this.read(expr.memory);
        for (const memory of targets) if (!step.scratch.has(memory)) this.write(memory);
        return;
      }
      case "routine":
        for (const memory of step.memories) this.write(memory);
        return;
      case "host":
        for (const memory of step.operands) this.read(memory);
        for (const memory of step.outputs) this.write(memory);
        return;
      case "copy":
        this.read(step.from);
        this.write(step.to);
        return;
      case "cond":
        this.read(step.index);
        this.block(step.branches[this.choose(step.branches.length)]!);
        return;
      case "while":
        this.start(step.carry);
        for (let turn = 0; ; turn++) {
          this.block(step.test);
          this.read(step.condition);
          if (turn === TURNS) return;
          this.block(step.body);
          this.advance(step.carry);
        }
      case "scan":
        this.start(step.carry);
        for (const { whole, part } of step.windows) this.moving.set(part, whole);
        // As many turns as leave carries where all of them do.
        for (let turn = 0; turn < Math.min(step.length, TURNS + ((step.length - TURNS) % 2)); turn++) {
          this.block(step.body);
          this.advance(step.carry);
        }
        // What is scanned in no turn has no elements either.
        if (step.length === 0) for (const { whole } of step.windows) this.written.add(this.resolved(whole));
    }
  }
  private start(carry: readonly Carried[]): void {
    // An entry that the body does not write is where it was before the loop.
    const before = carry.map(({ initial }) => this.resolved(initial));
    // What is copied to where it is stays what it is until all have been copied.
    const isThere = (i: number): boolean =>
      this.plan.places.get(before[i]!) === this.plan.places.get(carry[i]!.pair[0]);
    const order = carry.map((_, i) => i).sort((a, b) => Number(isThere(a)) - Number(isThere(b)));
    for (const i of order) {
      const { current, next, pair, unchanged, inPlace } = carry[i]!;
      if (unchanged) {
        this.moving.set(current, before[i]!);
        continue;
      }
      this.read(before[i]!);
      this.write(pair[0]);
      this.moving.set(current, pair[0]);
      if (next !== current) this.moving.set(next, inPlace ? pair[0] : pair[1]);
    }
  }
  private advance(carry: readonly Carried[]): void {
    for (const { current, next, inPlace } of carry) {
      if (inPlace) continue;
      const [was, is] = [this.moving.get(current)!, this.moving.get(next)!];
      this.moving.set(current, is).set(next, was);
    }
  }
}
