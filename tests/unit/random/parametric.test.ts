import { type ArrayValue, grad, jit, numpy as np, random, vmap } from "cotangent";
import { describe, expect, test } from "vitest";

const key = random.key(5);
const moments = (x: ArrayValue) => [np.mean(x).item() as number, np.var(x).item() as number] as const;
const numbers = (x: ArrayValue) => x.toList() as number[];

/** Mean and variance of each distribution, of 20000 numbers. */
const distributions = {
  gamma: [(k) => random.gamma(k, 2.5, [20000]), 2.5, 2.5],
  "gamma below 1": [(k) => random.gamma(k, 0.3, [20000]), 0.3, 0.3],
  beta: [(k) => random.beta(k, 2, 3, [20000]), 0.4, 0.04],
  chisquare: [(k) => random.chisquare(k, 3, [20000]), 3, 6],
  f: [(k) => random.f(k, 5, 20, [20000]), 20 / 18, (2 * 400 * 23) / (5 * 18 ** 2 * 16)],
  t: [(k) => random.t(k, 10, [20000]), 0, 10 / 8],
  pareto: [(k) => random.pareto(k, 5, [20000]), 1.25, 5 / (16 * 3)],
  rayleigh: [(k) => random.rayleigh(k, 2, [20000]), 2 * Math.sqrt(Math.PI / 2), ((4 - Math.PI) / 2) * 4],
  wald: [(k) => random.wald(k, 1.5, [20000]), 1.5, 1.5 ** 3],
  triangular: [(k) => random.triangular(k, 0, 1, 2, [20000]), 1, 1 / 6],
  lognormal: [
    (k) => random.lognormal(k, 0.5, [20000]),
    Math.exp(1 / 8),
    (Math.exp(1 / 4) - 1) * Math.exp(1 / 4),
  ],
  maxwell: [(k) => random.maxwell(k, [20000]), 2 * Math.sqrt(2 / Math.PI), 3 - 8 / Math.PI],
  doubleSidedMaxwell: [(k) => random.doubleSidedMaxwell(k, 1, 2, [20000]), 1, 12],
  weibullMin: [(k) => random.weibullMin(k, 2, 1, [20000]), 2, 4],
  generalizedNormal: [(k) => random.generalizedNormal(k, 2, [20000]), 0, 0.5],
  geometric: [(k) => random.geometric(k, 0.4, [20000]), 2.5, 0.6 / 0.16],
  "poisson, small": [(k) => random.poisson(k, 4, [20000]), 4, 4],
  "poisson, large": [(k) => random.poisson(k, 30, [20000]), 30, 30],
  "binomial, small": [(k) => random.binomial(k, 10, 0.7, [20000]), 7, 2.1],
  "binomial, large": [(k) => random.binomial(k, 200, 0.3, [20000]), 60, 42],
} satisfies Record<string, readonly [draw: (k: ArrayValue) => ArrayValue, mean: number, variance: number]>;

test.each(Object.entries(distributions))("%s has its mean and variance", (_name, [draw, mean, variance]) => {
  const [m, v] = moments(draw(key));
  // Within five standard deviations of the mean of so many.
  expect(Math.abs(m - mean)).toBeLessThan(5 * Math.sqrt(variance / 20000));
  expect(Math.abs(v / variance - 1)).toBeLessThan(0.15);
});

describe("numbers of the simplex and the ball", () => {
  test("sum to 1", () => {
    const p = random.dirichlet(key, np.array([0.01, 2, 30]), [100]);
    expect(p.shape).toEqual([100, 3]);
    for (const sum of numbers(np.sum(p, 1))) expect(sum).toBeCloseTo(1, 5);
    expect(np.all(np.greaterEqual(p, 0)).item()).toBe(true);
  });

  test("have a norm of at most 1, and fill the ball", () => {
    const x = random.ball(key, 2, { shape: [5000] });
    const norms = np.linalg.norm(x, { axis: -1 });
    expect(np.max(norms).item()).toBeLessThanOrEqual(1);
    expect(np.mean(np.less(norms, Math.SQRT1_2)).item()).toBeCloseTo(0.5, 1);
  });
});

