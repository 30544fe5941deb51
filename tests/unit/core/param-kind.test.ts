import { describe, expect, test } from "vitest";
import * as param from "../../../src/core/param-kind.ts";
import type { ParamKind, ParamText } from "../../../src/core/param-kind.ts";
import { pythonValue } from "../../../src/core/python-text.ts";
import { avalOf } from "../../../src/core/value.ts";
import { f32, programOf } from "../compiler/programs.ts";

const window = param.record<{ readonly offsetDims: readonly number[]; readonly mode: "a" | "b" }>("Window", {
  offsetDims: param.integers,
  mode: param.oneOf(["a", "b"], (value) => `Mode.${value.toUpperCase()}`),
});

test.each<readonly [kind: ParamKind<any>, value: unknown, text: string, read: ParamText]>([
  [param.integer, -3, "-3", "-3"],
  [param.boolean, true, "True", "True"],
  [param.dtype, "key<fry>", "key<fry>", "key<fry>"],
  [param.name, "<lambda>", "<lambda>", "<lambda>"],
  [param.element, 2n ** 63n, "9223372036854775808", "9223372036854775808"],
  [param.element, NaN, "nan", "nan"],
  [param.element, -Infinity, "-inf", "-inf"],
  [param.element, -0, "-0.0", "-0.0"],
  [param.element, 1e-5, "1e-05", "1e-05"],
  [param.element, false, "False", "False"],
  [param.oneOf([8, 16]), 16, "16", "16"],
  [param.integers, [1], "(1,)", ["1"]],
  [param.list(param.tuple(param.integer, param.boolean)), [[1, true]], "((1, True),)", [["1", "True"]]],
  [param.nullable(param.integers), null, "None", "None"],
  [param.nullable(param.integers), [], "()", []],
  [
    window,
    { offsetDims: [0, 1], mode: "b" },
    "Window(offset_dims=(0, 1), mode=Mode.B)",
    { name: "Window", fields: { offset_dims: ["0", "1"], mode: "Mode.B" } },
  ],
])("a param is read as what was written: %#", (kind, value, text, read) => {
  expect(kind.is(value)).toBe(true);
  expect(pythonValue(kind.write(value))).toBe(text);
  expect(kind.read(read)).toEqual(value);
}); // prettier-ignore

test.each<readonly [kind: ParamKind<any>, text: ParamText]>([
  [param.integer, "1.0"],
  [param.integer, "99999999999999999999"],
  [param.integer, ["1"]],
  [param.boolean, "true"],
  [param.dtype, "float33"],
  [param.dtype, "toString"],
  [param.element, "one"],
  [param.oneOf(["fry"]), "rbg"],
  [param.integers, "1"],
  [param.integers, ["1", "x"]],
  [param.tuple(param.integer), ["1", "2"]],
  [window, { name: "Door", fields: { offset_dims: [], mode: "Mode.A" } }],
  [window, { name: "Window", fields: { offset_dims: [], mode: "Mode.A", more: "1" } }],
  [window, { name: "Window", fields: { offset_dims: [] } }],
  [param.program, "f"],
  [param.hostFunction("jvp"), "jvp"],
])("what is not of the kind is not read: %#", (kind, text) => {
  expect(kind.read(text)).toBeUndefined();
});

describe("a value is of its kind", () => {
  test.each<readonly [kind: ParamKind<any>, value: unknown]>([
    [param.integer, 1.5],
    [param.integers, [1, "2"]],
    [param.dtype, "int3"],
    [param.dtype, "constructor"],
    [param.tuple(param.integer, param.integer), [1]],
    [window, { offsetDims: [], mode: "c" }],
    [window, { offsetDims: [], mode: "a", more: 1 }],
    [param.program, {}],
    [param.programs, [programOf((x) => x, [f32()]), null]],
  ])("or it is not: %#", (kind, value) => {
    expect(kind.is(value)).toBe(false);
  });
});

test("what is not printed is implied", () => {
  const shape = param.following(param.integers, (_operands, [out]) => out!.shape);
  expect(shape.write([2])).toBeUndefined();
  expect(shape.implied?.([], [avalOf([2, 3], "float32")])).toEqual([2, 3]);
  const axes = param.unless([], param.integers);
  expect([axes.write([]), axes.write([1]), axes.implied?.([], [])]).toEqual([undefined, [1], []]);
});

test("names are printed without what the text is made of", () => {
  expect(param.name.write("get [x] (y), {z}")).toBe("get_x_y_z_");
  expect(param.name.write("")).toBe("_");
});
