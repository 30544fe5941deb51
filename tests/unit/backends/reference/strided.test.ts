import { describe, expect, test } from "vitest";
import { dtypes } from "../../../../src/core/dtype.ts";
import { sizeOf, stridesOf } from "../../../../src/core/shape.ts";
import { avalOf } from "../../../../src/core/value.ts";
import {
  blank,
  copier,
  lanesOf,
  offsetsOf,
  wordsOf,
  wordStrides,
} from "../../../../src/backends/reference/strided.ts";

const counted = (size: number) => Uint32Array.from({ length: size }, (_, i) => i);

describe("words", () => {
  test("cover the storage of every dtype", () => {
    const blanks = dtypes.map((dtype) => blank(avalOf([3], dtype)));
    expect(blanks.map(({ words }) => words.length)).toEqual(dtypes.map((dtype) => 3 * lanesOf(dtype)));
    expect(blanks.map(({ words }) => words.byteLength)).toEqual(
      blanks.map(({ storage }) => storage.byteLength),
    );
  });

  test("share memory with a part of a buffer", () => {
    const part = new Float32Array(4).subarray(1, 3);
    wordsOf(part)[0] = 0x3f800000;
    expect([...part]).toEqual([1, 0]);
  });

  test("keep the payload of a NaN", () => {
    const bits = Uint32Array.of(0x7fa00001);
    const target = new Uint32Array(1);
    copier([], [], [], "float32")(wordsOf(new Float32Array(bits.buffer)), 0, target, 0);
    expect(target[0]).toBe(0x7fa00001);
  });

  test("have strides of whole elements", () => {
    expect(wordStrides(avalOf([2, 3], "int16"))).toEqual([3, 1]);
    expect(wordStrides(avalOf([2, 3], "complex64"))).toEqual([6, 2]);
  });
});

describe("copier", () => {
  /** The same block, element by element. */
  const plain = (sizes: number[], from: number[], to: number[], start: number, size: number) => {
    const target = new Uint32Array(size);
    const [source, offsets] = [offsetsOf(sizes, from), offsetsOf(sizes, to)];
    offsets.forEach((at, i) => (target[at] = start + source[i]!));
    return target;
  };

  test.each<[what: string, sizes: number[], from: number[], to: number[], start: number]>([
    ["a contiguous block", [2, 3, 4], [12, 4, 1], [12, 4, 1], 0],
    ["a long line", [40], [1], [1], 5],
    ["a repeated element", [40], [0], [1], 5],
    ["repeated rows", [3, 20], [0, 1], [20, 1], 0],
    ["a small transpose", [3, 4], [1, 3], [4, 1], 0],
    ["a transpose by tiles", [45, 70], [1, 45], [70, 1], 0],
    ["a transpose of the last axes", [2, 33, 40], [1320, 1, 33], [1320, 40, 1], 0],
    ["a reversal", [5, 6], [-6, -1], [6, 1], 29],
    ["every other element", [4, 5], [20, 2], [5, 1], 1],
    ["axes of size 1", [1, 6, 1], [0, 1, 7], [9, 1, 3], 0],
    ["a single element", [], [], [], 3],
  ])("moves %s", (_, sizes, from, to, start) => {
    const size = sizeOf(sizes);
    const target = new Uint32Array(size);
    copier(sizes, from, to, "uint32")(counted(4000), start, target, 0);
    expect([...target]).toEqual([...plain(sizes, from, to, start, size)]);
  });

  test("moves nothing where an axis is empty", () => {
    const target = new Uint32Array(2);
    copier([2, 0], [1, 1], [1, 1], "uint32")(counted(4), 1, target, 0);
    expect([...target]).toEqual([0, 0]);
  });

  test("moves both words of an element", () => {
    const target = new Uint32Array(6);
    copier([3], [-2], [2], "float64")(counted(6), 4, target, 0);
    expect([...target]).toEqual([4, 5, 2, 3, 0, 1]);
  });
});

test("offsets walk a block row by row", () => {
  expect([...offsetsOf([2, 3], stridesOf([2, 3]))]).toEqual([0, 1, 2, 3, 4, 5]);
  expect([...offsetsOf([2, 2], [0, 5])]).toEqual([0, 5, 0, 5]);
  expect([...offsetsOf([], [])]).toEqual([0]);
  expect([...offsetsOf([2, 0], [1, 1])]).toEqual([]);
});
