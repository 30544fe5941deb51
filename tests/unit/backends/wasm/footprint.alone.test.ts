import { afterEach, expect, test } from "vitest";
import { theDevice } from "../../../../src/backends/wasm/device.ts";
import { jit } from "../../../../src/control/index.ts";
import { currentBackend, setBackend } from "../../../../src/core/backend.ts";
import { config } from "../../../../src/core/config.ts";
import type { ArrayValue, NDArray } from "../../../../src/core/value.ts";
import "../../../../src/index.ts";
import * as np from "../../../../src/numpy/index.ts";

const MIB = 2 ** 20;
const before = { backend: currentBackend().name, memory: config.memory };
afterEach(() => {
  setBackend(before.backend);
  config.memory = before.memory;
});

test("a synchronous loop of any length holds a flat footprint, whether its results are used or not", () => {
  setBackend("wasm");
  config.memory = 64 * MIB;
  const start = np.zeros([MIB / 4]);
  const add = jit((x: ArrayValue, by: number) => np.add(x, by));
  const { heap, residency } = theDevice();
  const outside = process.memoryUsage().arrayBuffers;
  const samples: number[] = [];
  let x: ArrayValue = start;
  for (let i = 0; i < 400; i++) {
    x = add(x, 1);
    add(start, i);
    expect(residency.resident).toBeLessThanOrEqual(64 * MIB);
    if (i % 50 === 0) samples.push(process.memoryUsage().arrayBuffers - outside);
  }
  expect(heap.statistics().peak).toBeLessThanOrEqual(70 * MIB);
  // Eight hundred results of a MiB: the engine collects copies, where there are any, before they are many.
  expect(Math.max(...samples)).toBeLessThan(400 * MIB);
  expect((x as NDArray).storage[123]).toBe(400);
  expect((start as NDArray).storage[123]).toBe(0);
});
