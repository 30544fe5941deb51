import { type ArrayValue, lax, makeJaxpr, numpy as np, values as valueTypes } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, values } from "../arrays.ts";
import { expectKept, makers, normal } from "./matrices.ts";

const { Diagonal, LowRankUpdate, TridiagonalMatrix } = valueTypes;
type LowRank = InstanceType<typeof LowRankUpdate>;
const [overPlain, overDiagonal] = [
  makers["LowRankUpdate of a plain matrix"]!,
  makers["LowRankUpdate of a diagonal one"]!,
];
const many = overDiagonal([2, 3], 4);
const one = overDiagonal([], 4);

test("the elements are those of base + u·vᵀ", () => {
  const [base, u, v] = [normal([2, 4, 3]), normal([2, 4, 2]), normal([2, 3, 2])];
  const update = new LowRankUpdate(base, u, v);
  const dense = np.add(base, np.einsum("bir,bjr->bij", u, v));
  expectValues(update.toDense(), values(dense));
  expect([update.shape, update.rank]).toEqual([[2, 4, 3], 2]);
  for (const k of [-4, -3, -1, 0, 1, 2, 3])
    expectValues(update.diagonal(k), values(np.diagonal(dense, k, -2, -1)));
  expectValues(one.trace(), values(np.trace(one.toDense())));
});

test("a product multiplies by thin matrices only", () => {
  const update = new LowRankUpdate(normal([6, 5]), normal([6, 2]), normal([5, 2]));
  const text = String(makeJaxpr((a: ArrayValue, x: ArrayValue) => np.matmul(a, x))(update, normal([5, 7])));
  const shapes = [...text.matchAll(/f32\[([\d,]*)\] = dot_general/g)].map(([, shape]) => shape!);
  expect(new Set(shapes)).toEqual(new Set(["2,7", "6,7"]));
});

describe("stays of its class", () => {
  test("in sums: factors stand side by side, anything else goes to the base", () => {
    expectKept((a, b) => np.add(a, b), [one, overDiagonal([], 4)], LowRankUpdate);
    expectKept((a, b) => np.subtract(a, b), [many, overPlain([3], 4)], LowRankUpdate);
    expect((np.add(one, one) as LowRank).rank).toBe(2);
    expect((np.add(one, new Diagonal(normal([4]))) as LowRank).base).toBeInstanceOf(Diagonal);
    expect((np.add(one, makers["TridiagonalMatrix"]!([], 4)) as LowRank).base).toBeInstanceOf(
      TridiagonalMatrix,
    );
    const plain = overPlain([], 4);
    for (const x of [normal([4, 4]), normal([2, 4, 4]), normal([4]), np.array(2)]) {
      expectKept((a, b) => np.add(a, b), [plain, x], LowRankUpdate);
      expectKept((a, b) => np.subtract(b, a), [plain, x], LowRankUpdate);
    }
    expect(() => np.add(one, 1)).toThrow("Refusing to materialise `Diagonal`");
  });

  test("in multiples, by one number or by one for each row or column", () => {
    expectKept((a) => np.negative(a), [many], LowRankUpdate);
    expectKept((a) => np.multiply(a, 3), [many], LowRankUpdate);
    for (const shape of [[4, 1], [1, 4], [4], [3, 1, 1], [2, 1, 4, 1]]) {
      expectKept((a, x) => np.multiply(a, x), [one, normal(shape)], LowRankUpdate);
      expectKept((a, x) => np.divide(a, x), [many, normal(shape)], LowRankUpdate);
    }
    expect(() => np.multiply(one, normal([4, 4]))).toThrow("mul has no rule for it");
    expectKept((a, d) => np.multiply(a, d), [one, new Diagonal(normal([4]))], Diagonal);
  });

  test("in transposes and moves of leading axes", () => {
    expectKept((a) => np.matrixTranspose(a), [many], LowRankUpdate);
    expectKept((a) => np.transpose(a, [1, 0, 3, 2]), [many], LowRankUpdate);
    expectKept((a) => np.reshape(a, [6, 4, 4]), [many], LowRankUpdate);
    expectKept((a) => a.get(1, 0), [many], LowRankUpdate);
    expectKept((a) => np.astype(a, "float32"), [one], LowRankUpdate);
  });

  test("in products with structured matrices", () => {
    for (const lead of [[], [2]]) {
      const a = overDiagonal(lead, 4);
      expectKept((x, y) => np.matmul(x, y), [a, overDiagonal(lead, 4)], LowRankUpdate);
      expectKept((x, y) => np.matmul(x, y), [a, new Diagonal(normal([...lead, 4]))], LowRankUpdate);
      expectKept((x, y) => np.matmul(x, y), [new Diagonal(normal([...lead, 4])), a], LowRankUpdate);
      expectKept((x, y) => np.matmul(x, y), [makers["TridiagonalMatrix"]!(lead, 4), a], LowRankUpdate);
      expectKept((x, y) => np.matmul(x, y), [a, makers["TridiagonalMatrix"]!(lead, 4)], LowRankUpdate);
      expectKept(
        (x, y) => np.matmul(x, y),
        [overPlain(lead, 4), makers["Symmetric"]!(lead, 4)],
        LowRankUpdate,
      );
    }
  });
});

test("parts that do not fit are refused", () => {
  const ones = (...shape: number[]) => np.ones(shape);
  expect(() => new LowRankUpdate(ones(3), ones(3, 1), ones(3, 1))).toThrow("for a base of shape (…, n, m)");
  expect(() => new LowRankUpdate(ones(3, 4), ones(3, 2), ones(4, 1))).toThrow(
    "got base (3, 4), u (3, 2) and v (4, 1)",
  );
  expect(() => new LowRankUpdate(ones(3, 3), np.ones([3, 1], "int32"), ones(3, 1))).toThrow(
    "must have one dtype, got float32, int32 and float32",
  );
  expect(() => new LowRankUpdate(1 as never, ones(3, 1), ones(3, 1))).toThrow(
    "base must be an array, got the number 1",
  );
  expect(() => np.add(one, overDiagonal([], 3))).toThrow("do not broadcast");
  expect(() => lax.mul(one, normal([3, 1]))).toThrow("mul");
});
