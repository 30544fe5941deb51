import { describe, expect, test } from "vitest";
import { printEquations } from "../../../src/core/print.ts";
import { jvp } from "../../../src/interpreters/jvp.ts";
import { vjp } from "../../../src/interpreters/vjp.ts";
import {
  argmax,
  argmin,
  reduceAnd,
  reduceMax,
  reduceMin,
  reduceOr,
  reduceProd,
  reduceSum,
  reduceXor,
} from "../../../src/lax/reduce.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { f32, programOf } from "../compiler/programs.ts";
import { array, elements } from "./arrays.ts";

const x = array([1, 2, 3, 4, 5, 6], [2, 3]);

/** Tangent and cotangent of a reduction of one array to a scalar, both seeded with ones or `tangent`. */
function derivatives(f: (x: ArrayValue) => ArrayValue, primal: ArrayValue, tangent: ArrayValue) {
  const [, pushed] = jvp(f, [primal], [tangent]) as [ArrayValue, ArrayValue];
  const [, pull] = vjp(f, [primal]);
  const [pulled] = pull(array([1], [])) as [ArrayValue];
  return { pushed: elements(pushed), pulled: elements(pulled) };
}

describe("a reduction", () => {
  test("keeps the axes that it does not name", () => {
    expect(reduceSum(x, [0]).shape).toEqual([3]);
    expect(elements(reduceSum(x, [0]))).toEqual([5, 7, 9]);
    expect(elements(reduceSum(x, [1]))).toEqual([6, 15]);
    expect(elements(reduceSum(x, [1, 0]))).toEqual([21]);
    expect(elements(reduceSum(x, []))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("leaves the batch axis where it is among the kept ones", () => {
    const batched = array(
      Array.from({ length: 24 }, (_, i) => i),
      [2, 3, 4],
    );
    const [outs, dims] = reduceSum.rules.batch([batched], [1], 3, { axes: [0] });
    expect(dims).toEqual([0]);
    expect(outs[0]!.shape).toEqual([3, 4]);
    expect(reduceSum.rules.batch([batched], [2], 4, { axes: [0] })[1]).toEqual([1]);
  });

  test("keeps a weak type, but not where the result is bits or an index", () => {
    expect(reduceSum(3, []).aval.weak).toBe(true);
    expect(reduceOr(3, []).aval.weak).toBe(false);
  });

  test("is printed as in JAX", () => {
    expect(printEquations(programOf((y) => reduceSum(y, [0]), [f32(2)]))).toEqual([
      "b:f32[] = reduce_sum[axes=(0,) out_sharding=None] a",
    ]);
  });

  test("refuses axes that repeat, lie outside, or count from the back", () => {
    expect(() => reduceSum(x, [0, 0])).toThrow("unique");
    expect(() => reduceMax(x, [2])).toThrow("[0, 2)");
    expect(() => reduceMax(x, [-1])).toThrow("count axes from the front");
  });

  test("refuses dtypes without its operation", () => {
    expect(() => reduceSum(true, [])).toThrow("reduce_sum does not accept dtype bool");
    expect(() => reduceAnd(x, [0])).toThrow("reduce_and does not accept dtype float32");
    expect(() => argmax(array([1, 2], [1], "complex64"), 0, "int32")).toThrow("complex64");
  });
});

describe("the reduction of nothing", () => {
  test.each([
    ["sum", reduceSum(array([]), [0]), 0],
    ["product", reduceProd(array([]), [0]), 1],
    ["maximum", reduceMax(array([]), [0]), -Infinity],
    ["minimum", reduceMin(array([]), [0]), Infinity],
    ["maximum of integers", reduceMax(array([], [0], "int16"), [0]), -(2 ** 15)],
    ["minimum of integers", reduceMin(array([], [0], "uint8"), [0]), 255],
    ["maximum of booleans", reduceMax(array([], [0], "bool"), [0]), 0],
    ["conjunction", reduceAnd(array([], [0], "bool"), [0]), 1],
    ["bitwise conjunction", reduceAnd(array([], [0], "int32"), [0]), -1],
    ["disjunction", reduceOr(array([], [0], "uint16"), [0]), 0],
  ])("%s is the identity", (_name, result, identity) => {
    expect(elements(result)).toEqual([identity]);
  });
});

describe("derivatives", () => {
  test("of a sum are ones", () => {
    expect(derivatives((x) => reduceSum(x, [0, 1]), x, x)).toEqual({
      pushed: [21],
      pulled: [1, 1, 1, 1, 1, 1],
    });
  });

  test("of a maximum are shared by the elements that attain it", () => {
    const ties = array([1, 3, 3, 2, 3, 0]);
    const { pushed, pulled } = derivatives((x) => reduceMax(x, [0]), ties, array([9, 1, 2, 9, 6, 9]));
    expect(pushed).toEqual([3]);
    expect(pulled.map((g) => Math.round(Number(g) * 3))).toEqual([0, 1, 1, 0, 1, 0]);
  });

  test.each([
    { data: [2, 3, 4], gradient: [12, 8, 6] },
    { data: [2, 0, 4], gradient: [0, 8, 0] },
    { data: [0, 3, 0], gradient: [0, 0, 0] },
    { data: [5], gradient: [1] },
    { data: [], gradient: [] },
  ])("of the product of $data are the products of the others", ({ data, gradient }) => {
    const { pulled } = derivatives((x) => reduceProd(x, [0]), array(data), array(data));
    expect(pulled).toEqual(gradient);
  });

  test("of a product over several axes have the shape of the operand", () => {
    const y = array([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
    const [, pull] = vjp((x: ArrayValue) => reduceProd(x, [2, 0]), [y]);
    const [pulled] = pull(array([1, 1])) as [ArrayValue];
    const [first, second] = [1 * 2 * 5 * 6, 3 * 4 * 7 * 8];
    expect(pulled.shape).toEqual([2, 2, 2]);
    expect(elements(pulled)).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8].map((v, i) => (i % 4 < 2 ? first : second) / v),
    );
  });
});

describe("argmax and argmin", () => {
  test("name the first of equals", () => {
    expect(elements(argmax(array([1, 3, 3, 2]), 0, "int32"))).toEqual([1]);
    expect(elements(argmin(array([3, 1, 2, 1]), 0, "int32"))).toEqual([1]);
  });

  test("name the first NaN", () => {
    expect(elements(argmax(array([1, NaN, 3, NaN]), 0, "int32"))).toEqual([1]);
    expect(elements(argmin(array([NaN, -1, 3]), 0, "int32"))).toEqual([0]);
  });

  test("go along one axis, and count in the dtype asked for", () => {
    const places = argmax(array([1, 5, 2, 7, 0, 3], [2, 3]), 1, "uint8");
    expect(places.dtype).toBe("uint8");
    expect(elements(places)).toEqual([1, 0]);
    expect(elements(argmin(array([1, 5, 2, 7, 0, 3], [2, 3]), 0, "int32"))).toEqual([0, 1, 0]);
  });

  test("take -Infinity, booleans and 64-bit integers for what they are", () => {
    expect(elements(argmax(array([-Infinity, -Infinity]), 0, "int32"))).toEqual([0]);
    expect(elements(argmax(array([false, true, true], [3], "bool"), 0, "int32"))).toEqual([1]);
    expect(elements(argmax(array([1n, 2n ** 60n, 3n], [3], "int64"), 0, "int32"))).toEqual([1]);
  });

  test("refuse an empty axis and an index that is no integer", () => {
    expect(() => argmax(array([]), 0, "int32")).toThrow("is empty");
    expect(() => argmax(x, 0, "float32")).toThrow("indexDtype must be an integer dtype");
  });
});

test("bits are combined in integers of every width", () => {
  expect(elements(reduceXor(array([1, 3, 7], [3], "int32"), [0]))).toEqual([5]);
  expect(elements(reduceAnd(array([6, 3], [2], "uint8"), [0]))).toEqual([2]);
  expect(elements(reduceOr(array([6n, 1n], [2], "uint64"), [0]))).toEqual([7n]);
  expect(elements(reduceXor(array([true, true, true], [3], "bool"), [0]))).toEqual([1]);
});
