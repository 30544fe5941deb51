import { describe, expect, test } from "vitest";
import type { ArrayValue } from "../../../src/core/value.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import { jvp } from "../../../src/interpreters/jvp.ts";
import { vjp } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import { dynamicSlice, dynamicUpdateSlice } from "../../../src/lax/dynamic-slice.ts";
import { array, elements } from "./arrays.ts";

const x = array(Array.from({ length: 12 }, (_, i) => i), [3, 4]); // prettier-ignore
const at = (i: number) => array([i], [], "int32");

describe("dynamicSlice", () => {
  test("begins earlier where it would overrun", () => {
    expect(elements(dynamicSlice(x, [at(1), at(2)], [2, 2]))).toEqual([6, 7, 10, 11]);
    expect(elements(dynamicSlice(x, [at(9), at(9)], [2, 2]))).toEqual([6, 7, 10, 11]);
    expect(elements(dynamicSlice.bind([x, at(-9), at(0)], { sliceSizes: [1, 2] })[0]!)).toEqual([0, 1]);
  });

  test("counts negative indices from the end unless told otherwise", () => {
    expect(elements(dynamicSlice(x, [at(-1), 0], [1, 2]))).toEqual([8, 9]);
    expect(elements(dynamicSlice(x, [-1, -2], [1, 2]))).toEqual([10, 11]);
    expect(elements(dynamicSlice(x, [at(-1), 0], [1, 2], { allowNegativeIndices: false }))).toEqual([0, 1]);
    expect(() => dynamicSlice(x, [-1, 0], [1, 2], { allowNegativeIndices: false })).toThrow(
      "index -1 is out of bounds for dimension 3",
    );
  });

  test("takes its indices from an array too, in any integer dtype", () => {
    expect(elements(dynamicSlice(x, array([1, 1], [2], "int32"), [1, 2]))).toEqual([5, 6]);
    expect(elements(dynamicSlice(x, [array([2], [], "uint8"), 1], [1, 1]))).toEqual([9]);
    expect(elements(dynamicSlice(x, [array([2n], [], "int64"), array([1n], [], "int64")], [1, 1]))).toEqual([
      9,
    ]);
  });

  test("takes integers only, one for each axis", () => {
    expect(() => dynamicSlice(x, [0.5, 0], [1, 1])).toThrow(
      "start indices must be integers, got the number 0.5 at axis 0",
    );
    expect(() => dynamicSlice(x, [array([0.5], []), 0], [1, 1])).toThrow(
      "must be integers of the same type, got float32, float32",
    );
    expect(() => dynamicSlice(x, [0], [1, 1])).toThrow(
      "must match the number of operand dimensions (1 vs (3, 4))",
    );
    expect(() => dynamicSlice(x, [0, 0], [4, 1])).toThrow("must be less than or equal to operand shape");
    expect(() => dynamicSlice(x, [0, 0], [NaN, 1])).toThrow("non-negative integers");
    expect(() => dynamicSlice(x, [x, 0], [1, 1])).toThrow("must be scalars");
  });

  test("has a cotangent that is zero but for the slice", () => {
    const [, pull] = vjp((y: ArrayValue) => dynamicSlice(y, [at(5)], [2]), [array([0, 0, 0, 0])]);
    expect(elements(pull(array([1, 2]))[0] as ArrayValue)).toEqual([0, 0, 1, 2]);
  });

  test("batches over operand and indices, and stays a slice where the indices are common", () => {
    const both = vmap((y: ArrayValue, i: ArrayValue) => dynamicSlice(y, [i], [2]), { inAxes: [1, 0] });
    expect(elements(both(x, array([0, 1, 9, -1], [4], "int32")))).toEqual([0, 4, 5, 9, 6, 10, 7, 11]);
    const indices = vmap((i: ArrayValue) => dynamicSlice(array([5, 6, 7]), [i], [2]));
    expect(elements(indices(array([0, 1], [2], "int32")))).toEqual([5, 6, 6, 7]);
    const common = vmap((y: ArrayValue) => dynamicSlice.bind([y, at(1)], { sliceSizes: [2] })[0]!, {
      inAxes: 1,
    });
    expect(elements(common(x))).toEqual([4, 8, 5, 9, 6, 10, 7, 11]);
    expect(String(makeJaxpr(common)(x))).toContain("dynamic_slice[slice_sizes=(2, 4)]");
  });
});

describe("dynamicUpdateSlice", () => {
  test("writes a block, moved so that it lies inside", () => {
    expect(elements(dynamicUpdateSlice(array([0, 1, 2, 3]), array([8, 9]), [at(1)]))).toEqual([0, 8, 9, 3]);
    expect(elements(dynamicUpdateSlice(array([0, 1, 2, 3]), array([8, 9]), [at(7)]))).toEqual([0, 1, 8, 9]);
    expect(elements(dynamicUpdateSlice(array([0, 1, 2, 3]), array([8, 9]), [-3]))).toEqual([0, 8, 9, 3]);
  });

  test("divides tangents and cotangents among operand and update", () => {
    const f = (y: ArrayValue, u: ArrayValue) => dynamicUpdateSlice(y, u, [at(1)]);
    const [, t] = jvp((u: ArrayValue) => f(array([0, 1, 2]), u), [array([8])], [array([5])]);
    expect(elements(t as ArrayValue)).toEqual([0, 5, 0]);
    const [, pull] = vjp(f, [array([0, 1, 2]), array([8])]);
    expect((pull(array([1, 2, 3])) as ArrayValue[]).map(elements)).toEqual([[1, 0, 3], [2]]);
  });

  test("batches over any of its operands", () => {
    const f = (y: ArrayValue, u: ArrayValue, i: ArrayValue) => dynamicUpdateSlice(y, u, [i]);
    const y = array([0, 1, 2, 3, 4, 5], [2, 3]);
    const u = array([8, 9], [1, 2]);
    const i = array([0, 2], [2], "int32");
    expect(elements(vmap(f, { inAxes: [0, 1, 0] })(y, u, i))).toEqual([8, 1, 2, 3, 4, 9]);
    expect(elements(vmap(f, { inAxes: [null, 1, null] })(array([0, 1]), u, at(1)))).toEqual([0, 8, 0, 9]);
    expect(
      elements(vmap(f, { inAxes: [1, null, null] })(array([0, 1, 2, 3], [2, 2]), array([7]), at(0))),
    ).toEqual([7, 2, 7, 3]);
  });

  test("refuses an update that is larger or of another dtype", () => {
    expect(() => dynamicUpdateSlice(array([1]), array([1, 2]), [0])).toThrow(
      "got update shape (2,) for operand shape (1,)",
    );
    expect(() => dynamicUpdateSlice(array([1]), array([1], [1], "int32"), [0])).toThrow(
      "same dtypes, got float32, int32",
    );
  });
});
