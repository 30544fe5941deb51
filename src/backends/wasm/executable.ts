import { type Buffer, type CompileOptions, type Executable, HostBuffer } from "../../core/backend.ts";
import { BackendError } from "../../core/errors.ts";
import { allocate, dtypeInfo, type TypedArray } from "../../core/dtype.ts";
import { sizeOf } from "../../core/shape.ts";
import { type MemoryPlan, planMemory } from "../../compiler/fusion/memory-plan.ts";
import { type ArrayMemory, type HostStep, type KernelProgram } from "../../compiler/fusion/program.ts";
import type { Kernel } from "../lowering.ts";
import { kernelOfEquation } from "../reference/index.ts";
import { bufferOf, SMALL, WasmBuffer } from "./buffer.ts";
import { type Device } from "./device.ts";
import { emitModule } from "./module.ts";
import type { Slot } from "./slot.ts";
import { threadNames } from "./threads/control.ts";
import type { Pool } from "./threads/pool.ts";
import { copiedOut, copyIn, type Element, elementOfDType } from "./views.ts";

/** An array that a call copies, or whose address it writes down. */
interface Port {
  readonly memory: ArrayMemory;
  readonly element: Element;
  /** Elements of storage. */
  readonly length: number;
  /** Where it is copied in the working memory, or -1. */
  readonly offset: number;
  /** Where its address is written, or -1. */
  readonly cell: number;
}

/** Which of the arrays that a call finds on the device it gives away, counting those of its inputs in order. */
interface Donations {
  readonly donated: readonly number[];
  /** For each output that stays on the device, in order, the one whose memory it has, or -1. */
  readonly sources: readonly number[];
  /** Those whose memory is free after the call. */
  readonly freed: readonly number[];
}

/** Arrays that are copied into the working memory. */
export const isSmall = (memory: ArrayMemory): boolean => memory.bytes <= SMALL;

/** Lets the threads forget what nobody can call any more. */
const programs = new FinalizationRegistry<{ readonly pool: Pool; readonly id: number }>(({ pool, id }) =>
  pool.release(id),
);

/** What has been compiled: how many programs, and which primitives in them no kernel computes. */
export const compiled = { programs: 0, onHost: new Set<string>() };

/** A compiled program, ready to be called. */
export function executableOf(
  program: KernelProgram,
  device: Device,
  { name = "a program", donated }: CompileOptions = {},
): Executable {
  const plan = planMemory(program, isSmall, donated ?? []);
  const labels = { outputs: `outputs of ${name}`, temporaries: `temporaries of ${name}` };
  // Addresses beyond 32 bits cannot be written down.
  for (const { bytes } of program.outputs) device.heap.admit(bytes, labels.outputs);
  device.heap.admit(plan.bytes, labels.temporaries);
  const { bytes, hostSteps, parallel } = emitModule(program, plan, device.target);
  compiled.programs++;
  for (const { eqn } of hostSteps) compiled.onHost.add(eqn.primitive.primitive);
  const hosts = hostSteps.map((step) => hostCall(step, plan, device));
  const { pool, memory } = device;
  const module = compiledBy(bytes);
  const instance = new WebAssembly.Instance(module, {
    cotangent: { memory, host: (step: number, frame: number) => hosts[step]!(frame) },
    ...(pool && { [threadNames.module]: pool.imports }),
  });
  const id = pool && parallel ? pool.register(module) : null;
  if (id !== null) (instance.exports[threadNames.enlist] as (id: number) => void)(id);
  const main = instance.exports["main"] as (frame: number) => void;
  const port = (memory: ArrayMemory): Port => {
    const place = plan.places.get(memory)!;
    const { lanes } = dtypeInfo[memory.aval.dtype];
    return {
      memory,
      element: elementOfDType(memory.aval.dtype),
      length: sizeOf(memory.aval.shape) * lanes,
      offset: "offset" in place ? place.offset : -1,
      cell: "cell" in place ? place.cell : -1,
    };
  };
  const constants = program.constants.map(({ value }) => value.buffer);
  const inputs = [...program.constants.map(({ memory }) => memory), ...program.inputs].map(port);
  const given = [...program.constants.map(({ memory }) => memory), ...program.inputs];
  const returned = program.outputs.map((memory) => given.indexOf(memory));
  const outputs = program.outputs.filter((_, i) => returned[i]! < 0).map(port);
  const donations = donationsOf(program, plan, donated ?? []);
  const executable = new WasmExecutable(
    device,
    labels,
    plan.bytes,
    main,
    constants,
    inputs,
    outputs,
    returned,
    donations,
  );
  if (id !== null) programs.register(executable, { pool: pool!, id });
  return executable;
}

/** @throws BackendError where the engine refuses, as under a page's content security policy. */
function compiledBy(bytes: Uint8Array): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    throw new BackendError(
      "wasm/module",
      `the engine refuses to compile a program: ${String(cause)}. A page with a content security policy allows it by ` +
        `script-src 'wasm-unsafe-eval'; setBackend("reference") runs programs without it`,
      { cause },
    );
  }
}

function donationsOf(
  { constants, inputs, outputs }: KernelProgram,
  { donations }: MemoryPlan,
  donated: readonly boolean[],
): Donations {
  const everything = [...constants.map((x) => x.memory), ...inputs];
  const large = everything.filter((memory) => !isSmall(memory));
  const sources = outputs
    .filter((memory) => !isSmall(memory) && !everything.includes(memory))
    .map((memory) => (donations.has(memory) ? large.indexOf(donations.get(memory)!) : -1));
  const given = inputs
    .filter((memory, i) => donated[i] && !isSmall(memory) && !outputs.includes(memory))
    .map((x) => large.indexOf(x));
  return { donated: given, sources, freed: given.filter((i) => !sources.includes(i)) };
}

