import { type ArrayValue, grad, nn, numpy as np, quaxify, random, values, vmap } from "cotangent";
import { describe, expect, test } from "vitest";

const key = random.key(4);

describe("an embedding", () => {
  const table = new nn.Embedding(5, 3, { key });
  const row = (i: number) => table.weight.get(i).toList();

  test("looks rows up: from the end below 0, the nearest out of bounds", () => {
    for (const [index, found] of [
      [2, 2],
      [-1, 4],
      [9, 4],
      [-9, 0],
    ] as const)
      expect(table.forward(index).toList()).toEqual(row(found));
    expect(vmap(table)(np.array([1, 1], "int32")).toList()).toEqual([row(1), row(1)]);
  });

  test("gives each row the cotangents of its uses", () => {
    const loss = (layer: nn.Embedding) => np.sum(vmap(layer)(np.array([1, 1, 4], "int32")));
    const rows = np.sum(grad(loss)(table).weight, { axis: 1 });
    expect(rows.toList()).toEqual([0, 6, 0, 0, 3]);
  });

  test("takes a table, and checks it against the sizes", () => {
    const given = new nn.Embedding({ weight: np.ones([2, 4]) });
    expect([given.numEmbeddings, given.embeddingSize]).toEqual([2, 4]);
    expect(() => new nn.Embedding(3, 4, { weight: np.ones([2, 4]) })).toThrow(
      "weight of shape (2, 4) is not (numEmbeddings, embeddingSize) = (3, 4)",
    );
    expect(() => new nn.Embedding({ weight: np.ones([4]) })).toThrow("weight is a matrix");
    expect(() => new nn.Embedding({ key })).toThrow("needs sizes or a table");
    expect(() => new nn.Embedding(3, 4)).toThrow("needs a key");
    expect(() => new nn.Embedding(-3, 4, { key })).toThrow("must be a non-negative integer");
  });

  test("takes one integer", () => {
    expect(() => table.forward(np.zeros([2], "int32"))).toThrow("takes one number, got shape (2,)");
    expect(() => table.forward(np.ones([]))).toThrow("indices must be integers");
  });

  test("looks a quantised table up as it is", () => {
    const small = new nn.Embedding({ weight: values.Quantised.quantise(table.weight) });
    const look = quaxify((m: nn.Embedding, ids: ArrayValue) => vmap(m)(ids) as ArrayValue);
    const found = look(small, np.array([3, -1], "int32"));
    const floats = (small.weight as values.Quantised).dequantise();
    expect(found.toList()).toEqual([floats.get(3).toList(), floats.get(4).toList()]);
    expect(quaxify(small)(np.array(3, "int32")).toList()).toEqual(floats.get(3).toList());
  });
});
