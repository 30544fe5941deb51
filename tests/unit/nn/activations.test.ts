import { type ArrayValue, grad, jit, nn, numpy as np } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

const x = np.array([-7.5, -1, -0.3, 0, 0.4, 2.5, 8]);
const slope = (f: (x: ArrayValue) => ArrayValue) => grad((v: ArrayValue) => np.sum(f(v)))(x) as ArrayValue;

describe("values, and slopes, are those of jax.nn", () => {
  test.each([
    ["relu", nn.relu, [0, 0, 0, 0, 0.4, 2.5, 8], [0, 0, 0, 0, 1, 1, 1]],
    ["relu6", nn.relu6, [0, 0, 0, 0, 0.4, 2.5, 6], [0, 0, 0, 0, 1, 1, 0]],
    ["hardTanh", nn.hardTanh, [-1, -1, -0.3, 0, 0.4, 1, 1], [0, 1, 1, 1, 1, 0, 0]],
    [
      "hardSigmoid",
      nn.hardSigmoid,
      [0, 1 / 3, 0.45, 0.5, 3.4 / 6, 5.5 / 6, 1],
      [0, 1 / 6, 1 / 6, 1 / 6, 1 / 6, 1 / 6, 0],
    ],
    ["sparsePlus", nn.sparsePlus, [0, 0, 0.1225, 0.25, 0.49, 2.5, 8], [0, 0, 0.35, 0.5, 0.7, 1, 1]],
    ["leakyRelu", nn.leakyRelu, [-0.075, -0.01, -0.003, 0, 0.4, 2.5, 8], [0.01, 0.01, 0.01, 1, 1, 1, 1]],
  ] as const)("%s", (_, f, out, slopes) => {
    expectValues(f(x), out);
    expectValues(jit(f)(x), out);
    expectValues(slope(f), slopes);
  });
});

describe("identities", () => {
  const same = (a: ArrayValue, b: ArrayValue) => expectValues(a, np.ravel(b).toList() as number[]);

  test("of the sigmoid's family", () => {
    same(nn.logSigmoid(x), np.log(nn.sigmoid(x)));
    same(nn.silu(x), np.multiply(x, nn.sigmoid(x)));
    same(nn.softplus(x), np.log1p(np.exp(x)));
    same(slope(nn.softplus), nn.sigmoid(x));
    same(slope(nn.sparsePlus), nn.sparseSigmoid(x));
    same(nn.mish(x), np.multiply(x, np.tanh(nn.softplus(x))));
    expect(nn.swish).toBe(nn.silu);
    expect(nn.hardSwish).toBe(nn.hardSilu);
  });

  test("of the exponential units", () => {
    same(nn.celu(x), nn.elu(x));
    same(nn.selu(x), np.multiply(1.0507009873554805, nn.elu(x, { alpha: 1.6732632423543772 })));
    same(nn.elu(x, 0), np.maximum(x, 0));
    expectValues(slope((v) => nn.elu(np.multiply(100, v))).get(-1), 100);
  });

  test("of the others", () => {
    same(nn.squareplus(x, 0), np.maximum(x, 0));
    same(nn.softSign(x), np.divide(x, np.add(1, np.abs(x))));
    expect(nn.identity(x)).toBe(x);
  });
});

test("gelu is nearly its approximation", () => {
  const difference = np.subtract(nn.gelu(x), nn.gelu(x, { approximate: false }));
  expect(np.max(np.abs(difference)).item()).toBeLessThan(1e-3);
});

test("glu gates one half with the other", () => {
  const pair = np.array([[1, 2, 0, 0]]);
  expect(nn.glu(pair).toList()).toEqual([[0.5, 1]]);
  expect(nn.glu(np.ones([4, 3]), { axis: 0 }).shape).toEqual([2, 3]);
  expect(() => nn.glu(np.ones([3]))).toThrow("axis 0 must be of even size, got 3");
});

test("integers stay integers under relu", () => {
  expect([nn.relu(np.array([-1, 2], "int32")).dtype, nn.relu(-3).item()]).toEqual(["int32", 0]);
});

test("unknown options are refused by name", () => {
  expect(() => nn.elu(x, { apha: 1 } as never)).toThrow("did you mean alpha?");
});
