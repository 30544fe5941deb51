import { lora, numpy as np, random } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, values } from "../arrays.ts";

const normal = (seed: number, shape: number[]) => random.normal(random.key(seed), shape);
const w = normal(0, [6, 5]);
const law = { layer: lora.LoraArray.of(w, normal(1, [6, 2]), normal(2, [2, 5]), { scaling: 2 }) };
const tone = {
  layer: lora.LoraArray.of(w, normal(3, [6, 2]), normal(4, [2, 5]), { scaling: np.float32(0.5) }),
};
const wide = { layer: lora.LoraArray.of(w, normal(5, [6, 3]), normal(6, [3, 5])) };
const models = { law, tone, wide };
const weights = { law: 0.5, tone: -3 };
const update = ({ layer }: { layer: lora.LoraArray }) => np.subtract(layer.dense(), w);
const sum = np.add(np.multiply(0.5, update(law)), np.multiply(-3, update(tone)));

describe("addWeightedAdapter", () => {
  test("puts factors beside each other: the sum of updates", () => {
    const mixed = lora.addWeightedAdapter(models, weights);
    expectValues(update(mixed), values(sum));
    expect([mixed.layer.a.shape, mixed.layer.scaling]).toEqual([[6, 4], 1]);
  });

  test("keeps the largest singular values of it", () => {
    const of = (rank: number) =>
      update(lora.addWeightedAdapter(models, weights, { combination: "svd", rank }));
    expectValues(of(4), values(sum));
    const [u, s, vh] = np.linalg.svd(sum, { fullMatrices: false });
    const best = np.matmul(np.multiply(u!.get(":", ":1"), s!.get(":1")), vh!.get(":1"));
    expectValues(of(1), values(best));
    expect(
      lora.addWeightedAdapter(models, { law: 1, wide: 1 }, { combination: "svd" }).layer.a.shape,
    ).toEqual([6, 3]);
  });

  test("adds factors, each with a root of its weight, as PEFT's linear does", () => {
    const mixed = lora.addWeightedAdapter(models, weights, { combination: "linear" });
    const [r1, r2] = [Math.sqrt(1), Math.sqrt(1.5)];
    expectValues(mixed.layer.a, values(np.add(np.multiply(r1, law.layer.a), np.multiply(r2, tone.layer.a))));
    expectValues(
      mixed.layer.b,
      values(np.subtract(np.multiply(r1, law.layer.b), np.multiply(r2, tone.layer.b))),
    );
    expect(() => lora.addWeightedAdapter(models, { law: 1, wide: 1 }, { combination: "linear" })).toThrow(
      "adapters of one rank, got 2, 3 at .layer",
    );
  });

  test("refuses names and models that do not belong together", () => {
    expect(() => lora.addWeightedAdapter(models, { loi: 1 })).toThrow(
      "got weights for loi and models law, tone, wide",
    );
    expect(() =>
      lora.addWeightedAdapter<{ layer: unknown }>({ law, plain: { layer: w } }, { law: 1, plain: 1 }),
    ).toThrow("not merged at .layer");
    expect(() => lora.addWeightedAdapter(models, weights, { combination: "ties" as never })).toThrow(
      '"cat", "linear" or "svd"',
    );
  });
});
