import { type ArrayValue, grad, nn, numpy as np, scipy } from "cotangent";
import { describe, expect, test } from "vitest";

const { special } = scipy;
const complex = np.astype(np.array([1, 2]), "complex64");

test("nn's softmax is scipy's along the last axis, and both have one logsumexp", () => {
  const x = np.array([[1, 2], [3, 5]]); // prettier-ignore
  expect(nn.softmax(x).tolist()).toEqual(special.softmax(x, { axis: -1 }).tolist());
  expect(nn.logSoftmax(x).tolist()).toEqual(special.logSoftmax(x, { axis: -1 }).tolist());
  expect(special.softmax(x).tolist()).not.toEqual(nn.softmax(x).tolist());
  expect(nn.logsumexp).toBe(special.logsumexp);
});

test("slopes at the ends of domains are what JAX has", () => {
  const slope = (f: (x: ArrayValue) => ArrayValue, at: number) => Number(grad(f)(np.array(at)).tolist());
  expect(slope((x) => special.xlogy(0, x), 0.5)).toBe(0);
  expect(slope((x) => special.entr(x), 1)).toBe(-1);
  expect(slope((x) => special.ndtri(x), 0.5)).toBeCloseTo(Math.sqrt(2 * Math.PI), 5);
});

describe("refused are", () => {
  test.each(["gammaln", "gamma", "entr", "i0", "erf", "dawsn"] as const)(
    "complex numbers, by %s, which is not defined for them",
    (name) => {
      expect(() => special[name](complex)).toThrow(
        `scipy.special.${name} is not defined for complex numbers`,
      );
    },
  );

  test("integers and halves, by functions of the normal distribution", () => {
    expect(() => special.ndtr(np.array([1, 2], "int32"))).toThrow("takes float32 or float64, got int32");
    expect(() => special.logNdtr(np.array([1], "float16"))).toThrow("got float16");
  });

  test("orders, counts and flags that are none", () => {
    expect(() => special.polygamma(1.5, 2)).toThrow("the order is an integer, got float32");
    expect(() => special.multigammaln(3, -1)).toThrow("d is the size of a matrix, got the number -1");
    expect(() => special.besselJn(np.array([1]), 2.5)).toThrow(
      "v is an integer of at least 0, got the number 2.5",
    );
    expect(() => special.besselJn(np.array([1]), 60)).toThrow(
      "nIter is an integer of at least 60, got the number 50",
    );
    expect(() => special.logNdtr(np.array(1), 31)).toThrow(
      "seriesOrder is an integer from 0 to 30, got the number 31",
    );
    expect(() => special.comb(3, 2, { repetition: 1 as never })).toThrow(
      "repetition is a boolean, got the number 1",
    );
    expect(() => special.softmax(np.array([1]), { axes: 0 } as never)).toThrow("axes");
  });
});
