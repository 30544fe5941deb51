import { type ArrayValue, jit, lax, numpy as np, quaxify, values } from "cotangent";
import { expect, test } from "vitest";

// After Quax's test_structure_matrix, from its description.

const { TridiagonalMatrix } = values;
const [lower, main, upper] = [
  [0, 1, 2],
  [0, 1, 2, 3],
  [5, 6, 7],
].map((diagonal) => np.array(diagonal, "int32")) as [ArrayValue, ArrayValue, ArrayValue];
const dense = [
  [0, 5, 0, 0],
  [0, 1, 6, 0],
  [0, 1, 2, 7],
  [0, 0, 2, 3],
];

test("times a vector, from either side", () => {
  const matrix = new TridiagonalMatrix(lower, main, upper);
  const vector = np.array([4, 5, 6, 7], "int32");
  const product = (x: ArrayValue, y: ArrayValue) => np.matmul(x, y);
  for (const f of [quaxify(product), jit(quaxify(product)), quaxify(jit(product))]) {
    const right = f(matrix, vector);
    expect([right.dtype, right.toList()]).toEqual(["int32", [25, 41, 66, 33]]);
    expect(f(vector, matrix).toList()).toEqual([0, 31, 56, 63]);
  }
});

test("as a plain matrix, where it may become one", () => {
  const same = quaxify((x: ArrayValue) => lax.bitwiseOr(x, 0));
  const open = new TridiagonalMatrix(lower, main, upper, { allowMaterialise: true });
  expect(open.materialise().toList()).toEqual(dense);
  expect(same(open).toList()).toEqual(dense);
  const closed = new TridiagonalMatrix(lower, main, upper);
  expect(() => closed.materialise()).toThrow("Refusing to materialise");
  expect(() => same(closed)).toThrow("Refusing to materialise");
  expect(closed.toDense().toList()).toEqual(dense);
});
