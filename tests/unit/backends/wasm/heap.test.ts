import fc from "fast-check";
import { expect, test, vi } from "vitest";
import type { Block } from "../../../../src/backends/wasm/blocks.ts";
import { Heap } from "../../../../src/backends/wasm/heap.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** Sizes of every order, so that lists of all powers take part. */
const sizes = fc
  .tuple(fc.integer({ min: 0, max: 22 }), fc.double({ min: 1, max: 2, noNaN: true }))
  .map(([power, factor]) => Math.floor(2 ** power * factor) - 1);

/** A size to allocate, or which of the live blocks to free. */
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ asked: sizes }) },
    { weight: 2, arbitrary: fc.record({ which: fc.nat() }) },
  ),
  { maxLength: 150, size: "max" },
);

test("blocks are aligned, large enough and apart, and all the memory is one free block when they are freed", () => {
  fc.assert(
    fc.property(steps, (steps) => {
      const heap = new Heap();
      /** The live blocks, as they were handed out. */
      const model: { block: Block; address: number; bytes: number }[] = [];
      for (const step of steps) {
        if ("asked" in step) {
          const block = heap.allocate(step.asked, "tests");
          const { address, bytes } = block;
          const end = address + bytes;
          expect(address % 64).toBe(0);
          expect(address).toBeGreaterThanOrEqual(1024);
          expect(bytes).toBeGreaterThanOrEqual(step.asked);
          expect(bytes).toBeLessThanOrEqual(Math.max(64, ((step.asked + 63) * 33) / 32));
          expect(end).toBeLessThanOrEqual(heap.memory.buffer.byteLength);
          expect(model.filter((x) => address < x.address + x.bytes && x.address < end)).toEqual([]);
          model.push({ block, address, bytes });
        } else if (model.length > 0) {
          const at = step.which % model.length;
          const { block, address, bytes } = model[at]!;
          expect([block.address, block.bytes]).toEqual([address, bytes]);
          heap.free(block);
          model.splice(at, 1);
        }
        expect(heap.live).toBe(model.reduce((sum, { bytes }) => sum + bytes, 0));
      }
      for (const { block } of model) heap.free(block);
      const { live, capacity, free } = heap.statistics();
      expect(live).toBe(0);
      expect(free).toEqual({ blocks: 1, largest: capacity - 1024 });
    }),
  );
});

test("what was written to a block stays there while others come and go and the memory grows", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(sizes, fc.nat()), { minLength: 1, maxLength: 60 }), (steps) => {
      const heap = new Heap();
      const live: { block: Block; mark: number; asked: number }[] = [];
      for (const [i, [asked, which]] of steps.entries()) {
        const block = heap.allocate(asked, "tests");
        const mark = (i % 255) + 1;
        heap.views.u8.fill(mark, block.address, block.address + asked);
        live.push({ block, mark, asked });
        if (which % 3 === 0) heap.free(live.splice(which % live.length, 1)[0]!.block);
      }
      for (const { block, mark, asked } of live) {
        const bytes = heap.views.u8.subarray(block.address, block.address + asked);
        expect(bytes.every((byte) => byte === mark)).toBe(true);
      }
    }),
    { numRuns: 20 },
  );
});

test("a block of the same size is where the last one was", () => {
  const heap = new Heap();
  const blocks = Array.from({ length: 9 }, () => heap.allocate(1_000_003, "tests"));
  const { capacity } = heap.statistics();
  for (let i = 0; i < 1000; i++) {
    const at = (i * 7) % 9;
    const { address } = blocks[at]!;
    heap.free(blocks[at]!);
    blocks[at] = heap.allocate(1_000_003, "tests");
    expect(blocks[at].address).toBe(address);
  }
  expect(heap.statistics().capacity).toBe(capacity);
});

test.each([false, true])("views are of the memory as it is, shared: %s", (shared) => {
  const heap = new Heap({ shared });
  const small = heap.allocate(64, "tests");
  const before = heap.views;
  before.f64[small.address / 8] = Math.PI;
  const large = heap.allocate(10 * MIB, "tests");
  expect(heap.views === before).toBe(false);
  expect(heap.views.f64[small.address / 8]).toBe(Math.PI);
  expect(heap.views.u8[large.address + 10 * MIB - 1]).toBe(0);
  for (const view of Object.values(heap.views)) expect(view.buffer).toBe(heap.memory.buffer);
});

test("the memory at least doubles when it grows, and no more than its limit", () => {
  const heap = new Heap({ limit: 10 * MIB });
  const capacities = new Set<number>();
  for (let i = 0; i < 9; i++) {
    heap.allocate(MIB, "tests");
    capacities.add(heap.statistics().capacity / MIB);
  }
  expect([...capacities]).toEqual([2, 4, 8, 10]);
});

test("addresses above 2 GiB are not negative, and the last byte below 4 GiB can be used", () => {
  const heap = new Heap();
  const low = heap.allocate(2 * GIB, "tests");
  const high = heap.allocate(1.5 * GIB, "tests");
  expect(low.address).toBe(1024);
  expect(high.address).toBe(2 * GIB + 1024);
  const rest = heap.allocate(heap.statistics().free.largest * (31 / 32), "tests");
  const end = rest.address + rest.bytes;
  expect(end).toBeGreaterThan(3.9 * GIB);
  heap.views.u8[end - 1] = 7;
  expect(heap.views.u8[end - 1]).toBe(7);
  heap.free(high);
  heap.free(low);
  heap.free(rest);
  expect(heap.statistics().free).toEqual({ blocks: 1, largest: 4 * GIB - 1024 });
});

