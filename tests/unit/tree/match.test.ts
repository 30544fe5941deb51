import fc from "fast-check";
import { expect, test } from "vitest";
import { flatten, structure, unflatten } from "../../../src/tree/index.ts";
import { anyTree, Dense, Linear, Mlp, mlp, Module, relu } from "./sample.ts";

function expectMatchIsEquality(a: unknown, b: unknown): boolean {
  const treedef = structure(a);
  const [expected, other] = flatten(b);
  const leaves: unknown[] = [];
  const matches = treedef.match(b, leaves);
  expect(matches).toBe(other.equals(treedef));
  if (matches) {
    expect(leaves).toHaveLength(expected.length);
    leaves.forEach((leaf, i) => expect(leaf).toBe(expected[i]));
  }
  return matches;
}

test("match is equality of structures, and finds the same leaves", () => {
  fc.assert(
    fc.property(anyTree, anyTree, (a, b) => {
      expectMatchIsEquality(a, b);
    }),
    { numRuns: 3000 },
  );
});

test("match is equality of structures for trees that differ in one place or in the order of keys", () => {
  /** Keys in reverse order; the `countdown`-th node or leaf that is met becomes `substitute`. */
  function disturb(tree: unknown, countdown: { left: number }, substitute: unknown): unknown {
    if (countdown.left-- === 0) return substitute;
    if (Array.isArray(tree)) return tree.map((child) => disturb(child, countdown, substitute));
    if (tree instanceof Map) {
      return new Map(
        [...tree].toReversed().map(([key, child]) => [key, disturb(child, countdown, substitute)]),
      );
    }
    if (typeof tree !== "object" || tree === null) return tree;
    const isPlain = Object.getPrototypeOf(tree) === Object.prototype;
    if (!isPlain && !(tree instanceof Module)) return tree;
    const node = Object.create(Object.getPrototypeOf(tree) as object) as object;
    const entries = Object.entries(tree);
    for (const [key, child] of isPlain ? entries.toReversed() : entries) {
      const value = disturb(child, countdown, substitute);
      Object.defineProperty(node, key, { value, enumerable: true, writable: true, configurable: true });
    }
    return node;
  }
  let matches = 0;
  fc.assert(
    fc.property(anyTree, fc.integer({ min: -1, max: 8 }), anyTree, (tree, countdown, substitute) => {
      if (expectMatchIsEquality(tree, disturb(tree, { left: countdown }, substitute))) matches++;
    }),
    { numRuns: 3000 },
  );
  expect(matches).toBeGreaterThan(100);
});

test("a rebuilt tree matches, with its own leaves", () => {
  const [leaves, treedef] = flatten([mlp(), new Dense(1), 0.1]);
  const replaced = leaves.map((_, i) => new Dense(i));
  const found: unknown[] = [];
  expect(treedef.match(unflatten(treedef, replaced), found)).toBe(true);
  expect(found).toEqual(replaced);
});

test("a field more, a field less, another class, another static: no match", () => {
  const treedef = structure(mlp());
  const linear = () => new Linear(new Dense(1, 2), new Dense(3));
  class Other extends Linear {}
  const first = (layer: unknown) => {
    const tree = mlp();
    return Object.assign(Object.create(Mlp.prototype) as Mlp, tree, {
      layers: [layer, ...tree.layers.slice(1)],
    });
  };
  const without = linear();
  delete (without as Partial<{ outFeatures: number }>).outFeatures;
  expect(treedef.match(first(linear()), [])).toBe(true);
  expect(treedef.match(first(Object.assign(linear(), { extra: 1 })), [])).toBe(false);
  expect(treedef.match(first(without), [])).toBe(false);
  expect(treedef.match(first(new Other(new Dense(1, 2), new Dense(3))), [])).toBe(false);
  expect(treedef.match(first(new Linear(new Dense(1, 2), new Dense(3), Math.abs)), [])).toBe(false);
});

test("enumerable members of a prototype are no fields", () => {
  class Patched extends Module {
    weight: unknown = new Dense(1);
  }
  Object.assign(Patched.prototype, { add: relu });
  const treedef = structure(new Patched());
  const own = Object.assign(new Patched(), { add: relu });
  expect(treedef.match(new Patched(), [])).toBe(true);
  expect(treedef.match(own, [])).toBe(false);
  expect(structure(own).match(new Patched(), [])).toBe(false);
  expect(structure(own).match(own, [])).toBe(true);
});

test("a number in the place of an array of a Module is static: no match", () => {
  const treedef = structure(mlp());
  expect(expectMatchIsEquality(mlp(), unflatten(treedef, [1, 2, 3, 4, 5]))).toBe(false);
});

test("a static that is taken out of its structure matches nothing, as no tree has that structure", () => {
  const { keys, children } = structure(new Linear(new Dense(1), null));
  const activation = children[keys.indexOf("activation")]!;
  expect(activation.match(relu, [])).toBe(false);
  expect(structure(relu).equals(activation)).toBe(false);
});

test("a missing key of a Map is not undefined", () => {
  expect(expectMatchIsEquality(new Map([["a", undefined]]), new Map([["b", undefined]]))).toBe(false);
});
