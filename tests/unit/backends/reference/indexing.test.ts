import { describe, expect, test } from "vitest";
import type { DType, TypedArray } from "../../../../src/core/dtype.ts";
import { encodeBfloat16 } from "../../../../src/core/float16.ts";
import { avalOf } from "../../../../src/core/value.ts";
import { indexing } from "../../../../src/backends/reference/indexing.ts";

type Scatters = Exclude<keyof typeof indexing, "gather">;
const params = {
  dimensionNumbers: { updateWindowDims: [], insertedWindowDims: [0], scatterDimsToOperandDims: [0], operandBatchingDims: [], scatterIndicesBatchingDims: [] },
  indicesAreSorted: false,
  uniqueIndices: false,
  mode: "fill",
} as const; // prettier-ignore

/** Puts all `updates` into the one element of `x`. */
function combine(
  name: Scatters,
  dtype: DType,
  x: TypedArray,
  updates: TypedArray,
  count: number,
): TypedArray {
  const avals = [avalOf([1], dtype), avalOf([count, 1], "int32"), avalOf([count], dtype)];
  return indexing[name](params, avals, [avals[0]!])([x, new Int32Array(count), updates])[0]!;
}

describe("scatters combine in the dtype of the operand", () => {
  test("integers wrap", () => {
    expect(combine("scatter-add", "int8", Int8Array.of(100), Int8Array.of(100), 1)[0]).toBe(-56);
    expect(combine("scatter-sub", "uint8", Uint8Array.of(1), Uint8Array.of(2), 1)[0]).toBe(255);
    expect(combine("scatter-mul", "int32", Int32Array.of(0x7fffffff), Int32Array.of(0x7fffffff), 1)[0]).toBe(
      1,
    );
    expect(
      combine("scatter-mul", "uint32", Uint32Array.of(0xffffffff), Uint32Array.of(0xffffffff), 1)[0],
    ).toBe(1);
    expect(
      combine("scatter-add", "int64", BigInt64Array.of(2n ** 63n - 1n), BigInt64Array.of(1n), 1)[0],
    ).toBe(-(2n ** 63n));
  });

  test("half floats are rounded after each update", () => {
    const bits = (...xs: number[]) => Uint16Array.from(xs, encodeBfloat16);
    expect(combine("scatter-add", "bfloat16", bits(256), bits(1, 1), 2)[0]).toBe(encodeBfloat16(256));
    expect(combine("scatter-add", "bfloat16", bits(256), bits(2, 2), 2)[0]).toBe(encodeBfloat16(260));
  });

  test("NaN wins over every number", () => {
    for (const name of ["scatter-min", "scatter-max"] as const) {
      expect(combine(name, "float32", Float32Array.of(1), Float32Array.of(NaN, 2), 2)[0]).toBeNaN();
      expect(combine(name, "float32", Float32Array.of(NaN), Float32Array.of(2), 1)[0]).toBeNaN();
    }
  });

  test("complex numbers multiply, and compare by real part first", () => {
    const z = (...parts: number[]) => Float32Array.from(parts);
    expect([...combine("scatter-mul", "complex64", z(1, 2), z(3, 4), 1)]).toEqual([-5, 10]);
    expect([...combine("scatter-max", "complex64", z(1, 2), z(1, 3, 0, 9), 2)]).toEqual([1, 3]);
    expect([...combine("scatter-min", "complex64", z(1, 2), z(1, 3, 1, -1), 2)]).toEqual([1, -1]);
  });
});

describe("indices", () => {
  const take = (indices: TypedArray, dtype: DType, mode: "clip" | "fill") =>
    indexing.gather(
      {
        dimensionNumbers: {
          offsetDims: [],
          collapsedSliceDims: [0],
          startIndexMap: [0],
          operandBatchingDims: [],
          startIndicesBatchingDims: [],
        },
        sliceSizes: [1],
        indicesAreSorted: false,
        uniqueIndices: false,
        mode,
        fillValue: mode === "fill" ? -1 : null,
      },
      [avalOf([3], "float32"), avalOf([indices.length, 1], dtype)],
      [avalOf([indices.length], "float32")],
    )([Float32Array.of(5, 6, 7), indices])[0]!;

  test("are of any integer dtype, and never wrap", () => {
    expect([...take(Int8Array.of(-1, 1, 9), "int8", "clip")]).toEqual([5, 6, 7]);
    expect([...take(BigInt64Array.of(-1n, 1n, 2n ** 40n), "int64", "fill")]).toEqual([-1, 6, -1]);
    expect([...take(Uint32Array.of(0, 2 ** 32 - 1), "uint32", "clip")]).toEqual([5, 7]);
  });
});
