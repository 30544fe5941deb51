import { describe, expect, test } from "vitest";
import {
  dynamicIndexInDim,
  dynamicSliceInDim,
  dynamicUpdateIndexInDim,
  dynamicUpdateSliceInDim,
  indexInDim,
  sliceInDim,
} from "../../../src/lax/slice-in-dim.ts";
import { array, elements } from "./arrays.ts";

const x = array([0, 1, 2, 3, 4, 5], [3, 2]);
const at = (i: number) => array([i], [], "int32");

describe("static slices of one axis", () => {
  test("null is the end, negative indices count from it", () => {
    expect(elements(sliceInDim(x, 1, null))).toEqual([2, 3, 4, 5]);
    expect(elements(sliceInDim(x, -2, -1))).toEqual([2, 3]);
    expect(elements(sliceInDim(x, null, null, 2))).toEqual([0, 1, 4, 5]);
    expect(elements(sliceInDim(x, 0, 1, { axis: 1 }))).toEqual([0, 2, 4]);
  });

  test("one index keeps the axis unless told otherwise", () => {
    expect(indexInDim(x, -1).shape).toEqual([1, 2]);
    expect(elements(indexInDim(x, 1, 1, false))).toEqual([1, 3, 5]);
    expect(elements(indexInDim(x, 1, { axis: 1, keepdims: false }))).toEqual([1, 3, 5]);
    expect(() => indexInDim(x, 3)).toThrow("index 3 is out of bounds for axis 0 with size 3");
    expect(() => indexInDim(x, 0.5)).toThrow("index 0.5 is out of bounds");
  });
});

describe("dynamic slices of one axis", () => {
  test("wrap negative indices, then move inside", () => {
    expect(elements(dynamicSliceInDim(x, at(-2), 2))).toEqual([2, 3, 4, 5]);
    expect(elements(dynamicSliceInDim(x, at(-2), 2, { allowNegativeIndices: false }))).toEqual([0, 1, 2, 3]);
    expect(elements(dynamicSliceInDim(x, 7, 1, 1))).toEqual([1, 3, 5]);
    expect(elements(dynamicIndexInDim(x, at(1), 0, false))).toEqual([2, 3]);
    expect(elements(dynamicIndexInDim(x, -1, { axis: 1, keepdims: false }))).toEqual([1, 3, 5]);
  });

  test("write blocks, and single places without their axis", () => {
    const block = array([8, 9], [1, 2]);
    expect(elements(dynamicUpdateSliceInDim(x, block, at(1), 0))).toEqual([0, 1, 8, 9, 4, 5]);
    expect(elements(dynamicUpdateIndexInDim(x, array([8, 9]), at(-1), 0))).toEqual([0, 1, 2, 3, 8, 9]);
    expect(elements(dynamicUpdateIndexInDim(x, array([7, 8, 9]), at(0), { axis: 1 }))).toEqual([
      7, 1, 8, 3, 9, 5,
    ]);
  });
});
