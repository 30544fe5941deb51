import { inspect } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { flatten, structure, TreeError } from "../../../src/tree/index.ts";
import { anyTree, Dense, Interval, Linear, mlp } from "./sample.ts";

test("flatten after unflatten gives the same leaves and structure", () => {
  fc.assert(
    fc.property(anyTree, (tree) => {
      const [leaves, treedef] = flatten(tree);
      const [again, structureAgain] = flatten(treedef.unflatten(leaves));
      expect(structureAgain.equals(treedef)).toBe(true);
      expect(again.length === leaves.length && again.every((leaf, i) => Object.is(leaf, leaves[i]))).toBe(
        true,
      );
      expect(treedef.paths()).toHaveLength(treedef.numLeaves);
    }),
  );
});

test("equality is an equivalence that printing respects", () => {
  fc.assert(
    fc.property(anyTree, anyTree, (a, b) => {
      const [left, right] = [structure(a), structure(b)];
      expect(left.equals(structure(a))).toBe(true);
      expect(left.equals(right)).toBe(right.equals(left));
      if (left.equals(right)) expect(String(left)).toBe(String(right));
    }),
    { numRuns: 1000 },
  );
});

test("a structure is printed as one would write it", () => {
  expect(String(structure({ b: [1, null], a: undefined, "a b": () => 0 }))).toBe(
    '{a: undefined, "a b": *, b: [*, null]}',
  );
  expect(String(structure(new Linear(new Dense(1), null)))).toBe(
    "Linear(weight=*, bias=null, activation=relu, outFeatures=1)",
  );
  expect(String(structure(new Map([["k", [1]]])))).toBe('Map{"k": [*]}');
  expect(String(structure(new Interval(1, null, "m")))).toBe('Interval[{unit: "m"}](low=*, high=null)');
  expect(inspect(structure([1]))).toBe("TreeDef([*])");
});

test("statics are part of the structure", () => {
  const linear = (activation: (x: number) => number) => structure(new Linear(new Dense(1), null, activation));
  expect(linear(Math.sin).equals(linear(Math.sin))).toBe(true);
  expect(linear(Math.sin).equals(linear(Math.cos))).toBe(false);
});

test("the constructor does not run, and getters work on the rebuilt instance", () => {
  const [leaves, treedef] = flatten(mlp());
  const built = Linear.built;
  const { layers } = treedef.unflatten<ReturnType<typeof mlp>>(leaves);
  expect(Linear.built).toBe(built);
  expect(layers[0]).toBeInstanceOf(Linear);
  expect(layers.map((layer) => layer.useBias)).toEqual([true, false, true]);
});

test("a wrong number of leaves is an error", () => {
  expect(() => structure([0, 0]).unflatten([1])).toThrow(TreeError);
  expect(() => structure([0, 0]).unflatten([1])).toThrow("unflatten: 2 leaves expected, got 1, for [*, *]");
});

test("a deep tree is printed and rebuilt in time linear in its depth", () => {
  let tree: unknown = 0;
  for (let i = 0; i < 2000; i++) tree = { next: tree };
  const [leaves, treedef] = flatten(tree);
  expect(String(treedef)).toHaveLength(2000 * "{next: }".length + 1);
  expect(structure(treedef.unflatten(leaves)).equals(treedef)).toBe(true);
});
