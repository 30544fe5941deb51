import { describe, expect, test } from "vitest";
import type { ArrayValue, NDArray } from "../../../src/core/value.ts";
import type { DType } from "../../../src/core/dtype.ts";
import { printEquations } from "../../../src/core/print.ts";
import { sizeOf } from "../../../src/core/shape.ts";
import { vjp } from "../../../src/interpreters/vjp.ts";
import { batchMatmul, dot, dotGeneral, type DotGeneralParams } from "../../../src/lax/dot.ts";
import type { DotDimensionNumbers } from "../../../src/lax/dot-dimensions.ts";
import { f32, programOf } from "../compiler/programs.ts";
import { array, elements } from "./arrays.ts";

/** Small integers, so that sums are exact. */
const counted = (shape: readonly number[], start = 1, dtype: DType = "float32") =>
  array(
    Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7 + start * 5) % 11) - 5),
    shape,
    dtype,
  );
const inner = (x: ArrayValue, y: ArrayValue): number => {
  const [a, b] = [elements(x), elements(y)];
  return a.reduce<number>((sum, v, i) => sum + Number(v) * Number(b[i]!), 0);
};

const layouts: [lhs: number[], rhs: number[], DotDimensionNumbers][] = [
  [[2, 3], [3, 4], [[[1], [0]], [[], []]]],
  [[3, 2], [4, 3], [[[0], [1]], [[], []]]],
  [[3], [3], [[[0], [0]], [[], []]]],
  [[2], [3], [[[], []], [[], []]]],
  [[2, 3, 4], [2, 4, 5], [[[2], [1]], [[0], [0]]]],
  [[3, 2, 4], [4, 5, 2], [[[2], [0]], [[1], [2]]]],
  [[2, 3, 4], [4, 5, 2], [[[0, 2], [2, 0]], [[], []]]],
  [[2, 3, 4, 2], [2, 4, 5, 2], [[[2], [1]], [[3, 0], [0, 3]]]],
]; // prettier-ignore

