import { describe, expect, test } from "vitest";
import * as functions from "../../../../src/backends/reference/complex-functions.ts";
import type { ComplexOut } from "../../../../src/backends/reference/complex.ts";

type ComplexFunction = (a: number, b: number, out: ComplexOut) => void;
const at = (f: ComplexFunction, a: number, b: number): [number, number] => {
  const out = new Float64Array(2);
  f(a, b, out);
  return [out[0]!, out[1]!];
};

// JAX 0.10.2 on CPU, complex64, at 1 + 2i and −3.5 + 0.25i.
const table: readonly [ComplexFunction, [number, number], [number, number]][] = [
  [functions.complexExpm1, [-2.1312044, 2.4717267], [-0.9707414, 0.0074709519]],
  [functions.complexLog1p, [1.0397208, 0.7853982], [0.9212659, 3.0419239]],
  [functions.complexSin, [3.1657786, 1.9596009], [0.3618024, -0.23656047]],
  [functions.complexCos, [2.032723, -3.0518978], [-0.96587366, -0.0886121541]],
  [functions.complexTan, [0.033812825, 1.0147936], [-0.34917712, 0.27695322]],
  [functions.complexSinh, [-0.48905623, 1.4031192], [-16.028357, 4.1001825]],
  [functions.complexCosh, [-0.64214814, 1.0686074], [16.057615, -4.0927114]],
  [functions.complexTanh, [1.1667362, -0.2434582], [-0.9984005, 0.000872961]],
  [functions.complexAsin, [0.42707857, 1.5285709], [-1.4964164, 1.9277362]],
  [functions.complexAcos, [1.1437177, -1.5285709], [3.0672128, -1.9277362]],
  [functions.complexAtan, [1.3389726, 0.4023595], [-1.2937376, 0.018788181]],
  [functions.complexAsinh, [1.4693516, 1.06344], [-1.967984, 0.068584718]],
  [functions.complexAcosh, [1.5285709, 1.1437177], [1.9277362, 3.0672128]],
  [functions.complexAtanh, [0.1732868, 1.1780972], [-0.29217619, 1.5487113]],
  [functions.complexLogistic, [1.0214155, 0.4034387], [0.028478077, 0.0070518666]],
  [functions.complexRsqrt, [0.5688645, -0.3515776], [0.019029487, -0.5335036]],
  [functions.complexExp2, [0.36691394, 1.9660555], [0.087064587, 0.015239993]],
];

describe.each(table)("%o", (f, first, second) => {
  test("agrees with XLA", () => {
    for (const [wanted, got] of [
      [first, at(f, 1, 2)],
      [second, at(f, -3.5, 0.25)],
    ] as const) {
      expect(Math.hypot(got[0] - wanted[0], got[1] - wanted[1])).toBeLessThan(1e-6 * Math.hypot(...wanted));
    }
  });
});

describe("branch cuts", () => {
  test("of asin, acos and acosh are taken from above on both sides", () => {
    for (const zero of [0, -0]) {
      expect(at(functions.complexAsin, 2, zero)[1]).toBeCloseTo(1.316958, 6);
      expect(at(functions.complexAcos, 2, zero)[1]).toBeCloseTo(-1.316958, 6);
      expect(at(functions.complexAcosh, -1, zero)[1]).toBeCloseTo(Math.PI, 6);
    }
  });

  test("of atanh and log1p are told apart by the sign of zero", () => {
    expect(at(functions.complexAtanh, 2, -0)[1]).toBeCloseTo(-Math.PI / 2, 6);
    expect(at(functions.complexLog1p, -3, -0)[1]).toBeCloseTo(-Math.PI, 6);
  });
});

test("functions with limits reach them", () => {
  expect(at(functions.complexTanh, 1e30, 1)).toEqual([1, 0]);
  expect(at(functions.complexLogistic, -Infinity, 0)).toEqual([0, 0]);
  expect(at(functions.complexExpm1, -Infinity, 0)).toEqual([-1, 0]);
  expect(at(functions.complexAtanh, -1, 0)).toEqual([-Infinity, 0]);
});

test("integer powers are repeated products, negative ones their reciprocals", () => {
  const power = (n: number) => at((a, b, out) => functions.complexIntegerPow(a, b, n, out), 1, 2);
  expect(power(0)).toEqual([1, 0]);
  expect(power(3)).toEqual([-11, -2]);
  expect(power(-1).map((x) => Number(x.toFixed(6)))).toEqual([0.2, -0.4]);
});

test("atan2 of real numbers is the real one", () => {
  const [re, im] = at((a, b, out) => functions.complexAtan2(a, 0, b, 0, out), 1, -2);
  expect(re).toBeCloseTo(Math.atan2(1, -2), 6);
  expect(im).toBeCloseTo(0, 6);
});
