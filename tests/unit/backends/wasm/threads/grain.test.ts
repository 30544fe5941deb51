import { assert as check, integer, property } from "fast-check";
import { afterEach, expect, test } from "vitest";
import { cutFrom, grainOf } from "../../../../../src/backends/wasm/threads/grain.ts";

const usual = cutFrom(100_000);
afterEach(() => void cutFrom(usual));
const positive = (max: number) => integer({ min: 1, max });

test("a grain is all, or tiles with enough operations in at most 32 chunks", () => {
  check(
    property(positive(1e6), positive(1e6), positive(64), positive(1e6), (steps, each, tile, least) => {
      cutFrom(least);
      const grain = grainOf(steps, steps * each, tile);
      expect(grain).toBeGreaterThanOrEqual(1);
      if (grain === steps) return;
      expect(grain).toBeLessThan(steps);
      expect(grain % tile).toBe(0);
      expect(grain * each).toBeGreaterThanOrEqual(least);
      expect(Math.ceil(steps / grain)).toBeLessThanOrEqual(32);
    }),
  );
});

test.each([
  ["little work is one chunk", 1000, 199_999, 1, 1000],
  ["200,000 operations are two", 1000, 200_000, 1, 500],
  ["much work is 32 chunks", 3200, 1e9, 1, 100],
  ["chunks are whole tiles", 100, 1e9, 8, 8],
  ["few heavy iterations are a chunk each", 3, 1e9, 1, 1],
  ["a tile that holds all is one chunk", 6, 1e9, 8, 6],
])("%s", (_, steps, operations, tile, grain) => {
  expect(grainOf(steps, operations, tile)).toBe(grain);
});

test("what a chunk is worth having from is set, and what it was is given back", () => {
  expect(cutFrom(1)).toBe(usual);
  expect(grainOf(4, 4)).toBe(1);
  expect(cutFrom(usual)).toBe(1);
  expect(grainOf(4, 4)).toBe(4);
});
