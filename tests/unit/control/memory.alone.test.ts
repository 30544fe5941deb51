import { type ArrayValue, config, grad, jit, numpy as np, tree, vmap } from "cotangent";
import { expect, test } from "vitest";

/** Bytes in use, of the heap and of array buffers. */
function used(collect: boolean): number {
  const { gc } = globalThis as { gc?: () => void };
  // The second collection waits for buffers that the first one frees in the background.
  for (let i = 0; collect && i < 2; i++) gc!();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
const MB = 2 ** 20;

/** Runs `step` in one synchronous loop: what stays reachable may grow by `kept`, and the peak, garbage included, by `peak`. */
function bounded(steps: number, step: (i: number) => void, kept = 3 * MB, peak = 250 * MB): void {
  const warm = Math.min(2000, steps >> 2);
  for (let i = 0; i < warm; i++) step(i);
  const before = used(true);
  let most = 0;
  for (let i = warm; i < steps; i++) {
    step(i);
    if (i % 500 === 0) most = Math.max(most, used(false) - before);
  }
  expect(most / MB, "MB at the peak").toBeLessThan(peak / MB);
  expect((used(true) - before) / MB, "MB that stay").toBeLessThan(kept / MB);
}

const loss = (w: ArrayValue, x: ArrayValue) => np.sum(np.square(np.tanh(np.matmul(w, x))));

test("100 000 small jitted steps", () => {
  const step = jit((w: ArrayValue, x: ArrayValue, rate: number) => np.subtract(w, np.multiply(rate, x)));
  let w = np.ones([8]);
  const x = np.ones([8]);
  bounded(100_000, (i) => (w = step(w, x, 1 / (i + 1.5))));
  expect((w.toList() as number[]).every(Number.isFinite)).toBe(true);
});

test("jitted training steps on trees", () => {
  const step = jit((p: { w: ArrayValue; b: ArrayValue }, x: ArrayValue) => {
    const g = grad((p: { w: ArrayValue; b: ArrayValue }) => np.add(loss(p.w, x), np.sum(np.square(p.b))))(p);
    return tree.map((w: ArrayValue, dw: ArrayValue) => np.subtract(w, np.multiply(0.01, dw)), p, g);
  });
  let p = { w: np.ones([4, 4]), b: np.ones([4]) };
  bounded(10_000, () => (p = step(p, np.ones([4]))));
});

test("steps on large arrays do not pile up", () => {
  const step = jit((x: ArrayValue) => np.add(np.multiply(x, 0.5), 1));
  let x = np.ones([128, 1024]);
  bounded(600, () => (x = step(x)));
});

test("eager operations and gradients", () => {
  config.sources = false;
  let w = np.ones([4, 4]);
  bounded(800, () => (w = np.subtract(w, np.multiply(0.01, grad(loss)(w, np.ones([4]))))));
  config.sources = true;
});

test("functions that are made, jitted and dropped", () => {
  bounded(600, (i) => {
    const c = np.full([64], i);
    jit((x: ArrayValue) => np.add(x, c))(c);
    vmap(jit((x: ArrayValue) => np.multiply(x, i)))(c);
  });
});

test("tracing that fails", () => {
  const f = jit((x: ArrayValue, n: number) => np.reshape(x, [n]), { staticArgnums: 1 });
  bounded(500, (i) => expect(() => f(np.ones([3]), 4 + i)).toThrow("cannot reshape"));
});

test("signatures that all differ: the cache is bounded", () => {
  const f = jit((x: ArrayValue, name: string) => (name ? np.add(x, 1) : x));
  const x = np.ones([2]);
  bounded(1000, (i) => f(x, `name ${i}`), 6 * MB);
});
