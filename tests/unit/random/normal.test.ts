import { numpy as np, random } from "cotangent";
import { describe, expect, test } from "vitest";

const key = random.key(1);

describe("normal numbers", () => {
  test("are those of JAX, to the last bit", () => {
    const expected = [-0.15443718, 0.084707275, -0.13598049].map(Math.fround);
    expect(random.normal(key, [3]).toList()).toEqual(expected);
  });

  test("are finite wherever the bits fall", () => {
    const sample = random.normal(random.key(3), [20000]);
    expect(np.all(np.isfinite(sample)).item()).toBe(true);
    expect(Math.abs(np.mean(sample).item() as number)).toBeLessThan(0.03);
    expect(np.std(sample).item()).toBeCloseTo(1, 1);
  });

  test("may be complex, of variance 1", () => {
    const sample = random.normal(random.key(7), [4000], "complex64");
    expect(sample.dtype).toBe("complex64");
    expect(np.mean(np.square(np.abs(sample))).item()).toBeCloseTo(1, 1);
  });

  test("are no integers", () => {
    expect(() => random.normal(key, [2], "int32")).toThrow("must be a float or complex dtype, got int32");
  });
});

describe("truncated normal numbers", () => {
  test("are between their bounds", () => {
    const sample = random.truncatedNormal(key, -1, 1.5, [2000]);
    expect(np.min(sample).item()).toBeGreaterThan(-1);
    expect(np.max(sample).item()).toBeLessThan(1.5);
    expect(np.min(random.truncatedNormal(key, 3, Infinity, [200])).item()).toBeGreaterThan(3);
  });

  test("have the shape of their bounds", () => {
    expect(random.truncatedNormal(key, -1, np.array([1, 2, 3])).shape).toEqual([3]);
    expect(() => random.truncatedNormal(key, np.zeros([3]), 1, [2])).toThrow("do not broadcast");
  });
});
