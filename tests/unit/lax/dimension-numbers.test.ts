import { describe, expect, test } from "vitest";
import {
  indicesAhead,
  modeKind,
  placeOfIndexAxis,
  placeOfWindowAxis,
  toMode,
  withBatchingPair,
} from "../../../src/lax/dimension-numbers.ts";
import { array } from "./arrays.ts";

test("modes have JAX's names and synonyms", () => {
  expect(
    [null, "drop", "fill", "clip", "promise_in_bounds"].map((mode) => toMode(mode, "clip", "f")),
  ).toEqual(["clip", "fill", "fill", "clip", "promise_in_bounds"]);
  expect(() => toMode("wrap", "clip", "f")).toThrow(
    'f: mode must be "clip", "fill", "drop" or "promise_in_bounds", got the string "wrap"',
  );
  expect(String(modeKind.write("fill"))).toBe("GatherScatterMode.FILL_OR_DROP");
  expect(String(modeKind.write("promise_in_bounds"))).toBe("GatherScatterMode.PROMISE_IN_BOUNDS");
});

describe("a batch axis", () => {
  test("of the indices comes out behind as many axes of theirs as before", () => {
    // Of the result's axes 0 … 3, the window has 1 and 2.
    expect([0, 1, 2].map((dim) => placeOfIndexAxis(dim, [1, 2]))).toEqual([0, 1, 4]);
  });

  test("of the operand comes out behind as many axes of the window as before", () => {
    expect(placeOfWindowAxis(0, [1], [1, 3])).toEqual([0, 0]);
    expect(placeOfWindowAxis(2, [0], [1, 3])).toEqual([2, 1]);
    expect(placeOfWindowAxis(3, [0], [1, 3])).toEqual([4, 2]);
  });

  test("of both makes a pair of batching dims, in the order of the operand's", () => {
    expect(withBatchingPair([0, 2], [1, 0], 1, 1)).toEqual([
      [0, 1, 3],
      [2, 1, 0],
    ]);
  });

  test("is never where the index vectors are", () => {
    const indices = array([0, 1, 2, 3, 4, 5], [1, 2, 3], "int32");
    const [same, first] = indicesAhead(indices, 1);
    expect(same).toBe(indices);
    expect(first).toBe(1);
    const [moved, dim] = indicesAhead(indices, 2);
    expect([moved.shape, dim]).toEqual([[3, 1, 2], 0]);
  });
});
