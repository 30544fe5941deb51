import { type ArrayValue, jit, nn, numpy as np, optim, random, tree, Zero } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

const start = { w: np.array([1, -2]), b: np.array([3]) };
const gradient = { w: np.array([0.5, 0.25]), b: np.array([-1]) };
type Params = typeof start;

function train(optimizer: optim.GradientTransformation, steps: number): [Params, unknown] {
  const step = jit((params: Params, state: unknown) => {
    const [updates, next] = optimizer.update(gradient, state, params);
    return [optim.applyUpdates(params, updates), next] as const;
  });
  let [params, state] = [start, optimizer.init(start)];
  for (let i = 0; i < steps; i++) [params, state] = step(params, state);
  return [params, state];
}
const paths = (t: unknown) => tree.leavesWithPath(t).map(([path]) => tree.pathToString(path));

// Numbers of optax 0.2.8.
describe("multiTransform", () => {
  const groups = { w: optim.adamw(0.1, { weightDecay: 0.01 }), b: optim.sgd(0.5, { momentum: 0.9 }) };

  test.each([
    ["a tree", { w: "w", b: "b" }],
    ["a function", (params: Params) => tree.map((x: ArrayValue) => (x.size > 1 ? "w" : "b"), params)],
  ])("updates each group in its way, where labels are %s", (_, labels) => {
    const [params, state] = train(optim.multiTransform(groups, labels), 3);
    expectValues(np.concatenate([params.w, params.b]), [0.69730496, -2.2937043, 5.805]);
    expect(paths(state)).toEqual([
      ".innerStates.b.innerState[0].trace.b",
      ".innerStates.w.innerState[0].count",
      ".innerStates.w.innerState[0].mu.w",
      ".innerStates.w.innerState[0].nu.w",
    ]);
  });

  test("takes labels for a whole part of the tree, and of a module", () => {
    const model = { body: new nn.Linear(2, 2, { key: random.key(0) }), head: [np.ones([1])] };
    const grads = tree.map(np.onesLike, model);
    const optimizer = optim.multiTransform(
      { slow: optim.scale(2), fast: optim.scale(30), none: optim.setToZero() },
      { body: tree.at((l) => [l.weight, l.bias], model.body, ["slow", "none"] as never), head: "fast" },
    );
    const [{ body, head }] = optimizer.update(grads, optimizer.init(model), model);
    expectValues(np.concatenate([np.ravel(body.weight), body.bias!, head[0]!]), [2, 2, 2, 2, 0, 0, 30]);
  });

  test("asks no label of what does not move", () => {
    const params = { w: np.ones([1]), n: np.array([1], "int32"), gone: null };
    const optimizer = optim.multiTransform({ w: optim.scale(2) }, { w: "w", n: null, gone: null });
    const [updates] = optimizer.update({ w: np.ones([1]), n: new Zero([1], "float0"), gone: null }, optimizer.init(params)); // prettier-ignore
    expectValues(updates.w, 2);
  });

  test("names what has no transformation", () => {
    expect(() => optim.multiTransform(groups, { w: "w", b: "bb" }).init(start)).toThrow(
      'the label of .b is the string "bb", which has no transformation; did you mean "b"?; there are w, b',
    );
    expect(() => optim.multiTransform(groups, { w: "w" }).init(start)).toThrow('missing "b"');
  });
});

describe("masked", () => {
  test("leaves other updates as they are, and keeps no state for them", () => {
    const momentum = optim.masked(optim.trace(0.9), { w: true, b: false });
    let [out, state] = [gradient, momentum.init(start)];
    for (let i = 0; i < 3; i++) [out, state] = momentum.update(gradient, state);
    expectValues(np.concatenate([out.w, out.b]), [1.355, 0.6775, -1]);
    expect(paths(state)).toEqual([".innerState.trace.w"]);
  });

  test("shows the inner transformation its own parameters", () => {
    const norm = optim.masked(optim.clipByGlobalNorm(1), { w: false, b: true });
    const [{ w, b }] = norm.update({ w: np.array([30, 40]), b: np.array([5]) }, norm.init(start), start);
    expectValues(np.concatenate([w, b]), [30, 40, 1]);
    const decay = optim.masked(optim.addDecayedWeights(0.5), (p: Params) => tree.map((x: ArrayValue) => x.size > 1, p)); // prettier-ignore
    const [decayed] = decay.update(gradient, decay.init(start), start);
    expectValues(np.concatenate([decayed.w, decayed.b]), [1, -0.75, -1]);
    expect(() => optim.masked(optim.identity(), { w: 1, b: true }).init(start)).toThrow(
      "a mask holds booleans",
    );
  });
});
