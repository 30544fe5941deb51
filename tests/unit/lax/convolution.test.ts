import { describe, expect, test } from "vitest";
import type { DType } from "../../../src/core/dtype.ts";
import { printEquations } from "../../../src/core/print.ts";
import { sizeOf } from "../../../src/core/shape.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { vmap } from "../../../src/interpreters/vmap.ts";
import * as lax from "../../../src/lax/index.ts";
import { f32, programOf } from "../compiler/programs.ts";
import { array, elements } from "./arrays.ts";

/** Small integers, so that sums are exact. */
const counted = (shape: readonly number[], dtype: DType = "float32") =>
  array(
    Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7 + 5) % 11) - 5),
    shape,
    dtype,
  );
const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();

describe("convGeneralDilated", () => {
  test("sums products of the kernel with each place of the window, without reversing it", () => {
    const out = lax.convGeneralDilated(
      array([1, 2, 3, 4], [1, 1, 4]),
      array([10, 1], [1, 1, 2]),
      [1],
      "VALID",
    );
    expect([out.shape, elements(out)]).toEqual([
      [1, 1, 3],
      [12, 23, 34],
    ]);
  });

  test.each([
    ["SAME", 1, [12, 23, 34, 40]],
    ["SAME_LOWER", 1, [1, 12, 23, 34]],
    ["same", 2, [12, 34]],
    ["VALID", 2, [12, 34]],
    [[[-1, 2]], 1, [23, 34, 40, 0]],
  ])("with padding %j and stride %i gives %j", (padding, stride, expected) => {
    const [x, w] = [array([1, 2, 3, 4], [1, 1, 4]), array([10, 1], [1, 1, 2])];
    expect(elements(lax.convGeneralDilated(x, w, [stride], padding as lax.PaddingLike))).toEqual(expected);
  });

  test("is linear in what pads the input, too: zero times infinity is NaN", () => {
    const out = lax.conv(array([1, 2], [1, 1, 2]), array([Infinity, 1, 1], [1, 1, 3]), [1], "SAME");
    expect(elements(out)).toEqual([NaN, Infinity]);
  });

  test("a kernel without extent gives sums of nothing", () => {
    const out = lax.conv(counted([1, 2, 3]), counted([2, 2, 0]), [1], "VALID");
    expect([out.shape, elements(out)]).toEqual([[1, 2, 4], Array(8).fill(0)]);
  });

  test("of a batch of size 0 is of the batch's shape", () => {
    const f = (x: ArrayValue, w: ArrayValue) => lax.conv(x, w, [1], "VALID");
    expect(vmap(f)(counted([0, 2, 4, 3]), counted([0, 5, 4, 2])).shape).toEqual([0, 2, 5, 2]);
    expect(vmap(f, { inAxes: [2, null] })(counted([2, 4, 0, 3]), counted([5, 4, 2])).shape).toEqual([
      0, 2, 5, 2,
    ]);
  });

  test.each<[DType, DType | null, readonly number[]]>([
    ["int8", null, [32]],
    ["int8", "int32", [20000]],
    ["uint8", "int8", [32]],
    ["int32", "float32", [20000]],
    ["bool", null, [1]],
    ["bool", "int32", [2]],
    ["float16", "float32", [20000]],
    ["complex64", null, [20000, 0]],
  ])("of %s gives %s where that is preferred", (dtype, preferredElementType, expected) => {
    const data = dtype === "complex64" ? [100, 0, 100, 0] : [100, 100];
    const x = array(data, [1, 1, 2], dtype);
    const out = lax.convGeneralDilated(x, x, [1], "VALID", { preferredElementType });
    expect(out.dtype).toBe(preferredElementType ?? dtype);
    expect(elements(out)).toEqual(expected);
  });

  test.each<[DType, DType, string]>([
    ["int32", "int8", "narrower"],
    ["int8", "uint8", "signedness"],
    ["float32", "int32", "kind"],
    ["complex64", "float32", "kind"],
    ["int32", "bool", "kind"],
    ["int32", "float16", "narrower"],
  ])("of %s cannot give %s", (dtype, preferredElementType, message) => {
    const x = array(dtype === "complex64" ? [1, 0] : [1], [1, 1, 1], dtype);
    expect(() => lax.convGeneralDilated(x, x, [1], "VALID", { preferredElementType })).toThrow(message);
  });

  test("is printed as in JAX", () => {
    const f = (precision: lax.Precision | null) =>
      programOf(
        (x, w) => lax.convGeneralDilated(x, w, [2], [[0, 1]], { precision, featureGroupCount: 2 }),
        [f32(2, 4, 8), f32(6, 2, 3)],
      );
    const shown = (precision: string) =>
      `conv_general_dilated[ batch_group_count=1 dimension_numbers=ConvDimensionNumbers(lhs_spec=(0, 1, 2), rhs_spec=(0, 1, 2), out_spec=(0, 1, 2)) feature_group_count=2 lhs_dilation=(1,) out_sharding=None padding=((0, 1),) precision=${precision} preferred_element_type=None rhs_dilation=(1,) window_strides=(2,) ] a b`;
    expect(oneLine(printEquations(f(null))[0]!)).toContain(shown("None"));
    expect(oneLine(printEquations(f("high"))[0]!)).toContain(shown("(Precision.HIGH, Precision.HIGH)"));
  });

  type Refused = readonly [what: string, call: () => unknown, code: string, message: string];
  const [x, w] = [counted([2, 4, 5]), counted([6, 4, 2])];
  const conv = (...args: readonly unknown[]): unknown => Reflect.apply(lax.convGeneralDilated, null, args);
  test.each<Refused>([
    ["ranks that differ", () => conv(x, counted([6, 4]), [1], "VALID"), "conv/rank", "(2, 4, 5) and (6, 4)"],
    ["features that differ", () => conv(x, counted([6, 2, 2]), [1], "VALID"), "conv/shape", "4 / 1 != 2"],
    ["groups that do not divide the input's features", () => conv(x, w, [1], "VALID", { featureGroupCount: 3 }), "conv/shape", "3 does not divide 4"],
    ["groups that do not divide the result's features", () => conv(x, counted([5, 2, 2]), [1], "VALID", { featureGroupCount: 2 }), "conv/shape", "5 is not a multiple of 2"],
    ["groups that do not divide the batch", () => conv(counted([3, 4, 5]), w, [1], "VALID", { batchGroupCount: 2 }), "conv/shape", "2 does not divide 3"],
    ["groups of both kinds", () => conv(x, counted([6, 2, 2]), [1], "VALID", { featureGroupCount: 2, batchGroupCount: 2 }), "conv/shape", "at most one"],
    ["no groups", () => conv(x, w, [1], "VALID", { featureGroupCount: 0 }), "conv/shape", "positive integer, got 0"],
    ["strides of another rank", () => conv(x, w, [1, 1], [[0, 0]]), "conv/window", "window_strides must have one entry"],
    ["a stride of 0", () => conv(x, w, [0], [[0, 0]]), "lax/integers", "window_strides must be a list of positive integers"],
    ["a dilation of 0", () => conv(x, w, [1], [[0, 0]], [0]), "lax/integers", "lhs_dilation"],
    ["padding of another rank", () => conv(x, w, [1], [[0, 0], [0, 0]]), "conv/window", "padding must have one entry"],
    ["more negative padding than there is", () => conv(x, w, [1], [[-3, -3]]), "conv/padding", "negative padding (-3, -3)"],
    ["an unknown word", () => conv(x, w, [1], "FULL"), "conv/padding", '"SAME", "SAME_LOWER", "VALID"'],
    ["a word for a dilated input", () => conv(x, w, [1], "SAME", [2]), "conv/padding", "lax.convTranspose"],
    ["dtypes that differ", () => conv(x, counted([6, 4, 2], "float16"), [1], "VALID"), "lax/dtype", "float32, float16"],
    ["keys", () => conv(array([1, 2], [1, 1, 1], "key<fry>"), array([1, 2], [1, 1, 1], "key<fry>"), [1], "VALID"), "lax/dtype", "key<fry>"],
    ["an unknown option", () => conv(x, w, [1], "VALID", { groups: 2 }), "argument/unknown", "no option groups"],
    ["two layouts", () => conv(x, w, [1], "VALID", { dimensionNumbers: ["NCH", "OIH"] }), "conv/layout", "three strings"],
    ["a layout of another rank", () => conv(x, w, [1], "VALID", { dimensionNumbers: ["NC", "OIH", "NCH"] }), "conv/layout", "3 axes"],
    ["a layout without features", () => conv(x, w, [1], "VALID", { dimensionNumbers: ["NWH", "OIH", "NCH"] }), "conv/layout", '"NWH"'],
    ["layouts of different spaces", () => conv(x, w, [1], "VALID", { dimensionNumbers: ["NCW", "OIH", "NCH"] }), "conv/layout", "same letters"],
    ["axes that are none", () => conv(x, w, [1], "VALID", { dimensionNumbers: { lhsSpec: [0, 1, 3], rhsSpec: [0, 1, 2], outSpec: [0, 1, 2] } }), "lax/axes", "lhs_spec must be in [0, 3)"],
  ])("%s are refused", (_, call, code, message) => {
    expect(call).toThrow(expect.objectContaining({ code: expect.stringContaining(code), message: expect.stringContaining(message) }));
  }); // prettier-ignore
});

