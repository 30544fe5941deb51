import { jit, numpy as np, random } from "cotangent";
import { describe, expect, test } from "vitest";
import type { ArrayValue } from "../../../src/core/value.ts";

const key = random.key(0);

describe("random integers", () => {
  test("are those of JAX", () => {
    expect(random.randint(key, [6], 0, 10).toList()).toEqual([9, 0, 2, 3, 1, 7]);
    expect(random.randint(key, [6], -(2 ** 31), 2 ** 31 - 1).toList()).toEqual([
      -2116156571, -2057756336, 349724616, -593401283, -1189543933, -1635143725,
    ]);
    expect(random.randint(key, [4], 0, 200, "uint8").toList()).toEqual([189, 0, 112, 173]);
    expect(random.randint(random.key(42), [6], 0, 300, "uint8").toList()).toEqual([
      196, 18, 183, 193, 141, 107,
    ]);
  });

  test("are minval where nothing is below maxval", () => {
    expect(random.randint(key, [2], 7, 3).toList()).toEqual([7, 7]);
    expect(random.randint(key, [2], 5, 5).toList()).toEqual([5, 5]);
  });

  test("may reach the largest of their dtype", () => {
    const sample = random.randint(key, [2000], 126, 128, "int8");
    expect([np.min(sample).item(), np.max(sample).item()]).toEqual([126, 127]);
    expect(np.min(random.randint(key, [50], 0, np.uint32(2 ** 31))).item()).toBeGreaterThanOrEqual(0);
  });

  test("take bounds from arrays, whose fractions are cut off", () => {
    const low = np.array([0, 10, 100], "int32");
    const high = np.array([5, 20, 1000], "int32");
    expect(random.randint(key, [2, 3], low, high).toList()).toEqual([
      [4, 10, 912],
      [3, 11, 247],
    ]);
    expect(random.randint(key, [6], 0.7, 5.5).toList()).toEqual(random.randint(key, [6], 0, 5).toList());
    expect(() => random.randint(key, [2], low, 4)).toThrow("do not broadcast");
    expect(() => random.randint(key, [2], 0, NaN)).toThrow(
      "maxval must be an integer that int32 or uint32 can hold, got the number NaN",
    );
  });

  test("are integers", () => {
    expect(() => random.randint(key, [2], 0, 3, "float32")).toThrow(
      "only accepts integer dtypes, got float32",
    );
  });

  test("are the same under jit", () => {
    const draw = (k: ArrayValue, high: ArrayValue) => random.randint(k, [5], 0, high);
    expect(jit(draw)(key, np.int32(77)).toList()).toEqual(draw(key, np.int32(77)).toList());
  });
});

describe("bernoulli", () => {
  test("is true as often as it should be", () => {
    expect(random.bernoulli(key, 0.5, [5]).toList()).toEqual([false, false, true, true, false]);
    expect(np.mean(random.bernoulli(key, 0.2, [20000])).item()).toBeCloseTo(0.2, 1);
    expect(np.all(random.bernoulli(key, 1, [50])).item()).toBe(true);
    expect(np.any(random.bernoulli(key, 0, [50])).item()).toBe(false);
    expect(np.mean(random.bernoulli(key, { p: 0.2, shape: [20000], mode: "high" })).item()).toBeCloseTo(
      0.2,
      1,
    );
  });

  test("takes its shape from p", () => {
    expect(random.bernoulli(key, np.array([0.1, 0.5, 0.9])).toList()).toEqual([false, false, true]);
    expect(() => random.bernoulli(key, np.zeros([3]), [2])).toThrow("do not broadcast");
    expect(() => random.bernoulli(key, np.array([1], "int32"))).toThrow(
      "p must have a float dtype, got int32",
    );
  });
});

test("rademacher numbers are 1 and -1", () => {
  expect(random.rademacher(random.key(42), [5]).toList()).toEqual([1, -1, -1, -1, 1]);
  expect(random.rademacher(key, [3], "float32").dtype).toBe("float32");
});
