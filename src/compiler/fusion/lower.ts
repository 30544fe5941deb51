import { type Atom, type ClosedJaxpr, type Eqn, Literal } from "../../core/jaxpr.ts";
import { type AnyPrimitive, type ParamsOf } from "../../core/primitive.ts";
import { sizeOf } from "../../core/shape.ts";
import { BackendError } from "../../core/errors.ts";
import { type Aval, avalOf, NDArray, type Value } from "../../core/value.ts";
import { freshExpressions } from "../kernel/expression.ts";
import type { Nest, Steps } from "../kernel/nest.ts";
import { prepared } from "../kernel/prepare.ts";
import { freshLoops, type Reader } from "../kernel/reader.ts";
import { cond, scan, whileLoop } from "../../control/index.ts";
import type { Computation, Procedure, Row, Updates } from "../lower/row.ts";
import { rows } from "../lower/index.ts";
import { accumulations } from "./accumulate.ts";
import { canStay } from "./aliases.ts";
import { group } from "./grouping.ts";
import type { Group, Known, Plan, Single } from "./plan.ts";
import { kernelOf, literalReader, memoryReader, remembered, updateNests, type Written } from "./kernels.ts";
import { lifetimesWithin } from "./lifetimes.ts";
import {
  ArrayMemory,
  type Block,
  type Carried,
  type KernelProgram,
  type Step,
  type Window,
} from "./program.ts";
import { Uses } from "./uses.ts";

/** A program as kernels. It is simplified before. */
export function lowerProgram(closed: ClosedJaxpr): KernelProgram {
  const { jaxpr, consts } = closed;
  freshExpressions();
  freshLoops();
  const names = new Memories();
  const inputs = jaxpr.invars.map((v) => names.memory("in", v.aval));
  const given = [...consts.map((value) => names.constant(value)), ...inputs];
  const variables: readonly Atom[] = [...jaxpr.constvars, ...jaxpr.invars];
  // What is given is returned as it is.
  const outputs = jaxpr.outvars.map((x) => given[variables.indexOf(x)] ?? names.memory("out", x.aval));
  const block = new BlockLowering(names, closed, given).block(outputs);
  return { inputs, constants: names.constants, outputs, block };
}

/** The memories of a program. */
class Memories {
  readonly constants: { readonly memory: ArrayMemory; readonly value: NDArray }[] = [];
  count = 0;
  memory(prefix: string, aval: Aval): ArrayMemory {
    return new ArrayMemory(`${prefix}${this.count++}`, aval);
  }
  /** The memory of a constant of the program or of one that it holds. */
  constant(value: Value): ArrayMemory {
    if (!(value instanceof NDArray))
      throw new BackendError("backend/constant", "a compiled program has a traced constant");
    const memory = this.memory("const", value.aval);
    this.constants.push({ memory, value });
    return memory;
  }
}

/** The row of an equation's primitive. */
function computationOf({ primitive, params, inputs, outputs }: Eqn): Computation | null {
  const row = (rows as Readonly<Record<string, Row<object> | undefined>>)[primitive.primitive];
  if (row === undefined || outputs.length === 0) return null;
  return row(
    params,
    inputs.map((x) => x.aval),
    outputs.map((v) => v.aval),
  );
}

const paramsOf = <T extends AnyPrimitive>(eqn: Eqn, primitive: T): ParamsOf<T> | null =>
  eqn.primitive === primitive ? (eqn.params as ParamsOf<T>) : null;

/** Nests as they are run, and the memory that one leaves something in for another. */
function preparedAll(nests: readonly Nest[]): Steps {
  const steps = nests.map(prepared);
  return {
    nests: steps.flatMap((each) => each.nests),
    scratch: new Map(steps.flatMap(({ scratch }) => [...scratch])),
  };
}

/** Lowers one jaxpr: of a program, of a branch, of a loop's body. */
class BlockLowering {
  private readonly steps: Step[] = [];
  private readonly memories = new Map<Known, ArrayMemory>();
  /** Where else values go. */
  private readonly also = new Map<Known, readonly ArrayMemory[]>();
  private readonly plan: Plan;
  private readonly uses: Uses;

  constructor(
    private readonly names: Memories,
    closed: ClosedJaxpr,
    given: readonly ArrayMemory[],
    repeated = false,
  ) {
    const { jaxpr } = closed;
    const inputs = [...jaxpr.constvars, ...jaxpr.invars];
    this.outvars = jaxpr.outvars;
    const { eqns, computations, origins } = accumulations(jaxpr, computationOf, repeated);
    this.origins = origins;
    this.plan = group(eqns, inputs, jaxpr.outvars, (eqn) => computations.get(eqn) ?? computationOf(eqn));
    this.uses = new Uses(this.plan, this.outvars);
    inputs.forEach((v, i) => this.memories.set(this.plan.values.get(v)!, given[i]!));
  }
  private readonly outvars: readonly Atom[];
  /** What equations are in the program that are not its own. */
  private readonly origins: ReadonlyMap<Eqn, readonly Eqn[]>;

