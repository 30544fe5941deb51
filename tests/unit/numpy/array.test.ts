import { expect, test } from "vitest";
import { config } from "../../../src/core/config.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../../src/core/errors.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import * as np from "../../../src/numpy/index.ts";
import { numbers, typeOf } from "./arrays.ts";

test.each([
  [[1, 2], "float32[2]"],
  [3, "float32[]"],
  [[[1, 2.5]], "float32[1,2]"],
  [[true, false], "bool[2]"],
  [[true, 2], "float32[2]"],
  [[1n, -2n], "int32[2]"],
  [[], "float32[0]"],
  [[[], []], "float32[2,0]"],
  [new Uint8Array([1, 255]), "uint8[2]"],
  [new Float64Array([1]), "float32[1]"],
  [new BigInt64Array([-1n]), "int32[1]"],
  [Buffer.from([1, 2, 3]), "uint8[3]"],
  [[new Int16Array([1, 2]), new Int16Array([3, 4])], "int16[2,2]"],
  [[{ re: 1, im: 2 }, 3], "complex64[2]"],
] as const)("np.array(%o) is %s", (data, type) => {
  expect(typeOf(np.array(data))).toBe(type);
});

test("under x64, numbers and typed arrays keep their 64 bits", () => {
  config.enableX64 = true;
  try {
    expect(typeOf(np.array([1]))).toBe("float64[1]");
    expect(typeOf(np.array(new Float64Array([1])))).toBe("float64[1]");
    expect(np.array([2n ** 40n]).toList()).toEqual([2n ** 40n]);
  } finally {
    config.enableX64 = false;
  }
});

test("a typed array is copied", () => {
  const data = new Float32Array([1, 2]);
  const x = np.array(data);
  data[0] = 9;
  expect(x.toList()).toEqual([1, 2]);
});

test("64-bit integers that are narrowed wrap, as a conversion does", () => {
  expect(np.array(new BigInt64Array([2n ** 32n + 5n, -1n])).toList()).toEqual([5, -1]);
});

test("arrays in lists are stacked, and decide the dtype beside numbers", () => {
  const x = np.array([1, 2], np.int8);
  expect(typeOf(np.array([x, [3, 4]]))).toBe("int8[2,2]");
  expect(np.array([x, [3, 4]]).toList()).toEqual([[1, 2], [3, 4]]); // prettier-ignore
  expect(typeOf(np.array([np.float32(1), 2]))).toBe("float32[2]");
});

test("a list of traced values is one equation", () => {
  expect(
    String(makeJaxpr((x: np.ArrayLike, y: np.ArrayLike) => np.array([x, y]))(np.float32(1), np.float32(2))),
  ).toBe("{ lambda ; a:f32[] b:f32[]. let c:f32[2] = stack[axis=0] a b in (c,) }");
});

test("dtype converts, ndmin adds axes", () => {
  expect(numbers(np.array([1.9, -1.9], np.int32))).toEqual([1, -1]);
  expect(typeOf(np.array([1], { dtype: "int8", ndmin: 3 }))).toBe("int8[1,1,1]");
  expect(np.asarray(np.ones([2])).shape).toEqual([2]);
});

test.each([
  [[[1, 2], [3]], ShapeError, "[0] has shape (2,) and [1] has shape (1,)"], // prettier-ignore
  [[[[1], [2]], [[1], [2, 3]]], ShapeError, "[1][0] has shape (1,) and [1][1] has shape (2,)"], // prettier-ignore
  [[1, [2]], ShapeError, "ragged"],
  [["a"], ArgumentError, 'the string "a" is no data'],
  [[null], ArgumentError, "null is no data"],
  [[2n ** 40n], DTypeError, "the number 1099511627776 is out of bounds for int32"],
])("np.array(%o) is refused", (data, kind, message) => {
  const attempt = () => np.array(data as np.ArrayLike);
  expect(attempt).toThrow(kind as typeof ShapeError);
  expect(attempt).toThrow(message as string);
});

test("an integer dtype refuses what it cannot hold", () => {
  expect(() => np.array([300], np.uint8)).toThrow("the number 300 is out of bounds for uint8");
  expect(() => np.array([Number.NaN], np.int32)).toThrow(DTypeError);
});
