import { type ArrayValue, grad, jvp, lax, numpy as np } from "cotangent";
import { expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

const numbers = { updateWindowDims: [], insertedWindowDims: [0], scatterDimsToOperandDims: [0] };
const at = (places: readonly number[]): ArrayValue =>
  np.reshape(np.array(places, "int32"), [places.length, 1]);
const apply = (x: ArrayValue, places: readonly number[], uniqueIndices = false): ArrayValue =>
  lax.scatterApply(x, at(places), (e) => np.square(e), numbers, {
    updateShape: [places.length],
    uniqueIndices,
  });

test("applies the function as often as a place is named, and leaves out what is outside", () => {
  expectValues(apply(np.array([2, 3, 5]), [0, 2, 0, 7, -1]), [16, 3, 25]);
  expectValues(apply(np.array([2, 3, 5]), []), [2, 3, 5]);
});

test("has a derivative: in reverse where each place is named once", () => {
  const x = np.array([2, 3, 5]);
  expectValues(jvp((x: ArrayValue) => apply(x, [0, 0]), [x], [np.ones([3])])[1], [32, 1, 1]);
  expectValues(grad((x: ArrayValue) => np.sum(apply(x, [0, 2], true)))(x), [4, 1, 10]);
});

test("refuses what is no function, and updates that do not fit", () => {
  const x = np.ones([3]);
  expect(() => lax.scatterApply(x, at([0]), 2 as never, numbers)).toThrow(/func must be a function/);
  expect(() => lax.scatterApply(x, at([0]), lax.neg, numbers, { updateShape: [2] })).toThrow(/scatter-add/);
});
