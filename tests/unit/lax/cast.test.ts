import { describe, expect, test } from "vitest";
import { NDArray, avalOf, type ArrayValue } from "../../../src/core/value.ts";
import { HostBuffer } from "../../../src/core/backend.ts";
import { grad, vjp } from "../../../src/interpreters/vjp.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import { mul } from "../../../src/lax/arithmetic.ts";
import {
  bitcastConvertType,
  convertElementType,
  copy,
  reducePrecision,
  stopGradient,
} from "../../../src/lax/cast.ts";
import { array, elements } from "./arrays.ts";

const x = array([1.5, -2, 300]);

describe("conversion", () => {
  test("cuts and saturates floats, and wraps integers", () => {
    expect(elements(convertElementType(array([1.9, -1.9, 3e9, NaN]), "int32"))).toEqual([
      1,
      -1,
      2 ** 31 - 1,
      0,
    ]);
    expect(elements(convertElementType(array([-1, 256, 300], [3], "int32"), "uint8"))).toEqual([255, 0, 44]);
    expect(elements(convertElementType(array([0, -0, NaN, 0.1]), "bool"))).toEqual([0, 0, 1, 1]);
  });

  test("of what has the dtype already is no equation, nor is that of a number", () => {
    expect(convertElementType(x, "float32")).toBe(x);
    expect(elements(convertElementType(2, "float32"))).toEqual([2]);
    expect(convertElementType(2, "float32").aval.weak).toBe(false);
    expect(elements(convertElementType(2.5, "int32"))).toEqual([2]);
  });

  test("is printed as in JAX", () => {
    const f = (x: ArrayValue) => convertElementType(x, "int32");
    expect(String(makeJaxpr(f)(x))).toContain("convert_element_type[new_dtype=int32 weak_type=False]");
  });

  test("passes derivatives between inexact dtypes only", () => {
    const through = (dtype: "bfloat16" | "int32") => (x: ArrayValue) =>
      convertElementType(convertElementType(x, dtype), "float32");
    const [, pull] = vjp(through("bfloat16"), [x]);
    expect(elements((pull(array([1, 2, 3])) as [ArrayValue])[0])).toEqual([1, 2, 3]);
    const [, none] = vjp(through("int32"), [x]);
    expect(elements((none(array([1, 2, 3])) as [ArrayValue])[0].materialise())).toEqual([0, 0, 0]);
  });

  test("of keys is refused", () => {
    const key = new NDArray(avalOf([], "key<fry>"), new HostBuffer(new Uint32Array(2)));
    expect(() => convertElementType(key, "uint32")).toThrow("random.keyData");
  });
});

describe("bitcast", () => {
  test("reads the same bits, little end first", () => {
    expect(elements(bitcastConvertType(array([1, -0]), "int32"))).toEqual([0x3f800000, -(2 ** 31)]);
    const bytes = bitcastConvertType(array([1]), "uint8");
    expect(bytes.shape).toEqual([1, 4]);
    expect(elements(bytes)).toEqual([0, 0, 0x80, 0x3f]);
    expect(elements(bitcastConvertType(bytes, "float32"))).toEqual([1]);
  });

  test("needs a last axis that makes up one element, and no bools", () => {
    expect(() => bitcastConvertType(array([1, 2], [2], "uint8"), "int32")).toThrow("must be 4 long");
    expect(() => bitcastConvertType(x, "bool")).toThrow("between integers and floats");
  });

  test("is batched also along what was the last axis", () => {
    const words = array([1, 2, 3, 4], [2, 2], "uint16");
    const joined = vmap((x: ArrayValue) => bitcastConvertType(x, "uint32"), { inAxes: 1 })(words);
    expect(elements(joined)).toEqual([1 + 3 * 2 ** 16, 2 + 4 * 2 ** 16]);
  });
});

test("reduced precision rounds to the nearest number of the format", () => {
  const out = reducePrecision(array([Math.PI, 65520, 1e-8, -1e-8]), 5, 10);
  expect(elements(out)).toEqual([3.140625, Infinity, 0, -0]);
  expect(() => reducePrecision(x, 0, 10)).toThrow("at least 1 exponent bit");
});

describe("stopGradient", () => {
  test("has derivative 0", () => {
    const f = (x: ArrayValue) => mul(x, stopGradient(x));
    expect(elements(grad(f)(array([3], [])) as ArrayValue)).toEqual([3]);
  });

  test("goes through the arrays of a pytree, and leaves the rest alone", () => {
    const tree = { w: x, n: 3, name: "w" };
    const stopped = stopGradient(tree);
    expect(elements(stopped.w)).toEqual(elements(x));
    expect(stopped).toMatchObject({ n: 3, name: "w" });
  });
});

test("a copy does not share its data", () => {
  const y = copy(x) as NDArray;
  expect(elements(y)).toEqual(elements(x));
  expect(y.storage).not.toBe(x.storage);
});
