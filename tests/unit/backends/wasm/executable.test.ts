import { afterEach, describe, expect, test, vi } from "vitest";
import { reference } from "../../../../src/backends/reference/index.ts";
import { Arena } from "../../../../src/backends/wasm/arena.ts";
import { WasmBuffer } from "../../../../src/backends/wasm/buffer.ts";
import type { Device } from "../../../../src/backends/wasm/device.ts";
import { compiled, executableOf } from "../../../../src/backends/wasm/executable.ts";
import { Heap } from "../../../../src/backends/wasm/heap.ts";
import { Residency } from "../../../../src/backends/wasm/residency.ts";
import { Pool } from "../../../../src/backends/wasm/threads/pool.ts";
import { lowerProgram } from "../../../../src/compiler/fusion/lower.ts";
import { optimise } from "../../../../src/compiler/optimise.ts";
import { pureCallback } from "../../../../src/control/index.ts";
import {
  type Buffer,
  type CompileOptions,
  type Executable,
  HostBuffer,
} from "../../../../src/core/backend.ts";
import { BackendError } from "../../../../src/core/errors.ts";
import { type ArrayValue, NDArray } from "../../../../src/core/value.ts";
import type { Thread } from "../../../../src/host/host.ts";
import { host } from "../../../../src/host/node.ts";
import "../../../../src/index.ts";
import { makeJaxpr, ShapeDtypeStruct } from "../../../../src/interpreters/make-jaxpr.ts";
import * as np from "../../../../src/numpy/index.ts";

afterEach(() => void vi.restoreAllMocks());

/** More bytes than are copied for each call. */
const LARGE = 2000;
/** Small integers, of which sums and products are exact. */
const vector = (length = LARGE, first = 0): NDArray =>
  new NDArray(
    { shape: [length], dtype: "float32", weak: false },
    new HostBuffer(Float32Array.from({ length }, (_, i) => (first + i) % 17)),
  );

/** A device of its own for each test, so that all that is live on it is known. */
function deviceOf(threads?: number): Device {
  const shared = threads !== undefined;
  const heap = new Heap({ shared, limit: 2 ** 26 });
  const pool = shared ? new Pool(heap.memory, { threads }) : null;
  return {
    heap,
    memory: heap.memory,
    residency: new Residency(heap),
    arena: new Arena(heap),
    target: { shared, relaxed: false },
    pool,
  };
}

type F = (...xs: ArrayValue[]) => ArrayValue | readonly ArrayValue[];
interface Program {
  readonly executable: Executable;
  /** The numbers that the reference backend computes. */
  wanted(xs: readonly NDArray[]): number[][];
}
function programOf(f: F, xs: readonly NDArray[], device: Device, options?: CompileOptions): Program {
  const closed = makeJaxpr(f)(...xs);
  return {
    executable: executableOf(lowerProgram(optimise(closed)), device, options),
    wanted: (given) => numbersIn(reference.compile(closed).execute(buffersOf(given))),
  };
}
const buffersOf = (xs: readonly NDArray[]): Buffer[] => xs.map((x) => x.buffer);
const numbersIn = (buffers: readonly Buffer[]): number[][] =>
  buffers.map((x) => Array.from(x.read(), Number));
const valuesOf = (x: NDArray): number[] => numbersIn([x.buffer])[0]!;
const refused = (code: string): unknown => expect.objectContaining({ name: "BackendError", code });
/** Two outputs, each of the size of the operand. */
const scaled: F = (x) => [np.multiply(x!, 2), np.add(x!, 1)];

