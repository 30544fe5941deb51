import fc from "fast-check";
import { expect, test } from "vitest";
import { fractionOf, plus, sameFraction, showFraction, times } from "../../../src/values/fraction.ts";

const part = fc.integer({ min: -60, max: 60 });
const fraction = fc
  .tuple(part, fc.integer({ min: 1, max: 30 }))
  .map(([n, d]) => plus({ n: 0, d: 1 }, { n, d }));
const value = ({ n, d }: { n: number; d: number }) => n / d;

test("a float, and a float32, stand for the fraction that they round", () => {
  fc.assert(
    fc.property(fraction, (x) => {
      expect(fractionOf(value(x))).toEqual(x);
      expect(fractionOf(Math.fround(value(x)))).toEqual(x);
    }),
  );
});

test("sums and products are exact, and in lowest terms", () => {
  fc.assert(
    fc.property(fraction, fraction, (x, y) => {
      expect(value(plus(x, y))).toBeCloseTo(value(x) + value(y), 10);
      expect(value(times(x, y))).toBeCloseTo(value(x) * value(y), 10);
      expect(sameFraction(plus(x, y), plus(y, x))).toBe(true);
      expect(sameFraction(times(x, plus(y, y)), plus(times(x, y), times(x, y)))).toBe(true);
    }),
  );
  expect(plus({ n: 1, d: 3 }, { n: -1, d: 3 })).toEqual({ n: 0, d: 1 });
});

test("what is no fraction of a small denominator is none", () => {
  expect([Math.PI, Math.SQRT2, NaN, Infinity].map(fractionOf)).toEqual([null, null, null, null]);
  expect([0.1, 1.852, -0.5, 0, -3].map((x) => showFraction(fractionOf(x)!))).toEqual([
    "1/10",
    "463/250",
    "-1/2",
    "0",
    "-3",
  ]);
});
