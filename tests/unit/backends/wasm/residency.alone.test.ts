import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { bufferOf, pinAll, unpinAll, WasmBuffer } from "../../../../src/backends/wasm/buffer.ts";
import { Heap } from "../../../../src/backends/wasm/heap.ts";
import { Residency } from "../../../../src/backends/wasm/residency.ts";
import { HostBuffer } from "../../../../src/core/backend.ts";

const MIB = 2 ** 20;

afterEach(() => vi.restoreAllMocks());

/** What a call does: outputs of `length` elements, each filled with its number. */
function call(residency: Residency, fills: readonly number[], length: number): WasmBuffer[] {
  const slots = fills.map((fill) => {
    const slot = residency.output("f32", length);
    const start = slot.block!.address / 4;
    residency.heap.views.f32.fill(fill, start, start + length);
    return slot;
  });
  const owner = residency.publish(slots);
  return slots.map((slot) => new WasmBuffer(residency, slot, owner));
}

/** Lets the engine collect, and finalisers run, until `done` or a good while has passed. */
async function collected(done: () => boolean): Promise<void> {
  for (let i = 0; i < 50 && !done(); i++) {
    globalThis.gc!();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("call" as const), outputs: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ kind: fc.constant("host" as const) }),
    fc.record({ kind: fc.constantFrom("read", "use", "donate", "drop" as const), which: fc.nat() }),
  ),
  { maxLength: 60, size: "max" },
);

test("buffers hold what they were given, wherever it is, within the budget, whatever happens to others", () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 0, max: 10 }), (steps, slots) => {
      const budget = slots * 8192;
      const heap = new Heap();
      const residency = new Residency(heap, { budget });
      const live: { buffer: WasmBuffer; fill: number }[] = [];
      let fills = 0;
      for (const step of steps) {
        if (step.kind === "call") {
          const numbers = Array.from({ length: step.outputs }, () => fills++);
          call(residency, numbers, 2048).forEach((buffer, i) => live.push({ buffer, fill: numbers[i]! }));
        } else if (step.kind === "host") {
          const fill = fills++;
          live.push({ buffer: bufferOf(new HostBuffer(new Float32Array(2048).fill(fill)), residency), fill });
        } else if (live.length > 0) {
          const at = step.which % live.length;
          const { buffer, fill } = live[at]!;
          if (step.kind === "read") expect(buffer.read()[1234]).toBe(fill);
          else if (step.kind === "drop") live.splice(at, 1);
          else {
            pinAll([buffer]);
            expect(heap.views.f32[buffer.address / 4 + 1234]).toBe(fill);
            if (step.kind === "donate") {
              const slot = residency.adopt(buffer.donate(), "f32", 2048);
              const owner = residency.publish([slot]);
              live[at] = { buffer: new WasmBuffer(residency, slot, owner), fill };
            }
            unpinAll([buffer]);
          }
        }
        expect(heap.live).toBe(residency.resident);
        // The outputs of one call are all pinned while it runs.
        expect(residency.resident).toBeLessThanOrEqual(Math.max(budget, 3 * 8192));
      }
      for (const { buffer, fill } of live) expect(buffer.read().every((x) => x === fill)).toBe(true);
      while (residency.evict());
      expect(heap.statistics().free.blocks).toBe(1);
      for (const { buffer, fill } of live) expect(buffer.read()[2047]).toBe(fill);
    }),
    { numRuns: 60 },
  );
});

test("the least recently used buffers are evicted, a batch at a time", () => {
  const residency = new Residency(new Heap(), { budget: 32 * 8192 });
  const buffers = Array.from({ length: 32 }, (_, i) => call(residency, [i], 2048)[0]!);
  const isResident = (buffer: WasmBuffer): boolean => {
    const before = residency.resident;
    buffer.pin();
    buffer.load();
    buffer.unpin();
    return residency.resident === before;
  };
  expect(residency.resident).toBe(32 * 8192);
  pinAll([buffers[0]!]);
  unpinAll([buffers[0]!]);
  call(residency, [32], 2048);
  // Down to 15/16 of the budget with the new one: 1 to 3 went.
  expect(residency.resident).toBe(30 * 8192);
  expect(isResident(buffers[0]!)).toBe(true);
  expect(isResident(buffers[4]!)).toBe(true);
  expect(isResident(buffers[3]!)).toBe(false);
});

