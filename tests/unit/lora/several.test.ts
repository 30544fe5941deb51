import { type ArrayValue, jit, lora, nn, numpy as np, quaxify, random, tree, vmap } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, values } from "../arrays.ts";

const base = new nn.MLP(3, 2, 4, 1, { key: random.key(0) });
const stirred = (seed: number, rank: number) => {
  const model = lora.loraify(base, { rank, alpha: 2, key: random.key(seed) });
  const [train, rest] = tree.partition(model, lora.trainable(model));
  return tree.combine(
    tree.map((x: ArrayValue) => random.normal(random.key(seed + x.size), x.shape), train),
    rest,
  );
};
const [law, tone] = [stirred(1, 2), stirred(2, 1)];
const x = np.array([1, -2, 0.5]);
const run = (model: nn.MLP, x: ArrayValue) => quaxify(model)(x);

describe("collect and activate", () => {
  const both = lora.collect({ law, tone });

  test("choose which adapters add up", () => {
    expectValues(run(both, x), values(base.forward(x)));
    expectValues(run(lora.activate(both, ["law"]), x), values(run(law, x)));
    expectValues(run(lora.activate(both, { tone: 1 }), x), values(run(tone, x)));
    const linear = lora.collect({ law: law.layers[0], tone: tone.layers[0] }, { law: 0.5, tone: -2 });
    const update = (model: nn.MLP) => (model.layers[0]!.weight as lora.LoraArray).delta.dense();
    const weight = np.add(
      base.layers[0]!.weight,
      np.add(np.multiply(0.5, update(law)), np.multiply(-2, update(tone))),
    );
    expectValues((linear!.weight as lora.LoraSet).dense(), values(weight));
  });

  test("need no new program for another weight that is an array", () => {
    let traced = 0;
    const f = jit((model: nn.MLP) => {
      traced++;
      return run(model, x);
    });
    for (const weight of [0, 1]) {
      const out = f(lora.activate(both, { law: np.float32(weight) }));
      expectValues(out, values(weight === 0 ? base.forward(x) : run(law, x)));
    }
    expect(traced).toBe(1);
  });

  test("name the adapters that there are", () => {
    expect(() => lora.activate(both, ["lww"])).toThrow('there is no adapter "lww"; did you mean "law"?');
    expect(() => lora.activate(lora.merge(lora.activate(both, ["law"])), ["tone"])).toThrow(
      "lora.unmerge the model first",
    );
    expect(() => lora.collect({ law, base })).toThrow(
      "every model needs a LoraArray that is not merged at .layers[0].weight",
    );
  });
});

test("each row of a batch may have an adapter of its own", () => {
  const others = [law, stirred(3, 2)];
  const rest = tree.partition(law, lora.trainable(law))[1];
  const parts = others.map((model) => tree.partition(model, lora.trainable(model))[0]);
  const stacked = tree.map((...xs: ArrayValue[]) => np.stack(xs), parts[0]!, ...parts.slice(1));
  const rows = np.stack([x, np.multiply(2, x)]);
  const f = jit((part: nn.MLP, x: ArrayValue) =>
    vmap((p: nn.MLP, x: ArrayValue) => run(tree.combine(p, rest), x))(part, x),
  );
  expectValues(
    f(stacked, rows),
    others.flatMap((model, i) => values(run(model, rows.get(i)))),
  );
});

test("another adapter of the same shapes needs no new program", () => {
  let traced = 0;
  const f = jit((model: nn.MLP) => {
    traced++;
    return run(model, x);
  });
  const other = stirred(4, 2);
  const outs = [law, other].map((model) => values(f(model)));
  expect(traced).toBe(1);
  outs.forEach((out, i) => expectValues(run([law, other][i]!, x), out));
});
