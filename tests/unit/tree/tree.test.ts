import fc from "fast-check";
import { expect, test } from "vitest";
import {
  all,
  broadcastPrefix,
  equal,
  leaves,
  map,
  mapWith,
  mapWithPath,
  pathToString,
  reduce,
  structure,
  transpose,
} from "../../../src/tree/index.ts";
import { anyTree, Dense, Interval, Linear, Mlp, mlp } from "./sample.ts";

test("map of the identity is the identity", () => {
  fc.assert(
    fc.property(anyTree, (tree) => {
      expect(
        equal(
          map((leaf) => leaf, tree),
          tree,
        ),
      ).toBe(true);
    }),
  );
});

test("map of a composition is the composition of the maps", () => {
  fc.assert(
    fc.property(anyTree, (tree) => {
      const [f, g] = [(x: unknown) => [x], (x: unknown) => ({ x })].map(
        (wrap) => (x: unknown) => new Set([wrap(x)]),
      );
      const twice = map(g!, map(f!, tree));
      expect(twice).toEqual(map((x) => g!(f!(x)), tree));
    }),
  );
});

test("map walks several trees at once; those after the first may go deeper", () => {
  expect(map((x: number, y: number) => x + y, { a: 1, b: [2] }, { b: [20], a: 10 })).toEqual({
    a: 11,
    b: [22],
  });
  expect(map((x: number, sub: unknown) => [x, sub], [1, 2], [{ a: 1 }, null])).toEqual([
    [1, { a: 1 }],
    [2, null],
  ]);
});

test("map gives leaves only, no index", () => {
  map((...args: unknown[]) => expect(args).toHaveLength(1), [1, 2]);
});

test("map over Modules keeps the class and the statics", () => {
  const add = (x: Dense, y: Dense) => new Dense(...x.data.map((value, i) => value + (y.data[i] ?? 0)));
  const doubled = map(add, mlp(), mlp());
  expect(doubled).toBeInstanceOf(Mlp);
  expect(leaves<Dense>(doubled).map(({ data }) => data)).toEqual([[2, 4], [6], [8], [10, 12], [14]]);
  expect(() => map(add, mlp(), new Mlp(...mlp().layers.slice(1)))).toThrow(
    "map: tree 2 has another structure at .layers",
  );
});

test("the booleans of a map over a Module are static there, and a prefix of it", () => {
  const model = mlp();
  const spec = map((leaf: Dense) => leaf.data.length > 1, model);
  expect(leaves(spec)).toEqual([]);
  expect(broadcastPrefix(spec, model)).toEqual([true, false, false, true, false]);
});

test("mapWith stops where isLeaf says", () => {
  expect(mapWith({ isLeaf: (x) => x === null }, (x: number | null) => x ?? 0, [1, null])).toEqual([1, 0]);
  const sizes = mapWith<Mlp, { layers: number[] }>(
    { isLeaf: (x) => x instanceof Linear },
    (layer: Linear) => layer.outFeatures,
    mlp(),
  );
  expect(sizes.layers).toEqual([2, 1, 2]);
});

test("mapWithPath gives the path of each leaf first", () => {
  const tree = { a: [1, 2] };
  expect(
    mapWithPath((path, x: number, y: number) => `${pathToString(path)}: ${x + y}`, tree, { a: [10, 20] }),
  ).toEqual({
    a: [".a[0]: 11", ".a[1]: 22"],
  });
});

test("reduce folds the leaves from the left", () => {
  expect(reduce((text, x: number) => text + x, { b: 3, a: [1, 2] }, "")).toBe("123");
});

test("all asks every leaf", () => {
  expect(all({ a: true, b: [1, null] })).toBe(true);
  expect(all({ a: true, b: [0] })).toBe(false);
  expect(all([])).toBe(true);
});

test("transposing twice is the identity", () => {
  const [outer, inner] = [structure([0, new Interval(0, null, "m")]), structure({ a: 0, b: [0, null] })];
  const tree = [{ a: 1, b: [2, null] }, new Interval({ a: 3, b: [4, null] }, null, "m")];
  const transposed = transpose(outer, inner, tree);
  expect(transposed).toEqual({
    a: [1, new Interval(3, null, "m")],
    b: [[2, new Interval(4, null, "m")], null],
  });
  expect(transpose(inner, outer, transposed)).toEqual(tree);
});

test("transpose keeps what stands below the inner leaves", () => {
  expect(transpose(structure([0, 0]), structure([0]), [[{ x: 1 }], [{ x: 2 }]])).toEqual([
    [{ x: 1 }, { x: 2 }],
  ]);
  expect(() => transpose(structure([0, 0]), structure([0]), [[1], 2])).toThrow(
    "transpose: the tree has another structure at [1]: expected [*], got 2",
  );
});

test("trees are equal if their structures and statics are, and their leaves by leafEquals", () => {
  expect(equal(mlp(), mlp(), mlp())).toBe(true);
  expect(equal(new Dense(1), new Dense(2))).toBe(false);
  expect(equal(new Linear(new Dense(1), null), new Linear(new Dense(1), null, Math.abs))).toBe(false);
  expect(equal([NaN], [NaN])).toBe(true);
  expect(equal([0], [-0])).toBe(false);
  expect(equal([new Dense(1)], [1])).toBe(false);
  expect(equal({ a: null }, { a: undefined })).toBe(false);
  expect(equal()).toBe(true);
});
