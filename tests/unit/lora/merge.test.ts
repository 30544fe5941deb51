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

const mlp = new nn.MLP(3, 2, 8, 1, { key: random.key(0) });
const quantised = tree.mapWith(
  { isLeaf: (node) => node instanceof nn.Linear },
  (linear: nn.Linear) => tree.at((l) => l.weight, linear, arrayTypes.Quantised.quantise(linear.weight)),
  mlp,
);
const adapted = (model: nn.MLP): nn.MLP => {
  const fresh = lora.loraify(model, { rank: 2, alpha: 2, key: random.key(1) });
  const [train, rest] = tree.partition(fresh, lora.trainable(fresh));
  return tree.combine(
    tree.map((x: ArrayValue) => random.normal(random.key(x.size), x.shape), train),
    rest,
  );
};
const x = np.array([1, -2, 0.5]);

describe("mergeAndUnload", () => {
  test("leaves plain weights that compute the same", () => {
    const model = adapted(mlp);
    const plain = lora.mergeAndUnload(model);
    expect(tree.structure(plain).equals(tree.structure(mlp))).toBe(true);
    expectValues(plain.forward(x), values(quaxify(model)(x)));
  });

  test("makes floats of a quantised base, or quantises it again and says what that cost", () => {
    const model = adapted(quantised);
    const floats = lora.mergeAndUnload(model);
    expect(tree.structure(floats).equals(tree.structure(mlp))).toBe(true);
    expectValues(floats.forward(x), values(quaxify(model)(x)));
    const errors: lora.MergeError[] = [];
    const again = lora.mergeAndUnload(model, { requantise: true, onError: (error) => errors.push(error) });
    expect(again.layers[0]!.weight).toBeInstanceOf(arrayTypes.Quantised);
    expect(errors.map(({ path }) => path)).toEqual([".layers[0].weight", ".layers[1].weight"]);
    errors.forEach(({ max, relative }, i) => {
      const [weight, rounded] = [
        floats.layers[i]!.weight,
        (again.layers[i]!.weight as arrayTypes.Quantised).dequantise(),
      ];
      expect(max).toBeCloseTo(np.max(np.abs(np.subtract(weight, rounded))).item() as number, 6);
      const norm = (a: ArrayValue) => np.linalg.norm(a).item() as number;
      expect(relative).toBeCloseTo(norm(np.subtract(weight, rounded)) / norm(weight), 6);
      expect(relative).toBeLessThan(0.01);
    });
  });

  test("refuses a weight that is not finite, by its path", () => {
    const broken = tree.at(
      (m) => (m.layers[1]!.weight as lora.LoraArray).b,
      adapted(mlp),
      np.full([2, 8], NaN),
    );
    expect(() => lora.mergeAndUnload(broken)).toThrow("the merged weight at .layers[1].weight is not finite");
  });
});

test("a merged model runs without its adapters, and unmerging gives them back", () => {
  const model = adapted(mlp);
  const merged = lora.merge(model);
  expectValues(quaxify(merged)(x), values(quaxify(model)(x)));
  expectValues(quaxify(lora.unmerge(merged))(x), values(quaxify(model)(x)));
  const weight = (m: nn.MLP) => (m.layers[0]!.weight as lora.LoraArray)._w;
  expectValues(weight(lora.unmerge(merged)), values(weight(model)));
});
