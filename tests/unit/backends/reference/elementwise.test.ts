import { describe, expect, test } from "vitest";
import {
  complexResult,
  elementwise,
  fromNumbers,
  toNumbers,
} from "../../../../src/backends/reference/elementwise.ts";
import { avalOf } from "../../../../src/core/value.ts";

const sum = elementwise("sum", { float: (x, y) => x + y, bigint: (x, y) => x + y });

describe("an elementwise kernel", () => {
  test("repeats operands along axes of size 1", () => {
    const kernel = sum(
      {},
      [avalOf([2, 1], "float32"), avalOf([1, 3], "float32")],
      [avalOf([2, 3], "float32")],
    );
    expect([...kernel([Float32Array.of(1, 2), Float32Array.of(10, 20, 30)])[0]!]).toEqual([
      11, 21, 31, 12, 22, 32,
    ]);
  });

  test("lets a scalar stand beside anything, also nothing", () => {
    const of = (shape: number[]) =>
      sum({}, [avalOf(shape, "int8"), avalOf([], "int8")], [avalOf(shape, "int8")]);
    expect([...of([2])([Int8Array.of(1, 127), Int8Array.of(1)])[0]!]).toEqual([2, -128]);
    expect(of([0])([new Int8Array(0), Int8Array.of(1)])[0]!).toHaveLength(0);
  });

  test("repeats 64-bit and complex elements whole", () => {
    const wide = sum({}, [avalOf([1, 2], "int64"), avalOf([2, 1], "int64")], [avalOf([2, 2], "int64")]);
    expect([...wide([BigInt64Array.of(1n, 2n), BigInt64Array.of(10n, 20n)])[0]!]).toEqual([
      11n,
      12n,
      21n,
      22n,
    ]);
    const second = elementwise("second", {
      complex: (_a, _b, c, d) => {
        complexResult[0] = c!;
        complexResult[1] = d!;
      },
    });
    const [z, w] = [avalOf([2, 1], "complex64"), avalOf([1, 2], "complex64")];
    const kernel = second({}, [z, w], [avalOf([2, 2], "complex64")]);
    expect([...kernel([new Float32Array(4), Float32Array.of(1, 2, 3, 4)])[0]!]).toEqual([
      1, 2, 3, 4, 1, 2, 3, 4,
    ]);
  });

  test("depends on params and dtype where it says so", () => {
    const shifted = elementwise<{ by: number }>("shifted", ({ by }, dtype) => ({
      int: (x) => x + by + (dtype === "uint8" ? 100 : 0),
    }));
    const kernel = shifted({ by: 5 }, [avalOf([1], "uint8")], [avalOf([1], "uint8")]);
    expect([...kernel([Uint8Array.of(1)])[0]!]).toEqual([106]);
  });

  test("refuses a dtype for which it has no function", () => {
    expect(() => sum({}, [avalOf([], "complex64")], [avalOf([], "complex64")])).toThrow(
      "the reference backend has no sum for dtype complex64",
    );
  });
});

test("half precision numbers are decoded, and rounded once", () => {
  const bits = fromNumbers(Float64Array.of(1.5, 65520, 1 + 2 ** -11), "float16");
  expect([...toNumbers(bits, "float16")]).toEqual([1.5, Infinity, 1]);
});