test("what there is no room for is refused with how much it was, what for, and what holds the rest", () => {
  const heap = new Heap({ limit: 64 * MIB });
  heap.allocate(8 * MIB, "outputs");
  const held = heap.allocate(8 * MIB, "constants");
  heap.allocate(16 * MIB, "outputs");
  expect(() => heap.allocate(48 * MIB, "temporaries")).toThrow(
    expect.objectContaining({
      name: "BackendError",
      code: "wasm/memory",
      message:
        "temporaries need 48.0 MiB (50331648 bytes), for which there is no room: the WebAssembly memory has 32.3 MiB " +
        "(33816576 bytes), of at most 64.0 MiB (67108864 bytes); 32.0 MiB (33554432 bytes) are in use, by outputs " +
        "(24.0 MiB (25165824 bytes)), constants (8.0 MiB (8388608 bytes)); the largest free block has 261120 bytes. " +
        "Keep fewer or smaller arrays, or donate those that a call replaces",
    }),
  );
  heap.free(held);
  expect(heap.allocate(31 * MIB, "temporaries").bytes).toBe(31 * MIB);
  for (const bytes of [5 * GIB, (2 ** 32 + 100) * 64, 2 ** 45, Infinity, NaN])
    expect(() => new Heap().allocate(bytes, "outputs")).toThrow(/^outputs need /);
});

test("what can be reclaimed is, the first to offer first, and no more than it takes", () => {
  const heap = new Heap({ limit: 32 * MIB });
  const freed: string[] = [];
  const holder = (name: string, count: number) => {
    const blocks = Array.from({ length: count }, () => heap.allocate(4 * MIB, name));
    heap.onPressure(() => {
      const block = blocks.shift();
      if (block === undefined) return false;
      heap.free(block);
      freed.push(name);
      return true;
    });
  };
  holder("first", 2);
  holder("second", 5);
  heap.allocate(11 * MIB, "tests");
  expect(freed).toEqual(["first", "first", "second"]);
  expect(() => heap.allocate(24 * MIB, "tests")).toThrow(/^tests need /);
  expect(freed).toHaveLength(7);
});

test("what is reclaimed at the end of the memory may be completed by growth", () => {
  const heap = new Heap({ limit: 64 * MIB });
  heap.allocate(8 * MIB, "tests");
  const last = heap.allocate(24 * MIB, "tests");
  let offered = 0;
  heap.onPressure(() => {
    if (offered++ > 0) return false;
    heap.free(last);
    return true;
  });
  expect(heap.allocate(48 * MIB, "tests").address).toBe(8 * MIB + 1024);
  expect(offered).toBe(1);
});

test("where the engine gives less than twice the memory, what is needed is enough", () => {
  const heap = new Heap({ limit: 64 * MIB });
  const grow = heap.memory.grow.bind(heap.memory);
  heap.memory.grow = (pages) => {
    if (heap.memory.buffer.byteLength + pages * 65_536 > 3 * MIB) throw new RangeError("no more");
    return grow(pages);
  };
  heap.allocate(1.9 * MIB, "tests");
  expect(heap.statistics().capacity).toBe(2 * MIB);
  heap.allocate(1.0625 * MIB, "tests");
  expect(heap.statistics().capacity).toBe(3 * MIB);
  expect(() => heap.allocate(MIB, "tests")).toThrow(
    /has 3\.0 MiB \(3145728 bytes\), and the engine gives no more;/,
  );
});

test("a block that is free is not freed again", () => {
  const heap = new Heap();
  const [a, b, c] = [heap.allocate(64, "tests"), heap.allocate(64, "tests"), heap.allocate(64, "tests")];
  heap.free(b);
  heap.free(a);
  for (const block of [a, b])
    expect(() => heap.free(block)).toThrow(expect.objectContaining({ code: "wasm/free" }));
  heap.free(c);
  expect(heap.live).toBe(0);
});

test("statistics say what is live and the most that was", () => {
  const heap = new Heap();
  const a = heap.allocate(2 * MIB, "outputs");
  heap.allocate(64, "constants");
  heap.free(a);
  const { live, peak, capacity, limit, holders } = heap.statistics();
  expect([live, peak]).toEqual([64, 2 * MIB + 64]);
  expect(capacity).toBe(heap.memory.buffer.byteLength);
  expect(limit).toBe(4 * GIB);
  expect(holders).toEqual([["constants", 64]]);
});

test("where the engine refuses a memory, half of it is asked for, and so on; the limit says what there is", () => {
  const { Memory } = WebAssembly;
  const asked: number[] = [];
  const most = (pages: number) =>
    class {
      constructor(limits: { initial: number; maximum: number }) {
        asked.push(limits.maximum);
        if (limits.maximum > pages) throw new RangeError("could not allocate memory");
        return new Memory(limits);
      }
    };
  try {
    vi.stubGlobal("WebAssembly", { Memory: most(20_000) });
    const { limit, free } = new Heap().statistics();
    expect(asked).toEqual([65_536, 32_768, 16_384]);
    expect(limit).toBe(GIB);
    expect(free.largest).toBe(MIB - 1024);
    vi.stubGlobal("WebAssembly", { Memory: most(0) });
    expect(() => new Heap({ shared: true })).toThrow(
      expect.objectContaining({
        code: "wasm/memory",
        message:
          "the engine refuses a shared WebAssembly memory of up to 4096.0 MiB (4294967296 bytes), and smaller ones",
      }),
    );
    expect(asked.at(-1)).toBe(16);
  } finally {
    vi.unstubAllGlobals();
  }
});
