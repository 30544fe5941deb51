import { describe, expect, test } from "vitest";
import { type DType, dtypes, type TypedArray } from "../../../../src/core/dtype.ts";
import { type Aval, avalOf } from "../../../../src/core/value.ts";
import type { Kernel } from "../../../../src/backends/lowering.ts";
import { lowerings } from "../../../../src/backends/reference/lowerings.ts";
import { blank } from "../../../../src/backends/reference/strided.ts";

/** Storage whose words are all distinct, or as distinct as they can be. */
function distinct(aval: Aval): TypedArray {
  const { storage, words } = blank(aval);
  for (let i = 0; i < words.length; i++) words[i] = i + 1;
  return storage;
}
const bytes = (storage: TypedArray): number[] => [
  ...new Uint8Array(storage.buffer, storage.byteOffset, storage.byteLength),
];
const run = (kernel: Kernel, ...operands: TypedArray[]): TypedArray => kernel(operands)[0]!;

describe.each(dtypes.filter((dtype) => dtype !== "float0"))("%s", (dtype: DType) => {
  const of = (...sizes: number[]) => avalOf(sizes, dtype);
  const x = of(2, 3);
  const data = distinct(x);

  test("a transpose and its inverse give the same bytes", () => {
    const there = run(lowerings.transpose({ permutation: [1, 0] }, [x], [of(3, 2)]), data);
    const back = run(lowerings.transpose({ permutation: [1, 0] }, [of(3, 2)], [x]), there);
    expect(bytes(there)).not.toEqual(bytes(data));
    expect(bytes(back)).toEqual(bytes(data));
  });

  test("concatenating the parts of a split gives the same bytes", () => {
    const parts = lowerings.split({ sizes: [1, 2], axis: 1 }, [x], [of(2, 1), of(2, 2)])([data]);
    const joined = lowerings.concatenate({ dimension: 1 }, [of(2, 1), of(2, 2)], [x])(parts);
    expect(bytes(joined[0]!)).toEqual(bytes(data));
  });

  test("a slice of what was padded gives the same bytes", () => {
    const wide = of(4, 6);
    const value = blank(of()).storage;
    const padded = run(lowerings.pad({ paddingConfig: [[1, 1, 0], [0, 1, 1]] }, [x, of()], [wide]), data, value); // prettier-ignore
    const params = { startIndices: [1, 0], limitIndices: [3, 6], strides: [1, 2] };
    expect(bytes(run(lowerings.slice(params, [wide], [x]), padded))).toEqual(bytes(data));
  });

  test("unstacking what was stacked gives the same bytes", () => {
    const y = distinct(x).slice().reverse();
    const stacked = lowerings.stack({ axis: 1 }, [x, x], [of(2, 2, 3)])([data, y]);
    const [first, second] = lowerings.unstack({ axis: 1 }, [of(2, 2, 3)], [x, x])(stacked);
    expect([bytes(first!), bytes(second!)]).toEqual([bytes(data), bytes(y)]);
  });
});

describe("a kernel", () => {
  const x = avalOf([2, 3], "float32");
  const data = Float32Array.of(0, 1, 2, 3, 4, 5);

  test("hands its operand on where nothing moves", () => {
    expect(
      run(lowerings.reshape({ newSizes: [6], dimensions: null }, [x], [avalOf([6], "float32")]), data),
    ).toBe(data);
    expect(run(lowerings.squeeze({ dimensions: [] }, [x], [x]), data)).toBe(data);
    const unit = avalOf([1, 2, 3], "float32");
    expect(
      run(lowerings.transpose({ permutation: [1, 0, 2] }, [unit], [avalOf([2, 1, 3], "float32")]), data),
    ).toBe(data);
    expect(
      run(lowerings.broadcast_in_dim({ shape: [1, 2, 3], broadcastDimensions: [1, 2] }, [x], [unit]), data),
    ).toBe(data);
  });

  test("never writes to its operands", () => {
    const before = [...data];
    const start = [Int32Array.of(1), Int32Array.of(0)];
    const updated = run(
      lowerings.dynamic_update_slice({}, [x, avalOf([1, 3], "float32")], [x]),
      data,
      Float32Array.of(7, 8, 9),
      ...start,
    );
    expect([...updated]).toEqual([0, 1, 2, 7, 8, 9]);
    expect([...data]).toEqual(before);
  });

  test("clamps dynamic starts of any integer dtype", () => {
    const lower = lowerings.dynamic_slice({ sliceSizes: [1, 2] }, [x], [avalOf([1, 2], "float32")]);
    expect([...run(lower, data, Int32Array.of(-5), Int32Array.of(7))]).toEqual([1, 2]);
    expect([...run(lower, data, BigInt64Array.of(2n ** 40n), BigInt64Array.of(0n))]).toEqual([3, 4]);
    expect([...run(lower, data, Uint32Array.of(2 ** 32 - 1), Uint32Array.of(1))]).toEqual([4, 5]);
  });

  test("counts in the dtype of its iota", () => {
    const iota = (dtype: DType) =>
      run(lowerings.iota({ dtype, shape: [2, 2], dimension: 1 }, [], [avalOf([2, 2], dtype)]));
    expect([...iota("float32")]).toEqual([0, 1, 0, 1]);
    expect([...iota("int64")]).toEqual([0n, 1n, 0n, 1n]);
    expect([...iota("float16")]).toEqual([0, 0x3c00, 0, 0x3c00]);
    expect([...iota("complex64")]).toEqual([0, 0, 1, 0, 0, 0, 1, 0]);
  });
});
