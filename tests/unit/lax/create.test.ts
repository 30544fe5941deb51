import { describe, expect, test } from "vitest";
import { broadcastedIota, full, fullLike, iota, zerosLikeArray } from "../../../src/lax/create.ts";
import { array, elements } from "./arrays.ts";

describe("iota", () => {
  test("counts along one axis, in any numeric dtype", () => {
    expect(elements(iota("int32", 3))).toEqual([0, 1, 2]);
    expect(elements(broadcastedIota("bfloat16", [2, 3], 1))).toEqual([0, 1, 2, 0, 1, 2]);
    expect(elements(broadcastedIota("int8", [2, 2], 0))).toEqual([0, 0, 1, 1]);
    expect(elements(iota("complex64", 2))).toEqual([0, 0, 1, 0]);
    expect(iota("float32", 0).shape).toEqual([0]);
  });

  test("refuses booleans, axes outside and fractional sizes", () => {
    expect(() => iota("bool", 2)).toThrow("iota does not accept dtype bool");
    expect(() => broadcastedIota("int32", [2], 1)).toThrow("iota dimension must be between 0 and len(shape)");
    expect(() => iota("int32", 1.5)).toThrow("non-negative integers");
    expect(() => iota("int31" as never, 2)).toThrow("is not a dtype");
  });
});

describe("full", () => {
  test("has the dtype of its value, or the one given", () => {
    expect(full([2], 1).aval).toEqual({ shape: [2], dtype: "int32", weak: true });
    expect(full([2], 1.5).aval).toEqual({ shape: [2], dtype: "float32", weak: true });
    expect(full([2], 1, "float16").aval).toEqual({ shape: [2], dtype: "float16", weak: false });
    expect(elements(full([2], array([7], [], "int32"), { dtype: "float32" }))).toEqual([7, 7]);
    expect(() => full([2], array([1, 2]))).toThrow("must be called with a scalar fill value, got shape (2,)");
  });

  test("fullLike and zerosLikeArray copy shape and dtype", () => {
    const x = array([1, 2], [1, 2], "int8");
    expect(elements(fullLike(x, 3))).toEqual([3, 3]);
    expect(fullLike(x, 3, { shape: [4] }).shape).toEqual([4]);
    expect(fullLike(x, 0.5, "float32").dtype).toBe("float32");
    expect(zerosLikeArray(x).aval).toEqual(x.aval);
  });
});
