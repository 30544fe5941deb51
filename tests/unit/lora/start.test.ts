import { type ArrayValue, lora, nn, numpy as np, random, values as arrayTypes } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, values } from "../arrays.ts";

const linear = { layer: new nn.Linear(12, 8, { key: random.key(3) }) };
const { weight } = linear.layer;
const key = random.key(1);
const started = (
  initLoraWeights: boolean | string,
  options: Partial<lora.LoraConfig> & Partial<lora.AdaptOptions> = {},
) => {
  const { quantise, ...rest } = options;
  const config = { r: 4, loraAlpha: 6, targetModules: ["layer"], initLoraWeights, ...rest };
  return lora.adapt(linear, config, { key, quantise }).layer.weight as lora.LoraArray;
};
const product = ({ a, b, scaling }: lora.LoraArray) => np.multiply(scaling, np.matmul(a, b));
const singular = (x: ArrayValue) => values(np.linalg.svd(x, { computeUv: false }));

describe("an adapter starts", () => {
  test("by itself as PEFT's does: one factor random, one zero", () => {
    for (const name of [true, "gaussian"]) {
      expect(values(started(name).a).every((x) => x === 0)).toBe(true);
      expectValues(started(name).dense(), values(weight));
    }
    const { b } = started("gaussian", { r: 5, rankPattern: {} });
    expect(np.std(b).item()).toBeGreaterThan(0.1);
    expect(np.std(b).item()).toBeLessThan(0.3);
    expect(values(started(false).a).some((x) => x !== 0)).toBe(true);
  });

  test.each(["pissa", "pissa_niter_100"])("with the largest singular values (%s)", (name) => {
    const adapted = started(name);
    expectValues(adapted.dense(), values(weight));
    expectValues(np.array(singular(product(adapted)).slice(0, 4)), singular(weight).slice(0, 4));
    expectValues(np.array(singular(adapted._w).slice(0, 4)), singular(weight).slice(4));
  });

  test("with the first columns of an orthogonal basis (olora)", () => {
    const adapted = started("olora");
    expectValues(adapted.dense(), values(weight));
    expectValues(np.matmul(adapted.a.T, adapted.a), values(np.eye(4)));
  });

  test("with factors whose product is zero, neither of them zero (orthogonal)", () => {
    const adapted = started("orthogonal");
    expectValues(product(adapted), values(np.zeros([8, 12])));
    expect([adapted.a, adapted.b].map((x) => values(x).some((y) => Math.abs(y) > 0.01))).toEqual([
      true,
      true,
    ]);
    expect(() => started("orthogonal", { r: 3 })).toThrow("needs an even rank, got 3");
  });

  test("with what quantising loses (loftq), better with more rounds", () => {
    const coarse = (w: ArrayValue) => np.multiply(np.round(np.divide(w, 0.3)), 0.3);
    const error = (adapted: lora.LoraArray) =>
      np.linalg
        .norm(np.subtract(np.add(adapted._w, np.matmul(adapted.a, adapted.b)), weight))
        .item() as number;
    const one = error(started("loftq", { r: 2, quantise: coarse }));
    const five = error(
      started("loftq", { r: 2, quantise: coarse, others: { loftq_config: { loftq_iter: 5 } } }),
    );
    expect(one).toBeLessThan(0.9 * (np.linalg.norm(np.subtract(coarse(weight), weight)).item() as number));
    expect(five).toBeLessThan(one);
    expect(started("loftq")._w).toBeInstanceOf(arrayTypes.Nf4);
    const loftq = (loftq_config: object) => started("loftq", { others: { loftq_config } });
    expect(loftq({ loftq_bits: 8 })._w).toBeInstanceOf(arrayTypes.Quantised);
    expect(() => loftq({ loftq_bits: 2 })).toThrow("loftq_bits is 4 or 8, got the number 2");
    expect(() => loftq({ loftq_iter: 0 })).toThrow("loftq_iter is a positive integer, got the number 0");
  });

  test("by a name that there is", () => {
    expect(() => started("eva")).toThrow(
      "initLoraWeights is true, gaussian, false, pissa, olora, orthogonal, loftq or pissa_niter_…, got",
    );
    expect(() => started("toString")).toThrow("initLoraWeights is");
  });
});

test("an adapter that changed its weights is one over the original weights, of twice the rank", () => {
  for (const name of ["pissa", "olora"]) {
    const start = started(name);
    const trained = lora.LoraArray.of(start._w, random.normal(random.key(8), [8, 4]), start.b, {
      scaling: start.scaling,
    });
    const over = lora.rebase<ArrayValue>(trained, start, weight) as lora.LoraArray;
    expectValues(over.dense(), values(trained.dense()));
    expect([over._w === weight, over.a.shape]).toEqual([true, [8, 8]]);
  }
  expect(() => lora.rebase<ArrayValue>(started(true), weight, weight)).toThrow(
    "there must be a LoraArray that is not merged",
  );
});
