import type { Code } from "../../../../../src/backends/wasm/code.ts";
import { ModuleBuilder } from "../../../../../src/backends/wasm/encoder.ts";
import { CONTROL_BYTES, threadNames } from "../../../../../src/backends/wasm/threads/control.ts";
import { Dispatch } from "../../../../../src/backends/wasm/threads/dispatch.ts";
import type { Pool } from "../../../../../src/backends/wasm/threads/pool.ts";

/** Kernels of the toy, by their numbers. */
export const kernels = {
  /** `out[i] += i·salt + unit`, so that an iteration that runs twice, or not, shows. */
  add: 0,
  /** Waits until `expected` chunks run at once; writes 1 to `alone` if that never comes to be. */
  meet: 1,
  /** Meets, then calls the host, which is on the caller's thread only. */
  call: 2,
  /** Meets, then calls the host on the caller, and never ends on a worker. */
  hang: 3,
  /** Meets, then traps on the caller; elsewhere it writes `salt` to `out[0]` after a while. */
  trap: 4,
  /** A region of its own in each chunk: `add` on `[0, end)`. */
  nest: 5,
  /** Meets, then `out[begin % ELEMENTS] += unit`, atomically: from then on several threads take chunks at once. */
  race: 6,
} as const;

/** Offsets in a frame. */
const at = { out: 0, salt: 4, met: 8, expected: 12, alone: 16 };
const FRAME = CONTROL_BYTES;
const OUT = 4096;
/** How many elements the output has: a power of 2. */
export const ELEMENTS = 4096;

export interface Toy {
  readonly id: number;
  /** Runs a kernel on `[0, size)` in chunks of `grain`. */
  run(kernel: number, size: number, grain: number, frame?: { salt?: number; expected?: number }): void;
  readonly out: Int32Array;
  /** Whether a thread waited for others in vain. */
  readonly alone: boolean;
  /** What the host does when it is called. */
  called: () => void;
}

/**
 * The toy on a memory of one page, with the pool's workers; without a pool the memory is not shared. Toys of different
 * `unit` are different modules.
 */
export function toyOf(memory: WebAssembly.Memory, pool: Pool | null, unit = 1): Toy {
  const module = new WebAssembly.Module(bytes(pool !== null, unit));
  const frame = new Int32Array(memory.buffer, FRAME, 5);
  const { exports } = new WebAssembly.Instance(module, {
    env: { memory, called: () => toy.called() },
    [threadNames.module]: pool?.imports ?? {},
  });
  const run = exports["run"] as (kernel: number, frame: number, size: number, grain: number) => void;
  const toy = {
    id: pool?.register(module) ?? 0,
    out: new Int32Array(memory.buffer, OUT, ELEMENTS),
    get alone() {
      return frame[at.alone / 4] !== 0;
    },
    called() {},
    run(kernel: number, size: number, grain: number, { salt = 3, expected = 0 } = {}) {
      frame.set([OUT, salt, 0, expected, 0]);
      run(kernel, FRAME, size, grain);
    },
  } satisfies Toy;
  if (pool) (exports[threadNames.enlist] as (id: number) => void)(toy.id);
  (exports["mark"] as () => void)();
  return toy;
}

function bytes(shared: boolean, unit: number): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  module.importMemory("env", "memory", shared ? { initial: 1, maximum: 1, shared } : { initial: 1 });
  const called = module.importFunction("env", "called", [], []);
  const dispatch = new Dispatch(module, shared);
  const onCaller = module.global("i32", true);
  const kernel = (body: (code: Code) => void): number => module.function(["i32", "i32", "i32"], [], body);
  const [FRAME_, BEGIN, END] = [0, 1, 2];

  const add = kernel((code) => {
    const address = code.local("i32");
    code.block().loop();
    code.localGet(BEGIN).localGet(END).op("i32.ge_s").brIf(1);
    code.localGet(FRAME_).load("i32.load", { offset: at.out });
    code.localGet(BEGIN).i32Const(4).op("i32.mul").op("i32.add").localTee(address);
    code.localGet(address).load("i32.load");
    code.localGet(FRAME_).load("i32.load", { offset: at.salt }).localGet(BEGIN).op("i32.mul");
    code.i32Const(unit).op("i32.add").op("i32.add").store("i32.store");
    code.localGet(BEGIN).i32Const(1).op("i32.add").localSet(BEGIN);
    code.br(0).end().end();
  });
  const meet = kernel((code) => {
    const turns = code.local("i32");
    code.localGet(FRAME_).i32Const(1).atomic("i32.atomic.rmw.add", { offset: at.met }).op("drop");
    code.loop();
    code.localGet(FRAME_).atomic("i32.atomic.load", { offset: at.met });
    code.localGet(FRAME_).load("i32.load", { offset: at.expected }).op("i32.lt_s").if();
    code.localGet(turns).i32Const(1).op("i32.add").localTee(turns).i32Const(0x7fff_ffff).op("i32.lt_u");
    code.brIf(1);
    code.localGet(FRAME_).i32Const(1).store("i32.store", { offset: at.alone });
    code.end().end();
  });
  const afterMeeting = (body: (code: Code) => void): number =>
    kernel((code) => {
      code.localGet(FRAME_).localGet(BEGIN).localGet(END).call(meet);
      body(code);
    });
  const call = afterMeeting((code) => code.call(called));
  const hang = afterMeeting((code) => {
    code.globalGet(onCaller).if().call(called).return().end();
    code.loop().br(0).end();
  });
  const trap = afterMeeting((code) => {
    const turns = code.local("i32");
    code.globalGet(onCaller).if().op("unreachable").end();
    code.loop().localGet(turns).i32Const(1).op("i32.add").localTee(turns);
    code.i32Const(100_000_000).op("i32.lt_u").brIf(0).end();
    code.i32Const(OUT).localGet(FRAME_).load("i32.load", { offset: at.salt }).store("i32.store");
  });
  const nest = kernel((code) =>
    code.i32Const(kernels.add).localGet(FRAME_).localGet(END).i32Const(2).call(dispatch.index),
  );
  const race = afterMeeting((code) => {
    code.localGet(FRAME_).load("i32.load", { offset: at.out });
    code
      .localGet(BEGIN)
      .i32Const(ELEMENTS - 1)
      .op("i32.and")
      .i32Const(4)
      .op("i32.mul")
      .op("i32.add");
    code.i32Const(unit).atomic("i32.atomic.rmw.add").op("drop");
  });
  dispatch.define([add, meet, call, hang, trap, nest, race]);

  module.function(
    ["i32", "i32", "i32", "i32"],
    [],
    (code) => code.localGet(0).localGet(1).localGet(2).localGet(3).call(dispatch.index),
    "run",
  );
  module.function([], [], (code) => code.i32Const(1).globalSet(onCaller), "mark");
  return new Uint8Array(module.finish());
}
