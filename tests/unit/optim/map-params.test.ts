import { type ArrayValue, numpy as np, optim, tree } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

const params = { w: np.array([1, 2]), b: np.array([3]) };
const paths = (t: unknown) => tree.leavesWithPath(t).map(([path]) => tree.pathToString(path));

describe("treeMapParams", () => {
  test("changes what is like the parameters, and nothing else", () => {
    const optimizer = optim.chain(optim.adam(0.1), optim.clip(1));
    const state = optimizer.init(params);
    const mapped = optim.treeMapParams(optimizer, (x: ArrayValue, p: ArrayValue) => np.add(x, p), state, [
      params,
    ]);
    expect(paths(mapped)).toEqual(paths(state));
    const [[{ count, mu, nu }]] = mapped as [[{ count: ArrayValue; mu: typeof params; nu: typeof params }]];
    expectValues(np.concatenate([mu.w, nu.b]), [1, 2, 3]);
    expect([count.dtype, count.item()]).toEqual(["int32", 0]);
  });

  test("takes another function for the rest, and an init alone", () => {
    const { init } = optim.ema(0.9);
    const counted = optim.treeMapParams(init, (x: ArrayValue) => x, init(params), [], {
      transformNonParams: (count) => np.add(count as ArrayValue, 5),
    });
    expectValues(counted.count, 5);
  });

  test("looks into groups and masks", () => {
    const optimizer = optim.multiTransform(
      { w: optim.masked(optim.trace(0.9), { w: true, b: true }), b: optim.scale(1) },
      { w: "w", b: "b" },
    );
    const state = optimizer.init(params);
    const mapped = optim.treeMapParams(optimizer, (x: ArrayValue) => np.add(x, 1), state);
    const trace = tree.leavesWithPath(mapped).find(([path]) => tree.pathToString(path).includes("trace"));
    expectValues(trace![1] as ArrayValue, [1, 1]);
  });
});
