import { type ArrayValue, grad, nn, numpy as np, random, tree } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, values } from "../arrays.ts";

const [k1, k2] = random.split(random.key(5)) as unknown as [ArrayValue, ArrayValue];
const linear = new nn.Linear(3, 4, { key: k1 });
const x = np.array([1, -2, 0.5]);

describe("spectral normalisation", () => {
  const [model, state] = nn.makeWithState(() => new nn.SpectralNorm(linear, "weight", { key: k2 }))();

  test("makes the largest singular value 1", () => {
    const unbiased = new nn.Linear(3, 4, { key: k1, useBias: false });
    const [norm, start] = nn.makeWithState(() => new nn.SpectralNorm(unbiased, "weight", 50, { key: k2 }))();
    const columns = [0, 1, 2].map(
      (i) =>
        norm.forward(
          np.eye(3).get(i),
          tree.map((v: ArrayValue) => v, start),
        )[0],
    );
    expectValues(np.linalg.norm(np.stack(columns), { ord: 2 }), 1);
  });

  test("takes steps in training only", () => {
    const copy = () => tree.map((v: ArrayValue) => v, state);
    const [, next] = model.forward(x, copy());
    expect(values(next.get(model.uvIndex)[0])).not.toEqual(values(state.get(model.uvIndex)[0]));
    const still = copy();
    expect(model.forward(x, still, { inference: true })[1]).toBe(still);
    expect(nn.inferenceMode(model).forward(x, still)[1]).toBe(still);
  });

  test("refuses what is no matrix", () => {
    expect(() => new nn.SpectralNorm(linear, "bias", { key: k2 })).toThrow(
      "nn.SpectralNorm: the layer's bias must have at least two axes, got shape (4,)",
    );
    expect(() => new nn.SpectralNorm(linear, "useBias", { key: k2 })).toThrow(
      "the layer's useBias must be an array, got",
    );
    expect(() => new nn.SpectralNorm(linear, "weight", {} as never)).toThrow("nn.SpectralNorm needs a key");
  });
});

describe("weight normalisation", () => {
  test("leaves the layer as it was until it is trained", () => {
    for (const axis of [0, 1, -1, null])
      expectValues(new nn.WeightNorm(linear, { axis }).forward(x), values(linear.forward(x)));
  });

  test("has a length for each row, apart from its direction", () => {
    const norm = new nn.WeightNorm(linear);
    expect(norm.g.shape).toEqual([4, 1]);
    const longer = tree.at((n) => n.layer.weight, norm, np.multiply(3, linear.weight));
    expectValues(longer.forward(x), values(linear.forward(x)));
    const slope = grad((n: typeof norm) => np.sum(n.forward(x)))(norm);
    expectValues(np.sum(np.multiply(slope.layer.weight, linear.weight), { axis: 1 }), [0, 0, 0, 0]);
  });

  test("refuses another axis, and what is no array", () => {
    expect(() => new nn.WeightNorm(linear, "weight", 2)).toThrow("axis 2 is out of bounds");
    expect(() => new nn.WeightNorm(linear, "useBias")).toThrow("the layer's useBias must be an array, got");
  });
});