class WasmExecutable implements Executable {
  constructor(
    private readonly device: Device,
    private readonly labels: { readonly outputs: string; readonly temporaries: string },
    private readonly bytes: number,
    private readonly main: (frame: number) => void,
    private readonly constants: readonly Buffer[],
    private readonly inputs: readonly Port[],
    /** Those that are computed. */
    private readonly outputs: readonly Port[],
    /** For each output which of the constants and inputs it is, or -1. */
    private readonly returned: readonly number[],
    private readonly donations: Donations,
  ) {}

  execute(given: readonly Buffer[]): Buffer[] {
    const { device, labels, inputs, outputs, returned, constants } = this;
    const { donated, sources, freed } = this.donations;
    const { residency, arena, heap, pool } = device;
    const pinned: WasmBuffer[] = [];
    const slots: (Slot | null)[] = [];
    const within = pool?.busy ?? false;
    const block = arena.acquire(this.bytes, labels.temporaries);
    try {
      const frame = block.address;
      const first = constants.length;
      for (let i = 0; i < inputs.length; i++) {
        const { offset, element } = inputs[i]!;
        const buffer = i < first ? constants[i]! : given[i - first]!;
        if (offset >= 0) copyIn(heap.views[element], frame + offset, buffer.read());
        else {
          const resident = bufferOf(buffer, residency);
          resident.pin();
          pinned.push(resident);
        }
      }
      for (let i = 0; i < pinned.length; i++) pinned[i]!.load();
      // Nothing is given away before all there is to allocate has been; what other arrays have too is not.
      for (let i = 0; i < outputs.length; i++) {
        const { cell, element, length } = outputs[i]!;
        if (cell < 0) continue;
        const source = sources[slots.length]!;
        const isOwn = source >= 0 && !pinned[source]!.shared;
        slots.push(isOwn ? null : residency.output(element, length, labels.outputs));
      }
      for (const source of donated) if (!pinned[source]!.shared) pinned[source]!.refuseShared();
      // The memory has its size for this call: now addresses are written down.
      const cells = heap.views.i32;
      for (let i = 0, next = 0; i < inputs.length; i++) {
        const { cell } = inputs[i]!;
        if (cell >= 0) cells[(frame + cell) >>> 2] = pinned[next++]!.address;
      }
      for (let i = 0, next = 0; i < outputs.length; i++) {
        const { cell, element, length } = outputs[i]!;
        if (cell < 0) continue;
        const slot = (slots[next] ??= residency.adopt(
          pinned[sources[next]!]!.donate(),
          element,
          length,
          labels.outputs,
        ));
        const { address } = slot.block!;
        const shared = sources[next]! < 0 ? null : pinned[sources[next]!]!;
        // The output is computed where the input is: in a copy of it.
        if (shared !== null && !shared.donated) {
          const bytes = heap.views.u8;
          bytes.copyWithin(address, shared.address, shared.address + length * heap.views[element].BYTES_PER_ELEMENT); // prettier-ignore
        }
        cells[(frame + cell) >>> 2] = address;
        next++;
      }
      this.main(frame);
      for (const source of freed) if (!pinned[source]!.shared) heap.free(pinned[source]!.donate());
      const results: Buffer[] = [];
      for (let i = 0, next = 0; i < returned.length; i++) {
        const source = returned[i]!;
        if (source >= 0) {
          const same = source < first ? constants[source]! : given[source - first]!;
          if (same instanceof WasmBuffer) same.shared = true;
          results.push(same);
          continue;
        }
        const { offset, element, length } = outputs[next++]!;
        if (offset >= 0) results.push(new HostBuffer(copiedOut(heap.views[element], frame + offset, length)));
        else results.push(pending);
      }
      if (slots.length > 0) this.publish(slots as Slot[], results);
      return results;
    } catch (error) {
      // A part of a kernel may still be under way.
      if (!within) pool?.settle();
      for (const slot of slots) if (slot !== null) residency.discard(slot);
      throw error;
    } finally {
      for (let i = 0; i < pinned.length; i++) pinned[i]!.unpin();
      arena.release(block);
    }
  }

  private publish(slots: Slot[], results: Buffer[]): void {
    const { residency } = this.device;
    const made = slots.slice();
    slots.length = 0;
    const owner = residency.publish(made);
    for (let i = 0, next = 0; i < results.length; i++)
      if (results[i] === pending) results[i] = new WasmBuffer(residency, made[next++]!, owner);
  }
}

/** In the place of an output that stays on the device. */
const pending: Buffer = { read: () => allocate("float0", 0) };

/** Runs an equation on the host: what it reads is copied out, what it computes is copied back. */
function hostCall(
  { eqn, operands, outputs }: HostStep,
  plan: MemoryPlan,
  { heap }: Device,
): (frame: number) => void {
  const kernel: Kernel = kernelOfEquation(eqn);
  const address = (memory: ArrayMemory, frame: number): number => {
    const place = plan.places.get(memory)!;
    return "offset" in place ? frame + place.offset : heap.views.u32[(frame + place.cell) >>> 2]!;
  };
  const elements = (memory: ArrayMemory): Element => elementOfDType(memory.aval.dtype);
  const lengths = operands.map(({ aval }) => sizeOf(aval.shape) * dtypeInfo[aval.dtype].lanes);
  return (frame) => {
    const data = operands.map((memory, i): TypedArray =>
      copiedOut(heap.views[elements(memory)], address(memory, frame), lengths[i]!),
    );
    const results = kernel(data);
    outputs.forEach((memory, i) => copyIn(heap.views[elements(memory)], address(memory, frame), results[i]!));
  };
}
