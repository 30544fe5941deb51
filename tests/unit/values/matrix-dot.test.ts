import { type ArrayValue, grad, jit, jvp, lax, numpy as np, quaxify, tree, vmap } from "cotangent";
import { describe, expect, test } from "vitest";
import type { StructuredMatrix } from "../../../src/values/matrix.ts";
import { expectValues, shapeOf, values } from "../arrays.ts";
import { classes, denseOf, normal } from "./matrices.ts";

type Pairs = readonly [lhs: readonly number[], rhs: readonly number[]];

describe.each(classes)("%s", (name, make) => {
  const kinds = ["kept", "contracted", "shared"] as const;
  // Which of its two leading axes, and of rows and columns, are contracted, shared or kept.
  const layouts = Array.from({ length: 18 }, (__, code) => [
    kinds[code % 3]!,
    kinds[Math.floor(code / 3) % 3]!,
    ...(code >= 9 ? (["contracted", "kept"] as const) : (["kept", "contracted"] as const)),
  ]);

  test.each(layouts)("products with leading axes %s and %s, rows %s, columns %s", (...layout) => {
    const matrix = make([2, 3], 4);
    const dense = matrix.toDense();
    const axes = (kind: string) => layout.flatMap((its, axis) => (its === kind ? [axis] : []));
    const [contracted, shared] = [axes("contracted"), axes("shared")];
    // The other operand has the paired axes in another order, and two of its own.
    const paired = [...contracted, ...shared].toReversed();
    const shape = [5, ...paired.map((axis) => matrix.shape[axis]!), 2];
    const theirs = (list: readonly number[]) => list.map((axis) => 1 + paired.indexOf(axis));
    const x = normal(shape);
    const contract: Pairs = [contracted, theirs(contracted)];
    const batch: Pairs = [shared, theirs(shared)];
    const left = (a: ArrayValue) => lax.dotGeneral(a, x, [contract, batch]);
    const right = (a: ArrayValue) => lax.dotGeneral(x, a, [[contract[1], contract[0]], [batch[1], batch[0]]]); // prettier-ignore
    for (const f of [left, right]) {
      const expected = f(dense);
      expect(shapeOf(f(matrix))).toEqual(expected.shape);
      expectValues(f(matrix), values(expected));
      expectValues(quaxify(f)(matrix), values(expected));
    }
  });

  test.each([1, 2, 5])("matmul with vectors, matrices and batches: n = %i", (n) => {
    for (const lead of [[], [3], [2, 3]]) {
      const matrix = make(lead, n);
      const dense = matrix.toDense();
      for (const shape of [[n], [n, 2], [3, n, 2], [1, n, n]]) {
        const x = normal(shape);
        const y = shape.length === 1 ? x : np.matrixTranspose(x);
        expectValues(np.matmul(matrix, x), values(np.matmul(dense, x)));
        expectValues(np.matmul(y, matrix), values(np.matmul(y, dense)));
        expectValues(jit(np.matmul)(matrix, x), values(np.matmul(dense, x)));
      }
    }
  });

  // Low-rank updates of plain matrices take any contraction, and so do bands; the others are refused where it is no product.
  const kept = ["Diagonal", "TridiagonalMatrix", "LowRankUpdate of a plain matrix", "LowRankUpdate of a diagonal one"].includes(name); // prettier-ignore
  test("einsum and tensordot are products too; what is none is refused, or materialised", () => {
    const fixed = new Map<string, ArrayValue>();
    const normalOf = (shape: readonly number[]) => {
      const key = shape.join();
      if (!fixed.has(key)) fixed.set(key, normal(shape));
      return fixed.get(key)!;
    };
    const matrix = make([], 4);
    const dense = matrix.toDense();
    const x = normal([4, 4]);
    for (const spec of ["ij,jk->ik", "ij,ik->kj", "ij,kj->ki", "ij,jk->ki"])
      expectValues(np.einsum(spec, matrix, x), values(np.einsum(spec, dense, x)));
    expectValues(np.tensordot(x, matrix, 1), values(np.tensordot(x, dense, 1)));
    const each = (f: (a: ArrayValue) => ArrayValue, m = matrix) =>
      kept ? expectValues(denseOf(f(m)), values(f(m.toDense()))) : expect(() => f(m)).toThrow("Refusing to materialise"); // prettier-ignore
    each((a) => np.tensordot(a, x, 2));
    each((a) => np.einsum("ij,ij->i", x, a));
    each((a) => np.einsum("ij,kji->jk", a, normalOf([3, 4, 4])));
    each((a) => np.einsum("ij,j->ij", a, normalOf([4])));
    each((a) => np.einsum("ij,ij->ij", a, x));
    each((a) => np.einsum("bij,bij->b", a, normalOf([2, 4, 4])), make([2], 4));
    each((a) => np.einsum("bij,kbij->k", a, normalOf([3, 2, 4, 4])), make([2], 4));
    if (!kept) expect(() => np.tensordot(matrix, x, 0)).toThrow("dot_general has no rule for it");
    const open = Object.assign(make([], 4), { allowMaterialise: true });
    expectValues(np.tensordot(open, x, 2), values(np.sum(np.multiply(open.toDense(), x))));
  });

  test("the dtype is that of dot_general", () => {
    const matrix = make([], 3);
    const half = np.astype(matrix, "bfloat16") as StructuredMatrix;
    expect(half.constructor).toBe(matrix.constructor);
    const x = normal([3, 2]);
    const dims = [
      [[1], [0]],
      [[], []],
    ] as const;
    expect(lax.dotGeneral(half, x, dims).dtype).toBe("float32");
    expect(lax.dotGeneral(half, np.astype(x, "bfloat16"), dims).dtype).toBe("bfloat16");
    const wide = { preferredElementType: "float32" } as const;
    const out = lax.dotGeneral(half, np.astype(x, "bfloat16"), dims, wide);
    expect(out.dtype).toBe("float32");
    const exact = (np.astype(half, "float32") as StructuredMatrix).toDense();
    expectValues(out, values(np.matmul(exact, np.astype(np.astype(x, "bfloat16"), "float32"))));
    expect(() => np.matmul(matrix, normal([4]))).toThrow("np.matmul");
  });

  test("gradients have the structure, and are those through the plain matrix", () => {
    const matrix = make([2], 4);
    const x = normal([4, 3]);
    const f = (a: ArrayValue) => np.sum(np.sin(np.matmul(a, x)));
    const [parts, treedef] = tree.flatten(matrix);
    const throughDense = (list: ArrayValue[]) =>
      f((tree.unflatten(treedef, list) as StructuredMatrix).toDense());
    const expected = grad(throughDense)(parts as ArrayValue[]);
    for (const run of [f, quaxify(f), jit(f), jit(quaxify(f))]) {
      const gradient = grad(run)(matrix);
      expect(gradient).toBeInstanceOf(matrix.constructor);
      tree.leaves(gradient).forEach((leaf, i) => expectValues(leaf, values(expected[i])));
    }
    const tangent = make([2], 4);
    const [, t] = jvp(f, [matrix], [tangent]);
    const inner = tree
      .leaves(tangent)
      .map((leaf, i) => np.sum(np.multiply(leaf as ArrayValue, expected[i]!)));
    expectValues(t, values(inner.reduce((a, b) => np.add(a, b))));
    expectValues(grad((y: ArrayValue) => np.sum(np.sin(np.matmul(matrix, y))))(x), values(grad((y: ArrayValue) => np.sum(np.sin(np.matmul(matrix.toDense(), y))))(x))); // prettier-ignore
  });

  test("vmap over matrices, over vectors, and inside or outside of quaxify", () => {
    const many = make([5], 3);
    const x = normal([5, 3]);
    const f = (a: ArrayValue, y: ArrayValue) => np.matmul(a, y);
    const expected = values(vmap(f)(many.toDense(), x));
    for (const run of [vmap(f), vmap(quaxify(f)), quaxify(vmap(f)), jit(vmap(f))])
      expectValues(run(many, x), expected);
    const one = make([], 3);
    const rows = values(np.matmul(x, np.matrixTranspose(one.toDense())));
    for (const run of [vmap((y: ArrayValue) => f(one, y)), quaxify(vmap((y: ArrayValue) => f(one, y)))])
      expectValues(run(x), rows);
  });
});
