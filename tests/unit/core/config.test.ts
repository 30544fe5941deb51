import { expect, test, vi } from "vitest";
import { config, onSetting } from "../../../src/core/config.ts";

test("who asked is told of every number of threads that is set", () => {
  const before = config.threads;
  const heard = vi.fn<(threads: number) => void>();
  onSetting("threads", heard);
  config.threads = 3;
  expect(() => (config.threads = -1)).toThrow("config.threads takes an integer from 1 to 64, got -1");
  config.threads = before;
  expect(heard.mock.calls).toEqual([[3], [before]]);
});

test("no more than 16 threads are used unless more are asked for", () => {
  expect(config.threads).toBeGreaterThanOrEqual(1);
  expect(config.threads).toBeLessThanOrEqual(16);
});

test("the memory of arrays is set in bytes", () => {
  const before = config.memory;
  const heard = vi.fn<(bytes: number) => void>();
  onSetting("memory", heard);
  config.memory = 2 ** 30;
  for (const wrong of [2 ** 20 - 1, 2 ** 32 + 1, 2.5e6 + 0.5, "1 GiB"])
    expect(() => (config.memory = wrong as number)).toThrow(
      `config.memory takes an integer from 1048576 to 4294967296, got ${wrong}`,
    );
  config.memory = before;
  expect(heard.mock.calls).toEqual([[2 ** 30], [before]]);
});
