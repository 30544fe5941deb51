import { type ArrayValue, grad, jit, numpy as np, optim, tree, Zero } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

const params = { w: np.array([1, 2]), still: np.array([3]), n: np.array([1], "int32"), gone: null };
const gradient = {
  w: np.array([0.5, NaN]),
  still: new Zero([1], "float32"),
  n: new Zero([1], "float0"),
  gone: null,
};

describe("around what does not move", () => {
  test.each([
    ["applyIfFinite", optim.applyIfFinite(optim.adamw(0.1), 3)],
    ["conditionallyMask", optim.conditionallyMask(optim.adamw(0.1), (step) => np.greater(step, 0))],
    ["zeroNans", optim.chain(optim.zeroNans(), optim.adamw(0.1), optim.scale(0))],
  ])(
    "%s leaves it as it is, and its updates of the others may be 0",
    (_, optimizer: optim.GradientTransformation) => {
      const [updates, state] = optimizer.update(gradient, optimizer.init(params), params);
      expect(updates.still === gradient.still).toBe(true);
      expect([updates.n === gradient.n, updates.gone]).toEqual([true, null]);
      expectValues(updates.w, [0, 0]);
      expect(tree.structure(state).equals(tree.structure(optimizer.init(params)))).toBe(true);
    },
  );

  test("flatten gives a parameter without a gradient its place, and one that cannot move none", () => {
    const optimizer = optim.flatten(optim.adam(0.1));
    const state = optimizer.init(params);
    expect((tree.leaves(state)[1] as ArrayValue).shape).toEqual([3]);
    const [updates] = optimizer.update({ ...gradient, w: np.array([0.5, 1]) }, state, params);
    expectValues(np.concatenate([updates.w, updates.still]), [-0.1, -0.1, 0]);
    expect([updates.n === gradient.n, updates.gone]).toEqual([true, null]);
  });
});

test("a condition sees what else the step was given, and compiles", () => {
  const optimizer = optim.conditionallyTransform(optim.scale(-1), (_step, { loud }) => loud as ArrayValue);
  const step = jit(
    (g: { w: ArrayValue }, loud: ArrayValue) => optimizer.update(g, optimizer.init(g), g, { loud })[0],
  );
  const g = { w: np.array([2]) };
  expectValues(np.concatenate([step(g, np.array(true)).w, step(g, np.array(false)).w]), [-2, 2]);
});

test("a step can be differentiated, where it is taken", () => {
  const optimizer = optim.applyIfFinite(optim.sgd(0.5), 1);
  const after = (x: ArrayValue) => np.sum(optimizer.update({ x }, optimizer.init({ x }))[0].x);
  expectValues(grad(after)(np.array([1, 2])) as ArrayValue, [-0.5, -0.5]);
});
