import {
  type ArrayValue,
  grad,
  hessian,
  jacfwd,
  jacrev,
  jit,
  jvp,
  numpy as np,
  quaxify,
  tree,
  values as valueTypes,
  vmap,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, shapeOf, values } from "../arrays.ts";
import { classes, denseOf, makers, normal } from "./matrices.ts";
import type { StructuredMatrix } from "../../../src/values/matrix.ts";

const { Diagonal, LowRankUpdate, TridiagonalMatrix } = valueTypes;
const { solve } = np.linalg;

/** Random matrices that are well conditioned. */
const solvable: Readonly<Record<string, (lead: readonly number[], n: number) => ArrayValue>> = {
  "a plain matrix": (lead, n) => np.add(normal([...lead, n, n]), np.multiply(2 * n, np.eye(n))),
  "a plain matrix with small pivots": (lead, n) =>
    np.flip(np.add(normal([...lead, n, n]), np.multiply(2 * n, np.eye(n))), -1),
  Diagonal: (lead, n) => new Diagonal(np.add(2, np.square(normal([...lead, n])))),
  TridiagonalMatrix: (lead, n) =>
    np.add(makers["TridiagonalMatrix"]!(lead, n), new Diagonal(np.full([...lead, n], 6))),
  "LowRankUpdate of a diagonal one": (lead, n) =>
    new LowRankUpdate(
      solvable["Diagonal"]!(lead, n),
      normal([...lead, n, 2]),
      np.multiply(0.1, normal([...lead, n, 2])),
    ),
  "LowRankUpdate of a tridiagonal one": (lead, n) =>
    new LowRankUpdate(
      solvable["TridiagonalMatrix"]!(lead, n),
      normal([...lead, n, 1]),
      np.multiply(0.1, normal([...lead, n, 1])),
    ),
  "LowRankUpdate of a low-rank one": (lead, n) =>
    new LowRankUpdate(
      solvable["LowRankUpdate of a diagonal one"]!(lead, n),
      normal([...lead, n, 1]),
      np.multiply(0.1, normal([...lead, n, 1])),
    ),
};

/** To four digits: a solution is as exact as the matrix is well conditioned. */
function expectClose(x: unknown, y: unknown): void {
  expect(shapeOf(x)).toEqual(shapeOf(y));
  const [got, wanted] = [values(x), values(y)];
  const scale = Math.max(1, ...wanted.map(Math.abs));
  got.forEach((value, i) => expect(Math.abs(value - wanted[i]!)).toBeLessThanOrEqual(1e-4 * scale));
}

