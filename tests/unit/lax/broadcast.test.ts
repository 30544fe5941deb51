import { describe, expect, test } from "vitest";
import type { ArrayValue } from "../../../src/core/value.ts";
import { vjp } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import { broadcast, broadcastInDim, broadcastToRank, expandDims } from "../../../src/lax/broadcast.ts";
import { array, elements } from "./arrays.ts";

const x = array([0, 1, 2, 3, 4, 5], [2, 3]);
const pulled = (f: (x: ArrayValue) => ArrayValue, at: ArrayValue, ct: ArrayValue): ArrayValue =>
  vjp(f, [at])[1](ct)[0] as ArrayValue;

describe("broadcastInDim", () => {
  test("repeats along new axes and axes of size 1, in any order of the axes", () => {
    expect(elements(broadcastInDim(array([1, 2]), [2, 3], [0]))).toEqual([1, 1, 1, 2, 2, 2]);
    expect(elements(broadcastInDim(array([1, 2], [2, 1]), [2, 2], [0, 1]))).toEqual([1, 1, 2, 2]);
    expect(elements(broadcastInDim(x, [3, 2], [1, 0]))).toEqual([0, 3, 1, 4, 2, 5]);
  });

  test("sums the cotangent over what was repeated", () => {
    const ct = array([1, 2, 3, 4, 5, 6], [3, 2]);
    expect(elements(pulled((y) => broadcastInDim(y, [3, 2], [1]), array([0, 0]), ct))).toEqual([9, 12]);
    const column = pulled((y) => broadcastInDim(y, [3, 2], [0, 1]), array([0, 0, 0], [3, 1]), ct);
    expect(column.shape).toEqual([3, 1]);
    expect(elements(column)).toEqual([3, 7, 11]);
    expect(elements(pulled((y) => broadcastInDim(y, [3, 2], [1, 0]), x, ct))).toEqual([1, 3, 5, 2, 4, 6]);
  });

  test("takes a batch axis from anywhere without moving it first", () => {
    const batched = vmap((y: ArrayValue) => broadcastInDim(y, [2, 3], [1]), { inAxes: 1 });
    expect(elements(batched(array([0, 1, 2, 3, 4, 5], [3, 2])))).toEqual([
      0, 2, 4, 0, 2, 4, 1, 3, 5, 1, 3, 5,
    ]);
  });

  test("checks axes and sizes", () => {
    expect(() => broadcastInDim(x, [2, 4], [0, 1])).toThrow("sizes must either be 1, or be equal");
    expect(() => broadcastInDim(x, [2, 3], [0])).toThrow("length equal to operand ndim");
    expect(() => broadcastInDim(x, [2, 3], [0, 0])).toThrow("must be unique");
    expect(() => broadcastInDim(x, [2, 3], [0, 2])).toThrow("must be in [0, 2)");
  });
});

test("broadcast puts axes in front, expandDims anywhere", () => {
  expect(broadcast(x, [4, 5]).shape).toEqual([4, 5, 2, 3]);
  expect(broadcastToRank(x, 4).shape).toEqual([1, 1, 2, 3]);
  expect(expandDims(x, [0, -1]).shape).toEqual([1, 2, 3, 1]);
  expect(() => expandDims(x, [0, -4])).toThrow("repeated axis");
});
