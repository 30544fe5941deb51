import fc from "fast-check";
import { expect, test } from "vitest";
import { Affine } from "../../../../src/compiler/kernel/affine.ts";
import { Loop } from "../../../../src/compiler/kernel/expression.ts";
import { gathers } from "../../../../src/compiler/lower/gather.ts";
import { startOf } from "../../../../src/compiler/lower/window.ts";
import { i64 } from "../../../../src/compiler/kernel/expression.ts";
import { type DType, dtypeInfo } from "../../../../src/core/dtype.ts";
import { range } from "../../../../src/core/shape.ts";
import { avalOf } from "../../../../src/core/value.ts";
import * as lax from "../../../../src/lax/index.ts";
import { draw } from "../../../laws/samples.ts";
import { accepted, arrayOf, arrays, dtypes, expectAsReference } from "./against-reference.ts";
import { testRows } from "./samples.ts";

testRows(gathers);

const integers: readonly DType[] = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"];

const rowsOf = (mode: "clip" | "fill" | "promise_in_bounds") => ({
  dimensionNumbers: {
    offsetDims: [1],
    collapsedSliceDims: [],
    startIndexMap: [1],
    operandBatchingDims: [0],
    startIndicesBatchingDims: [0],
  },
  sliceSizes: [1, 2],
  indicesAreSorted: false,
  uniqueIndices: false,
  mode,
  fillValue: mode === "fill" ? -7 : null,
});

test("indices of any dtype and value choose what the reference chooses, in every mode", () => {
  const x = draw({ shape: [4, 5], dtype: "int32", between: [0, 90] }, 1);
  for (const dtype of integers) {
    const far = arrays([4, 1], dtype);
    const close = fc
      .array(fc.integer({ min: dtypeInfo[dtype].kind === "int" ? -2 : 0, max: 6 }), {
        minLength: 4,
        maxLength: 4,
      }) // prettier-ignore
      .map((values) => draw({ shape: [4, 1], dtype, values }, 0));
    for (const mode of ["clip", "fill", "promise_in_bounds"] as const)
      fc.assert(fc.property(fc.oneof(far, close), (indices) => expectAsReference(lax.gather, rowsOf(mode), [x, indices])), { numRuns: 20 }); // prettier-ignore
    fc.assert(
      fc.property(arrays([], dtype), arrays([], dtype), (i, j) =>
        expectAsReference(lax.dynamicSlice, { sliceSizes: [2, 5] }, [x, i, j]),
      ),
      { numRuns: 20 },
    );
  }
});

test("what stands for elements out of bounds is what the reference has in every dtype", () => {
  const indices = draw({ shape: [2, 1], dtype: "int32", values: [3, 9] }, 0);
  for (const dtype of dtypes)
    for (const fillValue of dtype === "bool" ? [true, false] : [0, NaN, 3.7, -1, 255, 1e9]) {
      const params = { ...rowsOf("fill"), fillValue };
      const x = draw({ shape: [2, 5] }, 3, dtype);
      if (accepted(lax.gather, params, [x.aval, indices.aval])) expectAsReference(lax.gather, params, [x, indices]); // prettier-ignore
    }
});

test("any dimension numbers give what the reference gives", () => {
  const axis = fc.record({ size: fc.integer({ min: 1, max: 4 }), mapped: fc.boolean(), collapsed: fc.boolean() }); // prettier-ignore
  const axes = fc.array(axis, { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(
      axes,
      fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
      fc.nat(),
      (xs, batch, seed) => {
        const all = range(xs.length);
        const collapsedSliceDims = all.filter((i) => xs[i]!.collapsed);
        const startIndexMap = all.filter((i) => xs[i]!.mapped).toReversed();
        const kept = xs.length - collapsedSliceDims.length;
        const rank = batch.length + kept;
        // Any places, in order.
        const offsetDims = range(rank).toSorted((a, b) => ((a * 7 + seed) % 5) - ((b * 7 + seed) % 5)).slice(0, kept).toSorted((a, b) => a - b); // prettier-ignore
        const sliceSizes = xs.map(({ size, collapsed }, i) => (collapsed ? 1 : 1 + ((seed + i) % size)));
        const x = draw({ shape: xs.map(({ size }) => size), dtype: "int32", between: [0, 99] }, seed);
        const indices = draw({ shape: [...batch, startIndexMap.length], dtype: "int32", between: [-1, 4] }, seed + 1); // prettier-ignore
        for (const mode of ["clip", "fill"] as const) {
          const dimensionNumbers = { ...rowsOf(mode).dimensionNumbers, offsetDims, collapsedSliceDims, startIndexMap, operandBatchingDims: [], startIndicesBatchingDims: [] }; // prettier-ignore
          expectAsReference(lax.gather, { ...rowsOf(mode), dimensionNumbers, sliceSizes }, [x, indices]);
        }
      },
    ),
  );
});

test("indices that are known are no loads: the place stays affine", () => {
  const i = Affine.loop(new Loop(4, "i"));
  const known = startOf(i.plus(2).value(), "int32", 7);
  expect(known.place.key).toBe(i.plus(2).key);
  expect(startOf(i64(3), "int64", 7).place.key).toBe(Affine.of(3).key);
  expect(startOf(i64(-1), "uint64", 7).place.key).toBe(Affine.of(7).key);
  const [x, starts] = [avalOf([8], "float32"), avalOf([4, 1], "int32")];
  const d = { offsetDims: [], collapsedSliceDims: [0], startIndexMap: [0], operandBatchingDims: [], startIndicesBatchingDims: [] }; // prettier-ignore
  const row = gathers.gather({ ...rowsOf("fill"), dimensionNumbers: d, sliceSizes: [1] }, [x, starts], [avalOf([4], "float32")]); // prettier-ignore
  if (row.kind !== "elements") throw new Error("a gather reads");
  const seen: string[] = [];
  row.read([(index) => (seen.push(index[0]!.key), []), ([k]) => [k!.times(2).value()]])[0]!([i]);
  expect(seen).toEqual([i.times(2).key]);
});

test("a scalar array of any dtype is a start", () => {
  expectAsReference(lax.dynamicSlice, { sliceSizes: [2] }, [draw({ shape: [5] }, 1), arrayOf([], "uint32", Uint32Array.of(2 ** 32 - 1))]); // prettier-ignore
});
