import { describe, expect, test } from "vitest";
import { dot, dotGeneral } from "../../../../src/lax/dot.ts";
import { array, elements } from "../../lax/arrays.ts";

const numbers = (n: number, step: number) => Array.from({ length: n }, (_, i) => ((i * step) % 13) - 6);

describe("a product of matrices", () => {
  // Blocks are 4 × 2: sizes on both sides of their multiples take every path.
  test.each([[1, 1, 1], [4, 2, 3], [5, 3, 2], [7, 1, 5], [3, 8, 4], [9, 9, 9], [1, 6, 7]])(
    "%i × %i over %i is the sum of products",
    (m, n, k) => {
      const [x, y] = [numbers(m * k, 5), numbers(k * n, 7)];
      const expected = Array.from({ length: m * n }, (_, o) => {
        const [row, column] = [Math.floor(o / n), o % n];
        let total = 0;
        for (let p = 0; p < k; p++) total += x[row * k + p]! * y[p * n + column]!;
        return total;
      });
      expect(elements(dot(array(x, [m, k]), array(y, [k, n])))).toEqual(expected);
      const int = dot(array(x, [m, k], "int32"), array(y, [k, n], "int32"));
      expect(elements(int)).toEqual(expected);
    },
  ); // prettier-ignore

  test("is rounded once", () => {
    const ones = Array.from({ length: 3000 }, () => 1);
    expect(elements(dot(array(ones, [3000], "bfloat16"), array(ones, [3000], "bfloat16")))).toEqual([3008]);
    expect(elements(dot(array([2 ** 24, 1, 1]), array([1, 1, 1])))).toEqual([2 ** 24 + 2]);
  });

  test("wraps integers, exactly", () => {
    expect(elements(dot(array([100, 100], [2], "int8"), array([100, 100], [2], "int8")))).toEqual([32]);
    expect(elements(dot(array([2 ** 30 + 1], [1], "int32"), array([2 ** 30 + 3], [1], "int32")))).toEqual([
      Math.imul(2 ** 30 + 1, 2 ** 30 + 3),
    ]);
    const wide = array([2n ** 62n, 3n], [2], "int64");
    expect(elements(dot(wide, array([4n, 5n], [2], "int64")))).toEqual([15n]);
  });

  test("takes NaN and Infinity as arithmetic does", () => {
    expect(elements(dot(array([Infinity]), array([0])))).toEqual([NaN]);
    expect(elements(dot(array([Infinity, 1]), array([1, 1])))).toEqual([Infinity]);
  });
});

test("integers that the sum of float products becomes saturate", () => {
  const options = { preferredElementType: "uint8" } as const;
  expect(
    elements(
      dotGeneral(
        array([-3]),
        array([2]),
        [
          [0, 0],
          [[], []],
        ],
        options,
      ),
    ),
  ).toEqual([0]);
  expect(
    elements(
      dotGeneral(
        array([300]),
        array([2]),
        [
          [0, 0],
          [[], []],
        ],
        options,
      ),
    ),
  ).toEqual([255]);
});
