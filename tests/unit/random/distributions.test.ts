import { numpy as np, random } from "cotangent";
import { describe, expect, test } from "vitest";
import type { ArrayValue } from "../../../src/core/value.ts";

const mean = (x: ArrayValue) => np.mean(x).item() as number;

test.each([
  ["exponential", random.exponential, 1, 1],
  ["laplace", random.laplace, 0, 2],
  ["logistic", random.logistic, 0, Math.PI ** 2 / 3],
  ["gumbel", random.gumbel, 0.5772156649, Math.PI ** 2 / 6],
] as const)("%s has its mean and variance", (_, draw, expected, variance) => {
  const sample = draw(random.key(5), [40000]);
  expect(Math.abs(mean(sample) - expected)).toBeLessThan(0.03);
  expect(Math.abs((np.var(sample).item() as number) - variance)).toBeLessThan(0.15);
});

test("half of a Cauchy sample is within 1 of 0", () => {
  const sample = random.cauchy(random.key(5), [10000]);
  expect(mean(np.less(np.abs(sample), 1))).toBeCloseTo(0.5, 1);
});

describe("each distribution", () => {
  const samplers = [random.exponential, random.laplace, random.logistic, random.cauchy, random.gumbel];

  test("is drawn in the dtype asked for, which is a float", () => {
    for (const draw of samplers) {
      expect(draw(random.key(0), [2], "bfloat16").dtype).toBe("bfloat16");
      expect(() => draw(random.key(0), [2], "int32")).toThrow("must be a float dtype, got int32");
    }
  });

  test("takes one key", () => {
    for (const draw of samplers)
      expect(() => draw(random.split(random.key(0)))).toThrow("takes a single key");
  });
});

test("gumbel numbers of mode high are other ones, as in JAX", () => {
  const high = random.gumbel(random.key(0), [3], { mode: "high" }).toList() as number[];
  expect(high.map((x) => x.toFixed(4))).toEqual(["-1.0818", "-1.3464", "0.9066"]);
  expect(() => random.gumbel(random.key(0), [3], { mode: "hihg" as "high" })).toThrow('did you mean "high"?');
  expect(() => random.bernoulli(random.key(0), { mode: "highest" as "high" })).toThrow(
    'mode is "low" or "high"',
  );
});
