import { type ArrayValue, jit, lora, nn, numpy as np, quaxify, random, tree, vmap } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, values } from "../arrays.ts";

const key = random.key(5);
const x = random.normal(random.key(6), [4, 6]);

describe("multi-head attention", () => {
  const layer = new nn.MultiheadAttention(3, 6, { key });

  test("with a causal mask does not look ahead", () => {
    const mask = np.tril(np.ones([4, 4], "bool"));
    const changed = np.where(np.array([true, true, false, false]).reshape([4, 1]), x, 7);
    const causal = (sequence: ArrayValue) => layer.forward(sequence, sequence, sequence, mask).get(":2");
    expectValues(causal(changed), values(causal(x)));
    expect(layer.forward(changed, changed, changed).get(":2").toList()).not.toEqual(
      layer.forward(x, x, x).get(":2").toList(),
    );
  });

  test("is switched to inference with the model that it is in", () => {
    const noisy = new nn.MultiheadAttention(3, 6, { dropoutP: 0.5, key });
    expect(() => noisy.forward(x, x, x)).toThrow("requires a key");
    const quiet = nn.inferenceMode([noisy])[0]!;
    expect(quiet.forward(x, x, x).toList()).toEqual(layer.forward(x, x, x).toList());
    expect(noisy.forward(x, x, x, { inference: true }).toList()).toEqual(layer.forward(x, x, x).toList());
    const on = quiet.forward(x, x, x, { inference: false, key });
    expect(on.toList()).toEqual(noisy.forward(x, x, x, { key }).toList());
    expect(on.toList()).not.toEqual(layer.forward(x, x, x).toList());
  });

  test("takes low-rank weights and batches", () => {
    const tuned = lora.loraify(layer, { rank: 1, key });
    const apply = (m: nn.MultiheadAttention, xs: ArrayValue) =>
      vmap((one: ArrayValue) => m.forward(one, one, one))(xs);
    const batch = np.stack([x, np.negative(x)]);
    expectValues(jit(quaxify(apply))(tuned, batch), values(apply(layer, batch)));
    const [adapters] = tree.partition(tuned, lora.trainable(tuned));
    expect(tree.leaves(adapters).length).toBe(8);
  });

  test("refuses what does not fit", () => {
    const forward = layer.forward.bind(layer);
    expect(() => forward(x, x, x.get(":3"))).toThrow("sequences of one length, got 4 and 3");
    expect(() => forward(np.stack([x]), x, x)).toThrow("takes (sequence, channels), got shape (1, 4, 6)");
    expect(() => forward(x, x, x, np.ones([3, 4], "bool"))).toThrow("(queries, keys) = (4, 4)");
    const processHeads = (q: ArrayValue, k: ArrayValue, v: ArrayValue) => [q, k.get(":2"), v] as const;
    expect(() => forward(x, x, x, { processHeads })).toThrow("key was (4, 3, 2), is (2, 3, 2)");
    expect(() => new nn.MultiheadAttention(0, 6, { key })).toThrow("numHeads must be a positive integer");
  });
});

describe("rotary positions", () => {
  test("leave a product that depends on the distance only", () => {
    const rotate = new nn.RotaryPositionalEmbedding(6);
    const turned = rotate.forward(np.multiply(np.ones([5, 1]), np.arange(1, 7)));
    const products = np.matmul(turned, turned.T).toList() as number[][];
    for (const distance of [0, 1, 2, 3])
      for (let i = distance; i < 5; i++)
        expect(products[i]![i - distance]).toBeCloseTo(products[distance]![0]!, 3);
    expect(products[1]![0]).not.toBeCloseTo(products[0]![0]!, 1);
  });

  test("need an even size", () => {
    expect(() => new nn.RotaryPositionalEmbedding(5)).toThrow("must be even");
    expect(() => new nn.RotaryPositionalEmbedding(4).forward(np.ones([3, 6]))).toThrow("takes (sequence, 4)");
    expect(() => new nn.RotaryPositionalEmbedding(4, { theta: 0 })).toThrow("positive number");
  });
});

describe("dot product attention", () => {
  const [q, k] = [np.ones([2, 4, 3]), np.ones([5, 2, 3])];
  test("refuses what does not fit, and says so", () => {
    const attention = nn.dotProductAttention;
    expect(() => attention(np.ones([2, 3, 3]), k, k)).toThrow("a multiple of that of key and value heads");
    expect(() => attention(q, k, np.ones([4, 2, 3]))).toThrow("key and value have one shape");
    expect(() => attention(q, k, k.astype("bfloat16"))).toThrow("have one dtype");
    expect(() => attention(q, k, k, { mask: np.ones([2, 5]) })).toThrow("mask is bool");
    expect(() => attention(q, k, k, { mask: np.ones([3, 2, 5], "bool") })).toThrow("axis 1 of bias or mask");
    expect(() => attention(np.ones([3]), k, k)).toThrow("(batch, sequence, heads, size)");
    expect(() => attention(q, k, k, { localWindowSize: -1 })).toThrow("counts from 0");
    expect(() => attention(q, k, k, { querySeqLengths: np.ones([3], "int32") })).toThrow(
      "each of 1 examples",
    );
  });
});
