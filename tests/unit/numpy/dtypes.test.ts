import { expect, test } from "vitest";
import { ArgumentError, DTypeError } from "../../../src/core/errors.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import * as np from "../../../src/numpy/index.ts";
import { typeOf } from "./arrays.ts";

test("np.float32 is a dtype, and a conversion to strongly typed arrays", () => {
  expect(np.float32.dtype).toBe("float32");
  expect(np.float32(2).aval).toEqual({ shape: [], dtype: "float32", weak: false });
  expect(typeOf(np.int8([1, 2]))).toBe("int8[2]");
  expect(typeOf(np.bool(np.ones([2])))).toBe("bool[2]");
  expect(typeOf(np.zeros([2], np.bfloat16))).toBe("bfloat16[2]");
  expect(typeOf(np.zeros([2], { dtype: "int8" }))).toBe("int8[2]");
});

test("np.weak gives way to what it meets", () => {
  const x = np.array([1, 2], np.bfloat16);
  expect(typeOf(np.multiply(x, np.weak(2, "float")))).toBe("bfloat16[2]");
  expect(typeOf(np.multiply(x, np.float32(2)))).toBe("float32[2]");
  expect(np.weak(2, "int").aval).toEqual({ shape: [], dtype: "int32", weak: true });
  expect(np.weak(true, "bool").aval.weak).toBe(false);
  expect(() => np.weak(0.5, "int")).toThrow(ArgumentError);
  expect(() => np.weak(1, "double" as "float")).toThrow('the kind is "float", "int", "bool" or "complex"');
});

test("a weak scalar that is known leaves no conversion in a program", () => {
  const f = (x: np.ArrayLike) => np.multiply(x as number, np.weak(2, "float"));
  expect(String(makeJaxpr(f)(np.ones([3])))).toBe(
    "{ lambda ; a:f32[3]. let b:f32[3] = mul a 2.0:f32[] in (b,) }",
  );
});

test("resultType promotes arrays, numbers and dtypes", () => {
  expect(np.resultType(np.ones([1], np.int8), 2)).toBe("int8");
  expect(np.resultType("int8", "uint8")).toBe("int16");
  expect(np.resultType(np.bfloat16, 1.5)).toBe("bfloat16");
  expect(np.promoteTypes("float16", "bfloat16")).toBe("float32");
  expect(() => np.resultType("flaot32" as "float32")).toThrow(DTypeError);
});

test("isdtype knows the kinds of the array API", () => {
  expect(np.isdtype(np.float16, "real floating")).toBe(true);
  expect(np.isdtype("uint8", ["signed integer", "bool"])).toBe(false);
  expect(np.isdtype("complex64", "numeric")).toBe(true);
  expect(np.isdtype("int8", np.int8)).toBe(true);
});

test.each([
  ["float16", 65504, 6.103515625e-5, 2 ** -10],
  ["bfloat16", 3.3895313892515355e38, 2 ** -126, 2 ** -7],
  ["float32", 3.4028234663852886e38, 2 ** -126, 2 ** -23],
] as const)("finfo of %s", (dtype, max, tiny, eps) => {
  expect(np.finfo(dtype)).toMatchObject({ dtype, max, min: -max, tiny, smallestNormal: tiny, eps });
});

test("iinfo of 64 bits is of bigints", () => {
  expect(np.iinfo("int8")).toMatchObject({ min: -128, max: 127, bits: 8 });
  expect(np.iinfo(np.uint32).max).toBe(4294967295);
  expect(() => np.iinfo("float32")).toThrow(DTypeError);
});
