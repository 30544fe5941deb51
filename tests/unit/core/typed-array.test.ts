import { config } from "cotangent";
import { afterEach, expect, test } from "vitest";
import { fromTypedArray, isTypedArray } from "../../../src/core/typed-array.ts";

afterEach(() => (config.enableX64 = false));

test.each([
  [new Uint8ClampedArray([1, 255]), "uint8"],
  [Buffer.from([1, 2]), "uint8"],
  [new Int16Array([-1]), "int16"],
  [new Float32Array([0.1]), "float32"],
  [new Float64Array([0.1]), "float32"],
  [new BigInt64Array([-1n]), "int32"],
  [new BigUint64Array([2n ** 32n + 5n]), "uint32"],
] as const)("%o has the dtype %s", (data, dtype) => expect(fromTypedArray(data).dtype).toBe(dtype));

test("64-bit elements keep their width under x64, and wrap without it", () => {
  expect([...fromTypedArray(new BigUint64Array([2n ** 32n + 5n])).storage]).toEqual([5]);
  config.enableX64 = true;
  expect([...fromTypedArray(new BigInt64Array([-1n])).storage]).toEqual([-1n]);
  expect(fromTypedArray(new Float64Array([0.1])).storage[0]).toBe(0.1);
});

test("the array shares no memory with its source", () => {
  const data = new Float32Array([1]);
  const x = fromTypedArray(data);
  data[0] = 2;
  expect(x.storage[0]).toBe(1);
});

test("a DataView is no typed array", () => {
  expect(isTypedArray(new DataView(new ArrayBuffer(4)))).toBe(false);
});
