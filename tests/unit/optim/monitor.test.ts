import { numpy as np, optim, tree } from "cotangent";
import { expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

test("what is measured has its place from the start, so that a step is compiled once", () => {
  const params = { w: np.array([3, 4]) };
  for (const transformation of [
    optim.snapshot("norm", optim.globalNorm),
    optim.monitor({ norm: optim.globalNorm, mean: optim.measureWithEma(optim.globalNorm, 0.5) }),
  ]) {
    const state = (transformation as optim.GradientTransformation).init(params);
    const [updates, next] = (transformation as optim.GradientTransformation).update(params, state, params);
    expect(updates === params).toBe(true);
    expect(tree.structure(next).equals(tree.structure(state))).toBe(true);
  }
  expectValues(optim.monitor({ norm: optim.globalNorm }).init(params).measurements["norm"] as never, 5);
});