describe("vectors of a normal distribution", () => {
  const cov = np.array([[2, 0.6], [0.6, 1]]); // prettier-ignore

  test.each(["cholesky", "eigh", "svd"] as const)("have their covariance by %s", (method) => {
    const x = random.multivariateNormal(key, np.array([1, -1]), cov, { shape: [20000], method });
    expect(x.shape).toEqual([20000, 2]);
    for (const [i, mean] of [1, -1].entries()) expect(np.mean(x.get(":", i)).item()).toBeCloseTo(mean, 1);
    const centred = np.subtract(x, np.mean(x, 0));
    const found = np.divide(np.matmul(centred.T, centred), 20000).toList() as number[][];
    for (const [i, row] of [
      [2, 0.6],
      [0.6, 1],
    ].entries())
      // prettier-ignore
      for (const [j, value] of row.entries()) expect(Math.abs(found[i]![j]! - value)).toBeLessThan(0.08);
  });

  test("may have a singular covariance, which has no Cholesky factor", () => {
    const ones = np.ones([2, 2]);
    const x = random.multivariateNormal(key, np.zeros([2]), ones, { shape: [4], method: "eigh" });
    for (const [a, b] of x.toList() as [number, number][]) expect(a).toBeCloseTo(b, 3);
  });

  test("need a matrix that fits, and a method that there is", () => {
    const draw = (mean: ArrayValue, method: string) => () =>
      random.multivariateNormal(key, mean, cov, { method: method as "svd" });
    expect(draw(np.zeros([3]), "svd")).toThrow(
      "shape (..., n) and a covariance of shape (..., n, n), got (3,) and (2, 2)",
    );
    expect(draw(np.float32(0), "svd")).toThrow("got () and (2, 2)");
    expect(draw(np.zeros([2]), "cholsky")).toThrow('did you mean "cholesky"?');
    expect(() => random.multivariateNormal(key, np.zeros([3, 2]), cov, [2])).toThrow("do not broadcast");
  });
});

describe("parameters", () => {
  const one = {
    gamma: random.gamma,
    t: random.t,
    pareto: random.pareto,
    wald: random.wald,
    rayleigh: random.rayleigh,
  };

  test.each(Object.entries(one))("of %s broadcast to the shape asked for", (_name, draw) => {
    expect(draw(key, np.ones([3, 1]), [2, 3, 4]).shape).toEqual([2, 3, 4]);
    expect(draw(key, np.ones([3], "int32"), null, "bfloat16").dtype).toBe("bfloat16");
    expect(draw(key, 2).shape).toEqual([]);
    expect(() => draw(key, np.ones([3]), [2])).toThrow("shapes (2,) and (3,) do not broadcast");
    expect(() => draw(key, 1, [2], "int32")).toThrow("must be a float dtype, got int32");
    expect(() => draw(key, np.array([1, 2]).astype("complex64"))).toThrow(
      "dtype complex64 does not fit in samples of dtype float32",
    );
    expect(() => draw(random.split(key), 1)).toThrow("takes a single key");
    expect(() => draw(key, [1, 2] as never)).toThrow("wrap it in np.array");
  });

  test("are not rounded to a narrower dtype unawares", () => {
    expect(() => random.beta(key, np.float32(1), 1, null, "float16")).toThrow(
      "random.beta: a parameter of dtype float32 does not fit in samples of dtype float16",
    );
    expect(random.gamma(key, np.float32(1), null, "float16").dtype).toBe("float16");
  });

  test("of dirichlet and multinomial have an axis", () => {
    expect(() => random.dirichlet(key, 1)).toThrow("alpha has an axis");
    expect(() => random.multinomial(key, 3, 0.5)).toThrow("p has an axis");
    expect(() => random.multinomial(key, 10, np.array([0.2, 0.8]), { shape: [3] })).toThrow(
      "does not broadcast to (3,)",
    );
  });

  test("of ball is a number of dimensions", () => {
    expect(() => random.ball(key, 1.5)).toThrow("d is a number of dimensions, got the number 1.5");
    expect(() => random.generalizedNormal(key, 2, [2], "int32")).toThrow("must be a float dtype, got int32");
  });
});

