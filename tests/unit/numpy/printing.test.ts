import { inspect } from "node:util";
import { expect, test } from "vitest";
import { HostBuffer } from "../../../src/core/backend.ts";
import { allocate, type DType } from "../../../src/core/dtype.ts";
import { type ArrayValue, avalOf, NDArray } from "../../../src/core/value.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import * as np from "../../../src/numpy/index.ts";
import * as random from "../../../src/random/index.ts";
import cases from "../../goldens/numpy/printing.json" with { type: "json" };
import "./arrays.ts";

const title = ({ dtype, shape, str }: { dtype: string; shape: readonly number[]; str: string }) =>
  `${dtype}[${shape.join(",")}] ${str.replaceAll("\n", " ").slice(0, 60)}`;

test.each(cases.map((golden) => [title(golden), golden] as const))(
  "%s",
  (_title, { dtype, shape, bits, weak, str, repr }) => {
    const storage = allocate(dtype as DType, shape.reduce((n, size) => n * size, 1)); // prettier-ignore
    const words = dtype === "float32" || dtype === "complex64" ? new Uint32Array(storage.buffer) : storage;
    bits.forEach((bit, i) => (words[i] = bit));
    const x = new NDArray(avalOf(shape, dtype as DType, weak), new HostBuffer(storage));
    expect(String(x)).toBe(str);
    expect(inspect(x)).toBe(repr);
  },
);

test("more than 1000 elements are summarised", () => {
  expect(String(np.arange(1001))).toBe("[   0    1    2 ...  998  999 1000]");
  expect(String(np.zeros([1000, 1000])).split("\n")[3]).toBe(" ...");
});

test("halves are rounded to even where numbers are cut off", () => {
  expect(String(np.array([2 ** -9]))).toBe("[0.00195312]");
});

test("keys show their words", () => {
  expect(String(random.key(0))).toBe("Array((), dtype=key<fry>) overlaying:\n[0 0]");
});

test("a traced array shows what it is", () => {
  let shown = "";
  makeJaxpr((x: ArrayValue) => ((shown = x.toString()), x))(np.ones([2]));
  expect(shown).toMatch(/^\w+\(float32\[2\]\)$/);
});

test("print options stay until they are changed, but for a formatter, which each change puts back", () => {
  const before = np.getPrintoptions();
  try {
    np.setPrintoptions({ precision: 2, formatter: { float: (x) => `<${x}>` } });
    np.setPrintoptions({ linewidth: 40 });
    expect(np.getPrintoptions()).toEqual({ ...before, precision: 2, linewidth: 40, formatter: null });
    expect(np.arrayStr(np.array([1 / 3]))).toBe("[0.33]");
    expect(String(np.array([1 / 3]))).toBe("[0.33]");
    np.setPrintoptions({ formatter: { all: () => "*" } });
    expect(np.arrayRepr(np.array([true, false]))).toBe("Array([*, *], dtype=bool)");
  } finally {
    np.setPrintoptions(before);
  }
  expect(np.getPrintoptions()).toEqual(before);
  expect(np.arrayStr(np.array([1 / 3]))).toBe("[0.33333334]");
});

test("what array2string is given holds for that text alone, and a formatter for bfloat16 is that for floats", () => {
  const x = np.array([1, 2], "bfloat16");
  expect(np.array2string(x, { formatter: { float: (value) => `${value}b` } })).toBe("[1b 2b]");
  expect(np.array2string(x)).toBe("[1 2]");
});

test.each([
  [{ precision: -1 }, "precision is a count of digits up to 50, got the number -1"],
  [{ precision: 51 }, "precision is a count of digits"],
  [{ threshold: NaN }, "threshold is a number of elements"],
  [{ edgeitems: 0 }, "edgeitems is a number of elements, at least 1"],
  [{ linewidth: 0 }, "linewidth is a number of characters"],
  [{ suppress: 1 }, "suppress is a boolean"],
  [{ nanstr: 0 }, "nanstr is a string"],
  [{ infstr: null }, "infstr is a string"],
  [{ sign: "x" }, 'sign is "-", "+" or " "'],
  [{ floatmode: "exact" }, 'floatmode is "fixed", "unique", "maxprec" or "maxprec_equal"'],
  [{ formatter: "%d" }, "formatter is an object of functions"],
  [{ formatter: { float: "%d" } }, "formatter is an object of functions"],
  [{ formatter: { float32: String } }, "formatter has no option float32"],
  [{ lineWidth: 3 }, "has no option lineWidth; did you mean linewidth?"],
])("the print options %j are refused", (options, why) => {
  const before = np.getPrintoptions();
  expect(() => np.setPrintoptions(options as never)).toThrow(why);
  expect(() => np.array2string(np.ones([2]), options as never)).toThrow(why);
  expect(np.getPrintoptions()).toEqual(before);
});
