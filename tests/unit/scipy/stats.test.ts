import { type ArrayValue, grad, numpy as np, scipy } from "cotangent";
import { describe, expect, test } from "vitest";

const { stats } = scipy;

test("loc and scale may be given in order or by name", () => {
  const x = np.array([0.5, 2]);
  const wanted = stats.norm.logpdf(x, 1, 2).tolist();
  expect(stats.norm.logpdf(x, { loc: 1, scale: 2 }).tolist()).toEqual(wanted);
  expect(stats.norm.logpdf(x, 1, { scale: 2 }).tolist()).toEqual(wanted);
});

test("outside of the support the density has the gradient 0, and not NaN", () => {
  for (const name of ["gamma", "chi2", "pareto"] as const) {
    const slope = grad((x: ArrayValue) => stats[name].pdf(x, 2.5))(np.array(-1.5));
    expect(Number(slope.tolist())).toBe(0);
  }
});

test("a scale that is not positive has no density", () => {
  expect(Number(stats.norm.pdf(0.5, 0, -1).tolist())).toBeNaN();
  expect(Number(stats.uniform.logpdf(0.5, { scale: -1 }).tolist())).toBe(-Infinity);
});

describe("refused are", () => {
  test("parameters that are missing, options that are unknown or too many", () => {
    expect(() => (stats.beta.pdf as (...xs: number[]) => unknown)(0.5)).toThrow(
      "argument 1 must be an array or a number",
    );
    expect(() => stats.norm.pdf(0.5, { width: 2 } as never)).toThrow("width");
    expect(() => (stats.poisson.pmf as (...xs: number[]) => unknown)(1, 2, 0, 1)).toThrow(
      "at most 1 optional",
    );
  });

  test("covariances, shares and counts that do not fit", () => {
    const x = np.array([1, 2]);
    expect(() => stats.multivariateNormal.pdf(x, x, np.array([1, 2]))).toThrow("the covariance is [2, 2]");
    expect(() => stats.dirichlet.pdf(np.array([0.5]), np.array([1, 2, 3]))).toThrow("or one fewer");
    expect(() => stats.multinomial.pmf(x, 3, np.array([0.5, 0.5]))).toThrow(
      "x and n are integers, got float32",
    );
  });

  test("policies and methods that are not there", () => {
    expect(() => stats.mode(np.array([1]), 0, "omit" as never)).toThrow('"omit"');
    expect(() => stats.rankdata(np.array([1]), "mean" as never)).toThrow('got the string "mean"');
    expect(() => stats.sem(np.array([1]), 0, 1, "raise" as never)).toThrow("nanPolicy");
  });
});
