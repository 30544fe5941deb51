import { expect, test } from "vitest";
import { jit, numpy as np, random } from "cotangent";
import { expectValues } from "../arrays.ts";

const key = random.key(3);

test("the numbers are JAX's, in either orientation and in stacks", () => {
  expectValues(
    random.orthogonal(key, 2, { m: 3 }),
    [-0.8998209, 0.23798478, -0.36563033, 0.28033638, 0.95758665, -0.06662874],
  );
  expectValues(
    random.orthogonal(key, 2, [2]),
    [-0.9667591, 0.2556886, 0.2556886, 0.9667592, -0.42676616, 0.9043619, -0.9043619, -0.4267663],
  );
});

test("rows or columns, whichever are fewer, are orthonormal", () => {
  const wide = jit(() => random.orthogonal(key, 3, { m: 5, shape: [2] }))();
  const gram = np.matmul(wide, np.matrixTranspose(wide));
  expect(np.allclose(gram, np.broadcastTo(np.eye(3), [2, 3, 3]), { atol: 1e-5 }).item()).toBe(true);
  const unitary = random.orthogonal(key, 3, { dtype: "complex64" });
  expect(np.allclose(np.matmul(np.conj(unitary.T), unitary), np.eye(3), { atol: 1e-5 }).item()).toBe(true);
});

test("what is no size is refused", () => {
  expect(() => random.orthogonal(key, 1.5)).toThrow("n and m are sizes, got the number 1.5");
  expect(() => random.orthogonal(key, 2, { m: -1 })).toThrow("random.orthogonal");
});
