import { describe, expect, test } from "vitest";
import { jit } from "../../../src/control/jit.ts";
import { ArgumentError, ConcretizationError, DTypeError, ShapeError } from "../../../src/core/errors.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import * as np from "../../../src/numpy/index.ts";
import { numbers } from "./arrays.ts";

const x = np.reshape(np.arange(12), [3, 4]);
const text = (f: (...xs: ArrayValue[]) => unknown, ...xs: ArrayValue[]) => String(makeJaxpr(f)(...xs));

test("what is known is a slice", () => {
  expect(text((a) => a!.get("1:", -1), x)).toBe(
    `{ lambda ; a:i32[3,4]. let
    b:i32[2,1] = slice[limit_indices=(3, 4) start_indices=(1, 3) strides=None] a
    c:i32[2] = squeeze[dimensions=(1,)] b
  in (c,) }`,
  );
  expect(text((a) => a!.get("::-2"), x)).toBe(
    `{ lambda ; a:i32[3,4]. let
    b:i32[2,4] = slice[limit_indices=(3, 4) start_indices=(0, 0) strides=(2, 1)] a
    c:i32[2,4] = rev[dimensions=(0,)] b
  in (c,) }`,
  );
});

test("all of an array is the array", () => {
  expect(x.get(":", "...")).toBe(x);
});

test("a traced scalar is a dynamic_slice, an index array a gather", () => {
  expect(text((a, i) => a!.get(i!, "1:"), x, np.int32(0))).toContain("dynamic_slice[slice_sizes=(1, 3)] a");
  expect(text((a, i) => a!.get(i!), x, np.arange(2))).toContain("mode=GatherScatterMode.PROMISE_IN_BOUNDS");
});

test("a list of integers that are known needs no arithmetic on indices", () => {
  expect(text((a) => a!.get([0, -1]), x)).not.toContain("select_n");
  expect(numbers(x.get([0, -1], 0))).toEqual([0, 8]);
});

test("integers out of bounds are clipped", () => {
  expect(numbers(x.get(7, 0))).toEqual([8]);
  expect(numbers(x.get(-9, 0))).toEqual([0]);
});

test("np.s says a slice without text", () => {
  expect(numbers(x.get(np.s(1), np.s(null, null, -3)))).toEqual(numbers(x.get("1:", "::-3")));
});

describe("masks", () => {
  test("pick elements", () => {
    expect(numbers(x.get(np.greater(x, 9)))).toEqual([10, 11]);
    expect(numbers(x.get([false, true, false], 0))).toEqual([4]);
  });

  test("must be concrete, unless a scalar replaces what they pick", () => {
    const picked = jit((a: ArrayValue) => a.get(np.greater(a, 9)));
    expect(() => picked(x)).toThrow(ConcretizationError);
    expect(() => picked(x)).toThrow("Use np.where(mask, x, y), or x.at(mask).set(value) with a scalar value");
    const replaced = jit((a: ArrayValue) => a.at(np.greater(a, 1)).set(0));
    expect(numbers(replaced(x) as ArrayValue)).toEqual([0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    const rows = jit((a: ArrayValue) => a.at(np.greater(a.get(":", 0), 0)).mul(-1));
    expect(numbers(rows(x) as ArrayValue)).toEqual([0, 1, 2, 3, -4, -5, -6, -7, -8, -9, -10, -11]);
  });
});

test.each([
  ["a fraction", [0.5], ArgumentError, "0.5 is no integer index"],
  ["NaN", [Number.NaN], ArgumentError, "NaN is no integer index"],
  ["a fraction in a list", [[0, 0.5]], ArgumentError, "0.5 is no integer index"],
  ["too many", [0, 0, 0], ShapeError, "the array has shape (3, 4), 2 axes, and 3 were indexed"],
  ["two ellipses", ["...", "..."], ArgumentError, 'only one "..."'],
  ["a string that is no slice", ["1"], ArgumentError, '"1" is no index'],
  ["floats", [np.ones([1])], DTypeError, "integer or boolean dtype, got f32[1]"],
  ["an object", [{}], ArgumentError, "got an object of class Object"],
  [
    "a mask of another shape",
    [[true, false]],
    ShapeError,
    "a mask of shape (2,) does not fit the axes of shape (3,)",
  ],
])("%s as an index is refused", (_name, indices, kind, message) => {
  const attempt = () => x.get(...(indices as np.Index[]));
  expect(attempt).toThrow(kind as typeof ShapeError);
  expect(attempt).toThrow(message as string);
});

test("an empty axis has no element", () => {
  expect(() => np.ones([0]).get(0)).toThrow("index is out of bounds for axis 0 with size 0");
  expect(np.ones([0]).get(":").shape).toEqual([0]);
});

test("updates leave the array as it was, keep its dtype, and drop what is out of bounds", () => {
  const y = x.at(0, 0).set(9.7);
  expect([y.dtype, y.get(0, 0).item(), x.get(0, 0).item()]).toEqual(["int32", 9, 0]);
  expect(numbers(np.zeros([2]).at(5).set(1))).toEqual([0, 0]);
  expect(numbers(np.zeros([2]).at(5).set(1, { mode: "clip" }))).toEqual([0, 1]);
  expect(numbers(np.zeros([2]).at([0, 0]).add(1))).toEqual([2, 0]);
});

test("an update of a known place is one scatter", () => {
  expect(text((a) => a!.at(0).set(1), np.ones([3]))).toContain("indices_are_sorted=True");
});

test("unknown options are refused", () => {
  expect(() => x.at(0).set(1, { moed: "clip" } as never)).toThrow(
    "at(…).set has no option moed; did you mean mode?",
  );
  expect(() => np.take(x, 0, { mode: "raise" as "wrap" })).toThrow('mode must be "fill", "clip" or "wrap"');
});
