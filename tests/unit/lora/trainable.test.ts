import { type ArrayValue, grad, lora, nn, numpy as np, random, tree, vmap } from "cotangent";
import { describe, expect, test } from "vitest";

const key = random.key(9);
const mlp = new nn.MLP(3, 2, 8, 2, { key: random.key(0) });
const paths = (t: unknown) => tree.leavesWithPath(t).map(([path]) => tree.pathToString(path));
const xs = random.normal(random.key(4), [16, 3]);
const loss = (model: nn.MLP, inputs: ArrayValue) => np.mean(np.square(vmap(model)(inputs)));

describe("trainable", () => {
  const model = lora.loraify(mlp, { rank: 2, key });

  test("picks a and b", () => {
    const [train, rest] = tree.partition(model, lora.trainable(model));
    expect(paths(train)).toEqual(
      [0, 1, 2].flatMap((i) => [`.layers[${i}].weight.a`, `.layers[${i}].weight.b`]),
    );
    expect(tree.structure(tree.combine(train, rest)).equals(tree.structure(model))).toBe(true);
    const gradient = grad((t: nn.MLP) => loss(tree.combine(t, rest), xs))(train);
    expect(paths(gradient)).toEqual(paths(train));
  });

  test("leaves out what is inside a frozen weight", () => {
    const inner = (stopGradient: boolean) => {
      const nested = lora.loraify(model, { rank: 1, stopGradient, key });
      return paths(tree.partition(nested, lora.trainable(nested))[0]).filter((path) =>
        path.startsWith(".layers[0]"),
      );
    };
    expect(inner(true)).toEqual([".layers[0].weight.a", ".layers[0].weight.b"]);
    expect(inner(false)).toEqual([
      ".layers[0].weight._w.a",
      ".layers[0].weight._w.b",
      ".layers[0].weight.a",
      ".layers[0].weight.b",
    ]);
  });

  test("leaves out the scaling and the key of the dropout", () => {
    const { _w, a, b } = model.layers[0]!.weight as lora.LoraArray;
    const scaled = lora.LoraArray.of(_w, a, b, { scaling: np.float32(2), dropout: 0.5 });
    const keyed = lora.withKey(scaled, key);
    const [train] = tree.partition(keyed, lora.trainable(keyed));
    expect(paths(train)).toEqual([".a", ".b"]);
  });

  test("is false everywhere in a model that is not adapted", () => {
    expect(tree.leaves(tree.partition(mlp, lora.trainable(mlp))[0])).toEqual([]);
  });
});
