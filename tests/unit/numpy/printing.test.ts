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
