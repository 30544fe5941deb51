import { integer, property, assert as check } from "fast-check";
import { expect, test } from "vitest";
import { grainOf } from "../../../../../src/backends/wasm/threads/grain.ts";

const positive = (max: number) => integer({ min: 1, max });

test("a grain is all, or tiles with enough work in at most 128 chunks", () => {
  check(
    property(positive(1e6), positive(1e6), positive(64), (size, nanoseconds, tile) => {
      const grain = grainOf(size, nanoseconds, tile);
      expect(grain).toBeGreaterThanOrEqual(1);
      if (grain === size) return;
      expect(grain).toBeLessThan(size);
      expect(grain % tile).toBe(0);
      expect(grain * nanoseconds).toBeGreaterThanOrEqual(20_000);
      expect(Math.ceil(size / grain)).toBeLessThanOrEqual(128);
    }),
  );
});

test.each([
  ["little work is one chunk", 1000, 39, 1, 1000],
  ["40 µs are two", 1000, 40, 1, 500],
  ["much work is 128 chunks", 12_800, 1e6, 1, 100],
  ["chunks are whole tiles", 100, 10_000, 8, 8],
  ["few heavy iterations are a chunk each", 3, 1e6, 1, 1],
  ["a tile that holds all is one chunk", 6, 1e6, 8, 6],
])("%s", (_, size, nanoseconds, tile, grain) => {
  expect(grainOf(size, nanoseconds, tile)).toBe(grain);
});
