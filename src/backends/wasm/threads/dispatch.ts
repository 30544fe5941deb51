import type { Code } from "../code.ts";
import type { ModuleBuilder } from "../encoder.ts";
import type { ValType } from "../opcodes.ts";
import { control, threadNames } from "./control.ts";

const kernelParams: readonly ValType[] = ["i32", "i32", "i32"];
/** How often the caller looks for the end of a job, a nanosecond or less each, before it asks the host. */
const LOOKS = 100_000;

/**
 * Adds parallel regions to a module, after its imports and before its functions.
 *
 * A job's chunks are decided by its size and grain only, and each is one call of a kernel, on whichever thread: so
 * results do not depend on threads. A thread takes a chunk by lowering the count of those left, in one word with the
 * number of the job: what it reads of the job before that is confirmed by it, and does not change until it has finished.
 */
export class Dispatch {
  /**
   * Index of `(kernel: i32, frame: i32, size: i32, grain: i32) → ()`: calls `kernel(frame, begin, end)` for each chunk
   * `[begin, end)` of `[0, size)`: of `grain` iterations, the last one of what is left.
   */
  readonly index: number;
  readonly #late: number = 0;
  readonly #failed: number = 0;

  constructor(
    private readonly module: ModuleBuilder,
    /** Whether the module's memory is shared. One that is not has no workers: the caller runs the same chunks. */
    private readonly shared: boolean,
  ) {
    if (shared) {
      this.#late = module.importFunction(threadNames.module, threadNames.late, [], []);
      this.#failed = module.importFunction(threadNames.module, threadNames.failed, [], []);
    }
    this.index = module.declare(["i32", "i32", "i32", "i32"], []);
  }

