import { type ArrayValue, grad, jit, numpy as np } from "cotangent";
import { expect, test } from "vitest";
import { withoutSources } from "../settings.ts";
import { numbersOf } from "./compare.ts";

withoutSources();

const full = process.env["COTANGENT_FULL"] === "1";
const timeout = 120_000;

const x = np.array([1, 2, 3]);
const repeated =
  (times: number, step: (y: ArrayValue, i: number) => ArrayValue) =>
  (y: ArrayValue): ArrayValue => {
    for (let i = 0; i < times; i++) y = step(y, i);
    return y;
  };

test("a chain of 10,000 operations is compiled and run", { timeout }, () => {
  const steps = repeated(10_000, (y, i) => (i % 2 === 0 ? np.subtract(4, y) : np.multiply(y, x)));
  const expected = [1, 2, 3].map((k) => {
    let y = k;
    for (let i = 0; i < 10_000; i++) y = i % 2 === 0 ? Math.fround(4 - y) : Math.fround(y * k);
    return y;
  });
  expect(numbersOf(jit(steps)(x))).toEqual(expected);
});

test("so is the gradient of a chain", { timeout }, () => {
  const gradient = grad((y: ArrayValue) => np.sum(repeated(300, (z) => np.sin(z))(y)));
  const expected = [1, 2, 3].map((k) => {
    let [y, slope] = [k, 1];
    for (let i = 0; i < 300; i++) [y, slope] = [Math.sin(y), slope * Math.cos(y)];
    return slope;
  });
  numbersOf(jit(gradient)(x)).forEach((slope, i) =>
    expect(Math.abs(slope / expected[i]! - 1)).toBeLessThan(1e-4),
  );
});

const count = full ? 50_000 : 8000;
test(`${count} equations, many of which need each other, are compiled and run`, { timeout }, () => {
  const sums = repeated(count / 4, (total, i) => {
    const a = np.multiply(x, i % 3);
    return np.add(total, np.subtract(np.maximum(a, total), a));
  });
  let expected = [1, 2, 3];
  for (let i = 0; i < count / 4; i++)
    expected = expected.map((total, k) => {
      const a = (k + 1) * (i % 3);
      return Math.fround(total + Math.fround(Math.max(a, total) - a));
    });
  expect(numbersOf(jit(sums)(x))).toEqual(expected);
});

test("so are as many sums of arrays, each of which is a kernel", { timeout }, () => {
  const means = repeated(count / 4, (y) => np.subtract(y, np.mean(y)));
  expect(Math.max(...numbersOf(jit(means)(x)).map((y, k) => Math.abs(y - (k - 1))))).toBeLessThan(1e-5);
});
