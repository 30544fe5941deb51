import {
  Dense,
  type ArrayValue,
  DTypeError,
  grad,
  lax,
  numpy as np,
  quaxify,
  ShapeError,
  tree,
  values as valueTypes,
  vmap,
} from "cotangent";
import { describe, expect, test } from "vitest";
import type { StructuredMatrix } from "../../../src/values/matrix.ts";
import { expectValues, shapeOf, values } from "../arrays.ts";
import { classes, expectKept, makers, normal } from "./matrices.ts";

const { Diagonal, TridiagonalMatrix } = valueTypes;
const [diagonal, tridiagonal] = [makers["Diagonal"]!, makers["TridiagonalMatrix"]!];
type Matrix = StructuredMatrix;

test("the elements stand on their diagonals", () => {
  const t = new TridiagonalMatrix(np.array([1, 2]), np.array([3, 4, 5]), np.array([6, 7]));
  expect(values(t.toDense())).toEqual([3, 6, 0, 1, 4, 7, 0, 2, 5]);
  expect(values((t.T as Matrix).toDense())).toEqual([3, 1, 0, 6, 4, 2, 0, 7, 5]);
  expect(
    values(
      new Diagonal(
        np.array([
          [1, 2],
          [3, 4],
        ]),
      ).toDense(),
    ),
  ).toEqual([1, 0, 0, 2, 3, 0, 0, 4]);
  expect(values(new TridiagonalMatrix(np.ones([0]), np.array([3]), np.ones([0])).toDense())).toEqual([3]);
  expect([-3, -2, -1, 0, 1, 2].map((k) => values(t.diagonal(k)))).toEqual([
    [],
    [0],
    [1, 2],
    [3, 4, 5],
    [6, 7],
    [0],
  ]);
  expect(values(t.trace())).toEqual([12]);
});

describe.each(classes.filter(([name]) => name === "Diagonal" || name === "TridiagonalMatrix"))(
  "%s",
  (_, make) => {
    const [x, y, many] = [make([], 4), make([], 4), make([3, 2], 4)];
    const own = x.constructor;

    test("sums, differences, multiples and transposes are of the class", () => {
      expectKept((a, b) => np.add(a, b), [x, y], own);
      expectKept((a, b) => np.add(a, b), [x, many], own);
      expectKept((a, b) => np.subtract(a, b), [many, x], own);
      expectKept((a) => np.negative(a), [many], own);
      expectKept((a) => np.multiply(2, a), [many], own);
      expectKept((a) => np.divide(a, 2), [many], own);
      expectKept((a, s) => np.multiply(a, s), [many, normal([2, 1, 1])], own);
      expectKept((a, s) => np.multiply(s, a), [x, normal([3, 2, 1, 1])], own);
      expectKept((a) => np.matrixTranspose(a), [many], own);
      expectKept((a) => np.transpose(a, [1, 0, 3, 2]), [many], own);
      expectKept((a) => np.transpose(a, [1, 0, 2, 3]), [many], own);
      expectKept((a) => np.astype(a, "bfloat16"), [np.astype(x, "bfloat16")], own);
    });

    test("sums with a plain matrix are plain matrices", () => {
      for (const y of [normal([4, 4]), normal([2, 4, 4])]) {
        expectKept((a, b) => np.add(a, b), [x, y], Dense);
        expectKept((a, b) => np.subtract(b, a), [many, y], Dense);
      }
      expect(() => np.add(x, normal([4]))).toThrow("add has no rule for it");
    });

    test("products with any array, element by element, are of the class", () => {
      for (const shape of [[4, 4], [4, 1], [1, 4], [4], [2, 4, 4], [3, 1, 4, 1]]) {
        expectKept((a, b) => np.multiply(a, b), [many, normal(shape)], own);
        expectKept((a, b) => np.multiply(b, a), [x, normal(shape)], own);
        expectKept((a, b) => np.divide(a, b), [x, normal(shape)], own);
      }
      expectKept((a, b) => np.multiply(a, b), [x, many], own);
      const single = make([], 1);
      expectKept((a, b) => np.multiply(a, b), [single, normal([1])], own);
      expect(() => np.multiply(single, normal([3, 3]))).toThrow("Refusing to materialise");
    });

    test("functions that keep zero keep the class; others refuse", () => {
      for (const f of [np.sin, np.tanh, np.square, np.abs, np.sign, np.expm1, lax.erf])
        expectKept((a) => f(a), [many], own);
      expectKept((a) => lax.integerPow(a, 3), [x], own);
      expect(() => lax.integerPow(x, 0)).toThrow("integer_pow has no rule for it");
      expect(() => np.cos(x)).toThrow("Refusing to materialise");
      expect(() => np.add(x, 1)).toThrow("add has no rule for it");
    });

    test("what moves leading axes moves those of the parts", () => {
      expectKept((a) => np.reshape(a, [6, 4, 4]), [many], own);
      expectKept((a) => a.get(1), [many], own);
      expectKept((a) => a.get(":", "::-1"), [many], own);
      expectKept((a) => np.broadcastTo(a, [2, 4, 4]), [x], own);
      expectKept((a, b) => np.stack([a, b]), [x, y], own);
      expectKept((a, b) => np.concatenate([a, b]), [many, many], own);
      expectKept((a, b) => lax.select(np.array(true), a, b), [x, y], own);
      expectKept((a) => lax.dynamicIndexInDim(a, np.array(2, "int32")), [many], own);
      expect(() => np.reshape(x, [2, 8])).toThrow("reshape has no rule for it");
      expect(() => x.get(0)).toThrow("Refusing to materialise");
      expect(() => np.where(np.ones([4, 4], "bool"), x, y)).toThrow("select_n has no rule for it");
    });

    test("sums over rows, columns and both", () => {
      for (const axis of [-1, -2, [2, 3]]) {
        const f = (a: ArrayValue) => np.sum(a, axis);
        expectValues(f(many), values(f(many.toDense())));
        expectValues(quaxify(f)(many), values(f(many.toDense())));
      }
    });

    test("shapes that do not fit are errors of shape", () => {
      expect(() => np.add(x, make([], 3))).toThrow("do not broadcast");
      expect(() => np.multiply(x, normal([3, 3]))).toThrow("do not broadcast");
    });

    test("is a pytree of its diagonals", () => {
      const doubled = tree.map((leaf: ArrayValue) => np.multiply(2, leaf), x) as Matrix;
      expectValues(doubled.toDense(), values(np.multiply(2, x.toDense())));
      const traces = vmap((a: Matrix) => a.trace())(make([5], 3));
      expect(traces.shape).toEqual([5]);
    });

    test("materialises where it may", () => {
      const open = Object.assign(make([], 4), { allowMaterialise: true });
      expectValues(np.cos(open), values(np.cos(open.toDense())));
      expect(shapeOf(np.add(open, normal([4, 4])))).toEqual([4, 4]);
      expect((np.add(open, open) as Matrix).allowMaterialise).toBe(true);
      expect((np.add(open, x) as Matrix).allowMaterialise).toBe(false);
      expect((np.multiply(x, open) as Matrix).allowMaterialise).toBe(false);
      const product = np.matmul(
        tridiagonal([], 4),
        Object.assign(tridiagonal([], 4), { allowMaterialise: true }),
      );
      expect(shapeOf(product)).toEqual([4, 4]);
    });
  },
);

