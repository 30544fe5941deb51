import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { erf as erfReference, erfc as erfcReference } from "../../../../src/backends/reference/erf.ts";
import { erfInvF32 } from "../../../../src/backends/reference/float32.ts";
import { pow as powReference } from "../../../../src/backends/reference/special.ts";
import {
  besselI0e as i0eReference,
  besselI1e as i1eReference,
} from "../../../../src/backends/reference/bessel.ts";
import type { Expr } from "../../../../src/compiler/kernel/expression.ts";
import { besselI0e, besselI1e } from "../../../../src/compiler/mathematics/bessel.ts";
import { erf, erfc } from "../../../../src/compiler/mathematics/error.ts";
import { exp, exp2, expm1, logistic } from "../../../../src/compiler/mathematics/exponential.ts";
import { acosh, asinh, atanh, cosh, sinh, tanh } from "../../../../src/compiler/mathematics/hyperbolic.ts";
import { erfInv } from "../../../../src/compiler/mathematics/inverse-error.ts";
import { acos, asin, atan, atan2 } from "../../../../src/compiler/mathematics/inverse.ts";
import { log, log1p } from "../../../../src/compiler/mathematics/logarithm.ts";
import { cbrt, pow, rsqrt } from "../../../../src/compiler/mathematics/power.ts";
import { cos, sin, tan } from "../../../../src/compiler/mathematics/trigonometric.ts";
import { errorInUlps, evaluate } from "./evaluate.ts";

interface Tested {
  readonly f: (...xs: Expr[]) => Expr;
  /** In doubles, whose error is nothing to a float32. */
  readonly oracle: (...xs: number[]) => number;
}
const functions: Readonly<Record<string, Tested>> = {
  exp: { f: exp, oracle: Math.exp },
  exp2: { f: exp2, oracle: (x) => 2 ** x },
  expm1: { f: expm1, oracle: Math.expm1 },
  logistic: { f: logistic, oracle: (x) => (x < 0 ? Math.exp(x) : 1) / (1 + Math.exp(-Math.abs(x))) },
  log: { f: log, oracle: Math.log },
  log1p: { f: log1p, oracle: Math.log1p },
  sin: { f: sin, oracle: Math.sin },
  cos: { f: cos, oracle: Math.cos },
  tan: { f: tan, oracle: Math.tan },
  asin: { f: asin, oracle: Math.asin },
  acos: { f: acos, oracle: Math.acos },
  atan: { f: atan, oracle: Math.atan },
  atan2: { f: atan2, oracle: Math.atan2 },
  sinh: { f: sinh, oracle: Math.sinh },
  cosh: { f: cosh, oracle: Math.cosh },
  tanh: { f: tanh, oracle: Math.tanh },
  asinh: { f: asinh, oracle: Math.asinh },
  acosh: { f: acosh, oracle: Math.acosh },
  atanh: { f: atanh, oracle: Math.atanh },
  erf: { f: erf, oracle: erfReference },
  erfc: { f: erfc, oracle: erfcReference },
  erf_inv: { f: erfInv, oracle: erfInvF32 },
  bessel_i0e: { f: besselI0e, oracle: i0eReference },
  bessel_i1e: { f: besselI1e, oracle: i1eReference },
  pow: { f: pow, oracle: powReference },
  cbrt: { f: cbrt, oracle: Math.cbrt },
  rsqrt: { f: rsqrt, oracle: (x) => 1 / Math.sqrt(x) },
};

const read = (path: string): string => readFileSync(new URL(`../../../../${path}`, import.meta.url), "utf8");
const table = [
  ...read("docs/compiler/mathematics.md").matchAll(/^\| (\w+) +\| +([\d.-]+) \| +([\d.]+) \|$/gm),
];
// Where there is a dash the oracle has the bits.
const bounds = table.map(
  ([, name, f32, f64]) => [name!, f32 === "-" ? 0 : Number(f32), Number(f64)] as const,
);

const special = [
  0, 1, 2, 3, 0.5, 0.25, Infinity, 2 ** -149, 2 ** -148, 2 ** -126, 2 ** -126 * (1 - 2 ** -23), 2 ** 24,
  2 ** 24 - 1, 1 + 2 ** -23, 1 - 2 ** -24, 88.7, 89, 103.9, 104, 127.9, 128, 149, 150, 2 ** 127 * (2 - 2 ** -23),
].flatMap((x) => [x, -x]).concat(NaN).map(Math.fround); // prettier-ignore

/** Every exponent, with fractions that look random, of both signs. */
function everywhere(step: number): Float32Array {
  const words = Uint32Array.from({ length: Math.floor(2 ** 32 / step) }, (_, i) => i * step);
  return Float32Array.from([...special, ...new Float32Array(words.buffer)]);
}

/** Pairs of special numbers, of any numbers, and of numbers at which powers are neither 0 nor infinite. */
function pairs(): readonly [Float32Array, Float32Array] {
  let state = 1;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) | 0) / 2 ** 31;
  const any = [...everywhere(101_081)];
  const drawn = any.map((_, i): readonly [number, number] => {
    const x = Math.exp(random() * (i % 2 ? 10 : 1));
    return i % 3 ? [x, random() * (i % 2 ? 9 : 88)] : [any[i]!, any[(i * 7919) % any.length]!];
  });
  const all = [...special.flatMap((x) => special.map((y) => [x, y] as const)), ...drawn];
  return [Float32Array.from(all, ([x]) => x), Float32Array.from(all, ([, y]) => y)];
}

test("the table of the documentation names every function", () => {
  expect(bounds.map(([name]) => name).sort()).toEqual(Object.keys(functions).sort());
});

describe.each(bounds)("the error of %s", (name, f32, f64) => {
  const { f, oracle } = functions[name]!;
  test("in float32 is below what the documentation says, for numbers of all sizes", () => {
    const columns = f.length === 2 ? pairs() : [everywhere(199_933)];
    const got = evaluate(f, columns);
    let [worst, at] = [0, 0];
    got.forEach((y, i) => {
      const error = errorInUlps("f32", y, oracle(...columns.map((column) => column[i]!)));
      if (error > worst) [worst, at] = [error, i];
    });
    expect(worst, `at ${columns.map((x) => x[at]).join()}: ${got[at]}`).toBeLessThanOrEqual(f32);
  });
  test("in float64 is below what the documentation says, at the golden values", () => {
    const rows = (JSON.parse(read("tests/goldens/elementary.json")) as Record<string, number[][]>)[name]!;
    const columns = Array.from({ length: f.length }, (_, i) => Float64Array.from(rows, (row) => row[i]!));
    evaluate(f, columns).forEach((y, i) => {
      const [wanted, rest] = rows[i]!.slice(f.length);
      const error = errorInUlps("f64", y, wanted!, rest);
      expect(error, `at ${rows[i]!.slice(0, f.length).join()}: ${y}`).toBeLessThanOrEqual(f64);
    });
  });
});
