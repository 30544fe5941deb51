import { nn, numpy as np, tree, vmap } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues, values } from "../arrays.ts";

describe("layer normalisation", () => {
  test("makes mean 0 and variance 1, then scales and shifts", () => {
    const norm = new nn.LayerNorm(4);
    const out = norm.forward(np.array([1, 2, 3, 6]));
    expectValues(np.mean(out), 0);
    expectValues(np.var(out), 1);
    const moved = tree.at((n) => [n.weight, n.bias], norm, [np.full([4], 2), np.full([4], 5)]);
    expectValues(np.mean(moved.forward(np.array([1, 2, 3, 6]))), 5);
    expectValues(new nn.LayerNorm([2], { eps: 1 }).forward(np.array([-1, 1])), [-Math.SQRT1_2, Math.SQRT1_2]);
  });

  test("has weight and bias only where they are wanted", () => {
    const norm = new nn.LayerNorm([2, 3], { useWeight: false, useBias: false });
    expect(tree.leaves(norm)).toEqual([]);
    expect(norm.forward(np.ones([2, 3])).toList()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  test("computes in float32 and returns the dtype that came", () => {
    expect(new nn.LayerNorm(3).forward(np.array([1, 2, 3], "bfloat16")).dtype).toBe("bfloat16");
  });

  test("takes its own shape only; vmap takes the other axes", () => {
    expect(() => new nn.LayerNorm(4).forward(np.ones([5]))).toThrow(
      "of shape (4,) got an array of shape (5,): use vmap",
    );
    expect(vmap(new nn.LayerNorm(4))(np.ones([5, 4])).shape).toEqual([5, 4]);
  });
});

describe("root mean square normalisation", () => {
  test("makes the mean square 1, then scales and shifts", () => {
    const norm = new nn.RMSNorm(4);
    const out = norm.forward(np.array([1, 2, 3, 6]));
    expectValues(np.mean(np.square(out)), 1);
    const moved = tree.at((n) => [n.weight, n.bias], norm, [np.full([4], 2), np.full([4], 5)]);
    expectValues(moved.forward(np.array([1, 2, 3, 6])), values(np.add(np.multiply(out, 2), 5)));
    expectValues(new nn.RMSNorm([2], { eps: 1 }).forward(np.array([-1, 1])), [-Math.SQRT1_2, Math.SQRT1_2]);
  });

  test("takes its own shape only, and says its own name", () => {
    expect(() => new nn.RMSNorm(4).forward(np.ones([5]))).toThrow(
      "nn.RMSNorm of shape (4,) got an array of shape (5,)",
    );
  });
});

describe("group normalisation", () => {
  test("makes mean 0 and variance 1 of each group of channels", () => {
    const x = np.reshape(np.sin(np.arange(24)), [4, 3, 2]);
    const out = np.reshape(new nn.GroupNorm(2, 4, { eps: 0 }).forward(x), [2, 12]);
    expectValues(np.mean(out, { axis: 1 }), [0, 0]);
    expectValues(np.var(out, { axis: 1 }), [1, 1]);
    const plain = new nn.GroupNorm(2, { channelwiseAffine: false, eps: 0 });
    expectValues(plain.forward(x), values(out));
    expect(tree.leaves(plain)).toEqual([]);
  });

  test("refuses groups of several sizes", () => {
    expect(() => new nn.GroupNorm(3, 4)).toThrow("nn.GroupNorm: 4 channels are no 3 groups of one size");
    expect(() => new nn.GroupNorm(0, 4)).toThrow("nn.GroupNorm: groups must be a positive integer");
    expect(() => new nn.GroupNorm(3)).toThrow(
      "a weight needs the number of channels: new nn.GroupNorm(3, channels)",
    );
    expect(() => new nn.GroupNorm(2, 4).forward(np.ones([6]))).toThrow(
      "nn.GroupNorm takes (4, …), got shape (6,)",
    );
    expect(() => new nn.GroupNorm(2, { channelwiseAffine: false }).forward(np.ones([3]))).toThrow(
      "nn.GroupNorm takes (a multiple of 2, …), got shape (3,)",
    );
  });
});
