import {
  type ArrayValue,
  ArrayValue as ArrayBase,
  nn,
  numpy as np,
  optim,
  random,
  tree,
  Zero,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { mapState, mapUpdates, zerosLike } from "../../../src/optim/transformation.ts";

const paths = (t: unknown) => tree.leavesWithPath(t).map(([path]) => tree.pathToString(path));
const double = (x: ArrayValue) => np.multiply(2, x);

describe("the state of an optimiser", () => {
  test("has zeros for floats, and nothing for the rest", () => {
    const params = { w: np.ones([2, 3]), n: np.array([1, 2], "int32"), f: np.tanh, gone: null, rate: 0.5 };
    const state = zerosLike(params) as Record<string, ArrayValue | null>;
    expect(state["w"]!.toList()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect([state["n"], state["f"], state["gone"], state["rate"]!.item()]).toEqual([null, null, null, 0]);
  });

  test("keeps a module's structure", () => {
    const linear = new nn.Linear(3, 2, { key: random.key(0), useBias: false });
    expect(tree.structure(zerosLike(linear)).equals(tree.structure(linear))).toBe(true);
  });

  test("has nothing for the fields that a value declares frozen", () => {
    class Offset extends ArrayBase {
      constructor(
        readonly base: ArrayValue,
        readonly shift: ArrayValue,
        readonly factor = -1,
      ) {
        super();
      }
      get aval() {
        return this.base.aval;
      }
      get [optim.frozen]() {
        return ["base"];
      }
    }
    const params = { x: new Offset(np.ones([2]), np.ones([2])), y: np.ones([1]) };
    expect(paths(zerosLike(params))).toEqual([".x.shift", ".y"]);
    const inner = new Offset(params.x, np.ones([2]));
    expect(paths(zerosLike([inner]))).toEqual(["[0].shift"]);
  });
});

describe("updates", () => {
  test("pass through where there is no gradient", () => {
    const zero = new Zero([2], "float32");
    const updates = { a: np.array([1, 2]), b: zero, c: null, d: new Zero([1], "float0") };
    const mapped = mapUpdates(double, updates);
    expect([mapped.a.toList(), mapped.b === zero, mapped.c, mapped.d === updates.d]).toEqual([
      [2, 4],
      true,
      null,
      true,
    ]);
  });

  test("go with trees of the same structure only", () => {
    expect(() => mapUpdates(double, { a: np.ones([1]) }, ["the parameters", { b: np.ones([1]) }])).toThrow(
      "the parameters has another structure",
    );
    expect(() => mapState(double, { a: np.ones([1]) }, [])).toThrow(
      "the optimiser's state has another structure",
    );
  });

  test("leave the state of what does not move as it is", () => {
    const old = np.array([7]);
    const next = mapState(
      double,
      { a: new Zero([1], "float32"), b: np.array([1]), c: np.array([1]) },
      { a: old, b: old, c: null },
    );
    const { a, b, c } = next as Record<string, ArrayValue>;
    expect([a === old, b!.item(), c!.item()]).toEqual([true, 2, 2]);
  });
});
