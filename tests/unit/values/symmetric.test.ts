import { type ArrayValue, grad, lax, numpy as np, tree, values as valueTypes } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, values } from "../arrays.ts";
import { expectKept, makers, normal } from "./matrices.ts";

const { Diagonal, Symmetric } = valueTypes;
const make = makers["Symmetric"]!;
const [one, other, many] = [make([], 4), make([], 4), make([2, 3], 4)];

test("the elements are those of the lower triangle, and their mirror images", () => {
  const s = new Symmetric(np.array([1, 2, 3, 4, 5, 6]));
  expect(values(s.toDense())).toEqual([1, 2, 4, 2, 3, 5, 4, 5, 6]);
  expect(
    values(
      Symmetric.of(
        np.array([
          [1, 0, 0],
          [2, 3, 0],
          [4, 5, 6],
        ]),
      ).packed,
    ),
  ).toEqual([1, 2, 3, 4, 5, 6]);
  expect([-3, -2, -1, 0, 1, 2].map((k) => values(s.diagonal(k)))).toEqual([
    [],
    [4],
    [2, 5],
    [1, 3, 6],
    [2, 5],
    [4],
  ]);
  expect(values(s.trace())).toEqual([10]);
  expectValues(Symmetric.of(many.toDense()).toDense(), values(many.toDense()));
});

describe("is kept", () => {
  test("by every function element by element", () => {
    for (const f of [np.sin, np.cos, np.exp, np.negative, np.square, np.isfinite])
      expectKept((a) => f(a), [many], Symmetric);
    expectKept((a) => np.add(a, 1), [one], Symmetric);
    expectKept((a) => np.power(2, a), [one], Symmetric);
    expectKept((a) => np.clip(a, -0.5, 0.5), [many], Symmetric);
    expectKept((a, b) => np.add(a, b), [one, other], Symmetric);
    expectKept((a, b) => np.subtract(a, b), [many, one], Symmetric);
    expectKept((a, b) => np.multiply(a, b), [one, many], Symmetric);
    expectKept((a, b) => np.maximum(a, b), [one, other], Symmetric);
    expectKept((a, b) => np.where(np.less(a, b), a, b), [make([], 1), make([], 1)], Symmetric);
    expectKept((a, x) => np.divide(a, x), [many, normal([3, 1, 1])], Symmetric);
    expect(() => np.add(one, normal([4, 4]))).toThrow("Refusing to materialise `Symmetric`");
    expect(() => np.multiply(one, normal([4]))).toThrow("Refusing to materialise");
  });

  test("by transposes, conversions and moves of leading axes", () => {
    expectKept((a) => np.matrixTranspose(a), [many], Symmetric);
    expectKept((a) => np.transpose(a, [1, 0, 2, 3]), [many], Symmetric);
    expectKept((a) => np.astype(a, "int32"), [many], Symmetric);
    expectKept((a) => a.get(0), [many], Symmetric);
  });

  test("by sums with diagonal matrices", () => {
    expectKept((a, d) => np.add(a, d), [many, new Diagonal(normal([4]))], Symmetric);
    expectKept((a, d) => np.subtract(d, a), [one, new Diagonal(normal([2, 4]))], Symmetric);
    expectKept((a, d) => np.multiply(a, d), [one, new Diagonal(normal([4]))], Diagonal);
  });
});

test("a gradient counts an element beside the diagonal twice", () => {
  const x = normal([4]);
  const form = (a: ArrayValue) => np.dot(x, np.matmul(a, x));
  const { packed } = grad(form)(one) as InstanceType<typeof Symmetric>;
  const outer = np.outer(x, x);
  const expected = Symmetric.of(np.add(outer, np.multiply(outer, np.subtract(1, np.eye(4)))));
  expectValues(packed, values(expected.packed));
  expect(tree.leaves(one)).toHaveLength(1);
});

test("what is no symmetric matrix is refused", () => {
  expect(() => new Symmetric(np.ones([4]))).toThrow("packed has shape (…, n·(n + 1)/2), got (4,)");
  expect(() => new Symmetric(np.array(1))).toThrow("got ()");
  expect(() => new Symmetric(3 as never)).toThrow("packed must be an array, got the number 3");
  expect(() => Symmetric.of(np.ones([2, 3]))).toThrow("takes a square matrix, got shape (2, 3)");
  expect(() => Symmetric.of(null as never)).toThrow("takes a matrix, got null");
  expect(() => lax.add(one, make([], 3))).toThrow("add");
});
