import { lax, numpy as np } from "cotangent";
import { expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

test("takes what stands at lists of indices, modulo the sizes", () => {
  const x = np.reshape(np.arange(6), [2, 3]);
  const lists = [np.array([0, 3, -1], "int32"), np.array([1, -1, 5], "int32")];
  expectValues(lax.indexTake(x, lists, [0, 1]), [1, 5, 5]);
  expectValues(lax.indexTake(x, lists.slice(1), [1]), [1, 4, 2, 5, 2, 5]);
});

test("refuses lists that are not one for each axis", () => {
  const [x, n] = [np.ones([2, 3]), np.array([0], "int32")];
  expect(() => lax.indexTake(x, [n], [0, 1])).toThrow(/a list of indices for each of axes.* got 1 for 2/);
  expect(() => lax.indexTake(x, [], [])).toThrow(/got 0 for 0/);
  expect(() => lax.indexTake(x, [n], [2])).toThrow(/must be in \[0, 2\)/);
  expect(() => lax.indexTake(x, [np.ones([1])], [0])).toThrow(/integer/);
});
