import { describe, expect, test } from "vitest";
import { jvp } from "../../../src/interpreters/jvp.ts";
import { vjp } from "../../../src/interpreters/vjp.ts";
import { sort, sortKeyVal, topK } from "../../../src/lax/sort.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { array, elements } from "./arrays.ts";

describe("sort", () => {
  test("goes along the last axis, or the one that is named", () => {
    const x = array([3, 1, 2, 0, 9, 8], [2, 3]);
    expect(elements(sort(x))).toEqual([1, 2, 3, 0, 8, 9]);
    expect(elements(sort(x, 0))).toEqual([0, 1, 2, 3, 9, 8]);
    expect(elements(sort(array([3, 1, 2, 0, 9, 8], [2, 3], "uint8"), { dimension: -1 }))).toEqual([
      1, 2, 3, 0, 8, 9,
    ]);
  });

  test("takes zeros for equal whatever their sign, and puts NaNs last", () => {
    const [values, places] = sort([array([NaN, 0, -0, -1, Infinity]), array([0, 1, 2, 3, 4], [5], "int32")]);
    expect(elements(places!)).toEqual([3, 1, 2, 4, 0]);
    expect(elements(values!)).toEqual([-1, 0, -0, Infinity, NaN]);
  });

  test("permutes all operands by the keys, of which the first counts most", () => {
    const keys = array([1, 0, 1, 0], [4], "int32");
    const values = array([4, 3, 2, 1]);
    expect(sort([keys, values]).map(elements)).toEqual([
      [0, 0, 1, 1],
      [3, 1, 4, 2],
    ]);
    expect(sort([keys, values], { numKeys: 2 }).map(elements)).toEqual([
      [0, 0, 1, 1],
      [1, 3, 2, 4],
    ]);
    expect(sortKeyVal(values, keys).map(elements)).toEqual([
      [1, 2, 3, 4],
      [0, 1, 0, 1],
    ]);
  });

  test("orders complex numbers by real, then by imaginary part", () => {
    const x = array([1, 0, NaN, 0, 3, 0, 2, NaN, 2, 1], [5], "complex64");
    expect(elements(sort(x))).toEqual([1, 0, 2, 1, 2, NaN, 3, 0, NaN, 0]);
  });

  test("has a list where it was given one", () => {
    expect(sort([array([2, 1])])).toHaveLength(1);
  });

  test("moves tangents with the elements", () => {
    const [, t] = jvp((x: ArrayValue) => sort(x), [array([3, 1, 2])], [array([30, 10, 20])]) as [
      unknown,
      ArrayValue,
    ];
    expect(elements(t)).toEqual([10, 20, 30]);
    const [, pull] = vjp((x: ArrayValue) => sort(x, 0), [array([3, 1, 2, 5], [2, 2])]);
    expect(elements(pull(array([1, 2, 3, 4], [2, 2]))[0] as ArrayValue)).toEqual([3, 2, 1, 4]);
  });

  test("repeats an operand that has no batch axis", () => {
    const keys = array([2, 1, 1, 2], [2, 2]);
    const params = { dimension: 0, isStable: true, numKeys: 1 };
    const [outs, dims] = sort.rules.batch([keys, array([7, 8])], [1, null], 2, params);
    expect(dims).toEqual([1, 1]);
    expect(outs.map(elements)).toEqual([
      [1, 1, 2, 2],
      [8, 7, 7, 8],
    ]);
  });

  test("refuses what it cannot order", () => {
    expect(() => sort([])).toThrow("at least one operand");
    expect(() => sort([array([1]), array([1, 2])])).toThrow("equal shapes, got (1,), (2,)");
    expect(() => sort([array([1])], { numKeys: 2 })).toThrow("numKeys must be between 1 and");
    expect(() => sort(3)).toThrow("axis -1 is out of bounds");
    expect(() => sort(array([1, 2], [1], "key<fry>"))).toThrow("sort does not accept dtype key<fry>");
  });
});

describe("topK", () => {
  test("has the largest first, the first of equals leading", () => {
    expect(topK(array([3, 1, 3, 2]), 3).map(elements)).toEqual([
      [3, 3, 2],
      [0, 2, 3],
    ]);
    expect(topK(array([3, 1, 2, 5], [2, 2], "int32"), 1, { axis: 0 }).map(elements)).toEqual([
      [3, 5],
      [0, 1],
    ]);
    expect(topK(array([1, 2]), 0).map(elements)).toEqual([[], []]);
  });

  test("counts NaN as largest and 0 as larger than -0", () => {
    const [values, places] = topK(array([-0, NaN, 0, Infinity]), 4);
    expect(elements(places)).toEqual([1, 3, 2, 0]);
    expect(elements(values)).toEqual([NaN, Infinity, 0, -0]);
  });

  test("moves tangents with the values, and none to the places", () => {
    const f = (x: ArrayValue) => topK(x, 2)[0];
    const [, t] = jvp(f, [array([3, 1, 2])], [array([30, 10, 20])]) as [unknown, ArrayValue];
    expect(elements(t)).toEqual([30, 20]);
    const [, pull] = vjp(f, [array([3, 1, 2])]);
    expect(elements(pull(array([5, 7]))[0] as ArrayValue)).toEqual([5, 0, 7]);
  });

  test("refuses more than there are, and complex numbers", () => {
    expect(() => topK(array([1]), 2)).toThrow("from 0 to the size along axis 0, 1; got 2");
    expect(() => topK(array([1, 2], [1], "complex64"), 1)).toThrow("not compatible with complex");
  });
});
