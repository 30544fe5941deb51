import { type ArrayValue, grad, hessian, makeJaxpr, nn, numpy as np } from "cotangent";
import { describe, expect, test } from "vitest";
import { expectValues } from "../arrays.ts";

const x = np.array([
  [1, 2, 3],
  [1000, 1000, -1000],
]);
const half = np.array([
  [true, false, true],
  [false, true, true],
]);

describe("softmax", () => {
  test("sums to 1 along its axis, without overflow", () => {
    expectValues(np.sum(nn.softmax(x), 1), [1, 1]);
    expectValues(nn.softmax(x).get(1), [0.5, 0.5, 0]);
    expectValues(np.sum(nn.softmax(x, 0), 0), [1, 1, 1]);
    expectValues(np.sum(nn.softmax(x, { axis: null })), 1);
    expectValues(nn.softmax(np.array([1, 1], "int32")), [0.5, 0.5]);
  });

  test("is 0 where it is masked", () => {
    expectValues(nn.softmax(x, { where: half }), [0.11920292, 0, 0.88079708, 0, 1, 0]);
    expect(nn.logSoftmax(x, { where: half }).get(0, 1).item()).toBe(-Infinity);
  });

  test("has the logarithm logSoftmax, and its gradient sums to 0", () => {
    expectValues(np.exp(nn.logSoftmax(x)), np.ravel(nn.softmax(x)).toList() as number[]);
    const gradient = grad((v: ArrayValue) => nn.softmax(v).get(0, 0))(x) as ArrayValue;
    expect(Math.abs(np.sum(gradient).item() as number)).toBeLessThan(1e-6);
  });
});

test("softmax has the derivatives of a quotient of exponentials, to second order, and is differentiated through itself", () => {
  const v = np.array([0.5, -1, 2]);
  const weights = np.array([1, -2, 0.5]);
  const plain = (u: ArrayValue) => np.divide(np.exp(u), np.sum(np.exp(u)));
  const weighted = (f: typeof plain) => (u: ArrayValue) => np.sum(np.multiply(weights, np.square(f(u))));
  const own = weighted((u) => nn.softmax(u));
  expectValues(grad(own)(v), grad(weighted(plain))(v).toList() as number[]);
  expectValues(hessian(own)(v), np.ravel(hessian(weighted(plain))(v)).toList() as number[]);
  const masked = (u: ArrayValue) =>
    np.sum(np.multiply(weights, nn.softmax(u, { where: np.array([true, true, false]) })));
  const two = (u: ArrayValue) => np.sum(np.multiply(np.array([1, -2]), plain(u)));
  expectValues(grad(masked)(v), [...(grad(two)(np.array([0.5, -1])).toList() as number[]), 0]);
  const names = makeJaxpr(grad((u: ArrayValue) => np.sum(np.multiply(weights, nn.softmax(u)))))(v);
  expect(String(names).match(/ exp /g)).toHaveLength(1);
});

describe("logsumexp", () => {
  test("does not overflow, and of nothing is -Infinity", () => {
    expectValues(nn.logsumexp(x, 1), [3.40760596, 1000.69314718]);
    expectValues(nn.logsumexp(np.array([0, 0])), Math.LN2);
    expect(nn.logsumexp(np.array([-Infinity, -Infinity])).item()).toBe(-Infinity);
    expect(nn.logsumexp(x, { keepdims: true }).shape).toEqual([1, 1]);
  });

  test("weighs the terms, and can say their sum's sign", () => {
    expectValues(nn.logsumexp(np.array([0, 0]), { b: np.array([3, 1]) }), Math.log(4));
    const [out, sign] = nn.logsumexp(np.array([0, 0]), { b: np.array([-3, 1]), returnSign: true });
    expectValues(np.stack([out, sign]), [Math.LN2, -1]);
    expect(nn.logsumexp(np.array([0, 0]), { b: np.array([-3, 1]) }).item()).toBeNaN();
    expectValues(nn.logsumexp(np.array([1, 5]), { where: np.array([true, false]) }), 1);
  });

  test("has the gradient softmax", () => {
    const v = np.array([0.5, -1, 2]);
    const gradient = grad((u: ArrayValue) => nn.logsumexp(u))(v);
    expectValues(gradient, nn.softmax(v).toList() as number[]);
  });
});

test("standardize makes mean 0 and variance 1", () => {
  const v = np.array([1, 2, 3, 6]);
  for (const algorithm of ["fast", "stable"] as const)
    expectValues(np.mean(nn.standardize(v, { algorithm })), 0);
  expectValues(nn.standardize(v, { mean: 1, variance: 4, epsilon: 0 }), [0, 0.5, 1, 2.5]);
  expect(() => nn.standardize(v, { algorithm: "quick" as "fast" })).toThrow(
    'algorithm is "fast" or "stable"',
  );
});

test("oneHot has a 1 at the index, if there is such a class", () => {
  expect(nn.oneHot(np.array([1, -1, 3], "int32"), 3).toList()).toEqual([
    [0, 1, 0],
    [0, 0, 0],
    [0, 0, 0],
  ]);
  expect(nn.oneHot(np.array([0, 1], "int32"), 3, { axis: 0, dtype: "int32" }).toList()).toEqual([
    [1, 0],
    [0, 1],
    [0, 0],
  ]);
  expect(() => nn.oneHot(0, -1)).toThrow("numClasses must be a count, got the number -1");
});
