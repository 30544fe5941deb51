import { describe, expect, test } from "vitest";
import { vjp } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { clamp, select, selectN } from "../../../src/lax/select.ts";
import { array, elements } from "./arrays.ts";

const [a, b, c] = [array([1, 2, 3, 4]), array([10, 20, 30, 40]), array([100, 200, 300, 400])];
const flags = array([true, false, true, false], [4], "bool");
const ones = array([1, 1, 1, 1]);

describe("selectN", () => {
  test("takes each element from the case that its integer names, clamped to the cases", () => {
    expect(elements(selectN(array([0, 5, -1, 2], [4], "int32"), a, b, c))).toEqual([1, 200, 3, 400]);
    expect(elements(selectN(flags, a, b))).toEqual([10, 2, 30, 4]);
    expect(elements(select(flags, a, b))).toEqual([1, 20, 3, 40]);
    expect(elements(selectN(true, a, b))).toEqual(elements(b));
  });

  test("selects complex numbers whole", () => {
    const [z, w] = [array([1, 2, 3, 4], [2], "complex64"), array([5, 6, 7, 8], [2], "complex64")];
    expect(elements(selectN(array([0, 1], [2], "int32"), z, w))).toEqual([1, 2, 7, 8]);
  });

  test("gives each case the cotangent where it was chosen, also out of range", () => {
    const which = array([0, 1, 7, -3], [4], "int32");
    const [, pull] = vjp((x: ArrayValue, y: ArrayValue, z: ArrayValue) => selectN(which, x, y, z), [a, b, c]);
    expect((pull(ones) as ArrayValue[]).map(elements)).toEqual([
      [1, 0, 0, 1],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
    ]);
  });

  test("refuses cases that differ, and a bool for three of them", () => {
    expect(() => selectN(flags, a, array([1]))).toThrow("same shapes");
    expect(() => selectN(flags, a, array([1, 2, 3, 4], [4], "int32"))).toThrow("same dtypes");
    expect(() => selectN(flags, a, b, c)).toThrow("use an integer");
    expect(() => selectN(a, a, b)).toThrow("must be bool or an integer");
    expect(() => selectN(array([true], [1], "bool"), a, b)).toThrow("scalar or have the shape of the cases");
  });

  test("is batched on any axis, with or without a predicate for each element", () => {
    const x = array([1, 2, 3, 4, 5, 6], [3, 2]);
    const scalars = array([true, false], [2], "bool");
    const both = vmap((p: ArrayValue, x: ArrayValue, y: ArrayValue) => selectN(p, x, y), {
      inAxes: [0, 1, null],
    });
    // Batches are columns of x: the first takes y, the second its own.
    expect(elements(both(scalars, x, array([7, 8, 9])))).toEqual([7, 8, 9, 2, 4, 6]);
    const one = vmap((x: ArrayValue, y: ArrayValue) => selectN(true, x, y), { inAxes: [1, 1] });
    expect(elements(one(x, x))).toEqual([1, 3, 5, 2, 4, 6]);
  });
});

describe("clamp", () => {
  test("keeps x between the bounds, and gives the upper one where they cross", () => {
    expect(elements(clamp(0, array([-1, 0.5, 2, NaN]), 1))).toEqual([0, 0.5, 1, NaN]);
    expect(elements(clamp(3, array([0, 5]), 1))).toEqual([1, 1]);
    expect(elements(clamp(1, array([0, 5, 9], [3], "uint8"), 7))).toEqual([1, 5, 7]);
  });

  test("has a derivative only in the operand that it gives, and none at the bounds", () => {
    const x = array([-1, 0, 0.5, 1, 2]);
    const [, pull] = vjp(clamp, [array([0], []), x, array([1], [])]);
    expect((pull(array([1, 1, 1, 1, 1])) as ArrayValue[]).map(elements)).toEqual([[1], [0, 0, 1, 0, 0], [1]]);
  });

  test("refuses bounds of another shape or dtype", () => {
    expect(() => clamp(array([0]), a, 1)).toThrow("np.clip broadcasts");
    expect(() => clamp(array([0], [], "int32"), a, 1)).toThrow("np.clip, which promotes");
  });
});
