import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { jit } from "../../../src/control/jit.ts";
import { ConcretizationError, DTypeError, ShapeError } from "../../../src/core/errors.ts";
import { ArrayValue } from "../../../src/core/value.ts";
import * as np from "../../../src/numpy/index.ts";
import { equal } from "../../../src/tree/index.ts";
import { numbers } from "./arrays.ts";

const x = np.array([[1, 2], [3, 4]]); // prettier-ignore
const traced = (use: (a: ArrayValue) => unknown) => () => jit((a: ArrayValue) => (use(a), a))(x);

test("methods are the functions of np", () => {
  expect(numbers(x.add(1).mul(2).sub(x).div(2))).toEqual([1.5, 2, 2.5, 3]);
  expect(numbers(x.T)).toEqual([1, 3, 2, 4]);
  expect(numbers(x.sum(0))).toEqual([4, 6]);
  expect(x.sum({ axis: 1, keepdims: true }).shape).toEqual([2, 1]);
  expect(numbers(x.matmul(x).max(0))).toEqual([15, 22]);
  expect(numbers(x.reshape(4).get("::2"))).toEqual([1, 3]);
  expect(x.reshape([1, -1]).shape).toEqual([1, 4]);
  expect(x.transpose(1, 0).shape).toEqual([2, 2]);
  expect(numbers(x.at(0).set(0).astype(np.int32))).toEqual([0, 0, 3, 4]);
});

test("methods are not enumerable, so arrays are no bags of functions", () => {
  const keys: string[] = [];
  for (const key in x) keys.push(key);
  expect(keys).not.toContain("add");
  expect(Object.keys(ArrayValue.prototype)).not.toContain("sum");
});

describe("reading", () => {
  test("item, toList and data", async () => {
    expect(np.float32(2).item()).toBe(2);
    expect(np.array(true).item()).toBe(true);
    expect(np.complex64([{ re: 1, im: -2 }]).item()).toEqual({ re: 1, im: -2 });
    expect(x.toList()).toEqual([[1, 2], [3, 4]]); // prettier-ignore
    expect(x.data).toEqual(new Float32Array([1, 2, 3, 4]));
    expect(await x.read()).toEqual(new Float32Array([1, 2, 3, 4]));
    expect(np.array([true, false]).data).toEqual(new Uint8Array([1, 0]));
    expect(np.array([0.5], np.bfloat16).data).toEqual(new Float32Array([0.5]));
    expect(JSON.stringify({ x })).toBe('{"x":[[1,2],[3,4]]}');
  });

  test("data is a copy", () => {
    const data = x.data;
    data[0] = 9;
    expect(x.get(0, 0).item()).toBe(1);
  });

  test("one element is a number, several are none", () => {
    expect(Number(np.ones([1, 1]))).toBe(1);
    expect((np.float32(2) as unknown as number) + 1).toBe(3);
    expect(np.float32(2).toBool()).toBe(true);
    expect(np.array([Number.NaN]).toBool()).toBe(true);
    expect(() => +(x as unknown as number)).toThrow(ShapeError);
    expect(() => x.toBool()).toThrow("reduce it with np.any or np.all");
    expect(() => x.item()).toThrow("exactly one element, got shape (2, 2)");
    expect(() => Number(np.complex64(1))).toThrow(DTypeError);
  });

  test("iteration goes over the first axis", () => {
    const [first, second] = x;
    expect([numbers(first!), numbers(second!)]).toEqual([[1, 2], [3, 4]]); // prettier-ignore
    expect(() => [...np.float32(1)]).toThrow("an array without axes cannot be iterated over");
  });
});

test.each<[string, (a: ArrayValue) => unknown]>([
  ["+x", (a) => +(a.sum() as unknown as number)],
  ["x > 0", (a) => (a.sum() as unknown as number) > 0],
  ["item()", (a) => a.sum().item()],
  ["toBool()", (a) => a.sum().toBool()],
  ["toList()", (a) => a.toList()],
  ["data", (a) => a.data],
])("%s of a traced array says what made it abstract", (_use, use) => {
  expect(traced(use)).toThrow(ConcretizationError);
  expect(traced(use)).toThrow(/is traced: f32\[.* jit of /);
});

test("text is NumPy's, inspection tells the dtype", () => {
  expect(String(x)).toBe("[[1. 2.]\n [3. 4.]]");
  expect(inspect(x)).toBe("Array([[1., 2.],\n       [3., 4.]], dtype=float32)");
  expect(inspect({ x: np.float32(1) })).toContain("Array(1., dtype=float32)");
});

test("arrays in trees are equal when shape, dtype and elements are; NaN equals nothing", () => {
  expect(equal({ a: np.ones([2]) }, { a: np.ones([2]) })).toBe(true);
  expect(equal(np.ones([2]), np.ones([2], np.int32))).toBe(false);
  expect(equal(np.ones([2]), np.ones([1, 2]))).toBe(false);
  expect(equal(np.ones([2]), np.zeros([2]))).toBe(false);
  expect(equal(np.array([Number.NaN]), np.array([Number.NaN]))).toBe(false);
  expect(equal(np.array([0]), np.array([-0]))).toBe(true);
  expect(equal(np.array([0.5], np.bfloat16), np.array([0.5], np.bfloat16))).toBe(true);
});