describe("a call", () => {
  test("gives outputs of up to 4 KB on the host and larger ones on the device, as the reference computes both", () => {
    const xs = [vector(), vector(3, 5)];
    const f: F = (x, y) => [
      np.multiply(x!, 2),
      np.add(y!, 1),
      np.max(x!),
      np.zeros([0]),
      np.add(x!, y!.get(1)),
    ];
    const { executable, wanted } = programOf(f, xs, deviceOf());
    const outputs = executable.execute(buffersOf(xs));
    expect(outputs.map((x) => x instanceof WasmBuffer)).toEqual([true, false, false, false, true]);
    expect(numbersIn(outputs)).toEqual(wanted(xs));
  });

  test("allocates its large outputs only, once its operands, constants and temporaries have their places", () => {
    const device = deviceOf();
    const table = vector(LARGE, 3);
    const f: F = (x, y) => [
      np.cumsum(np.add(x!, table)),
      np.add(y!, 1),
      np.flip(np.cumsum(np.multiply(x!, table))),
    ];
    const xs = [vector(), vector(3)];
    const { executable, wanted } = programOf(f, xs, device);
    const held = [executable.execute(buffersOf(xs))];
    const allocate = vi.spyOn(device.heap, "allocate");
    for (let call = 0; call < 5; call++) {
      const before = device.heap.live;
      held.push(executable.execute(buffersOf(xs)));
      expect(allocate.mock.calls).toEqual([
        [4 * LARGE, "outputs of a program"],
        [4 * LARGE, "outputs of a program"],
      ]);
      const sizes = allocate.mock.results.map(({ value }) => (value as { bytes: number }).bytes);
      expect(device.heap.live - before).toBe(sizes[0]! + sizes[1]!);
      allocate.mockClear();
    }
    for (const outputs of held) expect(numbersIn(outputs)).toEqual(wanted(xs));
  });

  test("takes what another one left on the device without reading it", () => {
    const device = deviceOf();
    const { executable } = programOf(scaled, [vector()], device);
    const read = vi.spyOn(device.residency, "read");
    let x: Buffer = vector().buffer;
    for (let call = 0; call < 4; call++) x = executable.execute([x])[0]!;
    expect(read).not.toHaveBeenCalled();
    expect(numbersIn([x])[0]).toEqual(valuesOf(vector()).map((value) => 16 * value));
    expect(read).toHaveBeenCalledOnce();
  });

  test("names its memory after the program", () => {
    const device = deviceOf();
    const { executable } = programOf((x) => np.cumsum(np.sort(x!)), [vector()], device, { name: "ranked" });
    const outputs = executable.execute([vector().buffer]);
    const labels = device.heap.statistics().holders.map(([label]) => label);
    expect(labels).toContain("outputs of ranked");
    expect(labels).toContain("temporaries of ranked");
    expect(outputs).toHaveLength(1);
  });

  test("counts what was compiled, and what of it runs on the host", () => {
    const before = compiled.programs;
    compiled.onHost.clear();
    programOf((x) => np.sin(x!), [vector()], deviceOf());
    expect([compiled.programs - before, [...compiled.onHost]]).toEqual([1, []]);
    programOf((x) => pureCallback((y: ArrayValue) => y, new ShapeDtypeStruct([LARGE], "float32"), x!) as ArrayValue, [vector()], deviceOf()); // prettier-ignore
    expect([compiled.programs - before, [...compiled.onHost]]).toEqual([2, ["pure_callback"]]);
  });
});

describe("donation", () => {
  const options = { donated: [true] };

  test("gives the memory of an array to an output: nothing is allocated, and the array refuses to be used", () => {
    const device = deviceOf();
    const { executable } = programOf((x) => np.add(x!, 1), [vector()], device, options);
    let [x] = executable.execute([vector().buffer]);
    const allocate = vi.spyOn(device.heap, "allocate");
    const live = device.heap.live;
    for (let call = 0; call < 3; call++) {
      const given = x!;
      [x] = executable.execute([given]);
      expect(() => given.read()).toThrow(refused("backend/donated"));
      expect(() => executable.execute([given])).toThrow(refused("backend/donated"));
    }
    expect(allocate).not.toHaveBeenCalled();
    expect(device.heap.live).toBe(live);
    expect(numbersIn([x!])[0]).toEqual(valuesOf(vector()).map((value) => value + 4));
  });

  test("frees an array that no output can have", () => {
    const device = deviceOf();
    const { executable } = programOf((x) => np.sum(x!), [vector()], device, options);
    const [x] = programOf(scaled, [vector()], device).executable.execute([vector().buffer]);
    executable.execute([vector().buffer]); // its working memory is there from now on
    const { live } = device.heap;
    executable.execute([x!]);
    expect(device.heap.live).toBeLessThanOrEqual(live - 4 * LARGE);
    expect(() => x!.read()).toThrow(refused("backend/donated"));
  });

  test("is refused for an array that is given twice, and nothing is given away then", () => {
    const device = deviceOf();
    const f: F = (x, y) => [np.add(x!, y!), np.subtract(x!, y!)];
    const { executable, wanted } = programOf(f, [vector(), vector()], device, { donated: [true, true] });
    const make = (): Buffer =>
      programOf(scaled, [vector()], device).executable.execute([vector().buffer])[0]!;
    const x = make();
    const { live } = device.heap;
    expect(() => executable.execute([x, x])).toThrow(refused("backend/donated"));
    expect(device.heap.live).toBe(live);
    const doubled = new NDArray(vector().aval, new HostBuffer(x.read()));
    expect(numbersIn(executable.execute([x, make()]))).toEqual(wanted([doubled, doubled]));
  });
});

