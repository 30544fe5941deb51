import fc from "fast-check";
import { expect, test } from "vitest";
import { reference } from "../../../../src/backends/reference/index.ts";
import { wasm } from "../../../../src/backends/wasm/index.ts";
import type { Memory } from "../../../../src/compiler/kernel/expression.ts";
import { sorts } from "../../../../src/compiler/lower/sort.ts";
import { scratchSizes, sortRows } from "../../../../src/compiler/lower/sort-rows.ts";
import { allocate, type DType, dtypeInfo, type TypedArray } from "../../../../src/core/dtype.ts";
import { primitives } from "../../../../src/core/primitive.ts";
import { type ArrayValue, avalOf, type NDArray } from "../../../../src/core/value.ts";
import { grad, vmap } from "../../../../src/index.ts";
import { makeJaxpr } from "../../../../src/interpreters/make-jaxpr.ts";
import * as lax from "../../../../src/lax/index.ts";
import { Machine } from "../kernel/machine.ts";
import { accepted, arrayOf, arrays, dtypes, expectAsReference, special } from "./against-reference.ts";
import { testRows } from "./samples.ts";

testRows(sorts);

const sort = primitives.get("sort")!;
const topK = primitives.get("top_k")!;
const sorted = (dimension: number, numKeys: number, operands: readonly NDArray[]): void =>
  expectAsReference(sort, { dimension, isStable: true, numKeys }, operands);

/** Elements of a dtype, which come from few special ones and so are often equal, and their places. */
function mixed(dtype: DType, size: number): readonly [x: NDArray, places: NDArray] {
  const values = special(dtype);
  const { lanes } = dtypeInfo[dtype];
  const data = allocate(dtype, size);
  for (let i = 0; i < size; i++)
    for (let lane = 0; lane < lanes; lane++)
      data[lanes * i + lane] = values.storage[lanes * ((i * 37 + (i >> 3)) % values.size) + lane]!;
  return [
    arrayOf([size], dtype, data),
    arrayOf(
      [size],
      "int32",
      Int32Array.from({ length: size }, (_, i) => i),
    ),
  ];
}

const sizes = [0, 1, 2, 3, 5, 17, 40, 41, 64, 255, 1000];
const takenBySort = dtypes.filter((x) =>
  accepted(sort, { dimension: 0, isStable: true, numKeys: 1 }, [avalOf([2], x)]),
);
const takenByTopK = dtypes.filter((x) => accepted(topK, { axis: 0, k: 1 }, [avalOf([2], x)]));

test.each(takenBySort)("%s is sorted as by the reference, and so is what goes with it", (dtype) => {
  for (const size of sizes) {
    const [x, places] = mixed(dtype, size);
    sorted(0, 1, [x]);
    sorted(0, 1, [x, places]);
  }
  fc.assert(
    fc.property(arrays([50], dtype === "complex64" ? "float32" : dtype), (x) => sorted(0, 1, [x])),
    { numRuns: 20 },
  );
});

test.each(takenBySort)("the first key of %s that differs decides, of two and of three", (dtype) => {
  for (const size of [30, 300]) {
    const [x, places] = mixed(dtype, size);
    const bits = mixed("bool", size)[0];
    sorted(0, 2, [bits, x, places]);
    sorted(0, 2, [x, bits, places]);
    sorted(0, 3, [mixed("int8", size)[0], bits, x]);
  }
});

test.each([2, 5, 50, 600])("rows of %i along any axis are sorted by themselves", (size) => {
  for (const axis of [0, 1, 2]) {
    const shape = [3, 2].toSpliced(axis, 0, size);
    const [x] = mixed("float32", 6 * size);
    const [y] = mixed("int64", 6 * size);
    sorted(axis, 1, [arrayOf(shape, "float32", x.storage), arrayOf(shape, "int64", y.storage)]);
    sorted(axis, 1, [arrayOf(shape, "float32", x.storage)]);
    expectAsReference(topK, { axis, k: 2 }, [arrayOf(shape, "int64", y.storage)]);
  }
});

