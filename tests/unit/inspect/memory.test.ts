import "../../../src/backends/default.ts";
import { expect, test } from "vitest";
import { simplify } from "../../../src/compiler/index.ts";
import { checkpoint, checkpointPolicies } from "../../../src/control/index.ts";
import type { ArrayValue } from "../../../src/core/value.ts";
import { peakBytes } from "../../../src/inspect/index.ts";
import { makeJaxpr } from "../../../src/interpreters/make-jaxpr.ts";
import { grad } from "../../../src/interpreters/vjp.ts";
import { optimizationBarrier } from "../../../src/lax/index.ts";
import * as np from "../../../src/numpy/index.ts";

const x = np.ones([256]);
const BYTES = 4 * 256;
type F = (x: ArrayValue) => ArrayValue;
const peak = (f: F): number => peakBytes(simplify(makeJaxpr(f)(x))) / BYTES;

test("values that are alive at the same time add up, and arguments belong to the caller", () => {
  expect(peak((x) => x)).toBe(0);
  expect(peak((x) => np.sin(x))).toBe(1);
  expect(peak((x) => np.cos(np.sin(x)))).toBe(2);
  expect(peak((x) => np.cos(np.sin(np.exp(x))))).toBe(2);
  expect(peak((x) => np.add(np.sin(x), np.multiply(np.cos(x), np.exp(x))))).toBe(4);
});

test("a barrier costs nothing, and keeps its operands alive", () => {
  expect(peak((x) => np.cos(optimizationBarrier(np.sin(x))))).toBe(2);
});

const BLOCKS = 32;
const DEPTH = 8;
const block: F = (x) => Array.from({ length: DEPTH }).reduce<ArrayValue>((y) => np.sin(y), x);
const chain =
  (wrap: (f: F) => F): F =>
  (x) =>
    np.sum(Array.from({ length: BLOCKS }).reduce<ArrayValue>((y) => wrap(block)(y), x));

test("the gradient of a deep chain keeps a value for each step, with checkpoints one for each block", () => {
  const plain = peak(grad(chain((f) => f)));
  expect(plain).toBeGreaterThan(BLOCKS * DEPTH - 1);
  const checkpointed = peak(grad(chain((f) => checkpoint(f))));
  expect(checkpointed).toBeLessThan(BLOCKS + DEPTH + 4);
  expect(peak(grad(chain((f) => checkpoint(f, { preventCse: false }))))).toBeGreaterThan(plain - 2);
  const { everythingSaveable } = checkpointPolicies;
  expect(peak(grad(chain((f) => checkpoint(f, { policy: everythingSaveable }))))).toBeGreaterThan(plain - 2);
});

test("checkpoints in checkpoints: logarithmically many values", () => {
  const halves = (steps: number): F =>
    steps === 1
      ? (x) => np.sin(x)
      : (x) => halves(steps - Math.floor(steps / 2))(checkpoint(halves(Math.floor(steps / 2)))(x));
  const steps = 128;
  expect(peak(grad((x: ArrayValue) => np.sum(halves(steps)(x))))).toBeLessThan(3 * Math.log2(steps));
});
