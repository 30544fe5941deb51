import { expect, test } from "vitest";
import { ArgumentError } from "../../../src/core/errors.ts";
import { isPlainObject, readOptions } from "../../../src/core/options.ts";

interface SumOptions {
  axis?: number | null;
  dtype?: string;
  keepdims?: boolean;
}
const read = (...rest: unknown[]) => readOptions<SumOptions>("np.sum", ["axis", "dtype", "keepdims"], rest);

test("optional arguments come bare, by name, or both", () => {
  expect(read()).toEqual({});
  expect(read(0)).toEqual({ axis: 0 });
  expect(read(null, "int8")).toEqual({ axis: null, dtype: "int8" });
  expect(read({ keepdims: true })).toEqual({ keepdims: true });
  expect(read(0, { keepdims: true })).toEqual({ axis: 0, keepdims: true });
});

test("undefined counts as absent, so later arguments can be given alone", () => {
  expect(read(undefined, "int8")).toEqual({ dtype: "int8" });
  expect(read({ axis: undefined, dtype: "int8" })).toEqual({ dtype: "int8" });
  expect(read(0, { axis: undefined })).toEqual({ axis: 0 });
});

test.each([
  [[{ axes: 0 }], "argument/unknown", "np.sum has no option axes; did you mean axis?"],
  [
    [{ sideways: 0 }],
    "argument/unknown",
    "np.sum has no option sideways; its options are axis, dtype, keepdims",
  ],
  [[0, { axis: 1 }], "argument/twice", "np.sum: axis is given both by position and by name"],
  [
    [0, "int8", true, 4],
    "argument/count",
    "np.sum takes at most 3 optional arguments (axis, dtype, keepdims), got 4",
  ],
])("%j is refused", (rest, code, message) => {
  const error = (() => {
    try {
      return read(...rest);
    } catch (thrown) {
      return thrown as ArgumentError;
    }
  })();
  expect(error).toBeInstanceOf(ArgumentError);
  expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
});

test("only plain objects are options: no list, no instance, no function", () => {
  expect(isPlainObject({})).toBe(true);
  expect(isPlainObject(Object.create(null))).toBe(true);
  for (const other of [[], null, new Date(), () => 0, "text", 1]) expect(isPlainObject(other)).toBe(false);
  expect(read([0, 1])).toEqual({ axis: [0, 1] });
});