  /** Its steps, the outputs being written to `targets`. */
  block(targets: readonly ArrayMemory[]): Block {
    // What is computed here is written to where it is to be.
    const written = new Set<number>();
    this.outvars.forEach((x, i) => {
      if (x instanceof Literal) return;
      const known = this.plan.values.get(x)!;
      if (known.step === -1) return;
      if (!this.memories.has(known)) this.memories.set(known, targets[i]!);
      else if (known.group !== null) {
        // A kernel writes what it has computed to several memories.
        this.also.set(known, [...(this.also.get(known) ?? []), targets[i]!]);
        written.add(i);
      }
    });
    for (const step of this.plan.steps.toReversed()) if (step.kind === "single") this.handBack(step);
    for (const step of this.plan.steps)
      if (step.kind === "group") this.kernel(step);
      else this.single(step);
    this.outvars.forEach((x, i) => {
      const to = targets[i]!;
      if (x instanceof Literal) this.fill(x, to);
      else {
        const from = this.memoryOf(this.plan.values.get(x)!);
        if (from !== to && !written.has(i)) this.steps.push({ kind: "copy", from, to });
      }
    });
    const variables = new Map([...this.memories].map(([known, memory]) => [known.variable, memory]));
    return { steps: this.steps, variables };
  }

  private memoryOf(known: Known): ArrayMemory {
    let memory = this.memories.get(known);
    if (memory === undefined) this.memories.set(known, (memory = this.names.memory("t", known.aval)));
    return memory;
  }
  private operandMemory(x: Atom): ArrayMemory {
    if (!(x instanceof Literal)) return this.memoryOf(this.plan.values.get(x)!);
    const memory = this.names.memory("t", x.aval);
    this.fill(x, memory);
    return memory;
  }
  private fill(x: Literal, memory: ArrayMemory): void {
    const nests = kernelOf(`constant_${memory.name}`, [{ aval: x.aval, read: literalReader(x), memory }], 1);
    this.steps.push({ kind: "nest", ...preparedAll(nests), eqns: [], boundary: null });
  }
  private reader(x: Atom, within: Group | Single): Reader {
    if (x instanceof Literal) return literalReader(x);
    return this.read(this.plan.values.get(x)!, within);
  }
  private readonly readers = new Map<Group | Single, Map<Known, Reader>>();
  /** Equations of which each step computes something. */
  private readonly computedIn = new Map<Group | Single, Set<Eqn>>();
  /** How a value is read in a step: from memory, unless it is computed there. */
  private read(known: Known, within: Group | Single): Reader {
    let readers = this.readers.get(within);
    if (readers === undefined) this.readers.set(within, (readers = new Map<Known, Reader>()));
    let reader = readers.get(known);
    if (reader === undefined) {
      const inMemory = known.stored && (known.group === null || known.group !== within);
      reader =
        inMemory || known.source === null ? memoryReader(this.memoryOf(known)) : this.computed(known, within);
      readers.set(known, reader);
    }
    return reader;
  }
  private computed({ source }: Known, within: Group | Single): Reader {
    const { eqn, computation, output } = source!;
    this.eqnsOf(within).add(eqn);
    let made: Reader | undefined;
    return remembered((index) => {
      made ??= computation.read(eqn.inputs.map((x) => this.reader(x, within)))[output]!;
      return made(index);
    });
  }

  private eqnsOf(step: Group | Single): Set<Eqn> {
    let eqns = this.computedIn.get(step);
    if (eqns === undefined) this.computedIn.set(step, (eqns = new Set<Eqn>()));
    return eqns;
  }

  private kernel(step: Group): void {
    const stored = step.members.filter((member) => member.stored);
    if (stored.length === 0) return;
    const outputs = stored.flatMap((known) =>
      [this.memoryOf(known), ...(this.also.get(known) ?? [])].map((memory) => ({
        aval: known.aval,
        read: this.read(known, step),
        memory,
      })),
    );
    const primitives = step.members.map(({ source }) => source!.eqn.primitive.primitive);
    const name = [...new Set(primitives)].slice(-4).join("_");
    const nests = kernelOf(`k${this.names.count++}_${name}`, outputs, step.rows);
    this.steps.push({
      kind: "nest",
      ...preparedAll(nests),
      eqns: [...this.eqnsOf(step)],
      boundary: step.boundary,
    });
  }

