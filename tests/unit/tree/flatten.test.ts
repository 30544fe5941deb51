import fc from "fast-check";
import { expect, test } from "vitest";
import {
  flatten,
  flattenWithPath,
  leaves,
  leavesWithPath,
  map,
  pathToString,
  structure,
  TreeError,
  unflatten,
} from "../../../src/tree/index.ts";
import { anyTree, Dense, Interval, Linear, mlp, Module } from "./sample.ts";

test("objects are taken apart by sorted key, lists in order; null and undefined have no leaves", () => {
  const tree = { b: [1, null, "x"], a: new Map([["k", 2n]]), c: undefined, d: true };
  expect(leaves(tree)).toEqual([2n, 1, "x", true]);
  expect(unflatten(structure(tree), [2n, 1, "x", true])).toEqual(tree);
});

test("the order of an object's keys is not part of its structure", () => {
  expect(structure({ a: 1, b: 2 }).equals(structure({ b: 3, a: 4 }))).toBe(true);
});

test("below a class instance primitives and functions are static, at any depth", () => {
  class Block extends Module {
    name = "block";
    parts = {
      scale: 2,
      list: [true, new Dense(1)],
      of: new Map([["k", 3]]),
      range: new Interval(0, new Dense(2), "m"),
    };
    typed = new Float32Array(1);
  }
  const block = new Block();
  expect(leaves(block)).toEqual([new Dense(1), new Dense(2), block.typed]);
  expect(leaves([block, 5])).toHaveLength(4);
});

test("a rebuilt Module has its statics", () => {
  const [first] = map((leaf: Dense) => new Dense(...leaf.data.map((x) => 2 * x)), mlp()).layers;
  expect(first).toEqual(new Linear(new Dense(2, 4), new Dense(6)));
});

test("isLeaf stops descent, also at null and at a static", () => {
  const model = mlp();
  expect(leaves(model, (node) => node instanceof Linear)).toEqual(model.layers);
  expect(leaves([1, null], (node) => node === null)).toEqual([1, null]);
  expect(leaves(model, (node) => typeof node === "number")).toHaveLength(5 + 4);
});

test("there is a path for each leaf, and it leads there", () => {
  fc.assert(
    fc.property(anyTree, (tree) => {
      const [found, treedef] = flatten(tree);
      const [withPath, same] = flattenWithPath(tree);
      expect(same.equals(treedef)).toBe(true);
      expect(leavesWithPath(tree)).toHaveLength(withPath.length);
      withPath.forEach(([path, leaf], i) => {
        expect(Object.is(leaf, found[i])).toBe(true);
        const reached = path.reduce<unknown>(
          (node, { key }) =>
            node instanceof Map ? node.get(key) : (node as Record<PropertyKey, unknown>)[key as string],
          tree,
        );
        expect(Object.is(reached, leaf)).toBe(true);
      });
    }),
  );
});

test("a tree that contains itself is an error that says where", () => {
  const parts: unknown[] = [1];
  const tree = { a: [{ b: 2, parts }] };
  parts.push(new Map([["up", tree]]));
  expect(() => leaves(tree)).toThrow('the tree contains itself at .a[0].parts[1]["up"]');
  expect(() => leaves([tree])).toThrow(TreeError);
});

test("a part that occurs twice is no cycle, however deep", () => {
  const shared = [1];
  let tree: unknown = [shared, shared];
  for (let i = 0; i < 150; i++) tree = [tree];
  expect(leaves(tree)).toEqual([1, 1]);
});

test("deep trees take time linear in their depth", () => {
  let tree: unknown = 0;
  for (let i = 0; i < 2000; i++) tree = i % 2 === 0 ? [tree] : { next: tree };
  expect(leavesWithPath(tree).map(([path]) => pathToString(path).length)).toEqual([1000 * "[0].next".length]);
});