test("what is on the host is not copied to it again", () => {
  const residency = new Residency(new Heap());
  const host = new HostBuffer(new Float32Array(2048).fill(6));
  const buffers = [bufferOf(host, residency), call(residency, [7], 2048)[0]!];
  pinAll(buffers);
  unpinAll(buffers);
  const copies = buffers.map((x) => x.read());
  expect(copies[0]).toBe(host.data);
  while (residency.evict());
  buffers.forEach((x, i) => expect(x.read()).toBe(copies[i]));
});

test("what a call uses is not evicted by calls inside of it, whatever the budget", () => {
  const residency = new Residency(new Heap(), { budget: 0 });
  const operands = call(residency, [1, 2], 2048);
  pinAll(operands);
  const addresses = operands.map((x) => x.address);
  const output = residency.output("f32", 2048);
  call(residency, [3], 2048);
  pinAll(operands);
  call(residency, [4], 2048);
  unpinAll(operands);
  call(residency, [5], 2048);
  expect(operands.map((x) => x.address)).toEqual(addresses);
  for (const [i, address] of addresses.entries()) expect(residency.heap.views.f32[address / 4]).toBe(i + 1);
  unpinAll(operands);
  residency.discard(output);
  while (residency.evict());
  expect(residency.heap.live).toBe(0);
});