  private single(step: Single): void {
    const { eqn, computation } = step;
    if (computation?.kind === "updates") return this.updates(step, computation);
    if (computation?.kind === "procedure") return this.procedure(step, computation);
    const condParams = paramsOf(eqn, cond);
    if (condParams) return this.cond(eqn, condParams);
    const whileParams = paramsOf(eqn, whileLoop);
    if (whileParams) return this.while(eqn, whileParams);
    const scanParams = paramsOf(eqn, scan);
    if (scanParams) return this.scan(eqn, scanParams);
    const operands = eqn.inputs.map((x) => this.operandMemory(x));
    this.steps.push({ kind: "host", eqn, operands, outputs: this.outputsOf(eqn) });
  }
  private outputsOf(eqn: Eqn): ArrayMemory[] {
    return eqn.outputs.map((v) => this.memoryOf(this.plan.values.get(v)!));
  }

  /** What is updated is written to where it is updated, if nothing else reads it. */
  private handBack(step: Single): void {
    const { eqn, computation } = step;
    if (computation?.kind !== "updates") return;
    const start = eqn.inputs[computation.base]!;
    if (start instanceof Literal || !this.uses.isLast(start, step)) return;
    const [from, to] = [start, eqn.outputs[0]!].map((v) => this.plan.values.get(v)!);
    if (from!.step > -1 && !this.memories.has(from!)) this.memories.set(from!, this.memoryOf(to!));
  }

  private updates(step: Single, { base, updates }: Updates): void {
    const { eqn } = step;
    const readers = eqn.inputs.map((x) => this.reader(x, step));
    const start = eqn.inputs[base]!;
    const [out] = this.outputsOf(eqn);
    const inPlace = !(start instanceof Literal) && this.memories.get(this.plan.values.get(start)!) === out;
    const copy = inPlace
      ? []
      : kernelOf(
          `copy_${out!.name}`,
          [{ aval: out!.aval, read: readers[base]!, memory: out! }],
          sizeOf(out!.aval.shape),
        );
    const nests = updateNests(`${eqn.primitive.primitive}_${out!.name}`, updates(readers), out!);
    this.steps.push({
      kind: "nest",
      ...preparedAll([...copy, ...nests]),
      eqns: [...this.eqnsOf(step), ...(this.origins.get(eqn) ?? [eqn])],
      boundary: null,
    });
  }

  /** A step before the statements writes what they work on, one after them what is made of that. */
  private procedure(step: Single, { arrays, prepare, scratch, statements, finish }: Procedure): void {
    const { eqn } = step;
    const operands = eqn.inputs.map((x) => this.reader(x, step));
    const name = eqn.primitive.primitive;
    const memories = arrays.map((aval) => this.names.memory("t", aval));
    const beside = scratch.map((aval) => this.names.memory("scratch", aval));
    const written = prepare(operands).map((read, i) => ({ aval: arrays[i]!, read, memory: memories[i]! }));
    const write = (part: string, outputs: readonly Written[]): void => {
      const nests = outputs.length === 0 ? [] : kernelOf(`${name}_${part}`, outputs, sizeOf(outputs[0]!.aval.shape)); // prettier-ignore
      const eqns = [...this.eqnsOf(step), eqn];
      this.steps.push({ kind: "nest", ...preparedAll(nests), eqns, boundary: null });
    };
    write("begin", written);
    const worked = statements(memories, beside);
    this.steps.push({ kind: "routine", eqn, ...worked, memories: [...memories, ...beside] });
    const results = finish(operands, memories.map(memoryReader));
    const wanted = eqn.outputs.flatMap((variable, i) => {
      const known = this.plan.values.get(variable)!;
      if (!this.uses.isRead(variable)) return [];
      return [{ aval: variable.aval, read: results[i]!, memory: this.memoryOf(known) }];
    });
    write("end", wanted);
  }

  private sub(closed: ClosedJaxpr, given: readonly ArrayMemory[], repeated = false): BlockLowering {
    const constants = closed.consts.map((value) => this.names.constant(value));
    return new BlockLowering(this.names, closed, [...constants, ...given], repeated);
  }

  private cond(eqn: Eqn, { branches }: ParamsOf<typeof cond>): void {
    const [index, ...operands] = eqn.inputs.map((x) => this.operandMemory(x));
    const outputs = this.outputsOf(eqn);
    this.steps.push({
      kind: "cond",
      eqn,
      index: index!,
      branches: branches.map((branch) => this.sub(branch, operands).block(outputs)),
    });
  }

