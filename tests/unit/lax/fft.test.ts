import { expect, test } from "vitest";
import { complex, fft } from "../../../src/lax/index.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { array, elements } from "./arrays.ts";

const x = array([1, 2, 3, 4]);
const z = complex(x, x);

test("its text is JAX's", () => {
  expect(String(makeJaxpr((y: ArrayValue) => fft(y, "RFFT", [4]))(x))).toBe(
    "{ lambda ; a:f32[4]. let b:c64[3] = fft[fft_lengths=(4,) fft_type=2] a in (b,) }",
  );
});

/** Numbers that say nothing of a pattern. */
const noise = (n: number) => Float64Array.from({ length: n }, (_, i) => Math.fround(Math.sin(i * i + 1)));
const byDefinition = (re: Float64Array, im: Float64Array): number[] =>
  Array.from(re).flatMap((_, k) => {
    const sum = [0, 0] as [number, number];
    re.forEach((a, j) => {
      const angle = (-2 * Math.PI * ((j * k) % re.length)) / re.length;
      sum[0] += a * Math.cos(angle) - im[j]! * Math.sin(angle);
      sum[1] += a * Math.sin(angle) + im[j]! * Math.cos(angle);
    });
    return sum;
  });

test.each([1, 2, 3, 4, 5, 6, 8, 12, 15, 16, 49, 61, 64, 67, 122, 128, 134, 180, 211, 256])(
  "of %i numbers, it is the sum that defines it, and is undone",
  (n) => {
    const [re, im] = [noise(n), noise(2 * n).subarray(n)];
    const signal = complex(array([...re]), array([...im]));
    const spectrum = fft(signal, "FFT", [n]);
    const close = (actual: readonly (number | bigint | boolean)[], expected: readonly number[]) => {
      expect(actual.length).toBe(expected.length);
      // A rounding of the largest number there may be.
      expected.forEach((y, i) =>
        expect(Math.abs(Number(actual[i]) - y)).toBeLessThan(2 ** -23 * Math.max(n, 4)),
      );
    };
    close(elements(spectrum), byDefinition(re, im));
    close(
      elements(fft(spectrum, "IFFT", [n])),
      [...re].flatMap((a, i) => [a, im[i]!]),
    );
    const half = fft(array([...re]), "RFFT", [n]);
    close(
      elements(half),
      byDefinition(
        re,
        re.map(() => 0),
      ).slice(0, 2 * (Math.floor(n / 2) + 1)),
    );
    close(elements(fft(half, "IRFFT", [n])), [...re]);
  },
);

test("signals beside one another along other axes do not mix", () => {
  const n = 67;
  const columns = array([...noise(3 * n)], [n, 3]);
  const both = elements(fft(complex(columns, columns), "FFT", [n, 3]));
  const rows = fft(complex(columns, columns), "FFT", [3]);
  const again = byDefinition(
    Float64Array.from({ length: n }, (_, i) => Number(elements(rows)[6 * i]!)),
    Float64Array.from({ length: n }, (_, i) => Number(elements(rows)[6 * i + 1]!)),
  );
  again.forEach((y, k) => expect(Number(both[6 * (k >> 1) + (k & 1)])).toBeCloseTo(y, 4));
});

test("without elements there are none", () => {
  expect(fft(array([], [2, 0]), "RFFT", [0]).shape).toEqual([2, 1]);
  expect(fft(complex(array([], [0, 3]), array([], [0, 3])), "FFT", [3]).shape).toEqual([0, 3]);
});

test.each([
  ["an unknown type", () => fft(x, "DCT" as never, [4]), 'fftType is one of "FFT", "IFFT", "RFFT", "IRFFT"'],
  ["another length", () => fft(x, "FFT", [3]), "FFT of lengths (3,) takes an array whose last axes are (3,)"],
  ["a half that is none", () => fft(z, "IRFFT", [4]), "whose last axes are (3,), got shape (4,)"],
  ["more lengths than axes", () => fft(x, "FFT", [1, 4]), "got shape (4,)"],
  ["four axes", () => fft(array([1], [1, 1, 1, 1]), "RFFT", [1, 1, 1, 1]), "takes 1 to 3 lengths"],
  ["a real transform of complex numbers", () => fft(z, "RFFT", [4]), "does not accept dtype complex64"],
  ["one of float16", () => fft(array([1], [1], "float16"), "RFFT", [1]), "does not accept dtype float16"],
])("%s is refused", (_what, call, message) => {
  expect(call).toThrow(message);
});