test("conv and convWithGeneralPadding have the features first", () => {
  const [x, w] = [counted([1, 2, 4]), counted([3, 2, 2])];
  const out = lax.convGeneralDilated(x, w, [1], [[1, 0]], [2], [2]);
  expect(elements(lax.convWithGeneralPadding(x, w, [1], [[1, 0]], [2], [2]))).toEqual(elements(out));
  expect(elements(lax.conv(x, w, [2], "VALID"))).toEqual(
    elements(lax.convGeneralDilated(x, w, [2], [[0, 0]])),
  );
});

test("dimension numbers of layouts are those of JAX", () => {
  expect(lax.convDimensionNumbers([1, 8, 8, 3], [3, 3, 3, 4], ["NHWC", "HWIO", "NHWC"])).toEqual({
    lhsSpec: [0, 3, 1, 2],
    rhsSpec: [3, 2, 0, 1],
    outSpec: [0, 3, 1, 2],
  });
  const usual = { lhsSpec: [0, 1, 2], rhsSpec: [0, 1, 2], outSpec: [0, 1, 2] };
  expect(lax.convDimensionNumbers([1, 2, 3], [1, 2, 3], null)).toEqual(usual);
  expect(lax.convDimensionNumbers([1, 2, 3], [1, 2, 3], usual)).toBe(usual);
});

