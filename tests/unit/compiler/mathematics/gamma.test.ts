import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as reference from "../../../../src/backends/reference/gamma.ts";
import { digamma, lgamma } from "../../../../src/compiler/mathematics/gamma.ts";
import { errorInUlps, evaluate } from "./evaluate.ts";

const goldens = JSON.parse(
  readFileSync(new URL("../../../goldens/elementary.json", import.meta.url), "utf8"),
) as Record<string, number[][]>;

/** Numbers of every exponent, and more where the zeros are. */
const positive = Float32Array.from([
  ...Array.from({ length: 4000 }, (_, i) => 2 ** (-148 + (i * 276) / 4000)),
  ...Array.from({ length: 8000 }, (_, i) => (i * 16) / 8000 + 0.001),
]);

test("lgamma of a positive float32 is within 8 units in the last place, also near its zeros", () => {
  evaluate(lgamma, [positive]).forEach((y, i) => {
    const x = positive[i]!;
    expect(errorInUlps("f32", y, reference.lgamma(x)), `at ${x}: ${y}`).toBeLessThanOrEqual(8);
  });
});

test("digamma of a positive float32 is within 12 units in the last place of it or of 1", () => {
  evaluate(digamma, [positive]).forEach((y, i) => {
    const wanted = reference.digamma(positive[i]!);
    if (Math.abs(wanted) > 1)
      expect(errorInUlps("f32", y, wanted), `at ${positive[i]}`).toBeLessThanOrEqual(12);
    else expect(Math.abs(y - wanted), `at ${positive[i]}`).toBeLessThanOrEqual(12 * 2 ** -23);
  });
});

describe.each([
  ["lgamma", lgamma, 6],
  ["digamma", digamma, 12],
] as const)("%s of a positive float64", (name, f, bound) => {
  test(`is within ${bound} units in the last place of it or of 1, at the golden values`, () => {
    const rows = goldens[name]!;
    const got = evaluate(f, [Float64Array.from(rows, ([x]) => x!)]);
    rows.forEach(([x, wanted, rest], i) => {
      const error = Math.abs(got[i]! - wanted! - rest!) / Math.max(1, Math.abs(wanted!));
      expect(error, `at ${x}: ${got[i]}`).toBeLessThanOrEqual(bound * 2 ** -52);
    });
  });
});

test("at the poles lgamma is infinite and digamma NaN", () => {
  const poles = Float32Array.of(0, -0, -1, -2, -100, -3e38, -Infinity);
  expect(evaluate(lgamma, [poles])).toEqual([...poles].map(() => Infinity));
  expect(evaluate(digamma, [poles])).toEqual([...poles].map(() => NaN));
  expect(evaluate(lgamma, [Float64Array.of(Infinity, NaN, 1, 2)])).toEqual([Infinity, NaN, 0, 0]);
  expect(evaluate(digamma, [Float64Array.of(Infinity, NaN)])).toEqual([Infinity, NaN]);
});

test.each(["float32", "float64"] as const)(
  "between the poles both are as the reference has them in %s",
  (dtype) => {
    const places = Array.from({ length: 3000 }, (_, i) => -12 + i / 250 + 0.001234);
    const [column, unit] =
      dtype === "float32" ? [Float32Array.from(places), 2 ** -23] : [Float64Array.from(places), 2 ** -52];
    for (const [f, oracle, bound] of [
      [lgamma, reference.lgamma, 12],
      [digamma, reference.digamma, 48],
    ] as const)
      // prettier-ignore
      evaluate(f, [column]).forEach((y, i) => {
      const wanted = oracle(column[i]!);
      expect(Math.abs(y - wanted) / Math.max(1, Math.abs(wanted)), `at ${column[i]}`).toBeLessThan(bound * unit);
    });
  },
);
