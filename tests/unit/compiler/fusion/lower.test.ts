import { lax, numpy as np, vmap } from "cotangent";
import { describe, test } from "vitest";
import type { NDArray } from "../../../../src/core/value.ts";
import { arrayOf } from "../../../laws/array-programs.ts";
import { expectSameOnBoth } from "./compiled.ts";

describe("updates", () => {
  test("each lane of a vector writes where it is to", () => {
    const [x, update] = [arrayOf([8, 9], "float32", 1), arrayOf([8, 4], "float32", 2)];
    const starts = np.array([0, 5, 2, 4, 1, 3, 7, -2], "int32") as NDArray;
    expectSameOnBoth(
      vmap((x, u, i) => lax.dynamicUpdateSlice(x, u, [i])),
      [x, update, starts],
    );
  });
  test("those to one place are taken one after the other", () => {
    const numbers = { updateWindowDims: [], insertedWindowDims: [0], scatterDimsToOperandDims: [0] };
    const places = np.array([[0], [0], [0], [0]], "int32") as NDArray;
    const xs = [arrayOf([1], "float32", 1), places, arrayOf([4], "float32", 3)];
    expectSameOnBoth((x, at, u) => lax.scatterAdd(x, at, u, numbers, { mode: "clip" }), xs);
    expectSameOnBoth((x, _, u) => lax.scatterAdd(x, lax.full([4, 1], 0, "int32"), u, numbers), xs);
  });
  test("those to one place of each of a batch are, though loops become one", () => {
    const numbers = {
      updateWindowDims: [],
      insertedWindowDims: [2],
      scatterDimsToOperandDims: [2],
      operandBatchingDims: [0, 1],
      scatterIndicesBatchingDims: [0, 1],
    };
    const places = np.zeros([2, 3, 9, 1], "int32") as NDArray;
    const xs = [places, arrayOf([2, 3, 9], "float32", 3)];
    expectSameOnBoth((at, u) => lax.scatterAdd(np.zeros([2, 3, 1]), at, u, numbers), xs);
  });
});
