import { expect, test } from "vitest";
import { at, equal, leaves, map, TreeError } from "../../../src/tree/index.ts";
import { Dense, Interval, Linear, Mlp, mlp, Module, relu } from "./sample.ts";

const linear = () => new Linear(new Dense(1, 2), new Dense(3));

class LoraArray extends Module {
  readonly w: Dense;
  readonly a = new Dense(0);
  constructor(w: Dense) {
    super();
    this.w = w;
  }
}

test("a leaf is replaced by a leaf, and nothing else changes", () => {
  const model = mlp();
  const edited = at((m) => m.layers[1]!.weight, model, new Dense(9));
  expect(edited).toBeInstanceOf(Mlp);
  expect(leaves<Dense>(edited).map(({ data }) => data)).toEqual([[1, 2], [3], [9], [5, 6], [7]]);
  expect(equal(model, mlp())).toBe(true);
});

test("a leaf is replaced by a subtree, and a subtree by a leaf", () => {
  const { weight } = linear();
  const tuned = at((l) => l.weight, linear(), new LoraArray(weight));
  expect(tuned.weight).toBeInstanceOf(LoraArray);
  expect(leaves(tuned)).toHaveLength(3);
  const restored = at((l) => l.weight, tuned, weight);
  expect(equal(restored, linear())).toBe(true);
  expect(at((l) => (l.weight as unknown as LoraArray).a, tuned, 0 as never).weight).toMatchObject({ a: 0 });
});

test("several nodes are replaced by a list", () => {
  const edited = at((l) => [l.bias, l.weight], linear(), [new Dense(8), new Dense(9)]);
  expect([edited.weight, edited.bias]).toEqual([new Dense(9), new Dense(8)]);
  expect(at(() => [], linear(), [])).toEqual(linear());
});

test("a list that is a node is one node", () => {
  expect(at((m) => m.layers, mlp(), []).layers).toEqual([]);
  expect(at((t) => t.a, { a: [1, 2] }, [3])).toEqual({ a: [3] });
  expect(at((t) => t, [1, 2], 3 as never)).toBe(3);
});

test("equal leaves in several places are told apart", () => {
  const tied = new Dense(1);
  expect(at((t) => t[1], [tied, tied], 2 as never)).toEqual([tied, 2]);
  const layer = linear();
  const edited = at((m) => m.layers[1]!.bias, new Mlp(layer, layer), null);
  expect(edited.layers.map(({ bias }) => bias)).toEqual([layer.bias, null]);
});

test("a static field is replaced too, also one of several with the same value", () => {
  expect(at((l) => l.activation, linear(), Math.abs).activation).toBe(Math.abs);
  const edited = at((m) => m.layers[1]!.activation, mlp(), Math.abs);
  expect(edited.layers.map(({ activation }) => activation)).toEqual([relu, Math.abs, relu]);
});

test("a boolean of a Module that serves as a filter is replaced", () => {
  const spec = map(() => false, linear());
  expect(at((l) => l.weight, spec, true)).toMatchObject({ weight: true, bias: false });
});

test("where may choose by classes, null and statics", () => {
  const biased = at(
    (m) => m.layers.filter((l) => l.useBias && l.outFeatures === 2).map((l) => l.bias),
    mlp(),
    [1, 2],
  );
  expect(biased.layers.map(({ bias }) => bias)).toEqual([1, null, 2]);
});

test("replaceFn makes the new node from the old", () => {
  const replaceFn = (x: Dense) => new Dense(...x.data, 0);
  const expected = new Linear(new Dense(1, 2, 0), new Dense(3));
  expect(
    equal(
      at((l) => l.weight, linear(), { replaceFn }),
      Object.assign(expected, { outFeatures: 2 }),
    ),
  ).toBe(true);
  expect(at((l) => [l.weight, l.bias], linear(), undefined, { replaceFn }).bias).toEqual(new Dense(3, 0));
  expect(
    at((m) => m.layers, mlp(), { replaceFn: (layers: Linear[]) => layers.slice(1) }).layers,
  ).toHaveLength(2);
});

test("Maps and registered classes are edited like other nodes", () => {
  expect(
    at(
      (t) => t.get("b"),
      new Map([
        ["b", 1],
        ["a", 2],
      ]),
      3,
    ),
  ).toEqual(
    new Map([
      ["b", 3],
      ["a", 2],
    ]),
  );
  expect(at((t) => t.high, new Interval(1, [2], "m"), 3)).toEqual(new Interval(1, 3, "m"));
});

test("the only null of a tree can be selected, one of several with isLeaf", () => {
  expect(at((t) => t[0], [null, 1], 2 as never)).toEqual([2, 1]);
  expect(() => at((t) => t[0], [null, null], 2 as never)).toThrow(
    "at: where selects null, of which the tree has 2; pass { isLeaf: (x) => x === null }",
  );
  expect(at((t) => t[1], [null, null], 2 as never, { isLeaf: (x) => x === null })).toEqual([null, 2]);
});

test("what is no node of the tree is an error", () => {
  const missing = "where does not specify an element or elements of the tree";
  expect(() => at((l) => (l as never)["wieght"], linear(), 1)).toThrow(
    `${missing}: it returned undefined; is a name misspelt?`,
  );
  expect(() => at(() => new Dense(1), linear(), 1)).toThrow(`${missing}: it returned Dense`);
  expect(() => at((l) => [l.weight, 3], linear(), [1, 2])).toThrow(`${missing}: it returned 3`);
  expect(() => at(() => null, [1], 2)).toThrow(missing);
});

test("where must not look into the leaves", () => {
  const dependent = "where must use only the structure of the tree, not its leaves";
  expect(() => at((l) => (l.weight.data.length > 1 ? l.weight : l.bias), linear(), 1)).toThrow(dependent);
  expect(() => at((m) => m.layers.map((l) => l.weight).filter((w) => "data" in w), mlp(), [])).toThrow(
    dependent,
  );
});

test("a node twice, or with one around it, is an error", () => {
  expect(() => at((l) => [l.weight, l.weight], linear(), [1, 2])).toThrow(
    "at: where selects the node at .weight twice",
  );
  expect(() => at((m) => [m.layers, m.layers[0]], mlp(), [1, 2])).toThrow(
    "at: where selects the node at .layers[0] and one around it",
  );
});

test("there are as many replacements as nodes, and only known options", () => {
  expect(() => at((l) => [l.weight, l.bias], linear(), [1])).toThrow(
    "where selects 2 nodes, and the replacement is a list of 1",
  );
  expect(() => at((l) => [l.weight, l.bias], linear(), new Dense(1))).toThrow(
    "the replacement is Dense; it must be a list",
  );
  expect(() => at((l) => l.weight, linear(), undefined, { replacefn: () => 0 } as never)).toThrow(TreeError);
  expect(() => at((l) => l.weight, linear(), 1, { replaceFn: () => 0 })).toThrow("not both");
});

test("an object that happens to have a key replaceFn beside others is a replacement", () => {
  const replacement = { replaceFn: 1, other: 2 };
  expect(at((t) => t[0], [0] as unknown[], replacement)).toEqual([replacement]);
});