describe.each(Object.entries(solvable))("%s", (_, make) => {
  test.each([1, 2, 7])("a·solve(a, b) is b: n = %i", (n) => {
    for (const [lead, sides] of [
      [[], [n]],
      [[], [n, 3]],
      [[2], [n]],
      [[2], [n, 1]],
      [[3], [2, 3, n, 2]],
      [
        [2, 3],
        [3, n, 2],
      ],
    ] as const) {
      const a = make(lead, n);
      const b = normal(sides);
      const compiled = lead.length > 0 && sides.length === 1 ? [jit(solve), quaxify(jit(solve))] : [];
      for (const run of [solve, quaxify(solve), ...compiled]) {
        const x = run(a, b) as ArrayValue;
        const product =
          sides.length === 1
            ? np.matmul(denseOf(a), np.expandDims(x, -1)).squeeze(-1)
            : np.matmul(denseOf(a), x);
        expectClose(product, np.broadcastTo(b, product.shape));
      }
    }
  });

  test("derivatives are those of the solution of the plain equations", () => {
    const a = make([2], 3);
    const b = normal([2, 3, 2]);
    const f = (m: ArrayValue, y: ArrayValue) => np.sum(np.sin(solve(m, y)));
    const [parts, treedef] = tree.flatten(a) as [ArrayValue[], tree.TreeDef];
    const plain = (list: ArrayValue[], y: ArrayValue) =>
      f(denseOf(tree.unflatten(treedef, list) as ArrayValue), y);
    const [expected, ofB] = grad(plain, { argnums: [0, 1] })(parts, b);
    for (const run of [f, quaxify(f), jit(f)]) {
      const [gradient, gradB] = grad(run, { argnums: [0, 1] })(a, b);
      tree.leaves(gradient).forEach((leaf, i) => expectClose(leaf, expected[i]));
      expectClose(gradB, ofB);
    }
    const tangent = parts.map((part) => normal(shapeOf(part)));
    expectClose(
      jvp((m: ArrayValue) => f(m, b), [a], [tree.unflatten(treedef, tangent)] as never)[1],
      jvp((list: ArrayValue[]) => plain(list, b), [parts], [tangent] as never)[1],
    );
    const fixed = make([], 3);
    const line = (y: ArrayValue) => solve(fixed, y);
    expectClose(jacrev(line)(normal([3])), jacfwd(line)(normal([3])));
    expectClose(np.matmul(denseOf(fixed), jacrev(line)(normal([3]))), np.eye(3));
    const quadratic = (y: ArrayValue) => np.dot(y, solve(fixed, y));
    const h = hessian(quadratic)(normal([3])) as ArrayValue;
    expectClose(np.matmul(denseOf(fixed), jacfwd(line)(normal([3]))), np.eye(3));
    expectClose(h, h.T);
  });

  test("vmap over matrices, right-hand sides, and both", () => {
    const [many, one] = [make([4], 3), make([], 3)];
    const b = normal([4, 3]);
    const rows = (a: ArrayValue) =>
      np.squeeze(np.matmul(denseOf(a), np.expandDims(vmap(solve)(a, b), -1)), -1);
    expectClose(rows(many), b);
    expectClose(quaxify(vmap(solve))(many, b), vmap(solve)(many, b));
    expectClose(vmap((y: ArrayValue) => solve(one, y))(b), np.matrixTranspose(solve(one, b.T)));
    expectClose(quaxify(vmap((y: ArrayValue) => solve(one, y)))(b), np.matrixTranspose(solve(one, b.T)));
    expectClose(
      vmap((m: ArrayValue) => solve(m, b.get(0)))(many as never),
      vmap(solve)(many, np.broadcastTo(b.get(0), [4, 3])),
    );
  });
});

test("each structure is solved without its matrix", () => {
  for (const [name, make] of Object.entries(solvable)) {
    if (name.startsWith("a plain")) continue;
    const a = make([], 5) as StructuredMatrix;
    expect(a.allowMaterialise).toBe(false);
    expectClose(solve(a, normal([5])).shape.length && np.array(1), np.array(1));
  }
  const symmetric = classes.find(([name]) => name === "Symmetric")![1]([], 3);
  expect(() => solve(symmetric, np.ones([3]))).toThrow("linear_solve has no rule for it");
  const open = Object.assign(makers["Symmetric"]!([], 3), { allowMaterialise: true });
  expectClose(np.matmul(open, solve(open, np.ones([3]))), np.ones([3]));
});

test("integers become floats", () => {
  expectValues(
    solve(
      np.array(
        [
          [0, 2],
          [1, 0],
        ],
        "int32",
      ),
      np.array([4, 3], "int32"),
    ),
    [3, 2],
  );
  expectValues(solve(new Diagonal(np.array([2, 4], "int32")), np.array([1, 1])), [0.5, 0.25]);
});

test("a matrix without an inverse gives infinite elements or NaN", () => {
  expect(values(solve(np.zeros([2, 2]), np.ones([2]))).some(Number.isFinite)).toBe(false);
  expect(values(solve(new Diagonal(np.array([0, 1])), np.ones([2])))).toEqual([Infinity, 1]);
});

test("a long tridiagonal system: the discrete Poisson equation", () => {
  const n = 200;
  const a = new TridiagonalMatrix(np.full([n - 1], -1), np.full([n], 2.01), np.full([n - 1], -1));
  const b = normal([n]);
  expectClose(np.matmul(a, solve(a, b)), b);
});

test("shapes that do not fit are refused", () => {
  expect(() => solve(np.ones([2, 3]), np.ones([2]))).toThrow(
    "a is a square matrix or a stack of them, and b has as many rows; got (2, 3) and (2,)",
  );
  expect(() => solve(np.eye(2), np.ones([3]))).toThrow("got (2, 2) and (3,)");
  expect(() => solve(np.ones([2]), np.ones([2]))).toThrow("np.linalg.solve");
  expect(() => solve(np.ones([2, 3, 3]), np.ones([4, 3, 1]))).toThrow("do not broadcast");
  expect(() => solve(np.eye(2), 1)).toThrow("got (2, 2) and ()");
});
