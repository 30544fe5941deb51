import { describe, expect, test } from "vitest";
import type { ArrayValue } from "../../../src/core/value.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import { randomUnwrap, randomWrap, threefry2x32 } from "../../../src/lax/key-words.ts";
import { transpose } from "../../../src/lax/shape.ts";
import { array, elements } from "./arrays.ts";

const uint32 = (data: number[], shape?: number[]) => array(data, shape, "uint32");

describe("threefry2x32", () => {
  // The known answers of Random123's kat_vectors.
  test.each([
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x13198a2e, 0x03707344],
      [0x243f6a88, 0x85a308d3],
      [0xc4923a9c, 0x483df7a0],
    ],
  ])("under key %j hashes %j to %j", ([k1, k2], [x1, x2], hash) => {
    const words = [k1, k2, x1, x2].map((n) => uint32([n!], []));
    expect(threefry2x32(words[0]!, words[1]!, words[2]!, words[3]!).flatMap(elements)).toEqual(hash);
  });

  test("takes numbers, and batches like any elementwise operation", () => {
    const counters = uint32([0, 1, 2]);
    const alone = threefry2x32(1, 2, 0, counters).map(elements);
    const batched = vmap((c: ArrayValue) => threefry2x32(1, 2, 0, c))(counters);
    expect(batched.map(elements)).toEqual(alone);
    expect(() => threefry2x32(0, 0, 0, array([1]))).toThrow(
      "arguments to threefry2x32 must have uint32 type",
    );
  });
});

describe("wrapping and unwrapping", () => {
  const words = uint32([1, 2, 3, 4, 5, 6], [3, 2]);

  test("are inverse, and change the shape by the axis of words", () => {
    const keys = randomWrap(words);
    expect(keys.aval).toEqual({ shape: [3], dtype: "key<fry>", weak: false });
    expect(elements(randomUnwrap(keys))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("take a batch axis from anywhere, the axis of words included", () => {
    const there = (w: ArrayValue, inAxes: number) =>
      randomUnwrap(vmap((k: ArrayValue) => randomWrap(k), { inAxes })(w));
    expect(elements(there(words, 0))).toEqual(elements(words));
    expect(elements(there(transpose(words, [1, 0]), 1))).toEqual(elements(words));
  });

  test("refuse what is no key and no words", () => {
    expect(() => randomWrap(uint32([1, 2, 3]))).toThrow(
      "the last axis of key data has size 2, got shape (3,)",
    );
    expect(() => randomWrap(array([1, 2]))).toThrow("random_wrap takes uint32 key data, got float32");
    expect(() => randomUnwrap(words)).toThrow("random_unwrap takes typed keys, got dtype uint32");
  });
});
