import { expect, test } from "vitest";
import type { ArrayValue } from "../../../src/core/value.ts";
import { vjp } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import { split, unstack } from "../../../src/lax/split.ts";
import { array, elements } from "./arrays.ts";

const x = array([0, 1, 2, 3, 4, 5], [2, 3]);

test("split cuts into parts of given sizes", () => {
  expect(split(x, [1, 0, 2], 1).map(elements)).toEqual([[0, 3], [], [1, 2, 4, 5]]);
  expect(() => split(x, [1, 1], 1)).toThrow(
    "sum of sizes 2 must be equal to dimension 1 of the operand shape (2, 3)",
  );
  expect(() => split(x, [-1, 4], 1)).toThrow("non-negative integers");
  const [, pull] = vjp((a: ArrayValue) => split(a, [1, 2], 1)[1]!, [x]);
  expect(elements(pull(array([1, 2, 3, 4], [2, 2]))[0] as ArrayValue)).toEqual([0, 1, 2, 0, 3, 4]);
});

test("unstack takes an axis apart, wherever the batch axis is", () => {
  expect(unstack(x, -1).map(elements)).toEqual([
    [0, 3],
    [1, 4],
    [2, 5],
  ]);
  const batched = vmap((a: ArrayValue) => unstack(a), { inAxes: 1 })(x);
  expect((batched as ArrayValue[]).map(elements)).toEqual([
    [0, 1, 2],
    [3, 4, 5],
  ]);
  expect(() => unstack(array([1], []))).toThrow("axis 0 is out of bounds for array of dimension 0");
});