  /**
   * The body of a loop, and the entries of its carry: `current` is given to it, which is lowered for that.
   * @param others Where its outputs go that are not carried.
   * @param last Of the two memories of a carry, the one in which it is at the end; null if that is not known.
   */
  private loop(
    lowering: BlockLowering,
    [initial, current, outputs]: readonly (readonly ArrayMemory[])[],
    others: readonly ArrayMemory[],
    last: 0 | 1 | null,
  ): { readonly body: Block; readonly carry: readonly Carried[] } {
    const updated = current!.map((memory, i) => lowering.isInPlace(i, memory));
    const next = current!.map((memory, i) => (updated[i] ? memory : this.names.memory("next", memory.aval)));
    const unchanged = current!.map((memory, i) => lowering.isUnchanged(i, memory));
    const body = lowering.block([...next, ...others]);
    const within = lifetimesWithin(body);
    const carry = current!.map((memory, i): Carried => {
      const inPlace = updated[i]! || canStay(memory, next[i]!, within);
      const at = inPlace ? 0 : last;
      const place = (which: 0 | 1): ArrayMemory =>
        which === at && !unchanged[i] ? outputs![i]! : this.names.memory("t", memory.aval);
      return {
        initial: initial![i]!,
        current: memory,
        next: next[i]!,
        pair: [place(0), place(1)],
        unchanged: unchanged[i]!,
        inPlace,
      };
    });
    return { body, carry };
  }
  /** Whether an output is what is given as `memory`. */
  isUnchanged(output: number, memory: ArrayMemory): boolean {
    const x = this.outvars[output]!;
    return !(x instanceof Literal) && this.memories.get(this.plan.values.get(x)!) === memory;
  }
  /** Whether an output can be where `memory` is: it is that, or only written to in part after everything has been read. */
  isInPlace(output: number, memory: ArrayMemory): boolean {
    if (this.isUnchanged(output, memory)) return true;
    const x = this.outvars[output]!;
    if (x instanceof Literal || this.outvars.indexOf(x) !== output) return false;
    let known = this.plan.values.get(x)!;
    for (let first = true; ; first = false) {
      const step = this.plan.steps.find(({ id }) => id === known.step);
      if (step?.kind !== "single" || step.computation?.kind !== "updates") return false;
      const base = step.eqn.inputs[step.computation.base]!;
      if (base instanceof Literal || !this.uses.isLast(base, step)) return false;
      if (!first && this.outvars.includes(step.eqn.outputs[0]!)) return false;
      known = this.plan.values.get(base)!;
      if (this.memories.get(known) === memory) return true;
    }
  }
  /** What is carried at the end, as outputs of the loop, where it is not there yet and something reads it. */
  private finish(carry: readonly Carried[], eqn: Eqn): void {
    const outputs = this.outputsOf(eqn);
    carry.forEach(({ current, pair }, i) => {
      const [v, to] = [eqn.outputs[i]!, outputs[i]!];
      if (this.uses.isRead(v) && !pair.includes(to)) this.steps.push({ kind: "copy", from: current, to });
    });
  }

  private while(
    eqn: Eqn,
    { condJaxpr, condNconsts, bodyJaxpr, bodyNconsts }: ParamsOf<typeof whileLoop>,
  ): void {
    const operands = eqn.inputs.map((x) => this.operandMemory(x));
    const condConsts = operands.slice(0, condNconsts);
    const bodyConsts = operands.slice(condNconsts, condNconsts + bodyNconsts);
    const initial = operands.slice(condNconsts + bodyNconsts);
    const current = initial.map(({ aval }) => this.names.memory("carry", aval));
    const condition = this.names.memory("t", avalOf([], "bool"));
    const test = this.sub(condJaxpr, [...condConsts, ...current]).block([condition]);
    const lowering = this.sub(bodyJaxpr, [...bodyConsts, ...current], true);
    const { body, carry } = this.loop(lowering, [initial, current, this.outputsOf(eqn)], [], null);
    this.steps.push({ kind: "while", eqn, test, condition, body, carry });
    this.finish(carry, eqn);
  }

  private scan(eqn: Eqn, { jaxpr, length, numCarry, numConsts, reverse }: ParamsOf<typeof scan>): void {
    const operands = eqn.inputs.map((x) => this.operandMemory(x));
    const outputs = this.outputsOf(eqn);
    const consts = operands.slice(0, numConsts);
    const initial = operands.slice(numConsts, numConsts + numCarry);
    const current = initial.map(({ aval }) => this.names.memory("carry", aval));
    const window = (whole: ArrayMemory): Window => ({
      whole,
      part: this.names.memory("window", { ...whole.aval, shape: whole.aval.shape.slice(1) }),
    });
    const read = operands.slice(numConsts + numCarry).map(window);
    const written = outputs.slice(numCarry).map(window);
    const lowering = this.sub(jaxpr, [...consts, ...current, ...read.map((w) => w.part)], true);
    const parts = written.map((w) => w.part);
    const last = length % 2 === 0 ? 0 : 1;
    const { body, carry } = this.loop(lowering, [initial, current, outputs], parts, last);
    this.steps.push({ kind: "scan", eqn, length, reverse, body, carry, windows: [...read, ...written] });
    this.finish(carry, eqn);
  }
}
