import { describe, expect, test } from "vitest";
import type { ArrayValue } from "../../../src/core/value.ts";
import { vjp } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import { pad, slice } from "../../../src/lax/pad-slice.ts";
import { array, elements } from "./arrays.ts";

describe("pad", () => {
  test("puts values before, after and between elements; negative padding removes some", () => {
    expect(elements(pad(array([1, 2, 3]), 9, [[1, 2, 1]]))).toEqual([9, 1, 9, 2, 9, 3, 9, 9]);
    expect(elements(pad(array([1, 2, 3]), 9, [[-1, 1, 0]]))).toEqual([2, 3, 9]);
    expect(elements(pad(array([1, 2, 3]), 9, [[-2, -1, 1]]))).toEqual([2, 9]);
    expect(elements(pad(array([], [0]), 9, [[1, 1, 4]]))).toEqual([9, 9]);
  });

  test("moves elements of two words whole", () => {
    const z = array([1, 2, 3, 4], [2], "complex64");
    expect(elements(pad(z, array([7, 8], [], "complex64"), [[1, 0, 1]]))).toEqual([7, 8, 1, 2, 7, 8, 3, 4]);
  });

  test("gives the operand its elements' cotangents and the padding value the sum of the others", () => {
    const [, pull] = vjp(
      (x: ArrayValue, v: ArrayValue) => pad(x, v, [[1, -1, 1]]),
      [array([1, 2]), array([0], [])],
    );
    const [x, v] = pull(array([1, 2, 4])) as ArrayValue[];
    expect(elements(x!)).toEqual([2, 0]);
    expect(elements(v!)).toEqual([5]);
  });

  test("takes a batch of padding values", () => {
    const each = vmap((x: ArrayValue, v: ArrayValue) => pad(x, v, [[1, 0, 0]]), { inAxes: [1, 0] });
    expect(elements(each(array([1, 2, 3, 4], [2, 2]), array([8, 9])))).toEqual([8, 1, 3, 9, 2, 4]);
    const value = vmap((v: ArrayValue) => pad(array([1]), v, [[0, 1, 0]]));
    expect(elements(value(array([8, 9])))).toEqual([1, 8, 1, 9]);
  });

  test("says what does not fit", () => {
    const x = array([1, 2, 3]);
    expect(() => pad(x, 0, [])).toThrow("must equal the number of axes of operand");
    expect(() => pad(x, 0, [[0, 0, -1]])).toThrow("interior padding must be nonnegative");
    expect(() => pad(x, 0, [[-2, -2, 0]])).toThrow("dimension size after padding is not at least 0");
    expect(() => pad(x, 0, [[0.5, 0, 0]])).toThrow("must be a list of integers");
    expect(() => pad(x, x, [[0, 0, 0]])).toThrow("padding_value must be a scalar, got shape (3,)");
    expect(() => pad.bind([x, array([0], [], "int32")], { paddingConfig: [[0, 0, 0]] })).toThrow(
      "same dtype",
    );
  });
});

describe("slice", () => {
  const x = array(Array.from({ length: 15 }, (_, i) => i), [5, 3]); // prettier-ignore

  test("takes every stride-th element from start to limit", () => {
    expect(elements(slice(x, [1, 0], [3, 2]))).toEqual([3, 4, 6, 7]);
    expect(elements(slice(x, [0, 1], [5, 2], [2, 1]))).toEqual([1, 7, 13]);
    expect(elements(slice(x, [1, 0], [5, 3], { strides: [3, 2] }))).toEqual([3, 5, 12, 14]);
    expect(slice(x, [2, 0], [2, 3], [2, 1]).shape).toEqual([0, 3]);
  });

  test("puts the cotangent back where it was taken", () => {
    const [, pull] = vjp((y: ArrayValue) => slice(y, [1], [6], [2]), [array([0, 0, 0, 0, 0, 0, 0])]);
    expect(elements(pull(array([1, 2, 3]))[0] as ArrayValue)).toEqual([0, 1, 0, 2, 0, 3, 0]);
    const [, none] = vjp((y: ArrayValue) => slice(y, [1], [1], [2]), [array([0, 0, 0])]);
    expect(elements(none(array([], [0]))[0] as ArrayValue)).toEqual([0, 0, 0]);
  });

  test("keeps the batch axis in its place", () => {
    const [outs, dims] = slice.rules.batch([x], [1], 3, {
      startIndices: [1],
      limitIndices: [4],
      strides: [2],
    });
    expect([outs[0]!.shape, dims]).toEqual([[2, 3], [1]]);
  });

  test("speaks of the indices that lie outside", () => {
    expect(() => slice(x, [0, 0], [6, 3])).toThrow(
      "must be less than or equal to operand shape, got limit_indices (6, 3)",
    );
    expect(() => slice(x, [3, 0], [2, 3])).toThrow("greater than or equal to start_indices");
    expect(() => slice(x, [0], [5])).toThrow(
      "slice start_indices must have length equal to the number of dimensions",
    );
    expect(() => slice(x, [-1, 0], [2, 3])).toThrow("start_indices must be a list of non-negative integers");
    expect(() => slice(x, [0, 0], [5, 3], [0, 1])).toThrow("strides must be a list of positive integers");
  });
});