describe("convTranspose", () => {
  const x = array([-3, -2, -1, 0, 1, 2, 3, 4], [1, 4, 2]);
  const w = array([-2, -1, 0, 1, 2, -2, -1, 0, 1, 2, -2, -1], [3, 2, 2]);
  // Those of jax.lax.conv_transpose 0.10.2.
  const cases: readonly [stride: number, padding: lax.PaddingLike, options: lax.ConvTransposeOptions, out: number[]][] = [
    [2, "SAME", {}, [1, -4, -4, 6, 5, -1, -2, 2, -1, 1, 0, -2, -7, 3, 2, -6]],
    [2, "VALID", {}, [1, -4, -4, 6, 5, -1, -2, 2, -1, 1, 0, -2, -7, 3, 2, -6, -6, 1]],
    [1, "VALID", { rhsDilation: [2] }, [1, -4, -1, -2, -7, 6, -7, 4, 6, -1, 4, -5, -2, 1, -6, 1]],
    [2, [[1, 2]], {}, [-4, 6, 5, -1, -2, 2, -1, 1, 0, -2, -7, 3, 2, -6, -6, 1]],
    [2, [[1, 0]], { useConsistentPadding: true }, [-4, 6, 5, -1, -2, 2, -1, 1, 0, -2, -7, 3, 2, -6, -6, 1]],
    [3, "SAME", { transposeKernel: true }, [8, -2, -2, 3, -7, 8, 2, 0, -2, 1, -1, 2, -4, 2, -2, -1, 5, -4, -10, 4, -2, -3, 11, -10]],
    [4, "SAME", {}, [1, -4, -4, 6, 6, 1, 0, 0, -1, -2, -2, 2, 2, 1, 0, 0, -3, 0, 0, -2, -2, 1, 0, 0, -5, 2, 2, -6, -6, 1, 0, 0]],
    [1, "SAME_LOWER", {}, [-5, 4, 1, 3, -3, 1, 0, -5]],
  ]; // prettier-ignore
  test.each(cases)("with stride %i, padding %j and %j is JAX's", (stride, padding, options, out) => {
    expect(elements(lax.convTranspose(x, w, [stride], padding, options))).toEqual(out);
  });

  test("takes layouts, and without them the features last", () => {
    const image = array([-4, -3, -2, -1, 0, 1, 2, 3, 4], [1, 3, 3, 1]);
    const kernel = array([-3, -2, -1, 0, 1, 2, 3, 4], [2, 2, 1, 2]);
    const out = lax.convTranspose(image, kernel, [2, 1], "SAME");
    expect(out.shape).toEqual([1, 6, 3, 2]);
    expect(elements(out)).toEqual([
      -12, -16, -13, -20, -9, -14, 4, 0, 15, 8, 11, 6, -3, -4, -1, -2, 3, 4, 1, 0, 3, 2, -1, 0, 6, 8, 11, 16, 15, 22,
      -2, 0, -9, -4, -13, -6,
    ]); // prettier-ignore
    const options = { dimensionNumbers: ["NCHW", "OIHW", "NCHW"] } as const;
    expect(lax.convTranspose(counted([1, 1, 3, 3]), counted([2, 1, 2, 2]), [2, 2], "VALID", options).shape).toEqual([1, 2, 6, 6]); // prettier-ignore
    expect(lax.convTranspose(counted([2, 3]), counted([3, 4]), [], "SAME").shape).toEqual([2, 4]);
    expect(() =>
      lax.convTranspose(counted([1, 1, 1, 1, 1, 1]), counted([1, 1, 1, 1, 1, 1]), [1, 1, 1, 1], "SAME"),
    ).toThrow("give dimensionNumbers");
  });
});
