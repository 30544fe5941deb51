import fc from "fast-check";
import { expect, test } from "vitest";
import { ArgumentError } from "../../../src/core/errors.ts";
import { parseSlice, resolveSlice, s, Slice } from "../../../src/core/slices.ts";

test.each([
  [":", null, null, null],
  ["1:", 1, null, null],
  [":-2", null, -2, null],
  ["::-1", null, null, -1],
  [" 1 : 5 : 2 ", 1, 5, 2],
  ["+1:", 1, null, null],
])("%j", (text, start, stop, step) => {
  expect(parseSlice(text)).toEqual(new Slice(start, stop, step));
  expect(parseSlice(text)).toEqual(s(start, stop, step));
});

test.each(["", "1", "a:b", "1:2:3:4", "1.5:", "::0"])("%j is no slice", (text) => {
  expect(() => parseSlice(text)).toThrow(ArgumentError);
});

test("bounds are integers", () => {
  expect(() => s(0.5)).toThrow("a slice's start must be an integer or null, got the number 0.5");
  expect(() => s(null, Number.NaN)).toThrow(ArgumentError);
});

test("a slice takes what Python's does", () => {
  const bound = fc.option(fc.integer({ min: -7, max: 7 }), { nil: null });
  const step = fc.option(fc.integer({ min: -3, max: 3 }).filter((n) => n !== 0), { nil: null }); // prettier-ignore
  fc.assert(
    fc.property(bound, bound, step, fc.nat(5), (start, stop, by, size) => {
      const stride = by ?? 1;
      const inside = (n: number | null, open: number): number => (n === null ? open : n < 0 ? n + size : n);
      const expected: number[] = [];
      // Positions that the progression from start visits before stop, as far as they exist.
      const [from, to] = [inside(start, stride > 0 ? 0 : size - 1), inside(stop, stride > 0 ? size : -1)];
      const clamped = stride > 0 ? Math.min(Math.max(from, 0), size) : Math.min(Math.max(from, -1), size - 1);
      for (let i = clamped; stride > 0 ? i < to && i < size : i > to && i >= 0; i += stride) expected.push(i);
      const { start: first, step: stepBy, length } = resolveSlice(s(start, stop, by), size);
      expect(Array.from({ length }, (_, i) => first + i * stepBy)).toEqual(expected);
    }),
  );
});
