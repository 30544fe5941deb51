import { describe, expect, test } from "vitest";
import { digamma } from "../../../../src/backends/reference/gamma.ts";
import { polygamma, zeta } from "../../../../src/backends/reference/zeta.ts";
import { expectClose } from "./close.ts";

describe("zeta", () => {
  test("is Riemann's at q = 1", () => {
    expectClose(zeta(2, 1), Math.PI ** 2 / 6, 1e-15);
    expectClose(zeta(4, 1), Math.PI ** 4 / 90, 1e-15);
  });

  test("loses its first term as q grows by 1", () => {
    for (const [x, q] of [
      [2, 0.25],
      [3.5, 7],
      [1.01, 2],
      [40, 0.5],
    ] as const) {
      expectClose(zeta(x, q), zeta(x, q + 1) + q ** -x, 1e-14);
    }
    expectClose(zeta(2, -1.5), zeta(2, 0.5) + 4 / 9 + 4, 1e-14);
  });

  test("has XLA's answers outside its domain", () => {
    expect([zeta(1, 2), zeta(0.5, 1), zeta(2, -1), zeta(3, -1), zeta(2.5, 0), zeta(1.5, -0.5)]).toEqual([
      Infinity,
      NaN,
      Infinity,
      NaN,
      NaN,
      NaN,
    ]);
    expect([zeta(NaN, 1), zeta(2, NaN), zeta(2, Infinity), zeta(Infinity, 1)]).toEqual([NaN, NaN, NaN, NaN]);
  });
});

describe("polygamma", () => {
  test("of order 0 is digamma, and of order 1 at 1 is π²/6", () => {
    expect(polygamma(0, 2.5)).toBe(digamma(2.5));
    expectClose(polygamma(1, 1), Math.PI ** 2 / 6, 1e-14);
    expectClose(polygamma(2, 0.5), -16.8287966442343, 1e-14);
  });

  test("has no negative or fractional order", () => {
    expect([polygamma(-1, 1), polygamma(0.5, 1)]).toEqual([NaN, NaN]);
  });
});