  /** Adds the code, once the kernels are known: `kernels[k]` is the index of the function `(frame, begin, end) → ()`. */
  define(kernels: readonly number[]): void {
    const { module } = this;
    const table = module.table(kernels);
    if (!this.shared) {
      module.define(this.index, (code) => everyChunk(code, table));
      return;
    }
    const id = module.global("i32", true);
    module.function(["i32"], [], (code) => code.localGet(0).globalSet(id), threadNames.enlist);
    const work = module.function(["i32"], [], (code) => takeChunks(code, table), threadNames.work);
    module.define(this.index, (code) => {
      alone(code);
      code.if();
      everyChunk(code, table);
      code.return().end();
      publish(code, id);
      code.globalGet(id).call(work);
      awaitChunks(code, this.#late);
      code.i32Const(0).i32Const(0).store("i32.store", { offset: control.busy });
      read(code, "failed").if().call(this.#failed).end();
    });
  }
}

const [KERNEL, FRAME, SIZE, GRAIN] = [0, 1, 2, 3];

const read = (code: Code, word: Exclude<keyof typeof control, "ticket">): Code =>
  code.i32Const(0).atomic("i32.atomic.load", { offset: control[word] });

/** Whether the job is for its caller only: of one chunk, with no worker ready, or within another. Leaves an i32. */
function alone(code: Code): void {
  code.localGet(SIZE).localGet(GRAIN).op("i32.le_u");
  read(code, "ready").op("i32.eqz").op("i32.or");
  read(code, "busy").op("i32.or");
}

/** Calls the kernel for each chunk, one after another. */
function everyChunk(code: Code, table: number): void {
  const begin = code.local("i32");
  const end = code.local("i32");
  code.block().loop();
  code.localGet(begin).localGet(SIZE).op("i32.ge_u").brIf(1);
  chunkEnd(code, begin, GRAIN, SIZE, end);
  code.localGet(FRAME).localGet(begin).localGet(end).localGet(KERNEL).callIndirect(kernelParams, [], table);
  code.localGet(end).localSet(begin).br(0);
  code.end().end();
}

/** `end = begin + min(grain, size - begin)`, which does not overflow. */
function chunkEnd(code: Code, begin: number, grain: number, size: number, end: number): void {
  code.localGet(size).localGet(begin).op("i32.sub").localTee(end).localGet(grain);
  code.localGet(end).localGet(grain).op("i32.lt_u").op("select");
  code.localGet(begin).op("i32.add").localSet(end);
}

/** Writes the job, then offers its chunks, and wakes who sleeps. */
function publish(code: Code, id: number): void {
  const chunks = code.local("i32");
  const word = (name: keyof typeof control, value: () => Code): Code => {
    code.i32Const(0);
    return value().store("i32.store", { offset: control[name] });
  };
  code.localGet(SIZE).i32Const(1).op("i32.sub").localGet(GRAIN).op("i32.div_u").i32Const(1).op("i32.add");
  code.localSet(chunks);
  word("busy", () => code.i32Const(1));
  word("module", () => code.globalGet(id));
  word("kernel", () => code.localGet(KERNEL));
  word("frame", () => code.localGet(FRAME));
  word("size", () => code.localGet(SIZE));
  word("grain", () => code.localGet(GRAIN));
  word("chunks", () => code.localGet(chunks));
  word("finished", () => code.i32Const(0));
  code.i32Const(0);
  code.i32Const(0).atomic("i64.atomic.load", { offset: control.ticket });
  code.i64Const(32n).op("i64.shr_u").i64Const(1n).op("i64.add").i64Const(32n).op("i64.shl");
  code.localGet(chunks).op("i64.extend_i32_u").op("i64.or");
  code.atomic("i64.atomic.store", { offset: control.ticket });
  code.i32Const(0).i32Const(1).atomic("i32.atomic.rmw.add", { offset: control.signal }).op("drop");
  read(code, "sleeping").if();
  code.i32Const(0).localGet(chunks).i32Const(1).op("i32.sub");
  code.atomic("memory.atomic.notify", { offset: control.signal }).op("drop");
  code.end();
}

/** Takes chunks of the job of module `id` (parameter 0), and runs them, until none is left. */
function takeChunks(code: Code, table: number): void {
  const ticket = code.local("i64");
  const begin = code.local("i32");
  const end = code.local("i32");
  const grain = code.local("i32");
  const size = code.local("i32");
  const plain = (name: keyof typeof control): Code =>
    code.i32Const(0).load("i32.load", { offset: control[name] });
  code.block().loop();
  code.i32Const(0).atomic("i64.atomic.load", { offset: control.ticket }).localTee(ticket);
  code.op("i32.wrap_i64").op("i32.eqz").brIf(1);
  read(code, "module").localGet(0).op("i32.ne").brIf(1);
  code.i32Const(0).localGet(ticket).localGet(ticket).i64Const(1n).op("i64.sub");
  code.atomic("i64.atomic.rmw.cmpxchg", { offset: control.ticket });
  code.localGet(ticket).op("i64.ne").brIf(0);
  plain("grain").localSet(grain);
  plain("size").localSet(size);
  plain("chunks").localGet(ticket).op("i32.wrap_i64").op("i32.sub");
  code.localGet(grain).op("i32.mul").localSet(begin);
  chunkEnd(code, begin, grain, size, end);
  plain("frame").localGet(begin).localGet(end);
  plain("kernel").callIndirect(kernelParams, [], table);
  code.i32Const(0).i32Const(1).atomic("i32.atomic.rmw.add", { offset: control.finished }).op("drop");
  code.br(0).end().end();
}

/** Looks until all chunks of the job are finished; asks the host now and then, which may let others run or give up. */
function awaitChunks(code: Code, late: number): void {
  const looks = code.local("i32");
  code.loop();
  read(code, "finished").i32Const(0).load("i32.load", { offset: control.chunks }).op("i32.ne").if();
  code.localGet(looks).i32Const(1).op("i32.add").localTee(looks).i32Const(LOOKS).op("i32.eq").if();
  code.call(late).i32Const(0).localSet(looks);
  code.end();
  code.br(1);
  code.end().end();
}
