import fc from "fast-check";
import { expect, test } from "vitest";
import {
  broadcastPrefix,
  broadcastTo,
  flatten,
  flattenUpTo,
  map,
  structure,
} from "../../../src/tree/index.ts";
import { anyTree, Dense, Interval, Linear, mlp } from "./sample.ts";

test("a value in a prefix stands for the whole subtree, and null is a value", () => {
  expect(broadcastPrefix({ a: 0, b: null }, { a: 1, b: 2 })).toEqual([0, null]);
  expect(broadcastPrefix([0, null], [{ x: 1, y: [2, 3] }, [4, 5]])).toEqual([0, 0, 0, null, null]);
  expect(broadcastPrefix(0, [])).toEqual([]);
});

test("any tree is a prefix of itself: it gives its own leaves", () => {
  fc.assert(
    fc.property(anyTree, (tree) => {
      const [leaves, treedef] = flatten(tree);
      expect(broadcastPrefix(tree, tree)).toEqual(leaves);
      expect(broadcastTo(treedef, true)).toEqual(leaves.map(() => true));
      expect(flattenUpTo(treedef, tree)).toEqual(leaves);
    }),
  );
});

test("a Module that holds booleans or numbers in the places of its arrays is a prefix", () => {
  const model = mlp();
  let count = 0;
  expect(
    broadcastPrefix(
      map(() => count++, model),
      model,
    ),
  ).toEqual([0, 1, 2, 3, 4]);
  const spec = Object.assign(new Linear(new Dense(1), null), { weight: false, bias: true });
  expect(broadcastPrefix(spec, new Linear(new Dense(1), new Dense(2), Math.abs))).toEqual([false, true]);
});

test("a prefix may go on where the tree has null", () => {
  expect(broadcastPrefix([{ a: 1 }, 2], [null, 0])).toEqual([2]);
});

test("keys may come in another order", () => {
  const tree = new Map([
    ["a", 1],
    ["b", 2],
  ]);
  const prefix = new Map([
    ["b", "second"],
    ["a", "first"],
  ]);
  expect(broadcastPrefix(prefix, tree)).toEqual(["first", "second"]);
});

test("isLeaf makes containers values of a prefix, and nodes leaves of the tree", () => {
  const isPair = (node: unknown) => Array.isArray(node) && node.length === 2;
  expect(broadcastPrefix({ a: [0, 1] }, { a: { x: 1, y: [2, 3] } }, isPair)).toEqual([
    [0, 1],
    [0, 1],
  ]);
});

test("a prefix that does not fit is an error that says where", () => {
  const place = (prefix: unknown, tree: unknown) => () => broadcastPrefix(prefix, tree);
  expect(place({ a: [0] }, { a: 1 })).toThrow("the prefix goes deeper than the tree at .a");
  expect(place([0, [1]], [0, [1, 2]])).toThrow(
    "the prefix has other length than the tree at [1]: the tree has [*, *], the prefix [*]",
  );
  expect(place([{ a: 0, c: 0 }], [{ a: 1, b: 2 }])).toThrow(
    'at [0]: the tree has {a: *, b: *}, the prefix {a: *, c: *} (missing "b"; unexpected "c")',
  );
  expect(place([0, 0], { a: 1, b: 2 })).toThrow("the prefix has another container than the tree at the root");
  expect(() => broadcastTo(structure([1]), [1, 2], undefined, "outAxes")).toThrow("outAxes has other length");
});

test("the subtrees at the leaves of a structure", () => {
  expect(flattenUpTo(structure({ a: 0, b: [0] }), { b: [{ x: 1 }], a: null })).toEqual([null, { x: 1 }]);
  expect(flattenUpTo(structure(new Interval(0, 0, "m")), new Interval([1], 2, "m"))).toEqual([[1], 2]);
  const swapped = Object.assign(Object.create(Linear.prototype) as Linear, {
    outFeatures: 1,
    activation: Math.abs,
    bias: 2,
    weight: [1],
  });
  expect(flattenUpTo(structure(new Linear(new Dense(1), new Dense(2), Math.abs)), swapped)).toEqual([[1], 2]);
});

test("a tree with another structure is an error with both structures at that place", () => {
  const fit = (a: unknown, b: unknown) => () => flattenUpTo(structure(a), b);
  expect(fit({ a: [0, 0] }, { a: [1] })).toThrow(
    "the tree has another structure at .a: expected [*, *], got [*]",
  );
  expect(fit([null], [3])).toThrow("at [0]: expected null, got 3");
  expect(fit([[0]], [new Dense(1)])).toThrow("at [0]: expected [*], got Dense");
  expect(fit(new Linear(new Dense(1), null), new Linear(new Dense(1), null, Math.abs))).toThrow(
    "at .activation: expected relu, got abs",
  );
  expect(fit(new Interval(0, 0, "m"), new Interval(0, 0, "s"))).toThrow(
    'expected Interval[{unit: "m"}](low=*, high=*), got Interval[{unit: "s"}](low=*, high=*)',
  );
});
