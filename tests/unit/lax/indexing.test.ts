import { describe, expect, test } from "vitest";
import type { ArrayValue } from "../../../src/core/value.ts";
import type { DType } from "../../../src/core/dtype.ts";
import { jvp } from "../../../src/interpreters/jvp.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import { vjp } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import { gather } from "../../../src/lax/indexing.ts";
import { array, elements } from "./arrays.ts";

const rows = { offsetDims: [1], collapsedSliceDims: [0], startIndexMap: [0] };
const single = { offsetDims: [], collapsedSliceDims: [0], startIndexMap: [0] };
const windows = { offsetDims: [1], collapsedSliceDims: [], startIndexMap: [0] };
const x = array([0, 1, 2, 3, 4, 5], [3, 2]);
const indices = (...list: number[]) => array(list, [list.length, 1], "int32");

describe("gather", () => {
  test("takes one window for each index vector", () => {
    expect(elements(gather(x, indices(2, 0, 2), rows, [1, 2]))).toEqual([4, 5, 0, 1, 4, 5]);
    expect(elements(gather(array([5, 6, 7, 8]), indices(0, 2), windows, [2]))).toEqual([5, 6, 7, 8]);
    const columns = { offsetDims: [0], collapsedSliceDims: [1], startIndexMap: [1] };
    expect(elements(gather(x, indices(1, 0), columns, [3, 1]))).toEqual([1, 0, 3, 2, 5, 4]);
  });

  test("never wraps a negative index: it clips, or fills the whole window", () => {
    const y = array([5, 6, 7]);
    const i = indices(-1, 1, 2, 9);
    expect(elements(gather(y, i, windows, [2]))).toEqual([5, 6, 6, 7, 6, 7, 6, 7]);
    expect(elements(gather(y, i, windows, [2], { mode: "clip" }))).toEqual([5, 6, 6, 7, 6, 7, 6, 7]);
    expect(elements(gather(y, i, windows, [2], { mode: "fill" }))).toEqual([
      NaN,
      NaN,
      6,
      7,
      NaN,
      NaN,
      NaN,
      NaN,
    ]);
    expect(elements(gather(y, i, windows, [2], { mode: "fill", fillValue: -1 }))).toEqual([
      -1, -1, 6, 7, -1, -1, -1, -1,
    ]);
  });

  test.each<[DType, number | bigint]>([
    ["int8", -128],
    ["uint16", 65535],
    ["bool", 1],
    ["int64", -(2n ** 63n)],
    ["uint64", 2n ** 64n - 1n],
    ["bfloat16", NaN],
  ])("fills %s with %s", (dtype, fill) => {
    const y = array([1], [1], dtype);
    expect(elements(gather(y, indices(3), single, [1], { mode: "fill" }))).toEqual([fill]);
  });

  test("runs along with the indices on batching dims", () => {
    const d = {
      ...single,
      collapsedSliceDims: [1],
      startIndexMap: [1],
      operandBatchingDims: [0],
      startIndicesBatchingDims: [0],
    };
    const i = array([0, 1, 1, 0, 0, 0], [3, 2, 1], "int32");
    expect(elements(gather(x, i, d, [1, 1]))).toEqual([0, 1, 3, 2, 4, 4]);
  });

  test("adds cotangents up where a place is read twice, and drops those of fills", () => {
    const f = (y: ArrayValue) => gather(y, indices(2, 0, 2, 7), single, [1], { mode: "fill" });
    const [, pull] = vjp(f, [array([0, 0, 0])]);
    expect(elements(pull(array([1, 2, 4, 8]))[0] as ArrayValue)).toEqual([2, 0, 5]);
    const [, t] = jvp(f, [array([0, 0, 0])], [array([1, 2, 3])]);
    expect(elements(t as ArrayValue)).toEqual([3, 1, 3, 0]);
  });

  test("batches each operand apart and both together, from any axis", () => {
    const f = (y: ArrayValue, i: ArrayValue) => gather(y, i, single, [1]);
    const i = array([0, 1, 2, 2, 1, 0], [3, 1, 2], "int32");
    expect(elements(vmap(f, { inAxes: [1, null] })(x, indices(2, 0)))).toEqual([4, 0, 5, 1]);
    expect(elements(vmap(f, { inAxes: [null, 2] })(array([7, 8, 9]), i))).toEqual([7, 9, 8, 8, 9, 7]);
    expect(elements(vmap(f, { inAxes: [1, 2] })(x, i))).toEqual([0, 4, 2, 3, 5, 1]);
  });

  test("keeps what is sorted and unique only where it stays so", () => {
    const f = (y: ArrayValue, i: ArrayValue) =>
      gather(y, i, single, [1], { indicesAreSorted: true, uniqueIndices: true });
    const i = array([0, 1, 0, 1], [2, 2, 1], "int32");
    expect(String(makeJaxpr(vmap(f, { inAxes: [null, 0] }))(array([1, 2]), i))).toContain(
      "unique_indices=False",
    );
    expect(String(makeJaxpr(vmap(f))(array([1, 2, 3, 4], [2, 2]), i))).toContain("unique_indices=True");
  });

  test("prints as JAX prints it", () => {
    const text = String(
      makeJaxpr((y: ArrayValue, i: ArrayValue) => gather(y, i, rows, [1, 2]))(x, indices(0)),
    );
    expect(text).toContain(
      "dimension_numbers=GatherDimensionNumbers(offset_dims=(1,), collapsed_slice_dims=(0,), start_index_map=(0,), operand_batching_dims=(), start_indices_batching_dims=())",
    );
    expect(text).toContain("mode=GatherScatterMode.PROMISE_IN_BOUNDS");
    expect(text).toContain("fill_value=None");
  });

  test("checks dimension numbers and sizes", () => {
    const taking =
      (d: object, sizes: number[], i: ArrayValue = indices(0)) =>
      () =>
        gather(x, i, { ...rows, ...d }, sizes);
    expect(taking({}, [4, 2])).toThrow("slice size at axis 0 is out of range, must be within [0, 3], got 4");
    expect(taking({}, [2, 2])).toThrow("slice size at collapsed axis 0 must be 1, got 2");
    expect(taking({ offsetDims: [2] }, [1, 2])).toThrow("offset_dims must be in [0, 2)");
    expect(taking({ startIndexMap: [0, 1] }, [1, 2])).toThrow(
      "index vectors along the last axis of indices (1, 1) have 1",
    );
    expect(taking({ collapsedSliceDims: [] }, [1, 2])).toThrow(
      "every operand axis among the offset, collapsed or batching dimensions",
    );
    expect(taking({ operandBatchingDims: [0], startIndicesBatchingDims: [0] }, [1, 2])).toThrow("disjoint");
    expect(taking({}, [1, 2], array([0.5], [1, 1]))).toThrow(
      "gather indices must have an integer type, got float32",
    );
    expect(() => gather(x, indices(0), rows, [1, 2], { mode: "wrap" as never })).toThrow(
      'mode must be "clip", "fill", "drop"',
    );
  });
});