test("where the memory is full, buffers are evicted also below the budget", () => {
  const residency = new Residency(new Heap({ limit: 4 * MIB }));
  const buffers = Array.from({ length: 10 }, (_, i) => call(residency, [i], MIB / 4)[0]!);
  expect(residency.resident).toBe(3 * MIB);
  expect(buffers.map((x) => x.read()[7])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

/** As where the engine cannot be asked, and tells by itself. */
const untold = { collect: null };

test("buffers that nobody has any more are freed, but for those of calls of which one is kept", async () => {
  const heap = new Heap();
  const residency = new Residency(heap, untold);
  const kept = (() => {
    call(residency, [1, 2, 3], 2048);
    const host = new HostBuffer(new Float32Array(2048));
    pinAll([bufferOf(host, residency)]);
    unpinAll([bufferOf(host, residency)]);
    return call(residency, [4, 5], 2048)[0]!;
  })();
  expect(heap.live).toBe(6 * 8192);
  await collected(() => heap.live <= 2 * 8192);
  expect(heap.live).toBe(2 * 8192);
  expect(residency.resident).toBe(2 * 8192);
  expect(kept.read()[0]).toBe(4);
});

test("a block that was evicted or donated is not freed with the call that made it", async () => {
  const heap = new Heap();
  const residency = new Residency(heap, untold);
  const kept = (() => {
    const [evicted, donated, dropped] = call(residency, [1, 2, 3], 2048) as [
      WasmBuffer,
      WasmBuffer,
      WasmBuffer,
    ];
    expect(residency.evict()).toBe(true);
    // The memory of the first is another's now, and so is that of the second.
    const other = call(residency, [4], 2048)[0]!;
    pinAll([donated]);
    const slot = residency.adopt(donated.donate(), "f32", 2048);
    const adopted = new WasmBuffer(residency, slot, residency.publish([slot]));
    expect(evicted.read()[0]).toBe(1);
    expect(dropped.read()[0]).toBe(3);
    return [other, adopted];
  })();
  expect(heap.live).toBe(3 * 8192);
  await collected(() => heap.live === 2 * 8192);
  expect(heap.live).toBe(2 * 8192);
  pinAll(kept);
  expect(kept.map((x) => heap.views.f32[x.address / 4])).toEqual([4, 2]);
});

test("what came back to the device after it was evicted is freed when nobody has it", async () => {
  const heap = new Heap();
  const residency = new Residency(heap, untold);
  (() => {
    const buffers = call(residency, [1], 2048);
    residency.evict();
    expect(heap.live).toBe(0);
    pinAll(buffers);
    unpinAll(buffers);
    expect(heap.live).toBe(8192);
  })();
  await collected(() => heap.live === 0);
  expect(heap.live).toBe(0);
});

test("where the engine is not asked, a synchronous loop holds a flat footprint, in its registry too", () => {
  const register = vi.spyOn(FinalizationRegistry.prototype, "register");
  const unregister = vi.spyOn(FinalizationRegistry.prototype, "unregister");
  const heap = new Heap();
  const residency = new Residency(heap, { budget: 32 * MIB, ...untold });
  const before = process.memoryUsage();
  let state = call(residency, [0], MIB / 4)[0]!;
  let [host, registered] = [0, 0];
  for (let i = 1; i <= 3000; i++) {
    pinAll([state]);
    const next = call(residency, [heap.views.f32[state.address / 4]! + 1], MIB / 4)[0]!;
    unpinAll([state]);
    state = next;
    host = Math.max(host, process.memoryUsage().arrayBuffers - before.arrayBuffers);
    registered = Math.max(registered, register.mock.calls.length - unregister.mock.calls.length);
  }
  expect(state.read()[0]).toBe(3000);
  expect(heap.statistics().peak).toBeLessThanOrEqual(33 * MIB);
  expect(heap.statistics().capacity).toBeLessThanOrEqual(64 * MIB);
  expect(host).toBeLessThan(600 * MIB);
  expect(registered).toBeLessThanOrEqual(33);
});

test("a synchronous loop that donates evicts nothing", () => {
  const heap = new Heap();
  const residency = new Residency(heap, { budget: 8 * MIB });
  let state = call(residency, [0], MIB / 4)[0]!;
  pinAll([state]);
  const { address } = state;
  unpinAll([state]);
  for (let i = 0; i < 1000; i++) {
    pinAll([state]);
    const slot = residency.adopt(state.donate(), "f32", MIB / 4);
    heap.views.f32[slot.block!.address / 4]! += 1;
    state = new WasmBuffer(residency, slot, residency.publish([slot]));
  }
  expect(heap.statistics().peak).toBe(MIB);
  pinAll([state]);
  expect(state.address).toBe(address);
  expect(heap.views.f32[address / 4]).toBe(1000);
});

/** Outputs of 1 MiB that are dropped, but for each hundredth. */
function* dropping(residency: Residency, calls: number): Generator<WasmBuffer> {
  for (let i = 0; i < calls; i++) {
    const [made] = call(residency, [i], MIB / 4);
    if (i % 100 === 0) yield made!;
  }
}

test("in a synchronous loop, what nobody has any more is freed without being copied, and nothing else", () => {
  vi.spyOn(performance, "now").mockReturnValue(0); // collections take no time: none is put off
  const heap = new Heap();
  const residency = new Residency(heap, { budget: 64 * MIB });
  const before = process.memoryUsage().arrayBuffers;
  const kept: WasmBuffer[] = [];
  let host = 0;
  for (const made of dropping(residency, 1000)) {
    kept.push(made);
    host = Math.max(host, process.memoryUsage().arrayBuffers - before);
  }
  expect(heap.statistics().peak).toBeLessThanOrEqual(65 * MIB);
  expect(host).toBeLessThan(8 * MIB);
  expect(kept.map((x) => x.read()[77])).toEqual(kept.map((_, i) => 100 * i));
});

test("copies of operands from the host are freed with the arrays that they are of", () => {
  const heap = new Heap();
  const residency = new Residency(heap, { budget: 64 * MIB });
  const kept = new HostBuffer(new Float32Array(MIB / 4).fill(9));
  const operand = (host: HostBuffer) => {
    const buffer = bufferOf(host, residency);
    pinAll([buffer]);
    unpinAll([buffer]);
    return buffer;
  };
  operand(kept);
  const mirrors = Array.from(
    { length: 63 },
    () => new WeakRef(operand(new HostBuffer(new Float32Array(MIB / 4)))),
  );
  expect(residency.resident).toBe(64 * MIB);
  operand(new HostBuffer(new Float32Array(MIB / 4)));
  expect(residency.resident).toBe(2 * MIB);
  expect(mirrors.filter((mirror) => mirror.deref() !== undefined)).toHaveLength(0);
  expect(heap.views.f32[operand(kept).address / 4]).toBe(9);
  expect(residency.resident).toBe(2 * MIB);
});

test("where the engine refuses to collect, buffers are copied out", () => {
  const collect = vi.fn<() => boolean>(() => false);
  const residency = new Residency(new Heap(), { budget: 8 * MIB, collect });
  const kept = [...dropping(residency, 500)];
  expect(collect).toHaveBeenCalled();
  expect(residency.resident).toBeLessThanOrEqual(8 * MIB);
  expect(kept.map((x) => x.read()[77])).toEqual([0, 100, 200, 300, 400]);
});

test("while nothing can be freed, the engine is asked more and more rarely", () => {
  vi.spyOn(performance, "now").mockReturnValue(0);
  const collect = vi.fn<() => boolean>(() => true);
  const residency = new Residency(new Heap(), { budget: 8 * MIB, collect });
  const kept = Array.from({ length: 120 }, (_, i) => call(residency, [i], MIB / 4)[0]!);
  // After 8 MiB, and then 4, 8, 16 and 32 more.
  expect(collect).toHaveBeenCalledTimes(5);
  expect(kept.every((x, i) => x.read()[5] === i)).toBe(true);
});
