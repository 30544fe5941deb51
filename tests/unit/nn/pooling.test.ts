import { type ArrayValue, lax, nn, numpy as np, tree } from "cotangent";
import { expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

test("a pool has no weights, and says what it was made of", () => {
  const pool = new nn.MaxPool2d(2, { stride: [2, 1], padding: [[1, 0], [0, 0]] }); // prettier-ignore
  expect(tree.leaves(pool)).toEqual([]);
  expect([pool.kernelSize, pool.stride, pool.padding]).toEqual([[2, 2], [2, 1], [[1, 0], [0, 0]]]); // prettier-ignore
});

test("an identity that is an array is a leaf", () => {
  const pool = new nn.Pool(np.array(1), lax.mul, 1, 2);
  expect(tree.leaves(pool)).toHaveLength(1);
  expectValues(pool.forward(np.array([[1, 2, 3]])), [2, 6]); // prettier-ignore
});

test("windows are refused where they are none, by name", () => {
  expect(() => new nn.MaxPool2d([2])).toThrow(/kernelSize is an integer or a list of 2/);
  expect(() => new nn.MaxPool2d(0)).toThrow(/kernelSize must be a positive integer/);
  expect(() => new nn.MaxPool2d(2, { stride: 0 })).toThrow(/stride must be a positive integer/);
  expect(() => new nn.AvgPool1d(2, 1, "SAME" as never)).toThrow(/padding is made of numbers/);
  expect(() => new nn.AvgPool1d(2, { dilation: 2 } as never)).toThrow(/no option dilation/);
  expect(() => new nn.Pool(0, 3 as never, 1, 2)).toThrow(/operation is a function/);
});

test("the input is refused where it has other axes, or less than the window's padding", () => {
  expect(() => new nn.AvgPool2d(2).forward(np.ones([3, 3]))).toThrow(
    /an axis of channels and 2 of space.*use vmap/,
  );
  expect(() => new nn.AvgPool1d(2, 1, 3).forward(np.ones([1, 3]))).toThrow(
    /padding \(3, 3\) is larger than the window/,
  );
});

test("an adaptive pool refuses more places than there are elements, and what is no function", () => {
  expect(() => new nn.AdaptiveMaxPool1d(4).forward(np.ones([1, 3]))).toThrow(
    /makes \(4,\) places, got .* \(1, 3\)/,
  );
  expect(() => new nn.AdaptiveMaxPool2d([1, 2, 3])).toThrow(/targetShape is an integer or a list of 2/);
  expect(() => new nn.AdaptivePool(2, 1, "mean" as never)).toThrow(/operation is a function/);
  const largest = new nn.AdaptivePool(2, 1, (part: ArrayValue) => np.max(part));
  expectValues(largest.forward(np.array([[1, 5, 2, 3, 4]])), [5, 4]); // prettier-ignore
});
