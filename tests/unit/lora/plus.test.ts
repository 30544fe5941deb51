import { type ArrayValue, grad, lora, nn, numpy as np, optim, quaxify, random, tree } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

const [k1, k2, k3, k4] = [0, 1, 2, 3].map((seed) => random.key(seed)) as [
  ArrayValue,
  ArrayValue,
  ArrayValue,
  ArrayValue,
];
const table = new nn.Embedding(5, 4, { key: k1 });
const lora2 = { rank: 2, key: k3 };
const model = {
  embed: tree.at((e: nn.Embedding) => e.weight, table, new lora.LoraArray(table.weight, lora2)),
  words: table,
  norm: new nn.LayerNorm([4]),
  dense: lora.loraify(new nn.Linear(4, 3, { key: k2 }), lora2),
  dora: new lora.DoraArray(np.ones([3, 4]), lora2),
  fused: new lora.FusedLoraArray(np.ones([4, 4]), { sizes: [2, 2], rank: [1, null], key: k4 }),
  ia3: new lora.Ia3Array(np.ones([3, 4])),
  head: np.ones([2, 3]),
};
type Model = typeof model;
const groups: Record<string, unknown> = Object.fromEntries(
  tree
    .broadcastPrefix(lora.plusGroups(model), model)
    .map((group, i) => [tree.pathToString(tree.structure(model).paths()[i]!), group]),
);

// As of create_loraplus_optimizer of PEFT 0.21.2: its groups A, B, B without decay, and embedding.
test("each parameter of a model is in a group of LoRA+", () => {
  expect(groups).toMatchObject({
    ".embed.weight.a": "embedding",
    ".embed.weight.b": "embedding",
    ".words.weight": "slow",
    ".norm.weight": "fastNoDecay",
    ".norm.bias": "fastNoDecay",
    ".dense.weight.a": "fast",
    ".dense.weight.b": "slow",
    ".dense.bias": "fastNoDecay",
    ".dora.a": "fast",
    ".dora.b": "slow",
    ".dora.magnitude": "fast",
    ".fused.parts[0].a": "fast",
    ".fused.parts[0].b": "slow",
    ".ia3.scale": "fast",
    ".head": "slow",
  });
});

describe("loraPlus", () => {
  test("steps with a learning rate and decay for each group", () => {
    const optimizer = lora.loraPlus(
      (rate, weightDecay) => optim.chain(optim.addDecayedWeights(weightDecay), optim.sgd(rate)),
      {
        learningRate: optim.linearSchedule(0.5, 0, 2),
        ratio: 4,
        weightDecay: 0.25,
        embeddingLearningRate: 8,
      },
    );
    const params = tree.map((x: ArrayValue) => np.full(x.shape, 2), model);
    const ones = tree.map((x: ArrayValue) => np.ones(x.shape), model);
    const [first, state] = optimizer.update(ones, optimizer.init(params), params);
    const [second] = optimizer.update(ones, state, params);
    const some = ({ embed, norm, dense, dora, head }: Model) => {
      const [table, weight] = [embed.weight, dense.weight] as lora.LoraArray[];
      const arrays = [weight!.b, head, weight!.a, dora.magnitude, norm.weight!, dense.bias!, table!.a];
      return np.stack(arrays.map((x) => np.ravel(x).at([0]).get()));
    };
    // The decay adds 0.25 · 2 to a gradient of 1.
    expectValues(some(first), [-0.75, -0.75, -3, -3, -2, -2, -12]);
    expectValues(some(second), [-0.375, -0.375, -1.5, -1.5, -1, -1, -12]);
  });

  test("trains the part of a model that is trained", () => {
    const [train, rest] = tree.partition(model.dense, lora.trainable(model.dense));
    const optimizer = lora.loraPlus((rate) => optim.sgd(rate), { learningRate: 0.1, ratio: 16 });
    const loss = (t: nn.Linear) =>
      np.sum(quaxify((m: nn.Linear) => m.forward(np.ones([4])))(tree.combine(t, rest)));
    const gradient = grad(loss)(train);
    const [updates] = optimizer.update(gradient, optimizer.init(train), train);
    const [g, u] = [gradient.weight, updates.weight] as lora.LoraArray[];
    expect(np.arrayEqual(u!.b, np.multiply(-0.1, g!.b)).item()).toBe(true);
    expect(np.arrayEqual(u!.a, np.multiply(-1.6, g!.a)).item()).toBe(true);
    expect(updates.bias).toBeNull();
  });

  test("refuses a ratio that slows", () => {
    expect(() => lora.loraPlus((rate) => optim.sgd(rate), { learningRate: 0.1, ratio: 0.5 })).toThrow(
      "a ratio of at least 1: got the number 0.1 and the number 0.5",
    );
  });
});
