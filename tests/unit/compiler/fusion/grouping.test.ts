import { lax, nn, numpy as np } from "cotangent";
import { describe, expect, test } from "vitest";
import type { ArrayValue } from "../../../../src/core/value.ts";
import { arrayOf } from "../../../laws/array-programs.ts";
import { type F, hostEquations, loweredOf, stepsOf } from "./compiled.ts";

const of = (...shape: number[]) => arrayOf(shape, "float32", 1);
/** How many kernels a function takes, all of it being compiled. */
function kernelsOf(f: F, ...xs: ReturnType<typeof of>[]): number {
  const program = loweredOf(f, xs);
  expect(hostEquations(program)).toEqual([]);
  const steps = stepsOf(program.block);
  expect(new Set(steps.map(({ kind }) => kind))).toEqual(new Set(["nest"]));
  return steps.length;
}
const mean = (x: ArrayValue) => np.mean(x, { axis: -1, keepdims: true });

describe("one kernel computes", () => {
  test.each<[string, F]>([
    ["a softmax", (x) => nn.softmax(x)],
    ["a log-softmax", (x) => nn.logSoftmax(x)],
    ["a logsumexp", (x) => nn.logsumexp(x, { axis: -1 })],
    ["a layer norm", (x) => {
      const centred = np.subtract(x, mean(x));
      return np.multiply(centred, lax.rsqrt(np.add(mean(np.square(centred)), 1e-5)));
    }],
    ["an RMS norm", (x) => np.multiply(x, lax.rsqrt(np.add(mean(np.square(x)), 1e-5)))],
    ["elementwise operations through views", (x) => np.add(np.tanh(np.transpose(np.sin(x))), 1)],
    ["what is joined of parts that cost little", (x) => np.exp(np.concatenate([np.add(x, 1), np.multiply(x, 2)]))],
    ["what is padded and cut", (x) => np.tanh(np.pad(np.add(x, 1), 1).get("1:"))],
    ["several outputs", (x) => [np.sin(x), np.cos(x), np.add(np.sin(x), 1)]],
  ])("%s", (_, f) => {
    expect(kernelsOf(f, of(16, 32))).toBe(1);
  }); // prettier-ignore

  test("a layer of a network: product, bias and activation", () => {
    const layer: F = (x, w, b) => np.maximum(np.add(np.matmul(x, w), b!), 0);
    expect(kernelsOf(layer, of(16, 32), of(32, 8), of(8))).toBe(1);
  });
});

describe("a product computes an operand of its own", () => {
  const bytes = arrayOf([32, 8], "uint8", 3);
  const unpack = (w: ArrayValue) => np.multiply(np.subtract(w.astype("float32"), 8), 0.5);
  test("that is unpacked from an array of a quarter of its size, wherever it is used", () => {
    const both: F = (x, w, y) => [np.matmul(x, unpack(w!)), np.matmul(unpack(w!), y!)];
    expect(kernelsOf((x, w) => np.matmul(x, unpack(w!)), of(16, 32), bytes)).toBe(1);
    expect(kernelsOf(both, of(16, 32), bytes, of(8, 4))).toBe(2);
  });
  test("but not one of floats, of many operations, or one that is returned", () => {
    const far: F = (x, w) => np.matmul(x, np.sin(np.exp(unpack(w!))));
    expect(kernelsOf(far, of(16, 32), bytes)).toBe(2);
    expect(kernelsOf((x, w) => np.matmul(x, np.multiply(w!, 0.5)), of(16, 32), of(32, 8))).toBe(2);
    expect(kernelsOf((x, w) => [np.matmul(x, unpack(w!)), unpack(w!)], of(16, 32), bytes)).toBe(2);
  });
});

describe("two kernels compute", () => {
  test("two products of which one needs the other", () => {
    expect(kernelsOf((x, w, v) => np.matmul(np.tanh(np.matmul(x, w)), v), of(16, 32), of(32, 8), of(8, 4))).toBe(2); // prettier-ignore
  });
});