/** Numbers without an order, whose first `bits` differ. */
const scattered = (size: number, bits: number): Int32Array =>
  Int32Array.from({ length: size }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >> (32 - bits));

test.each([32, 20, 10, 1])("long rows of numbers of %i bits are sorted", (bits) => {
  const data = scattered(20_000, bits);
  const x = arrayOf([20_000], "int32", data);
  sorted(0, 1, [x, arrayOf([20_000], "int32", scattered(20_000, 32))]);
  expectAsReference(topK, { axis: 0, k: 100 }, [x]);
  sorted(0, 1, [
    arrayOf(
      [20_000],
      "int64",
      BigInt64Array.from(data, (i) => BigInt(i) << 20n),
    ),
  ]);
});

test.each([true, false])("what is in order already, upwards (%o) or downwards, is sorted", (upwards) => {
  for (const size of [30, 500]) {
    const data = Float32Array.from({ length: size }, (_, i) => (upwards ? i : -i));
    sorted(0, 1, [arrayOf([size], "float32", data)]);
  }
});

test("parts of the rows are sorted one by one, in any order, each in memory of its own", () => {
  const [rows, size] = [70, 300];
  const pairs: Memory = { name: "pairs", storage: "i64" };
  const scratch = scratchSizes({ rows, size, words: 1, wanted: size });
  const beside: Memory[] = [
    { name: "spare", storage: "i64" },
    { name: "counts", storage: "i32" },
  ];
  const words = scattered(rows * size, 32);
  const data = BigInt64Array.from(words, (word) => BigInt(word) << 32n);
  const { routine } = sortRows({ rows, size, words: 1, wanted: size }, [pairs], beside);
  const memories = new Map<Memory, TypedArray>([
    [pairs, data],
    [beside[0]!, new BigInt64Array(scratch[0])],
    [beside[1]!, new Int32Array(scratch[1])],
  ]);
  const machine = new Machine(routine, memories);
  expect(routine.steps).toBeGreaterThan(4);
  for (let part = routine.steps - 1; part >= 0; part--) machine.run(part, part + 1);
  const expected = BigUint64Array.from(data, (x) => BigInt.asUintN(64, x));
  for (let row = 0; row < rows; row++) expected.subarray(row * size, (row + 1) * size).sort();
  expect(new BigUint64Array((machine.read(pairs) as BigInt64Array).buffer)).toEqual(expected);
});

test.each(takenByTopK)(
  "the largest of %s are those of the reference, with the first of equal ones",
  (dtype) => {
    for (const size of sizes)
      for (const k of [0, 1, 2, 5, size >> 2, size >> 1, size])
        if (k <= size) expectAsReference(topK, { axis: 0, k }, [mixed(dtype, size)[0]]);
    fc.assert(
      fc.property(arrays([120], dtype), fc.integer({ min: 0, max: 120 }), (x, k) =>
        expectAsReference(topK, { axis: 0, k }, [x]),
      ),
      { numRuns: 20 },
    );
  },
);

test("derivatives of a batch of sorts are compiled to what the reference computes", () => {
  const data = Float32Array.from({ length: 12 * 90 }, (_, i) => Math.round(9 * Math.sin(i * i)));
  const x = arrayOf([12, 90], "float32", data);
  const weights = lax.iota("float32", 90);
  const loss = (row: ArrayValue): ArrayValue =>
    lax.add(lax.reduceSum(lax.mul(lax.sort(row), weights), [0]), lax.reduceSum(lax.topK(row, 7)[0], [0]));
  const closed = makeJaxpr(vmap(grad(loss)))(x);
  const results = [wasm, reference].map((backend) => backend.compile(closed).execute([x.buffer])[0]!.read());
  expect(results[0]).toEqual(results[1]);
});
