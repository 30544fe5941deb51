import { jit, numpy as np, random } from "cotangent";
import { describe, expect, test } from "vitest";
import type { ArrayValue } from "../../../src/core/value.ts";

const key = random.key(0);
const matrix = np.reshape(np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]), [4, 3]);
const sorted = (x: ArrayValue) => (np.ravel(x).toList() as number[]).toSorted((a, b) => a - b);

describe("a permutation", () => {
  test("is that of JAX", () => {
    expect(random.permutation(key, 10).toList()).toEqual([0, 1, 8, 5, 6, 4, 3, 2, 7, 9]);
    expect(random.permutation(key, np.int32(5)).toList()).toEqual([0, 1, 4, 3, 2]);
    expect(random.permutation(key, 0).shape).toEqual([0]);
    expect(random.permutation(key, -3).shape).toEqual([0]);
  });

  test("has each number once, of many", () => {
    expect(sorted(random.permutation(key, 3000))).toEqual(Array.from({ length: 3000 }, (_, i) => i));
  });

  test("moves whole rows, or each column by itself", () => {
    const rows = random.permutation(random.key(42), matrix).toList() as number[][];
    expect(rows.map((row) => row[0]! % 3)).toEqual([0, 0, 0, 0]);
    const mixed = random.permutation(random.key(1), matrix, { independent: true });
    expect(mixed.get(":", 0).toList()).not.toEqual([0, 3, 6, 9]);
    expect(sorted(mixed.get(":", 0))).toEqual([0, 3, 6, 9]);
    expect(sorted(random.permutation(key, matrix, 1).get(0))).toEqual([0, 1, 2]);
  });

  test("is of an integer or an array, along an axis that there is", () => {
    expect(() => random.permutation(key, 2.5)).toThrow("takes an integer, or an array of at least one axis");
    expect(() => random.permutation(key, 3, 1)).toThrow("axis 1 is out of bounds");
  });
});

describe("a choice", () => {
  const a = np.array([10, 20, 30, 40, 50], "int32");
  const p = np.array([0.1, 0.1, 0.1, 0.2, 0.5]);

  test("is that of JAX", () => {
    expect(random.choice(key, a, [4]).toList()).toEqual([50, 10, 30, 40]);
    expect(random.choice(key, a, [4], false).toList()).toEqual([10, 20, 50, 40]);
    expect(random.choice(random.key(1), a, { shape: [6], p }).toList()).toEqual([50, 40, 50, 50, 20, 40]);
    expect(random.choice(key, a, { shape: [3], p, replace: false }).toList()).toEqual([20, 10, 50]);
    expect(random.choice(key, 9).shape).toEqual([]);
  });

  test("puts its shape in place of the axis", () => {
    expect(random.choice(key, matrix, { shape: [2, 5], axis: 1 }).shape).toEqual([4, 2, 5]);
    expect(random.choice(key, matrix, { shape: [2], axis: 1, replace: false }).shape).toEqual([4, 2]);
    expect(random.choice(key, matrix, { shape: [0] }).shape).toEqual([0, 3]);
  });

  test("needs enough to choose from", () => {
    expect(() => random.choice(key, 0)).toThrow("there is nothing to draw from");
    expect(() => random.choice(key, 5, [6], false)).toThrow("cannot draw 6 of 5 without replacement");
    expect(() => random.choice(key, 5, { p: np.zeros([3]) })).toThrow("as long as that of a (5)");
  });
});

describe("a categorical sample", () => {
  const logits = np.array([
    [0.1, 2, -1],
    [-Infinity, 0, 0.5],
  ]);

  test("is that of JAX", () => {
    expect(random.categorical(key, np.array([0.1, 2, -1])).item()).toBe(1);
    expect(random.categorical(random.key(1), logits, 0).toList()).toEqual([0, 0, 1]);
    expect(random.categorical(random.key(1), np.array([0.1, 2, -1]), { shape: [8] }).toList()).toEqual([
      1, 1, 0, 1, 1, 1, 0, 1,
    ]);
  });

  test("never has probability 0", () => {
    const sample = random.categorical(key, logits, { shape: [500, 2] });
    expect(np.min(sample.get(":", 1)).item()).toBe(1);
    expect(sample.dtype).toBe("int32");
  });

  test("without replacement has no category twice", () => {
    const sample = random.categorical(key, np.zeros([2, 5]), { shape: [5, 2], replace: false });
    expect(sorted(sample.get(":", 0))).toEqual([0, 1, 2, 3, 4]);
    expect(() => random.categorical(key, np.zeros([2]), { shape: [3], replace: false })).toThrow(
      "cannot draw 3 of 2",
    );
  });

  test("has a shape that ends in the batch of the logits", () => {
    expect(() => random.categorical(key, logits, { shape: [3] })).toThrow("do not broadcast");
    expect(() => random.categorical(key, logits, { shape: [1] })).toThrow(
      "does not end in that of the logits",
    );
    const draw = (k: ArrayValue) => random.categorical(k, logits, { shape: [4, 2], mode: "high" });
    expect(jit(draw)(key).toList()).toEqual(draw(key).toList());
  });
});
