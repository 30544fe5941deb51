import { emit } from "../../../../src/backends/wasm/emit.ts";
import { ModuleBuilder } from "../../../../src/backends/wasm/encoder.ts";
import type { TypedArray } from "../../../../src/core/dtype.ts";
import type { Memory, Storage } from "../../../../src/compiler/kernel/expression.ts";
import { generate } from "../../../../src/compiler/kernel/generate.ts";
import type { Nest, Steps } from "../../../../src/compiler/kernel/nest.ts";
import { type Schedule, schedule } from "../../../../src/compiler/kernel/schedule.ts";
import type { Routine } from "../../../../src/compiler/kernel/statement.ts";
import { Interpreter } from "./interpret.ts";

type Data = Map<Memory, TypedArray>;

export const arrays = {
  i8: Int8Array, u8: Uint8Array, bool: Uint8Array, i16: Int16Array, u16: Uint16Array, i32: Int32Array,
  i64: BigInt64Array, f32: Float32Array, f64: Float64Array,
} as const satisfies Record<Storage, unknown>; // prettier-ignore

const FRAME = 16;
const PAGE = 0x10000;
/** Bytes between arrays, that nothing may write. */
const GAP = 64;
const UNTOUCHED = 0xa5;

/** A routine as machine code, with its memories. */
export class Machine {
  readonly routine: Routine;
  private readonly memory: WebAssembly.Memory;
  private readonly places: ReadonlyMap<Memory, number>;
  private readonly kernel: (frame: number, begin: number, end: number) => void;

  constructor(
    source: Nest | Routine,
    private readonly data: Data,
    plan?: Schedule,
  ) {
    this.routine = "stores" in source ? generate(source, plan ?? schedule(source)) : source;
    const total = [...data.values()].reduce(
      (sum, { byteLength }) => sum + byteLength + GAP,
      FRAME + 4 * data.size + GAP,
    );
    const pages = Math.ceil(total / PAGE);
    const places = new Map<Memory, number>();
    // The first one ends where the memory does: reading behind it stops the machine.
    let end = pages * PAGE;
    for (const [memory, { byteLength }] of data) {
      places.set(memory, end - byteLength);
      end -= byteLength + GAP;
    }
    this.places = places;
    const order = [...data.keys()];
    const builder = new ModuleBuilder();
    builder.importMemory("host", "memory", { initial: pages });
    builder.function(
      ["i32", "i32", "i32"],
      [],
      (code) =>
        emit(this.routine, code, (memory, c) =>
          c.localGet(0).load("i32.load", { offset: 4 * order.indexOf(memory) }),
        ),
      "kernel",
    );
    const bytes = builder.finish();
    this.memory = new WebAssembly.Memory({ initial: pages });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>), {
      host: { memory: this.memory },
    });
    this.kernel = exports["kernel"] as typeof this.kernel;
    new Uint8Array(this.memory.buffer).fill(UNTOUCHED);
    order.forEach((memory, i) => {
      new DataView(this.memory.buffer).setInt32(FRAME + 4 * i, places.get(memory)!, true);
      const { buffer, byteOffset, byteLength } = data.get(memory)!;
      new Uint8Array(this.memory.buffer).set(
        new Uint8Array(buffer, byteOffset, byteLength),
        places.get(memory)!,
      );
    });
  }

  /** Runs a part of the routine, or all of it. */
  run(begin = 0, end = this.routine.steps): this {
    this.kernel(FRAME, begin, end);
    return this;
  }
  /** What is in a memory now. @throws RangeError where something was written beside it. */
  read(memory: Memory): TypedArray {
    const { length, byteLength } = this.data.get(memory)!;
    const start = this.places.get(memory)!;
    const { buffer } = this.memory;
    const behind = start + byteLength === buffer.byteLength ? 0 : GAP;
    const beside = [
      ...new Uint8Array(buffer, start - GAP, GAP),
      ...new Uint8Array(buffer, start + byteLength, behind),
    ];
    if (beside.some((byte) => byte !== UNTOUCHED)) throw new RangeError(`written beside ${memory.name}`);
    return new arrays[memory.storage](
      new Uint8Array(buffer).slice(start, start + byteLength).buffer,
      0,
      length,
    );
  }
}

/** What a nest leaves in its memories, by definition. */
export function interpreted(nest: Nest, data: Data): Data {
  const results = new Map([...data].map(([memory, array]) => [memory, array.slice() as TypedArray]));
  const machine = new Interpreter(data);
  const written = new Interpreter(results);
  for (const { loops, memory, address, value, when } of nest.stores)
    machine.each(loops, () => {
      if (when && !machine.value(when)) return;
      written.store(memory, machine.index(address), machine.value(value));
    });
  return results;
}

/** What a nest or a routine leaves in its memories, as machine code. */
export function executed(nest: Nest | Routine, data: Data, plan?: Schedule): Data {
  const machine = new Machine(nest, data, plan).run();
  return new Map([...data.keys()].map((memory) => [memory, machine.read(memory)]));
}

/** What nests leave in memories, one after the other. */
export function inTurn({ nests, scratch }: Steps, data: ReadonlyMap<Memory, TypedArray>): Data {
  let memories: Data = new Map(data);
  for (const [memory, size] of scratch) memories.set(memory, new arrays[memory.storage](size));
  for (const nest of nests) memories = executed(nest, memories);
  return memories;
}