describe("dotGeneral", () => {
  test("sums over contracted axes, for each place on the batch axes", () => {
    const out = dotGeneral(array([1, 2, 3, 4, 5, 6], [3, 2]), array([1, 10, 100, 1000, 2, 20], [2, 3]), [
      [[1], [0]],
      [[], []],
    ]);
    expect(out.shape).toEqual([3, 3]);
    expect(elements(out)).toEqual(
      [2001, 14, 120, 4003, 38, 380, 6005, 62, 640].map((_, i) => {
        const [row, column] = [Math.floor(i / 3), i % 3];
        return (2 * row + 1) * [1, 10, 100][column]! + (2 * row + 2) * [1000, 2, 20][column]!;
      }),
    );
  });

  test("puts batch axes first, then what is left of lhs, then of rhs", () => {
    const [lhs, rhs, numbers] = layouts[5]!;
    expect(dotGeneral(counted(lhs), counted(rhs, 2), numbers).shape).toEqual([2, 3, 5]);
  });

  test.each(layouts)(
    "of %j and %j by %j has the transpose that inner products demand",
    (lhs, rhs, numbers) => {
      const [x, y] = [counted(lhs), counted(rhs, 2)];
      const [out, pull] = vjp((x: ArrayValue, y: ArrayValue) => dotGeneral(x, y, numbers), [x, y]);
      const ct = counted((out as ArrayValue).shape, 3);
      const [xBar, yBar] = pull(ct) as [ArrayValue, ArrayValue];
      const expected = inner(out as ArrayValue, ct);
      expect(xBar.shape).toEqual(lhs);
      expect(inner(xBar, x)).toBe(expected);
      expect(inner(yBar, y)).toBe(expected);
      // The gradient of one operand does not depend on it: the map is linear.
      const other = counted(lhs, 4);
      expect(inner(xBar, other)).toBe(inner(dotGeneral(other, y, numbers), ct));
      const another = counted(rhs, 4);
      expect(inner(yBar, another)).toBe(inner(dotGeneral(x, another, numbers), ct));
    },
  );

  test.each(layouts)("of %j and %j by %j keeps batches wherever they are", (lhs, rhs, numbers) => {
    const params: DotGeneralParams = {
      dimensionNumbers: numbers,
      precision: null,
      preferredElementType: null,
    };
    const places = (rank: number) => [null, ...Array.from({ length: rank + 1 }, (_, i) => i)];
    for (const left of places(lhs.length)) {
      for (const right of places(rhs.length)) {
        if (left === null && right === null) continue;
        const grown = (shape: readonly number[], dim: number | null) =>
          dim === null ? shape : shape.toSpliced(dim, 0, 2);
        const operands = [counted(grown(lhs, left)), counted(grown(rhs, right), 2)];
        const [outs, dims] = dotGeneral.rules.batch(operands, [left, right], 2, params);
        for (const i of [0, 1]) {
          const [x, y] = [sliced(operands[0]!, left, i), sliced(operands[1]!, right, i)];
          expect(elements(sliced(outs[0]!, dims[0]!, i))).toEqual(elements(dotGeneral(x, y, numbers)));
        }
      }
    }
  });

  test("of nothing to sum over is zero", () => {
    expect(elements(dot(array([], [2, 0]), array([], [0, 2])))).toEqual([0, 0, 0, 0]);
  });

  test.each<[DType, DType, DType | null, DType, number]>([
    ["float32", "int32", null, "float32", 3],
    ["float16", "bfloat16", null, "bfloat16", 3],
    ["int8", "uint8", null, "int8", 3],
    ["int8", "uint32", null, "uint32", 3],
    ["bool", "bool", null, "bool", 1],
    ["bool", "bool", "int32", "int32", 2],
    ["int8", "int8", "int32", "int32", 3],
    ["int8", "int8", "float32", "float32", 3],
    ["float32", "float32", "float16", "float16", 3],
    ["int64", "uint32", null, "int64", 3],
    ["float32", "float32", "int32", "int32", 3],
  ])("of %s and %s, preferring %s, is %s", (left, right, preferred, dtype, expected) => {
    const out = dotGeneral(
      array([1, 2], [2], left),
      array([1, 1], [2], right),
      [
        [0, 0],
        [[], []],
      ],
      {
        preferredElementType: preferred,
      },
    );
    expect(out.dtype).toBe(dtype);
    expect(Number(elements(out)[0])).toBe(expected);
  });

  test("multiplies complex numbers by real and complex ones, without conjugation", () => {
    const i = array([0, 1, 1, 1], [2], "complex64");
    expect(elements(dot(i, i))).toEqual([-1, 2]);
    expect(elements(dot(i, array([2, 1])))).toEqual([1, 3]);
  });

  test("gives each operand a cotangent of its own dtype", () => {
    const [x, y] = [counted([2, 3], 1, "bfloat16"), counted([3, 2], 2)];
    const [out, pull] = vjp((x: ArrayValue, y: ArrayValue) => dot(x, y), [x, y]);
    const bars = pull(out) as ArrayValue[];
    expect(bars.map((bar) => bar.dtype)).toEqual(["bfloat16", "float32"]);
  });

  test("is printed as in JAX", () => {
    const numbers: DotDimensionNumbers = [[[2], [1]], [[0], [0]]]; // prettier-ignore
    const params: DotGeneralParams = {
      dimensionNumbers: numbers,
      precision: null,
      preferredElementType: null,
    };
    const exact: DotGeneralParams = {
      ...params,
      precision: ["high", "default"],
      preferredElementType: "float32",
    };
    const show = (given: DotGeneralParams) =>
      printEquations(
        programOf((x, y) => dotGeneral.bind([x, y], given)[0]!, [f32(2, 2, 3), f32(2, 3, 2)]),
      )[0]!.replace(/\s+/g, " ");
    expect(show(params)).toContain("dot_general[dimension_numbers=(([2], [1]), ([0], [0]))] a b");
    expect(show(exact)).toContain(
      "dot_general[ dimension_numbers=(([2], [1]), ([0], [0])) precision=(Precision.HIGH, Precision.DEFAULT) preferred_element_type=float32 ] a b",
    );
  });

  test.each<[number[], number[], DotDimensionNumbers, string]>([
    [[2, 3], [4], [[[1], [0]], [[], []]], "contracted sizes differ: lhs axis 1 is 3, rhs axis 0 is 4"],
    [[3, 2], [2, 2], [[[1], [0]], [[0], [1]]], "batch sizes differ: lhs axis 0 is 3, rhs axis 1 is 2"],
    [[2, 3], [3, 3], [[[1], [0, 1]], [[], []]], "equally many contracted axes, got (1,) and (0, 1)"],
    [[2, 3], [3], [[[1], [1]], [[], []]], "rhs batch and contract axes must be in [0, 1)"],
    [[2, 3], [3], [[[-1], [0]], [[], []]], "lhs batch and contract axes must be in [0, 2)"],
    [[3, 3], [3, 3], [[[1], [0]], [[1], [1]]], "lhs batch and contract axes must be unique"],
  ])("of %j and %j by %j is refused", (lhs, rhs, numbers, message) => {
    expect(() => dotGeneral(counted(lhs), counted(rhs), numbers)).toThrow(message);
  }); // prettier-ignore

  test("refuses a narrower integer result, an unknown precision, and keys", () => {
    const ints = counted([2], 1, "int32");
    expect(() => dot(ints, ints, { preferredElementType: "int8" })).toThrow("must not be narrower");
    expect(() => dot(ints, ints, { precision: "hihg" as "high" })).toThrow('did you mean "high"?');
    expect(() => dot(array([1, 2, 3, 4], [2], "key<fry>"), ints)).toThrow(
      "dot_general does not accept dtype key<fry>",
    );
  });
});

/** Place `i` of an array along the axis `dim`; the array itself without one. */
function sliced(x: ArrayValue, dim: number | null, i: number): NDArray {
  const data = elements(x);
  if (dim === null) return array(data, x.shape);
  const step = sizeOf(x.shape.slice(dim + 1));
  const size = x.shape[dim]!;
  return array(
    data.filter((_, at) => Math.floor(at / step) % size === i),
    x.shape.toSpliced(dim, 1),
  );
}

describe("dot", () => {
  test("multiplies matrices and vectors", () => {
    const m = array([1, 2, 3, 4], [2, 2]);
    const v = array([1, 10]);
    expect(elements(dot(m, v))).toEqual([21, 43]);
    expect(elements(dot(v, m))).toEqual([31, 42]);
    expect(elements(dot(v, v))).toEqual([101]);
    expect(
      elements(
        dot(m, m, {
          dimensionNumbers: [
            [1, 1],
            [[], []],
          ],
        }),
      ),
    ).toEqual([5, 11, 11, 25]);
  });

  test("refuses other shapes without dimension numbers", () => {
    expect(() => dot(3, 4)).toThrow("shapes () and ()");
    expect(() => dot(array([1]), array([1, 2, 3, 4], [2, 2]))).toThrow(
      "give dimensionNumbers, or use np.matmul",
    );
  });
});

test("batchMatmul multiplies matrix by matrix, and broadcasts nothing", () => {
  const x = array([1, 2, 3, 4], [2, 1, 2]);
  const y = array([1, 1, 2, 2], [2, 2, 1]);
  expect(elements(batchMatmul(x, y))).toEqual([3, 14]);
  expect(() => batchMatmul(x, array([1, 2], [2, 1]))).toThrow("must have the same rank");
});