describe("a call that fails", () => {
  test("for want of memory frees what it has allocated and leaves its operands as they were", () => {
    const device = deviceOf();
    const { executable, wanted } = programOf(scaled, [vector()], device, { donated: [true] });
    const x = programOf(scaled, [vector()], device).executable.execute([vector().buffer])[0]!;
    executable.execute([vector(LARGE, 1).buffer]);
    const { live } = device.heap;
    const output = vi.spyOn(device.residency, "output").mockImplementation(() => {
      throw new BackendError("wasm/memory", "no room");
    });
    expect(() => executable.execute([x])).toThrow(refused("wasm/memory"));
    output.mockRestore();
    expect(device.heap.live).toBe(live);
    const values = new NDArray(vector().aval, new HostBuffer(x.read()));
    expect(numbersIn(executable.execute([x]))).toEqual(wanted([values]));
  });

  test("in a function of the user's throws what that threw, and leaves nothing behind", () => {
    const device = deviceOf();
    let failing = false;
    const f: F = (x) => {
      const called = pureCallback(
        (y: ArrayValue) => {
          if (failing) throw new RangeError("not today");
          return np.multiply(y, 3);
        },
        new ShapeDtypeStruct([LARGE], "float32"),
        np.add(x!, 1),
      ) as ArrayValue;
      return [np.add(called, x!), np.sum(called)];
    };
    const x = vector();
    const { executable, wanted } = programOf(f, [x], device);
    const first = executable.execute([x.buffer]);
    const { live } = device.heap;
    failing = true;
    for (let call = 0; call < 3; call++) {
      expect(() => executable.execute([x.buffer])).toThrow(/not today/);
      expect(device.heap.live).toBe(live);
    }
    failing = false;
    const second = executable.execute([x.buffer]);
    expect([numbersIn(first), numbersIn(second)]).toEqual([wanted([x]), wanted([x])]);
  });
});

test("an engine that refuses modules is an error that says what allows them", () => {
  const policy = new Error("blocked by CSP");
  vi.spyOn(WebAssembly, "Module").mockImplementation(function refusing() {
    throw policy;
  } as never);
  expect(() => programOf((x) => np.sin(x!), [vector()], deviceOf())).toThrow(
    expect.objectContaining({
      code: "wasm/module",
      cause: policy,
      message: expect.stringMatching(/blocked by CSP.*script-src 'wasm-unsafe-eval'/),
    }),
  );
});

test("a function of the user's may call the program that calls it", () => {
  const device = deviceOf();
  const depths: number[] = [];
  let depth = 0;
  const f: F = (x) =>
    np.add(
      np.cumsum(x!),
      pureCallback(
        (y: ArrayValue) => {
          depths.push(++depth);
          const inner = depth < 3 ? executable.execute([(y as NDArray).buffer])[0]! : (y as NDArray).buffer;
          depth--;
          return new NDArray(vector().aval, new HostBuffer(inner.read()));
        },
        new ShapeDtypeStruct([LARGE], "float32"),
        x!,
      ) as ArrayValue,
    );
  const { executable } = programOf(f, [vector()], device);
  const ones = new NDArray(vector().aval, new HostBuffer(new Float32Array(LARGE).fill(1)));
  const result = executable.execute([ones.buffer])[0]!.read();
  expect(depths).toEqual([1, 2, 3]);
  // Three times 1 + 2 + …, and at last what was given.
  expect([...result]).toEqual(Array.from({ length: LARGE }, (_, i) => 3 * (i + 1) + 1));
});

describe("threads", () => {
  const size = 400_000;
  const f: F = (x) => [np.sin(np.multiply(x!, 0.5)), np.sum(np.exp(np.negative(x!)))];
  const bitsOn = async (threads?: number): Promise<Uint8Array[]> => {
    const device = deviceOf(threads);
    const { executable } = programOf(f, [vector(size)], device);
    await device.pool?.ready();
    const outputs = executable.execute([vector(size).buffer]).map((x) => new Uint8Array(x.read().buffer));
    await device.pool?.close();
    return outputs;
  };

  test("compute the same bits, however many there are", async () => {
    const alone = await bitsOn();
    for (const threads of [1, 2, 3])
      expect((await bitsOn(threads)).every((x, i) => Buffer.from(x).equals(alone[i]!))).toBe(true);
  });

  test("that end are replaced, and the next call is right", async () => {
    const spawn = vi.spyOn(host, "spawn");
    const device = deviceOf(3);
    const { executable } = programOf(f, [vector(size)], device);
    const [before] = executable.execute([vector(size).buffer]);
    await device.pool!.ready();
    expect(device.pool!.threads).toBe(3);
    await (spawn.mock.results[0]!.value as Thread).terminate();
    await vi.waitFor(async () => {
      await device.pool!.ready();
      expect(spawn).toHaveBeenCalledTimes(3);
      expect(device.pool!.threads).toBe(3);
    });
    const [after] = executable.execute([vector(size).buffer]);
    expect(after!.read()).toEqual(before!.read());
    await device.pool!.close();
  });
});
