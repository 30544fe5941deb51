import { type ArrayValue, grad, jit, numpy as np, vmap } from "cotangent";
import fc from "fast-check";
import { expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

const modes = ["full", "same", "valid"] as const;
/** Coefficients of the product of two polynomials. */
function product(a: readonly number[], v: readonly number[]): number[] {
  const out = Array.from({ length: a.length + v.length - 1 }, () => 0);
  a.forEach((x, i) => v.forEach((y, j) => (out[i + j]! += x * y)));
  return out;
}
function part(all: readonly number[], m: number, n: number, mode: (typeof modes)[number]): number[] {
  const [long, short] = [Math.max(m, n), Math.min(m, n)];
  if (mode === "full") return [...all];
  const start = mode === "same" ? short - 1 - Math.floor(short / 2) : short - 1;
  return all.slice(start, start + (mode === "same" ? long : long - short + 1));
}
const vector = fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 1, maxLength: 7 });

test("a convolution is the product of polynomials, or the middle of it", () => {
  fc.assert(
    fc.property(vector, vector, fc.constantFrom(...modes), (a, v, mode) => {
      expectValues(
        np.convolve(np.array(a), np.array(v), mode),
        part(product(a, v), a.length, v.length, mode),
      );
    }),
    { numRuns: 60 },
  );
});

test("a correlation is the convolution with the second turned round", () => {
  fc.assert(
    fc.property(vector, vector, (a, v) => {
      const full = product(a, v.toReversed());
      expectValues(np.correlate(np.array(a), np.array(v), { mode: "full" }), full);
      const [long, short] = [Math.max(a.length, v.length), Math.min(a.length, v.length)];
      expectValues(np.correlate(np.array(a), np.array(v)), full.slice(short - 1, long));
    }),
    { numRuns: 40 },
  );
  expect(String(np.correlate(np.array([1]), np.conj(np.array([2]))).dtype)).toBe("float32");
});

test("integers become floats, unless a dtype is asked for", () => {
  const [a, v] = [np.array([1, 2], "int32"), np.array([3], "int32")];
  expect(np.convolve(a, v).dtype).toBe("float32");
  expect(np.convolve(a, v, { preferredElementType: "int32" }).dtype).toBe("int32");
});

test("it is differentiated and batched", () => {
  const [a, v] = [np.array([1, 2, 3]), np.array([1, -1])];
  expectValues(jit(grad((a: ArrayValue) => np.sum(np.square(np.convolve(a, v)))))(a), [-2 + 2, 0, 8]);
  expectValues(vmap((v: ArrayValue) => np.convolve(a, v))(np.stack([v, v])), [1, 1, 1, -3, 1, 1, 1, -3]);
});

test("refuses what is no vector, is empty, or another mode", () => {
  expect(() => np.convolve(np.ones([2, 2]), np.ones(2))).toThrow(
    /np\.convolve takes two vectors.*\(2, 2\) and \(2,\)/,
  );
  expect(() => np.correlate(np.ones(0), np.ones(2))).toThrow(/not empty/);
  expect(() => np.convolve(np.ones(2), np.ones(2), "half" as never)).toThrow(
    /"full", "same" or "valid", got the string "half"/,
  );
});