describe("counts", () => {
  test("have an integer dtype, but those of binomial and multinomial, which may be NaN", () => {
    expect(random.poisson(key, 3, null, "int8").dtype).toBe("int8");
    expect(() => random.poisson(key, 3, [2], "float32")).toThrow("must be an integer dtype, got float32");
    expect(() => random.geometric(key, 0.5, [2], "float32")).toThrow("must be an integer dtype, got float32");
    expect(() => random.binomial(key, 3, 0.5, [2], "int32")).toThrow("must be a float dtype, got int32");
    expect(random.multinomial(key, 3, np.array([0.5, 0.5]), { dtype: "int32" }).dtype).toBe("int32");
    expect(() => random.binomial(key, 3, np.array([1]).astype("complex64"))).toThrow(
      "dtype complex64 does not fit",
    );
  });

  test("of a multinomial distribution sum to the number of trials", () => {
    const x = random.multinomial(key, np.array([10, 1000]), np.array([[0.1, 0.4, 0.5], [0, 0, 1]])); // prettier-ignore
    expect(numbers(np.sum(x, 1))).toEqual([10, 1000]);
    expect(numbers(x.get(1))).toEqual([0, 0, 1000]);
  });

  test("of infinitely many trials are infinite, also where none succeeds", () => {
    expect(numbers(random.binomial(key, np.inf, np.array([0, 0.5])))).toEqual([Infinity, Infinity]);
  });
});

describe("samplers that loop", () => {
  const keys = random.split(key, 4);
  const draws = {
    gamma: (k: ArrayValue, a: ArrayValue) => random.gamma(k, a),
    poisson: (k: ArrayValue, a: ArrayValue) => random.poisson(k, a),
    binomial: (k: ArrayValue, a: ArrayValue) => random.binomial(k, a, 0.4),
  };

  test.each(Object.entries(draws))(
    "%s gives each key of a batch its own numbers, also compiled",
    (_name, draw) => {
      const a = np.array([0.5, 40]);
      const batch = vmap((k: ArrayValue) => draw(k, a));
      const expected = [0, 1, 2, 3].map((i) => draw(keys.get(i), a).toList());
      expect(batch(keys).toList()).toEqual(expected);
      expect(jit(batch)(keys).toList()).toEqual(expected);
    },
  );

  test("have a derivative at the same probability, compiled and in batches", () => {
    const a = np.array([0.1, 1, 3.5]);
    const slope = (a: ArrayValue) => grad((a: ArrayValue) => np.sum(random.gamma(random.key(0), a)))(a);
    // Of JAX.
    const expected = [3.54707, 0.99277365, 0.86277854];
    for (const found of [slope(a), jit(slope)(a)])
      numbers(found).forEach((x, i) => expect(x).toBeCloseTo(expected[i]!, 4));
    const each = vmap(
      (k: ArrayValue) => grad((a: number | ArrayValue) => random.gamma(k, a))(1.5) as ArrayValue,
    );
    numbers(each(random.split(random.key(0), 3))).forEach((x, i) =>
      expect(x).toBeCloseTo([0.9416556, 1.5863322, 1.1241368][i]!, 4),
    );
  });

  test("draw nothing where nothing is asked for", () => {
    expect(random.gamma(key, 1, [0, 2]).shape).toEqual([0, 2]);
    expect(random.poisson(key, 1, [0]).shape).toEqual([0]);
    expect(random.binomial(key, 1, 0.5, [2, 0]).shape).toEqual([2, 0]);
  });
});
