import { grad, jit, makeJaxpr, numpy as np, random } from "cotangent";
import { describe, expect, test } from "vitest";
import type { ArrayValue } from "../../../src/core/value.ts";

const key = random.key(1);

describe("bits", () => {
  test("are those of JAX in every width", () => {
    expect(random.bits(key, [3]).toList()).toEqual([1883912375, 2292451390, 1915204986]);
    expect(random.bits(key, [3], "uint16").toList()).toEqual([14519, 2110, 46458]);
    expect(random.bits(key, { shape: [2], dtype: np.uint8 }).toList()).toEqual([183, 62]);
  });

  test("are unsigned", () => {
    expect(() => random.bits(key, [2], "int32")).toThrow("must be an unsigned integer dtype, got int32");
  });
});

describe("uniform numbers", () => {
  test("are those of JAX", () => {
    expect(random.uniform(key, [2]).toList()).toEqual([0.4386325, 0.5337529].map(Math.fround));
    expect(random.uniform(key, 2).shape).toEqual([2]);
    expect(random.uniform(key, [2, 0, 3]).shape).toEqual([2, 0, 3]);
    const between = random.uniform(key, [2], { minval: -2.5, maxval: 3 });
    expect(between.toList()).toEqual([-0.087521315, 0.43564105].map(Math.fround));
  });

  test("have the dtype asked for", () => {
    expect(random.uniform(key, [3], "bfloat16").astype("float32").toList()).toEqual([
      0.7109375, 0.2421875, 0.4765625,
    ]);
    expect(() => random.uniform(key, [2], "int32")).toThrow("must be a float dtype, got int32");
  });

  test("from 0 to 1 take no scaling", () => {
    const primitives = String(makeJaxpr((k: ArrayValue) => random.uniform(k, [2]))(key));
    expect(primitives).not.toMatch(/mul|fma|max/);
  });

  test("broadcast their bounds, and pass gradients to them", () => {
    const low = np.array([0, 10, 20]);
    const sample = random.uniform(key, [2, 3], { minval: low, maxval: np.array([[21], [30]]) });
    expect(np.all(np.greaterEqual(sample, low)).item()).toBe(true);
    expect(() => random.uniform(key, [2], { minval: low })).toThrow("do not broadcast");
    expect(() => random.uniform(key, { maxval: low })).toThrow(
      "(3,) do not broadcast to the shape argument ()",
    );
    const unit = random.uniform(key, []).item() as number;
    const slope = grad((high: ArrayValue) => random.uniform(key, { maxval: high }))(
      np.array(3),
    ) as ArrayValue;
    expect(slope.item()).toBeCloseTo(unit, 6);
  });

  test("are the same under jit", () => {
    const draw = (k: ArrayValue) => random.uniform(k, [5], { minval: -0.3, maxval: 0.7 });
    expect(jit(draw)(key).toList()).toEqual(draw(key).toList());
  });
});