test("diagonal and tridiagonal matrices add up to tridiagonal ones, and multiply to diagonal ones", () => {
  const [d, t] = [diagonal([], 4), tridiagonal([], 4)];
  expectKept((a, b) => np.add(a, b), [d, t], TridiagonalMatrix);
  expectKept((a, b) => np.subtract(a, b), [d, t], TridiagonalMatrix);
  expectKept((a, b) => np.subtract(a, b), [t, diagonal([2], 4)], TridiagonalMatrix);
  expectKept((a, b) => np.multiply(a, b), [d, t], Diagonal);
  expectKept((a, b) => np.multiply(a, b), [t, d], Diagonal);
});

test("products of matrices with diagonal ones keep the other's class", () => {
  for (const lead of [[], [2]]) {
    const [d, e, t] = [diagonal(lead, 4), diagonal(lead, 4), tridiagonal(lead, 4)];
    expectKept((a, b) => np.matmul(a, b), [d, e], Diagonal);
    expectKept((a, b) => np.matmul(a, b), [d, t], TridiagonalMatrix);
    expectKept((a, b) => np.matmul(a, b), [t, d], TridiagonalMatrix);
  }
  const [d, t] = [diagonal([], 4), tridiagonal([], 4)];
  for (const [i, j] of [[0, 0], [0, 1], [1, 0], [1, 1]] as const)
    expectKept((a, b) => lax.dotGeneral(a, b, [[[i], [j]], [[], []]]), [d, t], TridiagonalMatrix); // prettier-ignore
  expect(() => np.matmul(t, t)).toThrow("dot_general has no rule for it");
  expect(() => np.matmul(diagonal([2], 4), t)).toThrow("dot_general has no rule for it");
});

test("inverse and determinant of a diagonal matrix", () => {
  const d = new Diagonal(
    np.array([
      [1, 2],
      [4, 5],
    ]),
  );
  expectValues(d.inverse().diag, [1, 0.5, 0.25, 0.2]);
  expectValues(d.determinant(), [2, 20]);
  expectValues(
    np.matmul(d, d.inverse()) && (np.matmul(d, d.inverse()) as InstanceType<typeof Diagonal>).diag,
    [1, 1, 1, 1],
  );
  const g = grad((a: InstanceType<typeof Diagonal>) => np.sum(a.determinant()))(d);
  expectValues(g.diag, [2, 1, 5, 4]);
});

test("bad diagonals are refused", () => {
  const ones = (...shape: number[]) => np.ones(shape);
  expect(() => new TridiagonalMatrix(ones(3), ones(3), ones(3))).toThrow(ShapeError);
  expect(() => new TridiagonalMatrix(ones(2), np.ones([3], "int32"), ones(2))).toThrow(DTypeError);
  expect(() => new Diagonal(np.array(1))).toThrow("Diagonal: diag must have an axis, got a scalar");
  expect(() => new Diagonal([1, 2] as never)).toThrow("diag must be an array, got a list of 2");
  expect(() => new Diagonal(ones(2), { allowMaterialize: true } as never)).toThrow(
    "did you mean allowMaterialise?",
  );
});
