import { lora, nn, numpy as np, random, tree, values } from "cotangent";
import { describe, expect, test } from "vitest";

const [k1, k2] = [random.key(0), random.key(1)];
const ones = np.ones([6, 4]);

describe("a summary", () => {
  test("is a table with PEFT's last line", () => {
    const model = lora.loraify(new nn.MLP(4, 3, 8, 1, { key: k1 }), { rank: 2, alpha: 4, key: k2 });
    expect(`\n${String(lora.summary(model))}`).toBe(`
weight             kind       shape   rank  scaling  parameters
.layers[0].weight  LoraArray  (8, 4)  2     2                24
.layers[1].weight  LoraArray  (3, 8)  2     2                22
trainable params: 46 || all params: 113 || trainable%: 40.7080`);
  });

  test("has the line of PEFT 0.21.2 for a model like this one", () => {
    const dense = new nn.Linear(4, 3, { key: k1 });
    const model = {
      embed: new nn.Embedding(5, 4, { key: k1 }),
      norm: new nn.LayerNorm([4]),
      dense: tree.at(
        (l: nn.Linear) => l.weight,
        dense,
        new lora.DoraArray(dense.weight, { rank: 2, key: k1 }),
      ),
      head: new nn.Linear(3, 2, { key: k2 }),
    };
    const { line } = lora.summary(model);
    expect(line).toBe("trainable params: 17 || all params: 68 || trainable%: 25.0000");
  });

  test("counts what a configuration has trained besides, as PEFT 0.21.2 does", () => {
    const model = {
      embed: new nn.Embedding(5, 4, { key: k1 }),
      norm: new nn.LayerNorm([4]),
      dense: new nn.Linear(4, 3, { key: k1 }),
      head: new nn.Linear(3, 2, { key: k2 }),
    };
    const config = {
      r: 2,
      loraAlpha: 4,
      targetModules: ["embed", "dense"],
      modulesToSave: ["head", "norm"],
      bias: "all",
    } as const;
    const adapted = lora.adapt(model, config, { key: k1 });
    const { trainable, total } = lora.summary(adapted, { trainable: lora.trainable(adapted, config) });
    // PEFT has 99 in all: the 16 of head and norm twice.
    expect([trainable, total]).toEqual([51, 99 - 16]);
  });

  test("counts what a quantised weight stands for, and nothing that is no float", () => {
    const w = new lora.LoraArray(values.Quantised.quantise(np.ones([300, 400])), { rank: 1, key: k1 });
    const { trainable, total, line } = lora.summary({ w, ids: np.arange(7), f: np.tanh, gone: null });
    expect([trainable, total]).toEqual([700, 120_700]);
    const small = new lora.LoraArray(values.Nf4.quantise(np.ones([16, 128])), { rank: 1, key: k1 });
    const nested = new lora.LoraArray(values.Nf4.quantise(np.ones([16, 128]), { doubleQuantise: true }), { rank: 1, key: k1 }); // prettier-ignore
    expect(lora.summary([small, nested]).total).toBe(2 * (2048 + 144));
    expect(line).toBe("trainable params: 700 || all params: 120,700 || trainable%: 0.5800");
  });

  test("knows every adapter, and leaves out its constants", () => {
    const law = new lora.LoraArray(ones, { rank: 2, alpha: 3, key: k1 });
    const sharedB = np.ones([9, 2]);
    const model = {
      dora: new lora.DoraArray(ones, { rank: 2, useRslora: true, alpha: 4, key: k1 }),
      fused: new lora.FusedLoraArray(ones, { sizes: [2, 4], rank: [null, 3], alpha: 6, key: k1 }),
      ia3: new lora.Ia3Array(ones),
      loha: new lora.LohaArray(ones, { rank: 2, alpha: 1, key: k1 }),
      lokr: new lora.LokrArray(ones, { rank: 1, key: k1 }),
      set: lora.collect({ law, tone: new lora.LoraArray(ones, { rank: 1, key: k2 }) }, ["law"]),
      vera: new lora.VeraArray(ones, { sharedB, sharedA: np.ones([2, 9]) }),
      kernel: new lora.LoraKernel(np.ones([6, 2, 3]), np.ones([6, 2]), np.ones([2, 2, 3]), {
        scaling: np.array(0.5),
      }),
    };
    const { weights, trainable, total } = lora.summary(model);
    const shown = Object.fromEntries(
      weights.map(({ path, kind, terms, parameters }) => [
        path,
        [kind, ...terms.map(({ rank }) => rank), parameters],
      ]),
    );
    expect(shown).toEqual({
      ".dora": ["DoraArray", 2, 12 + 8 + 6],
      ".fused": ["FusedLoraArray", 3, 12 + 12],
      ".ia3": ["Ia3Array", 6],
      ".loha": ["LohaArray", 2, 2 * (12 + 8)],
      ".lokr": ["LokrArray", expect.anything(), expect.any(Number)],
      ".set": ["LoraSet", 2, 1, 20 + 10],
      ".vera": ["VeraArray", 2, 6 + 2],
      ".kernel": ["LoraKernel", 2, 12 + 12],
    });
    expect(trainable).toBe(weights.reduce((sum, { parameters }) => sum + parameters, 0));
    expect(total).toBe(trainable + 7 * 24 + 36);
    expect(String(lora.summary(model))).toContain("0.5 ");
  });

  test("of an adapter over an adapted weight says that the outer one is trained", () => {
    const inner = new lora.LoraArray(ones, { rank: 1, key: k1 });
    const outer = new lora.LoraArray(inner, { rank: 2, key: k1 });
    const { weights, trainable, total } = lora.summary([outer]);
    expect([weights.length, trainable, total]).toEqual([1, 20, 54]);
  });

  test("takes what else is trained, and models without adapters", () => {
    const linear = new nn.Linear(4, 3, { key: k1 });
    expect(String(lora.summary(linear))).toBe("trainable params: 0 || all params: 15 || trainable%: 0.0000");
    const bias = tree.at((l: nn.Linear) => [l.weight, l.bias], linear, [false, true] as never);
    expect(lora.summary(linear, { trainable: bias }).line).toContain("trainable params: 3 ||");
    expect(lora.summary([]).line).toBe("trainable params: 0 || all params: 0 || trainable%: 0.0000");
  });
});
