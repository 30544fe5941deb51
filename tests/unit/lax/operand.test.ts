import { describe, expect, test } from "vitest";
import { checkDType, elementwiseOperands, orNumpy, sameDTypes, toArray } from "../../../src/lax/operand.ts";
import { array, elements } from "./arrays.ts";

const dtypes = (xs: readonly { dtype: string }[]) => xs.map((x) => x.dtype);

describe("operands", () => {
  test("that are numbers take the dtype of the arrays", () => {
    expect(dtypes(sameDTypes([array([1], [1], "bfloat16"), 2], "f"))).toEqual(["bfloat16", "bfloat16"]);
    expect(dtypes(sameDTypes([1, array([1], [1], "complex64")], "f"))).toEqual(["complex64", "complex64"]);
  });

  test("that are all numbers promote, and are weak unless they are bools", () => {
    const [one] = sameDTypes([1, 2.5], "f");
    expect(one!.aval).toEqual({ shape: [], dtype: "float32", weak: true });
    expect(sameDTypes([true, false], "f")[0]!.aval.weak).toBe(false);
  });

  test("that are integers alone become floats where only those are accepted", () => {
    expect(dtypes(elementwiseOperands([1, 2], "float", "f"))).toEqual(["float32", "float32"]);
    expect(dtypes(elementwiseOperands([1, 2], "number", "f"))).toEqual(["int32", "int32"]);
    expect(elements(elementwiseOperands([3], "inexact", "f")[0]!)).toEqual([3]);
  });

  test("of two dtypes, fractions beside integers, and lists are refused", () => {
    expect(() => sameDTypes([array([1]), array([1], [1], "int32")], "add")).toThrow("float32, int32");
    expect(() => sameDTypes([array([1], [1], "int32"), 0.5], "add")).toThrow("0.5 does not fit");
    expect(() => sameDTypes([array([1], [1], "bool"), 2], "and")).toThrow("use a boolean");
    expect(() => toArray([1, 2] as never, "add")).toThrow("wrap it in np.array");
  });
});

test("a dtype outside the group is named with those inside", () => {
  expect(() => checkDType("bool", "real", "rem", 1)).toThrow(
    "rem does not accept dtype bool at position 1; accepted are integer, floating",
  );
});

test("numpy's function is suggested under numpy's name", () => {
  expect(orNumpy("max", "promotes")).toBe(", or use np.maximum, which promotes");
  expect(orNumpy("nextafter", "promotes")).toBe("");
});
