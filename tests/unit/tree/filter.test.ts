import fc from "fast-check";
import { expect, test } from "vitest";
import { combine, equal, filter, leaves, map, partition, pathToString } from "../../../src/tree/index.ts";
import { anyTree, Dense, Linear, Mlp, mlp } from "./sample.ts";

const isLong = (leaf: Dense) => leaf.data.length > 1;

test("combining the parts of a partition gives the tree", () => {
  fc.assert(
    fc.property(anyTree, fc.infiniteStream(fc.boolean()), (tree, coins) => {
      const parts = partition(tree, (_leaf) => coins.next().value as boolean);
      expect(equal(combine(...parts), tree)).toBe(true);
      expect(equal(combine(...parts.toReversed()), tree)).toBe(true);
    }),
  );
});

test("a part is of the same class, with null in the places that are not its own", () => {
  const [long, short] = partition(mlp(), isLong);
  expect(long).toBeInstanceOf(Mlp);
  expect(long.layers[0]).toEqual(new Linear(new Dense(1, 2), null));
  expect(short.layers[0]?.weight).toBeNull();
  expect(short.layers[0]?.activation).toBe(long.layers[0]?.activation);
  expect(leaves(long)).toHaveLength(2);
  expect(leaves(short)).toHaveLength(3);
});

test("a filter is a boolean, a function of leaf and path, or a prefix tree of these", () => {
  const tree = { a: [1, 2], b: 3 };
  expect(filter(tree, false)).toEqual({ a: [null, null], b: null });
  expect(filter(tree, (x: number) => x > 1)).toEqual({ a: [null, 2], b: 3 });
  expect(filter(tree, (_, path) => pathToString(path).startsWith(".a"))).toEqual({ a: [1, 2], b: null });
  expect(filter(tree, { a: (x: number) => x > 1, b: false })).toEqual({ a: [null, 2], b: null });
});

test("a Module that holds booleans filters the Module that it was made from, and its parts", () => {
  const model = mlp();
  const spec = map(isLong, model);
  const [long, short] = partition(model, spec);
  expect(leaves(long)).toHaveLength(2);
  expect(equal(filter(long, spec), long)).toBe(true);
  expect(leaves(filter(short, spec))).toEqual([]);
});

test("inverse, replace and isLeaf", () => {
  expect(filter([1, "x"], (x) => x === 1, { inverse: true })).toEqual([null, "x"]);
  expect(filter([1, "x"], (x) => x === 1, { replace: 0 })).toEqual([1, 0]);
  const isPair = (node: unknown) => Array.isArray(node) && node.length === 2;
  expect(partition([[1, 2], 3, 4], (x) => x === 3, { isLeaf: isPair })).toEqual([
    [null, 3, null],
    [[1, 2], null, 4],
  ]);
});

test("a filter that does not say yes or no is an error", () => {
  expect(() => filter({ a: [1] }, { a: null })).toThrow("filterSpec has null at .a[0]");
  expect(() => filter([1], (() => 1) as never)).toThrow("filterSpec returned 1 at [0]");
  expect(() => filter([1], [true, true])).toThrow("filterSpec has other length than the tree at the root");
});

test("combine takes the first that is not null, be it a leaf or a subtree", () => {
  expect(combine<unknown>([null, 1, null], [{ a: 2 }, 3, null], [null, 5, 6])).toEqual([{ a: 2 }, 1, 6]);
  expect(combine<unknown>({ b: undefined, a: 1 }, { a: null, b: [2] })).toEqual({ a: 1, b: [2] });
});

test("combine takes statics from the first", () => {
  const first = Object.assign(new Linear(new Dense(1), new Dense(2)), { weight: null, outFeatures: 7 });
  const combined = combine<unknown>(first, new Linear(new Dense(3), null, Math.abs));
  expect(combined).toEqual(Object.assign(new Linear(new Dense(3), new Dense(2)), { outFeatures: 7 }));
});

test("combine refuses containers that differ", () => {
  expect(() => combine<unknown>({ a: [1, null] }, { a: [1] })).toThrow(
    "combine: the structures differ at .a: one tree has [*, null], another [*]",
  );
  expect(() => combine<unknown>([{ a: 1 }], [{ b: 1 }])).toThrow('(missing "a"; unexpected "b")');
  expect(() => combine<unknown>([[1]], [2])).toThrow("at [0]: one tree has [*], another 2");
});

test("combine of trees that contain themselves is an error", () => {
  const [a, b]: unknown[][] = [[1], [2]];
  a!.push(a);
  b!.push(b);
  expect(() => combine(a, b)).toThrow("the tree contains itself");
});
