import fc from "fast-check";
import { expect, test } from "vitest";
import { Arena, Layout } from "../../../../src/backends/wasm/arena.ts";
import { Heap } from "../../../../src/backends/wasm/heap.ts";

const MIB = 2 ** 20;

test("calls one after the other share a block, the largest that was needed", () => {
  const heap = new Heap();
  const arena = new Arena(heap);
  let most = 0;
  for (const bytes of [MIB, 64, 3 * MIB, MIB, 2 * MIB]) {
    const block = arena.acquire(bytes);
    expect(block.bytes).toBeGreaterThanOrEqual(bytes);
    arena.release(block);
    most = Math.max(most, bytes);
    expect(heap.live).toBe(most);
  }
});

test("programs that run inside of others have memory of their own, and one block is kept in the end", () => {
  /** What a call needs, and the calls that it makes. */
  type Call = { readonly bytes: number; readonly calls: readonly Call[] };
  const call = fc.memo((depth): fc.Arbitrary<Call> => {
    const calls = depth > 1 ? fc.array(call(), { maxLength: 3 }) : fc.constant([]);
    return fc.record({ bytes: fc.integer({ min: 1, max: 20_000 }), calls });
  });
  fc.assert(
    fc.property(call(5), (outermost) => {
      const heap = new Heap();
      const arena = new Arena(heap);
      let [marks, largest] = [0, 0];
      const run = ({ bytes, calls }: Call): void => {
        const block = arena.acquire(bytes);
        largest = Math.max(largest, block.bytes);
        const mark = (marks++ % 255) + 1;
        heap.views.u8.fill(mark, block.address, block.address + bytes);
        for (const inner of calls) run(inner);
        const own = heap.views.u8.subarray(block.address, block.address + bytes);
        expect(own.every((byte) => byte === mark)).toBe(true);
        arena.release(block);
      };
      for (let i = 0; i < 2; i++) {
        run(outermost);
        expect(heap.live).toBe(largest);
      }
    }),
  );
});

test("what is kept gives way when the memory is full", () => {
  const heap = new Heap({ limit: 16 * MIB });
  const arena = new Arena(heap);
  arena.release(arena.acquire(10 * MIB));
  const block = heap.allocate(14 * MIB, "tests");
  expect(heap.live).toBe(14 * MIB);
  heap.free(block);
  const working = arena.acquire(10 * MIB);
  expect(() => heap.allocate(14 * MIB, "tests")).toThrow(/temporaries of programs \(10\.0 MiB/);
  arena.release(working);
});

test("a larger block may be where the smaller one was", () => {
  const heap = new Heap({ limit: 16 * MIB });
  const arena = new Arena(heap);
  arena.release(arena.acquire(8 * MIB));
  expect(arena.acquire(15 * MIB).address).toBe(1024);
});

test("parts of working memory are aligned and apart", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 5000 })), (sizes) => {
      const layout = new Layout();
      let end = 0;
      for (const bytes of sizes) {
        const offset = layout.place(bytes);
        expect(offset % 64).toBe(0);
        expect(offset).toBeGreaterThanOrEqual(end);
        end = offset + bytes;
        expect(layout.bytes).toBeGreaterThanOrEqual(end);
      }
    }),
  );
});
