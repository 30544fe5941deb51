import { type ArrayValue, grad, jit, lax, nn, numpy as np, random, tree, vmap } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, values } from "../arrays.ts";

const key = random.key(3);
const sequence = random.normal(random.key(4), [6, 3]);

describe("a GRU", () => {
  const cell = new nn.GRUCell(3, 4, { key });

  test("is a pytree of weights for three gates, and a second bias for one of them", () => {
    expect(
      tree.leavesWithPath(cell).map(([path, leaf]) => [tree.pathToString(path), (leaf as ArrayValue).shape]),
    ).toEqual([
      [".weightIh", [12, 3]],
      [".weightHh", [12, 4]],
      [".bias", [12]],
      [".biasN", [4]],
    ]);
    expect(tree.leaves(new nn.GRUCell(3, 4, { key, useBias: false })).length).toBe(2);
  });

  test("stays between its hidden state and the new value", () => {
    expectValues(
      new nn.GRUCell(3, 4, { key, useBias: false }).forward(np.zeros([3]), np.zeros([4])),
      [0, 0, 0, 0],
    );
    const out = values(cell.forward(np.full([3], 100), np.ones([4])));
    expect(out.every((x) => Math.abs(x) <= 1)).toBe(true);
  });

  test("carries a batch of states through a scan, and gradients back", () => {
    const batch = random.normal(random.key(5), [2, 6, 3]);
    const last = (model: nn.GRUCell, xs: ArrayValue) =>
      lax.scan((h: ArrayValue, x: ArrayValue) => [model.forward(x, h), null], np.zeros([4]), xs)[0];
    const both = vmap((xs: ArrayValue) => last(cell, xs))(batch);
    expectValues(both.get(1), values(last(cell, batch.get(1))));
    const loss = (model: nn.GRUCell) => np.sum(vmap((xs: ArrayValue) => last(model, xs))(batch));
    expectValues(jit(grad(loss))(cell).biasN, values((grad(loss)(cell) as nn.GRUCell).biasN!));
  });

  test("refuses what it cannot be or take", () => {
    expect(() => new nn.GRUCell(3, 0, { key })).toThrow(
      "nn.GRUCell: hiddenSize must be a positive integer, got the number 0",
    );
    expect(() => new nn.GRUCell(3, 4, {} as never)).toThrow("nn.GRUCell needs a key");
    expect(() => cell.forward(sequence, np.zeros([4]))).toThrow(
      "nn.GRUCell takes an input of shape (3,), got (6, 3): use vmap for a batch, lax.scan for a sequence",
    );
    expect(() => cell.forward(np.zeros([3]), np.zeros([3]))).toThrow(
      "nn.GRUCell takes a hidden state of shape (4,), got (3,)",
    );
  });
});

describe("an LSTM", () => {
  const cell = new nn.LSTMCell(3, 4, { key });
  const start: nn.LSTMState = [np.zeros([4]), np.zeros([4])];

  test("is a pytree of weights for four gates", () => {
    expect(
      tree.leavesWithPath(cell).map(([path, leaf]) => [tree.pathToString(path), (leaf as ArrayValue).shape]),
    ).toEqual([
      [".weightIh", [16, 3]],
      [".weightHh", [16, 4]],
      [".bias", [16]],
    ]);
  });

  test("keeps its own state where the forget gate is open and the input gate closed", () => {
    const bias = np.concatenate([np.full([4], -50), np.full([4], 50), np.zeros([8])]);
    const keeper = tree.at((c) => c.bias, cell, bias);
    const own = np.array([1, -2, 3, 0.5]);
    expectValues(keeper.forward(np.zeros([3]), [np.zeros([4]), own])[1], values(own));
  });

  test("carries its pair through a scan", () => {
    const [[hidden, own], outputs] = lax.scan(
      (state: nn.LSTMState, x: ArrayValue) => {
        const next = cell.forward(x, state);
        return [next, next[0]];
      },
      start,
      sequence,
    );
    let state = start;
    for (const x of lax.unstack(sequence)) state = cell.forward(x, state);
    expectValues(hidden, values(state[0]));
    expectValues(own, values(state[1]));
    expect(outputs.shape).toEqual([6, 4]);
  });

  test("refuses what it cannot be or take", () => {
    expect(() => new nn.LSTMCell(-1, 4, { key })).toThrow(
      "nn.LSTMCell: inputSize must be a non-negative integer, got the number -1",
    );
    expect(() => cell.forward(np.zeros([3]), np.zeros([4]) as never)).toThrow(
      "nn.LSTMCell takes a pair [hidden, cell]",
    );
    expect(() => cell.forward(np.zeros([3]), [np.zeros([4]), np.zeros([3])])).toThrow(
      "nn.LSTMCell takes states of shape (4,), got (3,)",
    );
  });
});
