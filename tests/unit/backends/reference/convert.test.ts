import { describe, expect, test } from "vitest";
import { converter } from "../../../../src/backends/reference/convert.ts";

describe("conversion", () => {
  test("of floats to integers cuts, saturates, and makes NaN 0", () => {
    const x = Float32Array.of(1.9, -1.9, 300, -300, NaN, Infinity);
    expect([...converter("float32", "int8")(x)]).toEqual([1, -1, 127, -128, 0, 127]);
    expect([...converter("float32", "uint8")(x)]).toEqual([1, 0, 255, 0, 0, 255]);
    expect([...converter("float32", "uint64")(x)]).toEqual([1n, 0n, 300n, 0n, 0n, 2n ** 64n - 1n]);
    expect([...converter("float32", "int64")(Float32Array.of(2 ** 63, -(2 ** 63)))]).toEqual([
      2n ** 63n - 1n,
      -(2n ** 63n),
    ]);
  });

  test("between integers wraps", () => {
    expect([...converter("int32", "uint8")(Int32Array.of(-1, 256, 300))]).toEqual([255, 0, 44]);
    expect([...converter("int64", "int32")(BigInt64Array.of(2n ** 32n + 5n, -1n))]).toEqual([5, -1]);
    expect([...converter("int8", "uint64")(Int8Array.of(-1))]).toEqual([2n ** 64n - 1n]);
    expect([...converter("uint64", "int64")(BigUint64Array.of(2n ** 64n - 1n))]).toEqual([-1n]);
  });

  test("to bool asks whether it is 0", () => {
    expect([...converter("float32", "bool")(Float32Array.of(0, -0, NaN, 0.1))]).toEqual([0, 0, 1, 1]);
    expect([...converter("int64", "bool")(BigInt64Array.of(0n, 2n ** 40n))]).toEqual([0, 1]);
  });

  test("of complex numbers drops the imaginary part, and to them adds one", () => {
    const z = Float32Array.of(1, 2, 0, 3);
    expect([...converter("complex64", "bool")(z)]).toEqual([1, 0]);
    expect([...converter("int32", "complex64")(Int32Array.of(1, 2))]).toEqual([1, 0, 2, 0]);
  });

  test("to narrow floats rounds to nearest even", () => {
    expect([...converter("float32", "float16")(Float32Array.of(65504, 65520))]).toEqual([0x7bff, 0x7c00]);
    expect([...converter("bfloat16", "float32")(Uint16Array.of(0x3fc0))]).toEqual([1.5]);
    expect([...converter("int32", "float32")(Int32Array.of(2 ** 24 + 1))]).toEqual([2 ** 24]);
  });

  test("of 64-bit integers to float32 rounds once", () => {
    const tie = 2n ** 54n + 2n ** 30n;
    expect([...converter("int64", "float32")(BigInt64Array.of(tie, tie + 1n, -tie, -tie - 1n))]).toEqual([
      2 ** 54,
      2 ** 54 + 2 ** 31,
      -(2 ** 54),
      -(2 ** 54) - 2 ** 31,
    ]);
    expect([...converter("uint64", "float32")(BigUint64Array.of(2n ** 63n + 2n ** 39n + 1n))]).toEqual([
      2 ** 63 + 2 ** 40,
    ]);
  });
});
