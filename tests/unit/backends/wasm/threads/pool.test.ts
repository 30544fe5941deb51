import { describe, expect, type MockInstance, test, vi } from "vitest";
import { configuredPool } from "../../../../../src/backends/wasm/threads/pool.ts";
import { config } from "../../../../../src/core/config.ts";
import { BackendError } from "../../../../../src/core/errors.ts";
import type { Thread } from "../../../../../src/host/host.ts";
import { host } from "../../../../../src/host/node.ts";
import { ELEMENTS, kernels, meets, poolOf, type Toy } from "./toy.ts";
import { toyOf as toyOn } from "./toy-module.ts";

/** What `call` throws, after the pool was told. */
function thrownBy(pool: { settle(): void }, call: () => void): unknown {
  try {
    call();
  } catch (error) {
    pool.settle();
    return error;
  }
  throw new Error("nothing was thrown");
}

/** The threads that were started while `spawn` was spied on. */
const threadsOf = (spawn: MockInstance<typeof host.spawn>): Thread[] =>
  spawn.mock.results.flatMap(({ type, value }) => (type === "return" ? [value as Thread] : []));

/** Runs `add` and says which elements are not what they are due to be. */
function faults(toy: Toy, size: number, grain: number, salt = 3): number[] {
  toy.out.fill(0);
  toy.run(kernels.add, size, grain, { salt });
  return [...toy.out.keys()].filter((i) => toy.out[i] !== (i < size ? i * salt + 1 : 0));
}

describe("a parallel region", () => {
  const cases = [
    [1000, 1],
    [1000, 7],
    [1000, 999],
    [1000, 1000],
    [1000, 5000],
    [ELEMENTS, 64],
    [1, 1],
    [0, 1],
  ] as const;

  test.each([1, 2, 3])("with %i threads runs every iteration once", async (threads) => {
    const { pool, toyOf } = poolOf({ threads });
    const toy = toyOf();
    await pool.ready();
    expect(pool.threads).toBe(threads);
    for (const [size, grain] of cases) expect(faults(toy, size, grain)).toEqual([]);
  });

  test("without shared memory runs every iteration once", () => {
    const toy = toyOn(new WebAssembly.Memory({ initial: 1 }), null);
    for (const [size, grain] of cases) expect(faults(toy, size, grain)).toEqual([]);
  });

  test.each([2, 3, 5])("runs on %i threads at once", async (threads) => {
    const { pool, toyOf } = poolOf({ threads });
    const toy = toyOf();
    await pool.ready();
    for (let i = 0; i < 20; i++) expect(meets(toy, threads)).toBe(true);
  });

  test.each([0, 1000])("finds workers that have %i ms of patience", async (patience) => {
    const { pool, toyOf } = poolOf({ threads: 2, patience });
    const toy = toyOf();
    await pool.ready();
    for (let i = 0; i < 5; i++) {
      expect(meets(toy, 2)).toBe(true);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });

  test("of one chunk is no job", async () => {
    const { pool, toyOf } = poolOf({ threads: 2 });
    const toy = toyOf();
    const busy: boolean[] = [];
    toy.called = () => busy.push(pool.busy);
    await pool.ready();
    toy.run(kernels.call, 5, 5, { expected: 1 });
    expect(busy).toEqual([false]);
  });

  test("runs on its caller before workers are ready", () => {
    const { pool, toyOf } = poolOf({ threads: 2 });
    const toy = toyOf();
    expect(pool.threads).toBe(1);
    expect(faults(toy, 1000, 10)).toEqual([]);
  });

  test("has workers also where its caller never comes back to its event loop", () => {
    const { pool, toyOf } = poolOf({ threads: 2 });
    const toy = toyOf();
    for (let naps = 0; naps < 100_000 && pool.threads < 2; naps++) host.nap();
    expect(meets(toy, 2)).toBe(true);
    const later = toyOf();
    expect(meets(later, 2)).toBe(true);
  });

  test("within a kernel runs on the thread of that", async () => {
    const { pool, toyOf } = poolOf({ threads: 3 });
    const toy = toyOf();
    await pool.ready();
    toy.out.fill(0);
    toy.run(kernels.nest, 2, 1); // [0, 1) and [0, 2)
    expect([...toy.out.subarray(0, 3)]).toEqual([2, 4, 0]);
  });

  test("within a call of the host runs on the caller, also where it fails", async () => {
    const { pool, toyOf } = poolOf({ threads: 2 });
    const [outer, inner] = [toyOf(), toyOf()];
    await pool.ready();
    const seen: unknown[] = [];
    outer.called = () => {
      inner.called = () => {
        throw new Error("the inner one");
      };
      seen.push(pool.busy, faults(inner, 100, 3));
      expect(() => inner.run(kernels.call, 4, 1)).toThrow("the inner one");
      seen.push(pool.busy);
    };
    // The worker fails, as it cannot call the host; that is found out once the caller's chunk is done.
    expect(thrownBy(pool, () => outer.run(kernels.call, 2, 1, { expected: 2 }))).toBeInstanceOf(BackendError);
    expect(seen).toEqual([true, [], true]);
    expect(meets(outer, 2)).toBe(true);
  });
});

describe("modules", () => {
  test("that come later are known to workers that wait", async () => {
    const { pool, toyOf } = poolOf({ threads: 3, patience: 0 });
    const toys = [toyOf()];
    for (let i = 0; i < 10; i++) {
      toys.push(toyOf());
      await pool.ready();
      for (const toy of toys) expect(meets(toy, 3)).toBe(true);
    }
  });

  test("that were released have no workers, and others still do", async () => {
    const { pool, toyOf } = poolOf({ threads: 2 });
    const [released, kept] = [toyOf(), toyOf()];
    pool.release(released.id);
    await pool.ready();
    let calls = 0;
    released.called = () => calls++;
    released.run(kernels.call, 50, 1);
    expect(calls).toBe(50);
    expect(meets(kept, 2)).toBe(true);
  });

  test("that a worker cannot take in are said, and others still have workers", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { pool, toyOf } = poolOf({ threads: 2 });
    // (module (import "a" "b" (memory 1))), whose memory is not shared
    const other = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 2, 8, 1, 1, 0x61, 1, 0x62, 2, 0, 1];
    pool.register(new WebAssembly.Module(new Uint8Array(other)));
    const toy = toyOf();
    await pool.ready();
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/^cotangent: a worker thread takes no part in one program: LinkError/)],
    ]);
    expect(meets(toy, 2)).toBe(true);
    warn.mockRestore();
  });
});

