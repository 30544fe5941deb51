import { expect, test } from "vitest";
import { rowsOf } from "../../../../src/backends/reference/cumulative.ts";
import { cumlogsumexp, cummax, cumprod, cumsum } from "../../../../src/lax/cumulative.ts";
import { array, elements } from "../../lax/arrays.ts";

test("rows start at each place of the other axes", () => {
  expect(rowsOf([2, 3, 2], 1)).toEqual({ starts: Int32Array.of(0, 1, 6, 7), count: 3, stride: 2 });
  expect(rowsOf([2, 3, 2], 1, true)).toEqual({ starts: Int32Array.of(4, 5, 10, 11), count: 3, stride: -2 });
  expect(rowsOf([0, 3], 1).starts).toHaveLength(0);
});

test("log-sum-exp meets infinities and NaN as XLA does", () => {
  const x = array([-Infinity, -Infinity, 1, Infinity, NaN]);
  expect(elements(cumlogsumexp(x))).toEqual([-Infinity, -Infinity, 1, Infinity, NaN]);
  expect(elements(cumlogsumexp(array([Infinity, Infinity])))).toEqual([Infinity, Infinity]);
  const large = elements(cumlogsumexp(array([1000, 1000]))).map(Number);
  expect(large[1]).toBeCloseTo(1000 + Math.LN2, 4);
});

test("complex numbers run", () => {
  const x = array([1, 2, 3, -1, 3, 1], [3], "complex64");
  expect(elements(cumsum(x, { reverse: true }))).toEqual([7, 2, 6, 0, 3, 1]);
  expect(elements(cumprod(x))).toEqual([1, 2, 5, 5, 10, 20]);
  expect(elements(cummax(x))).toEqual([1, 2, 3, -1, 3, 1]);
  const sums = elements(cumlogsumexp(x)).map(Number);
  [1, 2, 2.8563948, -0.97795033, 3.0311606, 0.1195693].forEach((part, i) =>
    expect(sums[i]).toBeCloseTo(part, 5),
  );
});

test("64-bit integers run exactly, and wrap", () => {
  expect(elements(cumprod(array([2n ** 40n, 2n ** 23n, 2n], [3], "int64")))).toEqual([
    2n ** 40n,
    -(2n ** 63n),
    0n,
  ]);
  expect(elements(cumprod(array([65537, 65537], [2], "uint32")))).toEqual([65537, 131073]);
});
