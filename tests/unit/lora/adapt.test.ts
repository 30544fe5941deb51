import {
  type ArrayValue,
  lora,
  nn,
  numpy as np,
  quaxify,
  random,
  tree,
  values as arrayTypes,
} from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, values } from "../arrays.ts";

const key = random.key(1);
class Net extends nn.Module {
  readonly embed = new nn.Embedding(7, 6, { key: random.key(2) });
  readonly query = new nn.Linear(6, 4, { key: random.key(3) });
  readonly value = new nn.Linear(6, 4, { key: random.key(4) });
  readonly head = new nn.Linear(4, 2, { key: random.key(5) });
  forward(id: ArrayValue): ArrayValue {
    const x = this.embed.forward(id);
    return this.head.forward(np.tanh(np.add(this.query.forward(x), this.value.forward(x))));
  }
}
const net = new Net();
const id = np.array(3, "int32");
const weightOf = (linear: nn.Linear) => linear.weight as lora.LoraArray;

describe("adapt", () => {
  test("puts adapters where the configuration says, and changes no result", () => {
    const config = lora.loraConfig({
      r: 2,
      loraAlpha: 6,
      loraDropout: 0.1,
      targetModules: ["query", "embed"],
    });
    const model = lora.adapt(net, config, { key });
    expect(
      [model.query, model.value, model.head].map(({ weight }) => weight instanceof lora.LoraArray),
    ).toEqual([true, false, false]);
    const { a, b, scaling, dropout } = weightOf(model.query);
    expect([a.shape, b.shape, scaling, dropout]).toEqual([[4, 2], [2, 6], 3, 0.1]);
    expect([
      values(a).every((x) => x === 0),
      values(b).every((x) => Math.abs(x) <= 1 / Math.sqrt(6)),
    ]).toEqual([true, true]);
    const table = model.embed.weight as lora.LoraArray;
    expect([table.a.shape, table.b.shape, values(table.a).every((x) => x === 0)]).toEqual([
      [7, 2],
      [2, 6],
      true,
    ]);
    expectValues(quaxify(model)(id), values(net.forward(id)));
  });

  test("has ranks by pattern, and keys that differ", () => {
    const options = {
      r: 2,
      loraAlpha: 2,
      useRslora: true,
      targetModules: "all-linear",
      rankPattern: { value: 4 },
    };
    const model = lora.adapt(net, options, { key });
    expect(
      [weightOf(model.query), weightOf(model.value)].map(({ a, scaling }) => [a.shape[1], scaling]),
    ).toEqual([
      [2, 2 / Math.sqrt(2)],
      [4, 1],
    ]);
    expect(values(weightOf(model.query).b)[0]).not.toBe(values(weightOf(model.value).b)[0]);
  });

  test("makes DoRA of matrices only", () => {
    const model = lora.adapt(net, { useDora: true, targetModules: ["query"] }, { key });
    expect(model.query.weight).toBeInstanceOf(lora.DoraArray);
    expectValues(quaxify(model)(id), values(net.forward(id)));
    expect(() => lora.adapt(net, { useDora: true, targetModules: ["embed"] }, { key })).toThrow(
      "embed is no matrix [out, in]",
    );
  });

  test("adapts weights stored [in, out] in their own layout", () => {
    const kind = (module: nn.Module) => (module instanceof nn.Linear ? ("transposed" as const) : null);
    const flipped = tree.at((m) => m.query.weight, net, net.query.weight.T);
    for (const initLoraWeights of [true, "pissa"]) {
      const model = lora.adapt(flipped, { r: 2, initLoraWeights, targetModules: ["query"] }, { key, kind });
      const { a, b } = weightOf(model.query);
      expect([a.shape, b.shape]).toEqual([
        [6, 2],
        [2, 4],
      ]);
      expectValues(weightOf(model.query).dense(), values(net.query.weight.T));
    }
  });

  test("makes and reads factors in float32 for weights of half precision", () => {
    const half = tree.at((m) => m.query.weight, net, np.astype(net.query.weight, "bfloat16"));
    const config = lora.loraConfig({ r: 2, targetModules: ["query"] });
    const made = lora.adapt(half, config, { key });
    const read = lora.loadAdapter(lora.encodeAdapter(made, config), half).model;
    for (const model of [made, read]) {
      const { _w, a, b } = weightOf(model.query);
      expect([_w.dtype, a.dtype, b.dtype]).toEqual(["bfloat16", "float32", "float32"]);
    }
  });

  test("adapts quantised weights", () => {
    const base = tree.at((m) => m.query.weight, net, arrayTypes.Quantised.quantise(net.query.weight));
    const model = lora.adapt(base, { targetModules: ["query"] }, { key });
    expectValues(quaxify(model)(id), values(quaxify(base)(id)));
    expect(() => lora.adapt(base, { targetModules: ["query"], initLoraWeights: "pissa" }, { key })).toThrow(
      "changes the weight, and this one is Quantised",
    );
  });

  test("adapts what is adapted already, and refuses what nothing is meant by", () => {
    const twice = lora.adapt(
      lora.adapt(net, { targetModules: ["query"] }, { key }),
      { targetModules: ["query"] },
      { key },
    );
    expect(weightOf(twice.query)._w).toBeInstanceOf(lora.LoraArray);
    expect(() => lora.adapt(net, { targetModules: ["kwery"] }, { key })).toThrow(
      "what can be adapted is embed, query, value, head",
    );
    expect(() => lora.adapt(net, { targetModules: ["query"] }, {} as lora.AdaptOptions)).toThrow(
      "needs a key",
    );
  });
});

test("modules that are saved, and biases, are trained if the configuration says so", () => {
  const config = { targetModules: ["query"], modulesToSave: ["head"] };
  const model = lora.adapt(net, config, { key });
  const trained = (given: Partial<lora.LoraConfig>) =>
    tree
      .leavesWithPath(tree.partition(model, lora.trainable(model, given))[0])
      .map(([path]) => tree.pathToString(path));
  const adapters = [".query.weight.a", ".query.weight.b"];
  expect(trained({})).toEqual(adapters);
  expect(trained(config)).toEqual([...adapters, ".head.weight", ".head.bias"]);
  expect(trained({ ...config, bias: "lora_only", modulesToSave: null })).toEqual([
    ...adapters,
    ".query.bias",
  ]);
  expect(trained({ bias: "all" })).toEqual([...adapters, ".query.bias", ".value.bias", ".head.bias"]);
});
