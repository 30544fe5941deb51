import { describe, expect, test } from "vitest";
import type { ArrayValue } from "../../../src/core/value.ts";
import { vjp } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import { collapse, reshape, rev, squeeze, transpose } from "../../../src/lax/shape.ts";
import { array, elements } from "./arrays.ts";

const x = array([0, 1, 2, 3, 4, 5], [2, 3]);
const pulled = (f: (x: ArrayValue) => ArrayValue, at: ArrayValue, ct: ArrayValue): ArrayValue =>
  vjp(f, [at])[1](ct)[0] as ArrayValue;

describe("reshape", () => {
  test("keeps the elements in row-major order, or reads the axes in a given one", () => {
    expect(elements(reshape(x, [3, 2]))).toEqual([0, 1, 2, 3, 4, 5]);
    expect(elements(reshape(x, [6], [1, 0]))).toEqual([0, 3, 1, 4, 2, 5]);
    expect(elements(reshape(x, [6], { dimensions: [1, 0] }))).toEqual([0, 3, 1, 4, 2, 5]);
    expect(reshape(x, [2, 3])).toBe(x);
  });

  test("has a cotangent in the shape of its operand, for each order of the axes", () => {
    const ct = array([10, 11, 12, 13, 14, 15]);
    expect(elements(pulled((y) => reshape(y, [6], [1, 0]), x, ct))).toEqual([10, 12, 14, 11, 13, 15]);
  });

  test("keeps a batch axis where as many elements lie before it", () => {
    const [outs, dims] = reshape.rules.batch([array(Array(12).fill(0), [2, 2, 3])], [1], 2, {
      newSizes: [2, 3, 1],
      dimensions: null,
    });
    expect(dims).toEqual([1]);
    expect(outs[0]!.shape).toEqual([2, 2, 3, 1]);
    const merged = vmap((y: ArrayValue) => reshape(y, [4]), { inAxes: 1, outAxes: 0 });
    expect(elements(merged(array([0, 1, 2, 3, 4, 5, 6, 7], [2, 2, 2])))).toEqual([0, 1, 4, 5, 2, 3, 6, 7]);
  });

  test("names the sizes that do not fit, and refuses fractions", () => {
    expect(() => reshape(x, [4])).toThrow(
      "cannot reshape array of shape (2, 3) (size 6) into shape (4,) (size 4)",
    );
    expect(() => reshape(x, [1.5, 4])).toThrow("a shape is a list of non-negative integers");
    expect(() => reshape(x, [NaN])).toThrow("a shape is a list of non-negative integers");
    expect(() => reshape(x, [6], [0, 0])).toThrow("reshape dimensions must be a permutation");
    expect(() => reshape(x, [6], { dimension: [1, 0] } as never)).toThrow("did you mean dimensions");
  });
});

describe("transpose", () => {
  test("puts axis permutation[i] at place i", () => {
    expect(elements(transpose(x, [1, 0]))).toEqual([0, 3, 1, 4, 2, 5]);
    expect(transpose(array(Array(24).fill(0), [2, 3, 4]), [2, 0, 1]).shape).toEqual([4, 2, 3]);
    expect(transpose(x, [0, 1])).toBe(x);
  });

  test("is undone by its cotangent", () => {
    const y = array(Array.from({ length: 24 }, (_, i) => i), [2, 3, 4]); // prettier-ignore
    const ct = transpose(y, [2, 0, 1]);
    expect(elements(pulled((z) => transpose(z, [2, 0, 1]), y, ct))).toEqual(elements(y));
  });

  test("says what a permutation is", () => {
    expect(() => transpose(x, [0, 0])).toThrow(
      "transpose permutation isn't a permutation of operand dimensions, got permutation (0, 0) for operand shape (2, 3)",
    );
    expect(() => transpose(x, [0])).toThrow("isn't a permutation");
    expect(() => transpose(x, 1 as never)).toThrow("isn't a permutation");
  });
});

describe("other changes of shape", () => {
  test("collapse makes a range of axes one", () => {
    const y = array(Array(24).fill(0), [2, 3, 4]);
    expect(collapse(y, 0, 2).shape).toEqual([6, 4]);
    expect(collapse(y, 1).shape).toEqual([2, 12]);
    expect(collapse(y, -2, { stopDimension: -1 }).shape).toEqual([2, 3, 4]);
    expect(() => collapse(y, 2, 1)).toThrow("invalid dimension range [2:1]");
  });

  test("squeeze drops axes of size 1 only", () => {
    const y = array([1, 2], [1, 2, 1]);
    expect(squeeze(y, [0, -1]).shape).toEqual([2]);
    expect(squeeze(y, [])).toBe(y);
    expect(() => squeeze(x, [0])).toThrow(
      "cannot select an axis to squeeze out which has size not equal to one, got shape=(2, 3) and dimensions=(0,)",
    );
    const [outs, dims] = squeeze.rules.batch([array([1, 2], [1, 2])], [1], 2, { dimensions: [0] });
    expect([outs[0]!.shape, dims]).toEqual([[2], [0]]);
  });

  test("rev turns axes around, and its cotangent too", () => {
    expect(elements(rev(x, [0, 1]))).toEqual([5, 4, 3, 2, 1, 0]);
    expect(elements(pulled((y) => rev(y, [1]), x, x))).toEqual([2, 1, 0, 5, 4, 3]);
    expect(() => rev(x, [0, 0])).toThrow("must be unique");
  });
});
