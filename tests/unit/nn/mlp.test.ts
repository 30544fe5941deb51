import { type ArrayValue, makeJaxpr, nn, numpy as np, random, tree } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, values } from "../arrays.ts";

const key = random.key(0);

describe("a multi-layer perceptron", () => {
  test("has depth + 1 layers, each with a key of its own", () => {
    const mlp = new nn.MLP(2, 3, 8, 2, { key });
    expect(mlp.layers.map((layer) => layer.weight.shape)).toEqual([
      [8, 2],
      [8, 8],
      [3, 8],
    ]);
    const keys = random.split(key, 3);
    const second = new nn.Linear(8, 8, { key: keys.get(1) });
    expect(mlp.layers[1]!.weight.toList()).toEqual(second.weight.toList());
    expect(new nn.MLP(2, 3, 8, 0, { key }).layers.length).toBe(1);
  });

  test("learns an activation for each neuron of each layer apart", () => {
    const mlp = new nn.MLP(2, 3, 4, 2, { key, activation: new nn.PReLU(), finalActivation: new nn.PReLU(0) });
    const [inner, final] = [mlp.activation, mlp.finalActivation] as [nn.PReLU, nn.PReLU];
    expect([inner.negativeSlope.shape, final.negativeSlope.shape]).toEqual([[2, 4], [3]]);
    expect(values(mlp.forward(np.array([1, 1]))).every((y) => y >= 0)).toBe(true);
  });

  test("by scan keeps the hidden layers stacked, and makes what they make", () => {
    const [plain, scanned] = [false, true].map((scan) => new nn.MLP(2, 3, 8, 5, { key, scan }));
    expect(scanned!.layers.map((layer) => layer.weight.shape)).toEqual([
      [8, 2],
      [4, 8, 8],
      [3, 8],
    ]);
    const x = np.array([0.5, -1]);
    expectValues(scanned!.forward(x), values(plain!.forward(x)));
    expect(String(makeJaxpr((v: ArrayValue) => scanned!.forward(v))(x)).match(/scan\[/g)!.length).toBe(1);
  });

  test("applies activations between layers, and the final one at the end", () => {
    const mlp = new nn.MLP(2, 3, 4, 1, { key, activation: np.tanh, finalActivation: nn.sigmoid });
    const [first, last] = mlp.layers;
    const x = np.array([0.5, -1]);
    expect(mlp.forward(x).toList()).toEqual(nn.sigmoid(last!.forward(np.tanh(first!.forward(x)))).toList());
  });

  test("keeps biases apart, and its arrays are its leaves", () => {
    const mlp = new nn.MLP("scalar", "scalar", 4, 1, { key, useBias: false });
    expect(tree.leavesWithPath(mlp).map(([path]) => tree.pathToString(path))).toEqual([
      ".layers[0].weight",
      ".layers[1].weight",
      ".layers[1].bias",
    ]);
    expect(mlp.forward(0.5).shape).toEqual([]);
    expect(new nn.MLP(1, 1, 1, 1, { key, useFinalBias: false }).layers[1]!.bias).toBeNull();
  });

  test("refuses what it cannot be", () => {
    expect(() => new nn.MLP(2, 2, 4, -1, { key })).toThrow(
      "depth must be a non-negative integer, got the number -1",
    );
    expect(() => new nn.MLP(2, 2, 0.5, 1, { key })).toThrow("widthSize must be");
    expect(() => new nn.MLP(2, 2, 4, 1, { key, activation: "relu" as never })).toThrow(
      'activation must be a function or a layer, got the string "relu"',
    );
    expect(() => new nn.MLP(2, 2, 4, 1, {} as nn.MLPOptions)).toThrow("needs a key");
  });
});
