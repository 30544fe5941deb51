import {
  type ArrayValue,
  jit,
  lax,
  nn,
  numpy as np,
  quaxify,
  random,
  tree,
  type DType,
  Zero,
} from "cotangent";
import { describe, expect, test } from "vitest";

// After Quax's test_zero, from its description.

const same = (actual: ArrayValue, expected: ArrayValue): void => {
  expect(actual).not.toBeInstanceOf(Zero);
  expect([actual.shape, actual.dtype]).toEqual([expected.shape, expected.dtype]);
  expect(actual.tolist()).toEqual(expected.tolist());
};
const isZero = (actual: ArrayValue, shape: readonly number[], dtype: DType): void => {
  expect(actual).toBeInstanceOf(Zero);
  expect([actual.shape, actual.dtype]).toEqual([shape, dtype]);
};

// Upstream skips its test that zeros() is a Zero: it once was, and leaked into programs that had none. What is made to
// be written to is an array, so a Zero has no `like` either.
test("creation makes plain arrays, of a Zero too", () => {
  const zero = new Zero([2], "float32");
  same(quaxify((_: ArrayValue) => np.zeros([2]))(zero), np.zeros([2]));
  same(quaxify(() => np.zeros([2]))(), np.zeros([2]));
  same(quaxify((z: ArrayValue) => np.zerosLike(z))(zero), np.zeros([2]));
  same(quaxify((z: ArrayValue) => np.onesLike(z))(zero), np.ones([2]));
});

test("broadcast", () => {
  isZero(quaxify((z: ArrayValue) => np.broadcastTo(z, [3, 2]))(new Zero([2], "float32")), [3, 2], "float32");
  isZero(quaxify((z: ArrayValue) => np.broadcastTo(z, [3, 2]))(new Zero([], "int32")), [3, 2], "int32");
});

test("cast", () => {
  isZero(
    quaxify((z: ArrayValue) => lax.convertElementType(z, "int32"))(new Zero([3, 4], "float32")),
    [3, 4],
    "int32",
  );
});

test("materialise", () => {
  same(new Zero([2, 3], "int32").materialise(), np.zeros([2, 3], "int32"));
});

describe.each([
  [[], "float32"],
  [[3], "bool"],
  [[2, 3], "int32"],
] as const)("a Zero of shape %o and dtype %s", (shape, dtype) => {
  const zero = new Zero(shape, dtype);
  const plain = np.zeros([...shape], dtype);
  test.each([1, np.array(1), np.array(1, { dtype: "int32" })])("plus, and times, %o", (one) => {
    const add = (x: ArrayValue | number, y: ArrayValue | number) => np.add(x, y);
    const mul = (x: ArrayValue | number, y: ArrayValue | number) => np.multiply(x, y);
    const expected = np.add(plain, one);
    same(quaxify(add)(zero, one), expected);
    same(quaxify(add)(one, zero), expected);
    const product = np.multiply(plain, one);
    isZero(quaxify(mul)(zero, one), product.shape, product.dtype);
    isZero(quaxify(mul)(one, zero), product.shape, product.dtype);
  });
});

test("as the weight of a Linear: what is left is the bias, or a Zero", () => {
  for (const useBias of [true, false]) {
    const linear = new nn.Linear(3, 4, { key: random.key(0), useBias });
    const model = tree.at((l) => l.weight, linear, new Zero([4, 3], "float32") as ArrayValue);
    for (const run of [
      quaxify(model),
      jit(quaxify(model)),
      quaxify(jit((x: ArrayValue) => model.forward(x))),
    ]) {
      const out = run(np.ones([3]));
      if (useBias) same(out, linear.bias!);
      else expect(out.materialise().tolist()).toEqual([0, 0, 0, 0]);
    }
    if (!useBias) isZero(quaxify(model)(np.ones([3])), [4], "float32");
  }
});

test("dynamic_update_slice, with a plain update and a Zero", () => {
  const f = quaxify((x: ArrayValue, update: ArrayValue) => lax.dynamicUpdateSlice(x, update, [1]));
  same(f(new Zero([4], "float32"), np.array([1, 2])), np.array([0, 1, 2, 0]));
  isZero(f(new Zero([4], "float32"), new Zero([2], "float32")), [4], "float32");
  same(f(np.ones([4]), new Zero([2], "float32")), np.array([1, 0, 0, 1]));
});

test("slice", () => {
  isZero(quaxify((z: ArrayValue) => z.get("1:3", "::2"))(new Zero([4, 5], "float32")), [2, 3], "float32");
});

test("power", () => {
  const z = new Zero([2], "float32");
  isZero(quaxify((z: ArrayValue) => np.power(z, 3))(z), [2], "float32");
  for (const f of [
    (z: ArrayValue) => np.power(z, 0),
    (z: ArrayValue) => np.power(z, np.array(0)),
    (z: ArrayValue) => np.power(z, z),
    (z: ArrayValue) => np.power(3, z),
  ])
    same(quaxify(f)(z), np.ones([2]));
});