test("the number of threads changes at run time, and 1 is none but the caller", async () => {
  const { pool, toyOf } = poolOf({ threads: 1 });
  const toy = toyOf();
  for (const threads of [3, 2, 1, 4, 1, 2]) {
    pool.resize(threads);
    await pool.ready();
    expect(pool.threads).toBe(threads);
    expect(meets(toy, threads)).toBe(true);
    expect(faults(toy, 1000, 10)).toEqual([]);
  }
});

describe("what goes wrong", () => {
  test("on a worker is an error of the call, and the worker goes on", async () => {
    const { pool, toyOf } = poolOf({ threads: 2 });
    const toy = toyOf();
    await pool.ready();
    for (let i = 0; i < 3; i++) {
      const error = thrownBy(pool, () => toy.run(kernels.call, 2, 1, { expected: 2 }));
      expect(error).toBeInstanceOf(BackendError);
      expect(error).toMatchObject({
        code: "wasm/worker",
        message:
          "a kernel failed on a worker thread: Error: a kernel called env.called, which is on another thread",
      });
      expect(meets(toy, 2)).toBe(true);
    }
  });

  test("on the caller is thrown when no worker writes any more", async () => {
    const { pool, toyOf } = poolOf({ threads: 2 });
    const toy = toyOf();
    await pool.ready();
    const error = thrownBy(pool, () => toy.run(kernels.trap, 1000, 1, { expected: 2, salt: 77 }));
    expect(error).toBeInstanceOf(WebAssembly.RuntimeError);
    expect(pool.busy).toBe(false);
    expect(toy.out[0]).toBe(77);
    expect(meets(toy, 2)).toBe(true);
  });

  test("so that a worker does not come back is an error of the call, and others take its place", async () => {
    const spawn = vi.spyOn(host, "spawn");
    const { pool, toyOf } = poolOf({ threads: 3, limit: 50 });
    const toy = toyOf();
    const [first] = threadsOf(spawn);
    for (const called of [() => {}, () => void first?.terminate()]) {
      await pool.ready();
      toy.called = called;
      const error = thrownBy(pool, () => toy.run(kernels.hang, 3, 1, { expected: 3 }));
      expect(error).toMatchObject({
        code: "wasm/worker",
        message:
          "a worker thread has not finished its part of a kernel in 0.05 s; all workers are started anew",
      });
      expect(faults(toy, 1000, 10)).toEqual([]);
      await pool.ready();
      expect(pool.threads).toBe(3);
      expect(meets(toy, 3)).toBe(true);
    }
    spawn.mockRestore();
  });

  test("so that an idle worker ends: another takes its place", async () => {
    const spawn = vi.spyOn(host, "spawn");
    const { pool, toyOf } = poolOf({ threads: 2 });
    const toy = toyOf();
    await pool.ready();
    await threadsOf(spawn)[0]?.terminate();
    await pool.ready();
    expect(spawn).toHaveBeenCalledTimes(2);
    expect(meets(toy, 2)).toBe(true);
    spawn.mockRestore();
  });

  test("so that no worker can start is said once, until the number of threads is set", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const spawn = vi.spyOn(host, "spawn").mockImplementation(() => {
      throw new Error("blob: is not allowed");
    });
    const { pool, toyOf } = poolOf({ threads: 4 });
    const toys = [toyOf(), toyOf()];
    await pool.ready();
    expect(warn.mock.calls).toEqual([
      ["cotangent: a worker thread could not be started: Error: blob: is not allowed. Programs run on 1."],
    ]);
    for (const toy of toys) expect(faults(toy, 1000, 10)).toEqual([]);
    spawn.mockRestore();
    pool.resize(3);
    await pool.ready();
    for (const toy of toys) expect(meets(toy, 3)).toBe(true);
    warn.mockRestore();
  });
});

test("a closed pool starts no worker, and runs what it is given on the caller", async () => {
  const { spawn } = host;
  const spied = vi.spyOn(host, "spawn").mockImplementation((program, events) => {
    const thread = spawn(program, events);
    // As of a Web Worker, the end is known at once.
    return { ...thread, terminate: () => (events.end(undefined), thread.terminate()) };
  });
  const { pool, toyOf } = poolOf({ threads: 3 });
  const toy = toyOf();
  await pool.ready();
  await pool.close();
  expect(spied).toHaveBeenCalledTimes(2);
  expect(pool.threads).toBe(1);
  expect(faults(toy, 1000, 10)).toEqual([]);
  spied.mockRestore();
});

test("config.threads is the number of threads of the library's pool", async () => {
  const before = config.threads;
  config.threads = 1;
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const pool = configuredPool(memory);
  const toy = toyOn(memory, pool);
  config.threads = 3;
  await pool.ready();
  expect(meets(toy, 3)).toBe(true);
  config.threads = 1;
  await pool.ready();
  expect(pool.threads).toBe(1);
  config.threads = before;
  await pool.close();
});
