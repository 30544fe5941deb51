import {
  type ArrayValue,
  grad,
  jit,
  lax,
  NDArray,
  numpy as np,
  quaxify,
  register,
  values as valueTypes,
  vmap,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, values } from "../arrays.ts";
import { expectKept, normal } from "./matrices.ts";

const { StructuredMatrix } = valueTypes;
const { linearSolve } = lax.linalg;

/** Householder's reflection `1 - 2·v·vᵀ/(vᵀ·v)`, by the vector alone: a class as a user would write it. */
class Reflection extends StructuredMatrix {
  constructor(
    readonly v: ArrayValue,
    readonly allowMaterialise = false,
  ) {
    super();
  }
  override get aval() {
    const { aval } = this.v;
    return { ...aval, shape: [...aval.shape, aval.shape.at(-1)!] };
  }
  /** `2·v/(vᵀ·v)`. */
  get scaled() {
    return np.divide(np.multiply(2, this.v), np.sum(np.square(this.v), { axis: -1, keepdims: true }));
  }
  override times(x: ArrayValue) {
    const column = (y: ArrayValue) => np.expandDims(y, -1);
    return np.subtract(x, np.multiply(column(this.scaled), np.matmul(np.matrixTranspose(column(this.v)), x)));
  }
  override transposed() {
    return this;
  }
  override diagonal(offset = 0) {
    return np.diagonal(this.toDense(), offset, -2, -1);
  }
  override toDense() {
    return this.times(np.broadcastTo(np.eye(this.v.shape.at(-1)!), this.shape));
  }
}
register(linearSolve, [Reflection, valueTypes.StructuredMatrix], ([a, b]) => np.matmul(a, b));
register(linearSolve, [Reflection, NDArray], ([a, b]) => a.times(b));

describe("a class of the user's", () => {
  const one = new Reflection(normal([4]));
  const many = new Reflection(normal([3, 4]));

  test("has products from both sides", () => {
    for (const matrix of [one, many]) {
      const dense = matrix.toDense();
      for (const x of [normal([4]), normal([4, 2]), normal([3, 4, 2])]) {
        const f = (a: ArrayValue) => np.matmul(a, x);
        for (const run of [f, quaxify(f), jit(f)]) expectValues(run(matrix), values(f(dense)));
      }
      expectValues(np.matmul(normal([2, 4]).at(0).set(0), matrix).get("...", 0, ":"), values(np.zeros(matrix.shape.slice(0, -1)))); // prettier-ignore
    }
    expectValues(np.matmul(one, np.matmul(one, one.v)), values(one.v));
  });

  test("has transposes, moves of leading axes, and sums over rows and columns", () => {
    expectKept((a) => np.matrixTranspose(a), [many], Reflection);
    expectKept((a) => a.get(1), [many], Reflection);
    expectKept((a) => np.broadcastTo(a, [2, 4, 4]), [one], Reflection);
    expectKept((a, b) => np.stack([a, b]), [one, new Reflection(normal([4]))], Reflection);
    expectValues(np.sum(many, -1), values(np.sum(many.toDense(), -1)));
    expectValues(many.trace(), [2, 2, 2]);
  });

  test("has gradients, and batches", () => {
    const x = normal([4]);
    const f = (v: ArrayValue) => np.sum(np.sin(np.matmul(new Reflection(v).toDense(), x)));
    const g = grad((a: Reflection) => np.sum(np.sin(np.matmul(a, x))))(one);
    expect(g).toBeInstanceOf(Reflection);
    expectValues(g.v, values(grad(f)(one.v)));
    expectValues(vmap((a: Reflection) => np.matmul(a, x))(many), values(np.matmul(many.toDense(), x)));
  });

  test("is solved by its rule", () => {
    const b = normal([4]);
    expectValues(np.linalg.solve(one, b), values(np.matmul(one, b)));
  });

  test("refuses to become an array unless it may", () => {
    expect(() => np.add(one, 1)).toThrow("Refusing to materialise `Reflection` f32[4,4]");
    expectValues(np.add(new Reflection(one.v, true), 1), values(np.add(one.toDense(), 1)));
    expect(() => lax.exp(one)).toThrow("exp has no rule for it");
  });
});
