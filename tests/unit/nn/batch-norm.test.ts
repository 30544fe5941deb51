import { type ArrayValue, grad, nn, numpy as np, random, vmap } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

const axes = { axisName: "batch", inAxes: [0, null], outAxes: [0, null] };
const xs = random.normal(random.key(0), [16, 3, 5]);

describe("a batch norm", () => {
  test("of a batch makes mean 0 and variance 1 of each channel", () => {
    const [norm, state] = nn.makeWithState(nn.BatchNorm)(3, "batch", { mode: "batch", eps: 0 });
    const [ys] = vmap((x: ArrayValue, s: nn.State) => norm.forward(x, s), axes)(xs, state);
    expectValues(np.mean(ys, { axis: [0, 2] }), [0, 0, 0]);
    expectValues(np.var(ys, { axis: [0, 2] }), [1, 1, 1]);
  });

  test("takes its statistics over several mapped axes", () => {
    const [norm, state] = nn.makeWithState(nn.BatchNorm)(3, ["a", "b"], { mode: "batch", eps: 0 });
    const inner = vmap((x: ArrayValue, s: nn.State) => norm.forward(x, s), { ...axes, axisName: "a" });
    const [ys, next] = vmap(inner, { ...axes, axisName: "b" })(np.reshape(xs, [4, 4, 3, 5]), state);
    expectValues(np.mean(ys, { axis: [0, 1, 3] }), [0, 0, 0]);
    expectValues(next.get(norm.batchCounter!), 1);
  });

  test("has weights, and state that a gradient leaves alone", () => {
    const [norm, state] = nn.makeWithState(nn.BatchNorm)(3, "batch");
    const slope = grad((n: nn.BatchNorm) =>
      np.sum(vmap((x: ArrayValue, s: nn.State) => n.forward(x, s), axes)(xs, state)[0]),
    )(norm);
    expectValues(slope.bias, [80, 80, 80]);
    expect(slope.emaStateIndex!.init).toBeUndefined();
    expect(new nn.BatchNorm(3, "batch", { channelwiseAffine: false }).weight).toBeNull();
  });

  test("in inference needs no batch, and leaves the state", () => {
    const [norm, state] = nn.makeWithState(nn.BatchNorm)(3, "batch", { mode: "batch", eps: 0 });
    const [y, same] = norm.forward(np.array([1, 2, 3]), state, { inference: true });
    expectValues(y, [1, 2, 3]);
    expect(same).toBe(state);
  });

  test("refuses what it cannot be or take", () => {
    const [norm, state] = nn.makeWithState(nn.BatchNorm)(3, "batch");
    expect(() => norm.forward(np.ones([4]), state)).toThrow(
      "nn.BatchNorm takes (3, …), got shape (4,): use vmap with an axisName for a batch",
    );
    expect(() => norm.forward(np.ones([3]), state)).toThrow('unbound axis name "batch"');
    expect(() => new nn.BatchNorm(3, "batch", { mode: "legacy" as never })).toThrow(
      'nn.BatchNorm: mode is "ema" or "batch"',
    );
    expect(() => new nn.BatchNorm(-1, "batch")).toThrow("inputSize must be a non-negative integer");
  });
});
