import { grad, nn, numpy as np, random, tree, vmap } from "cotangent";
import { describe, expect, test } from "vitest";

const key = random.key(2);

describe("a linear layer", () => {
  test("starts uniform in ±1/√in, with the weights of Equinox", () => {
    const { weight, bias } = new nn.Linear(3, 4, { key, useBias: false });
    expect([weight.shape, bias]).toEqual([[4, 3], null]);
    const wide = new nn.Linear(100, 50, { key });
    const largest = np.max(np.abs(wide.weight)).item() as number;
    expect(largest).toBeLessThanOrEqual(0.1);
    expect(largest).toBeGreaterThan(0.099);
    expect(wide.bias!.shape).toEqual([50]);
  });

  test("multiplies and adds, without axes where a size is scalar", () => {
    const linear = new nn.Linear(3, 4, { key });
    const x = np.array([1, -2, 3]);
    const expected = np.add(np.matmul(linear.weight, x), linear.bias!);
    expect(linear.forward(x).toList()).toEqual(expected.toList());
    expect(new nn.Linear("scalar", 2, { key }).forward(3).shape).toEqual([2]);
    expect(new nn.Linear(3, "scalar", { key }).forward(x).shape).toEqual([]);
    expect(vmap(linear)(np.ones([5, 3])).shape).toEqual([5, 4]);
  });

  test("is a pytree of weight and bias", () => {
    const linear = new nn.Linear(3, "scalar", { key });
    const gradient = grad((m: nn.Linear) => m.forward(np.array([1, 2, 3])))(linear) as nn.Linear;
    expect([gradient.weight.toList(), gradient.bias!.toList(), gradient.outFeatures]).toEqual([
      [[1, 2, 3]],
      [1],
      "scalar",
    ]);
    expect(tree.leaves(linear).map((leaf) => leaf === linear.weight || leaf === linear.bias)).toEqual([
      true,
      true,
    ]);
  });

  test("may be of another dtype", () => {
    expect(new nn.Linear(2, 2, { key, dtype: "bfloat16" }).weight.dtype).toBe("bfloat16");
    const complex = new nn.Linear(4, 200, { key, dtype: "complex64" }).weight;
    expect([complex.dtype, (np.max(np.abs(np.imag(complex))).item() as number) < 0.5]).toEqual([
      "complex64",
      true,
    ]);
  });

  test("refuses what it cannot be or take", () => {
    expect(() => new nn.Linear(2.5, 2, { key })).toThrow(
      'inFeatures must be a non-negative integer or "scalar", got the number 2.5',
    );
    expect(() => new nn.Linear(2, 2, {} as nn.LinearOptions)).toThrow("needs a key");
    expect(() => new nn.Linear(2, 2, { key, usebias: true } as nn.LinearOptions)).toThrow(
      "no option usebias; did you mean useBias?",
    );
    expect(() => new nn.Linear(3, 2, { key }).forward(np.ones([4]))).toThrow("contracted sizes differ");
    expect(() => new nn.Linear("scalar", 2, { key }).forward(np.ones([4]))).toThrow("use vmap for a batch");
  });
});
