import {
  type ArrayValue,
  grad,
  jit,
  lora,
  nn,
  numpy as np,
  optim,
  quaxify,
  random,
  tree,
  valueAndGrad,
  vmap,
  Zero,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, values } from "../arrays.ts";

const key = random.key(9);
const mlp = new nn.MLP(3, 2, 8, 2, { key: random.key(0) });
const paths = (t: unknown) => tree.leavesWithPath(t).map(([path]) => tree.pathToString(path));
const xs = random.normal(random.key(4), [16, 3]);
const loss = (model: nn.MLP, inputs: ArrayValue) => np.mean(np.square(vmap(model)(inputs)));

describe("loraify", () => {
  test("adapts the weight of every linear layer, in order, and nothing else", () => {
    const model = lora.loraify(mlp, { rank: 2, key });
    expect(model).toBeInstanceOf(nn.MLP);
    expect(paths(model).slice(0, 4)).toEqual([
      ".layers[0].weight._w",
      ".layers[0].weight.a",
      ".layers[0].weight.b",
      ".layers[0].bias",
    ]);
    const [rest, first] = random.split(key);
    const expected = new lora.LoraArray(mlp.layers[0]!.weight, { rank: 2, key: first! });
    const second = new lora.LoraArray(mlp.layers[1]!.weight, { rank: 2, key: random.split(rest!).get(1) });
    const weights = model.layers.map((layer) => layer.weight as lora.LoraArray);
    expectValues(weights[0]!.a, values(expected.a));
    expectValues(weights[1]!.a, values(second.a));
    expect(model.layers[0]!.bias === mlp.layers[0]!.bias).toBe(true);
  });

  test("changes no result at the start", () => {
    const x = np.array([1, -2, 0.5]);
    const model = lora.loraify(mlp, { rank: 2, key });
    const expected = values(mlp.forward(x));
    for (const run of [model.forward(x), quaxify(model)(x), jit(model)(x), jit(quaxify(model))(x)])
      expectValues(run, expected);
    expectValues(quaxify(lora.loraify(model, { rank: 1, key }))(x), expected);
  });

  test("passes its options on", () => {
    const model = lora.loraify(new nn.Linear(3, 2, { key }), {
      rank: 1,
      scale: 5,
      allowMaterialise: true,
      stopGradient: false,
      key,
    });
    const weight = model.weight as lora.LoraArray;
    expect([weight.allowMaterialise, weight.stopGradient, weight.a.shape]).toEqual([true, false, [2, 1]]);
    expect(() => lora.loraify(mlp, { rank: 2 } as lora.LoraOptions)).toThrow("needs a rank and a key");
    expect(() => lora.loraify(mlp, { rnk: 2, key } as never)).toThrow("did you mean rank?");
  });

  test("leaves a model without linear layers as it is", () => {
    const norm = new nn.LayerNorm(3);
    expect(tree.equal(lora.loraify(norm, { rank: 1, key }), norm)).toBe(true);
  });
});

describe("training the whole model", () => {
  test("moves adapters and biases, with no state for the weights, traced once", () => {
    const target = random.normal(random.key(5), [16, 2]);
    const error = (model: nn.MLP) => np.mean(np.square(np.subtract(vmap(model)(xs), target)));
    const start = lora.loraify(mlp, { rank: 2, key });
    const optimizer = optim.adamw(0.02, { weightDecay: 0.1 });
    let traced = 0;
    const step = jit((model: nn.MLP, state: unknown) => {
      traced++;
      const [value, gradient] = valueAndGrad(error)(model) as [ArrayValue, nn.MLP];
      const [updates, next] = optimizer.update(gradient, state as readonly unknown[], model);
      return [value, optim.applyUpdates(model, updates), next] as const;
    });
    let [model, state]: [nn.MLP, unknown] = [start, optimizer.init(start)];
    expect(paths(state).some((path) => path.includes("_w"))).toBe(false);
    const losses: number[] = [];
    for (let i = 0; i < 20; i++) {
      const [value, nextModel, nextState] = step(model, state);
      losses.push(value.item() as number);
      [model, state] = [nextModel, nextState];
    }
    expect(losses.at(-1)!).toBeLessThan(losses[0]! * 0.9);
    expect(traced).toBe(1);
    const weight = (m: nn.MLP) => m.layers[1]!.weight as lora.LoraArray;
    expect(weight(model)._w.toList()).toEqual(weight(start)._w.toList());
    expect(values(weight(model).b).some((value) => value !== 0)).toBe(true);
  });

  test("keeps the weight itself where the update is a zero", () => {
    const start = lora.loraify(mlp, { rank: 2, key });
    const optimizer = optim.adamw(0.02);
    const gradient = grad(loss)(start, xs) as nn.MLP;
    const [updates] = optimizer.update(gradient, optimizer.init(start), start);
    const weight = (m: nn.MLP) => m.layers[0]!.weight as lora.LoraArray;
    expect(weight(updates)._w).toBeInstanceOf(Zero);
    expect(weight(optim.applyUpdates(start, updates))._w === weight(start)._w).toBe(true);
  });
});
