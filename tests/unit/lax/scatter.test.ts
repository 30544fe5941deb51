import { describe, expect, test } from "vitest";
import type { ArrayValue } from "../../../src/core/value.ts";
import { jvp } from "../../../src/interpreters/jvp.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import { vjp } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import {
  scatter,
  scatterAdd,
  scatterMax,
  scatterMin,
  scatterMul,
  scatterSub,
} from "../../../src/lax/scatter.ts";
import { array, elements } from "./arrays.ts";

const single = { updateWindowDims: [], insertedWindowDims: [0], scatterDimsToOperandDims: [0] };
const windows = { updateWindowDims: [1], insertedWindowDims: [], scatterDimsToOperandDims: [0] };
const indices = (...list: number[]) => array(list, [list.length, 1], "int32");
const zeros = array([0, 0, 0]);
const pulled = (
  f: (x: ArrayValue, u: ArrayValue) => ArrayValue,
  x: ArrayValue,
  u: ArrayValue,
  ct: ArrayValue,
) => (vjp(f, [x, u])[1](ct) as ArrayValue[]).map(elements);

describe("a scatter", () => {
  test("puts updates into windows; of several to one place the last stays", () => {
    expect(elements(scatter(zeros, indices(2, 0, 2), array([1, 2, 3]), single))).toEqual([2, 0, 3]);
    expect(elements(scatter(zeros, indices(0, 1), array([1, 2, 3, 4], [2, 2]), windows))).toEqual([1, 3, 4]);
  });

  test("combines them with what is there", () => {
    const x = array([1, 2, 3]);
    const [i, u] = [indices(0, 2, 0), array([5, -4, 2])];
    expect(elements(scatterAdd(x, i, u, single))).toEqual([8, 2, -1]);
    expect(elements(scatterSub(x, i, u, single))).toEqual([-6, 2, 7]);
    expect(elements(scatterMul(x, i, u, single))).toEqual([10, 2, -12]);
    expect(elements(scatterMin(x, i, u, single))).toEqual([1, 2, -4]);
    expect(elements(scatterMax(x, i, u, single))).toEqual([5, 2, 3]);
  });

  test("drops a window that does not lie inside, whole, unless it clips", () => {
    const u = array([1, 2, 3, 4], [2, 2]);
    expect(elements(scatterAdd(zeros, indices(2, -1), u, windows))).toEqual([0, 0, 0]);
    expect(elements(scatterAdd(zeros, indices(2, -1), u, windows, { mode: "promise_in_bounds" }))).toEqual([
      0, 0, 0,
    ]);
    expect(elements(scatterAdd(zeros, indices(2, -1), u, windows, { mode: "clip" }))).toEqual([3, 5, 2]);
  });

  test("refuses dtypes and shapes that do not fit", () => {
    expect(() => scatterAdd(array([true]), indices(0), array([true]), single)).not.toThrow();
    const flags = array([true], [1], "bool");
    expect(() => scatterAdd(flags, indices(0), flags, single)).toThrow(
      "scatter-add does not accept dtype bool",
    );
    expect(elements(scatterMax(flags, indices(0), flags, single))).toEqual([1]);
    expect(() => scatter(zeros, indices(0), array([1], [1], "int32"), single)).toThrow(
      "same dtypes, got float32, int32",
    );
    expect(() => scatter(zeros, indices(0), array([1, 2]), single)).toThrow(
      "bounds of the scatter dimensions of updates must be the same",
    );
    expect(() => scatter(zeros, indices(0), array([1, 2, 3, 4], [1, 4]), windows)).toThrow(
      "must not exceed the bounds",
    );
    expect(() => scatter(zeros, indices(0), zeros, windows)).toThrow("updates must be of rank 2, got 1");
  });

  test("prints as JAX prints it, the update once for all scatters", () => {
    const f = (x: ArrayValue) => scatterAdd(x, array([0], [1], "int32"), 1, single);
    const text = String(makeJaxpr(f)(zeros));
    expect(text).toContain(
      "ScatterDimensionNumbers(update_window_dims=(), inserted_window_dims=(0,), scatter_dims_to_operand_dims=(0,), operand_batching_dims=(), scatter_indices_batching_dims=())",
    );
    expect(text).toContain("mode=GatherScatterMode.FILL_OR_DROP");
    expect(text).toMatch(
      /update_consts=\(\)\n\s+update_jaxpr={ lambda ; \w:f32\[\] \w:f32\[\]\. let \w:f32\[\] = add \w \w in \(\w,\) }/,
    );
    expect(String(makeJaxpr((x: ArrayValue) => f(f(x)))(zeros))).toMatch(/^let jaxpr = { lambda ;/);
    expect(
      String(makeJaxpr((x: ArrayValue) => scatter(x, array([0], [1], "int32"), 1, single))(zeros)),
    ).toContain("update_jaxpr=None");
  });
});

describe("the derivative of a scatter", () => {
  const x = array([1, 2, 3]);
  const ct = array([10, 20, 40]);

  test("goes to the update that stays, and to the operand where none does", () => {
    const f = (y: ArrayValue, u: ArrayValue) => scatter(y, indices(2, 0, 2, 5), u, single);
    expect(pulled(f, x, array([1, 2, 3, 4]), ct)).toEqual([
      [0, 20, 0],
      [0, 10, 40, 0],
    ]);
    const [, t] = jvp(f, [x, array([1, 2, 3, 4])], [x, array([5, 6, 7, 8])]);
    expect(elements(t as ArrayValue)).toEqual([6, 2, 7]);
  });

  test("goes to each update of overlapping windows by element", () => {
    const f = (y: ArrayValue, u: ArrayValue) => scatter(y, indices(0, 1), u, windows);
    expect(pulled(f, x, array([1, 2, 3, 4], [2, 2]), ct)).toEqual([
      [0, 0, 0],
      [10, 0, 20, 40],
    ]);
  });

  test("of a sum goes to all, of a difference with the sign", () => {
    const u = array([1, 2]);
    expect(pulled((y, v) => scatterAdd(y, indices(2, 2), v, single), x, u, ct)).toEqual([
      [10, 20, 40],
      [40, 40],
    ]);
    expect(pulled((y, v) => scatterSub(y, indices(2, 9), v, single), x, u, ct)).toEqual([
      [10, 20, 40],
      [-40, -0],
    ]);
  });

  test("of a product needs unique indices for the updates", () => {
    const f = (uniqueIndices: boolean) => (y: ArrayValue, u: ArrayValue) =>
      scatterMul(y, indices(2, 0), u, single, { uniqueIndices });
    expect(pulled(f(true), x, array([5, 7]), ct)).toEqual([
      [70, 20, 200],
      [120, 10],
    ]);
    expect(() => vjp(f(false), [x, array([5, 7])])).toThrow("uniqueIndices: true");
    const [, pull] = vjp((y: ArrayValue) => f(false)(y, array([5, 7])), [x]);
    expect(elements(pull(ct)[0] as ArrayValue)).toEqual([70, 20, 200]);
  });

  test("of an extremum is shared by those that tie", () => {
    const f = (y: ArrayValue, u: ArrayValue) => scatterMax(y, indices(0, 0, 1, 2), u, single);
    expect(pulled(f, x, array([9, 9, 2, 1]), ct)).toEqual([
      [0, 10, 40],
      [5, 5, 10, 0],
    ]);
    const [, t] = jvp((u: ArrayValue) => scatterMin(x, indices(1), u, single), [array([2])], [array([8])]);
    expect(elements(t as ArrayValue)).toEqual([0, 4, 0]);
  });
});

describe("a batch of scatters", () => {
  const f = (x: ArrayValue, i: ArrayValue, u: ArrayValue) => scatterAdd(x, i, u, single);
  const x = array([1, 2, 3, 4, 5, 6], [3, 2]);
  const i = array([0, 2, 1, 1], [2, 1, 2], "int32");
  const u = array([10, 20, 30, 40], [2, 2]);

  test("has each of the operands batched, or none of the others", () => {
    expect(elements(vmap(f, { inAxes: [1, 2, 1] })(x, i, u))).toEqual([11, 33, 5, 2, 44, 26]);
    expect(elements(vmap(f, { inAxes: [1, null, null] })(x, indices(2), array([7])))).toEqual([
      1, 3, 12, 2, 4, 13,
    ]);
    expect(elements(vmap(f, { inAxes: [null, null, 1] })(zeros, indices(2, 0), u))).toEqual([
      30, 0, 10, 40, 0, 20,
    ]);
    expect(elements(vmap(f, { inAxes: [null, 2, null] })(zeros, i, array([1, 2])))).toEqual([
      1, 2, 0, 0, 2, 1,
    ]);
  });

  test("keeps the batch axis of the operand where it is", () => {
    const params = { dimensionNumbers: { ...single, operandBatchingDims: [], scatterIndicesBatchingDims: [] }, indicesAreSorted: false, uniqueIndices: false, mode: "fill" } as const; // prettier-ignore
    expect(scatterAdd.rules.batch([x, i, u], [1, 2, 1], 2, params)[1]).toEqual([1]);
    expect(scatterAdd.rules.batch([x, indices(2), array([7])], [1, null, null], 2, params)[1]).toEqual([1]);
  });
});
