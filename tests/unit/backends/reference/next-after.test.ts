import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  nextAfterBf16,
  nextAfterF16,
  nextAfterF32,
  nextAfterF64,
} from "../../../../src/backends/reference/next-after.ts";
import {
  decodeBfloat16,
  decodeFloat16,
  encodeBfloat16,
  encodeFloat16,
} from "../../../../src/core/float16.ts";

const formats = {
  float16: {
    next: nextAfterF16,
    round: (x: number) => decodeFloat16(encodeFloat16(x)),
    smallest: 2 ** -24,
    largest: 65504,
  },
  bfloat16: {
    next: nextAfterBf16,
    round: (x: number) => decodeBfloat16(encodeBfloat16(x)),
    smallest: 2 ** -133,
    largest: (2 - 2 ** -7) * 2 ** 127,
  },
  float32: {
    next: nextAfterF32,
    round: Math.fround,
    smallest: 2 ** -149,
    largest: (2 - 2 ** -23) * 2 ** 127,
  },
  float64: {
    next: nextAfterF64,
    round: (x: number) => x,
    smallest: Number.MIN_VALUE,
    largest: Number.MAX_VALUE,
  },
};

describe.each(Object.entries(formats))("nextAfter of %s", (_name, { next, round, smallest, largest }) => {
  // JAX 0.10.2 on CPU gives the same for every pair of these, except that it takes subnormals for 0 when it
  // compares (float32, float64, bfloat16), so that it returns `to` for two of them.
  test.each([
    [0, 1, smallest],
    [-0, 1, smallest],
    [0, -1, -smallest],
    [0, -0, -0],
    [-0, 0, 0],
    [smallest, 0, 0],
    [-smallest, 1, -0],
    [1, 1, 1],
    [largest, Infinity, Infinity],
    [Infinity, 0, largest],
    [-Infinity, 1, -largest],
    [Infinity, Infinity, Infinity],
    [NaN, 1, NaN],
    [1, NaN, NaN],
  ])("%d to %d", (from, to, wanted) => expect(next(from, to)).toBe(wanted));

  const value = fc.double({ noNaN: true }).map(round);

  test("lies from the start towards the target, with nothing between", () => {
    fc.assert(
      fc.property(value, value, (from, to) => {
        fc.pre(from !== to);
        const after = next(from, to);
        expect(Math.sign(after - from)).toBe(Math.sign(to - from));
        expect(round(after)).toBe(after);
        const middle = round(from / 2 + after / 2);
        if (Number.isFinite(from) && Number.isFinite(after))
          expect([from, after, 0].some((x) => x === middle)).toBe(true);
      }),
    );
  });

  test("and back again is where it started", () => {
    fc.assert(
      fc.property(value, value, (from, to) => {
        fc.pre(from !== to && Number.isFinite(from));
        expect(next(next(from, to), from) === from).toBe(true);
      }),
    );
  });
});
