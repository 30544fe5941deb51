import { describe, expect, test } from "vitest";
import type { ArrayValue } from "../../../src/core/value.ts";
import { jvp } from "../../../src/interpreters/jvp.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import { vjp } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import { concatenate, stack, tile } from "../../../src/lax/join.ts";
import { split, unstack } from "../../../src/lax/split.ts";
import { array, elements } from "./arrays.ts";

const x = array([0, 1, 2, 3, 4, 5], [2, 3]);
const y = array([6, 7], [2, 1]);

describe("concatenate", () => {
  test("joins along one axis; of a single operand it is that operand", () => {
    expect(elements(concatenate([x, y], 1))).toEqual([0, 1, 2, 6, 3, 4, 5, 7]);
    expect(elements(concatenate([x, x], 0))).toEqual([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]);
    expect(concatenate([x], 0)).toBe(x);
  });

  test("splits the cotangent, and slices it where some operand is constant", () => {
    const ct = array([0, 1, 2, 3, 4, 5, 6, 7], [2, 4]);
    const [, pull] = vjp((a: ArrayValue, b: ArrayValue) => concatenate([a, b], 1), [x, y]);
    expect((pull(ct) as ArrayValue[]).map(elements)).toEqual([
      [0, 1, 2, 4, 5, 6],
      [3, 7],
    ]);
    const [, pullOne] = vjp((b: ArrayValue) => concatenate([x, b], 1), [y]);
    expect(elements(pullOne(ct)[0] as ArrayValue)).toEqual([3, 7]);
  });

  test("has tangent zero where an operand has none", () => {
    const [, t] = jvp((b: ArrayValue) => concatenate([x, b], 1), [y], [y]);
    expect(elements(t as ArrayValue)).toEqual([0, 0, 0, 6, 0, 0, 0, 7]);
  });

  test("batches operands with different batch axes, or none", () => {
    const f = vmap((a: ArrayValue, b: ArrayValue) => concatenate([a, b], 0), { inAxes: [1, null] });
    expect(elements(f(x, array([9])))).toEqual([0, 3, 9, 1, 4, 9, 2, 5, 9]);
  });

  test("refuses shapes and dtypes that do not fit, and no operand", () => {
    expect(() => concatenate([array([1], [1, 1]), x], 0)).toThrow(
      "Cannot concatenate arrays with shapes that differ in dimensions other than the one being concatenated: concatenating along dimension 0 for shapes (1, 1), (2, 3)",
    );
    expect(() => concatenate([x, array([1])], 0)).toThrow(
      "different numbers of dimensions: got (2, 3), (1,)",
    );
    expect(() => concatenate([x, x], 2)).toThrow("concatenate dimension out of bounds: dimension 2");
    expect(() => concatenate([x, array([1], [1, 1], "int32")], 0)).toThrow(
      "lax.concatenate requires arguments to have the same dtypes, got float32, int32",
    );
    expect(() => concatenate([], 0)).toThrow("requires a non-empty list of arrays");
    expect(() => concatenate(x as never, 0)).toThrow("takes a list of arrays");
  });
});

describe("stack and unstack", () => {
  test("are inverse to each other, along any axis", () => {
    expect(stack([x, x]).shape).toEqual([2, 2, 3]);
    expect(elements(stack([array([1, 2]), array([3, 4])], -1))).toEqual([1, 3, 2, 4]);
    expect(unstack(x, 1).map(elements)).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
    expect(elements(stack(unstack(x, { axis: 1 }), { axis: 1 }))).toEqual(elements(x));
    expect(elements(stack([1, 2, 3]))).toEqual([1, 2, 3]);
  });

  test("are each other's transposes", () => {
    const [, pull] = vjp((a: ArrayValue, b: ArrayValue) => stack([a, b], 1), [array([0, 0]), array([0, 0])]);
    expect((pull(array([1, 2, 3, 4], [2, 2])) as ArrayValue[]).map(elements)).toEqual([
      [1, 3],
      [2, 4],
    ]);
    const [, back] = vjp((a: ArrayValue) => unstack(a)[1]!, [x]);
    expect(elements(back(array([7, 8, 9]))[0] as ArrayValue)).toEqual([0, 0, 0, 7, 8, 9]);
  });

  test("refuse different shapes", () => {
    expect(() => stack([x, y])).toThrow("all input arrays must have the same shape, got (2, 3), (2, 1)");
  });
});

describe("tile", () => {
  test("repeats whole blocks, and sums their cotangents", () => {
    expect(elements(tile(array([1, 2]), [3]))).toEqual([1, 2, 1, 2, 1, 2]);
    expect(elements(tile(x, [1, 2]))).toEqual([0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5]);
    const [, pull] = vjp((a: ArrayValue) => tile(a, [2]), [array([1, 2])]);
    expect(elements(pull(array([1, 2, 3, 4]))[0] as ArrayValue)).toEqual([4, 6]);
    expect(() => tile(x, [2])).toThrow("reps length must be equal to the ndim of x");
  });

  test("prints as JAX prints it, as the others do", () => {
    const text = String(
      makeJaxpr((a: ArrayValue) => [stack([a, a]), ...split(tile(a, [2]), [2, 4])])(array([1, 2, 3])),
    );
    expect(text).toContain("stack[axis=0] a a");
    expect(text).toContain("tile[reps=(2,)] a");
    expect(text).toContain("split[axis=0 sizes=(2, 4)]");
  });
});
