import { expect, test, vi } from "vitest";
import { config, onThreads } from "../../../src/core/config.ts";

test("who asked is told of every number of threads that is set", () => {
  const before = config.threads;
  const heard = vi.fn<(threads: number) => void>();
  onThreads(heard);
  config.threads = 3;
  expect(() => (config.threads = -1)).toThrow("config.threads takes an integer from 1 to 64, got -1");
  config.threads = before;
  expect(heard.mock.calls).toEqual([[3], [before]]);
});

test("no more than 16 threads are used unless more are asked for", () => {
  expect(config.threads).toBeGreaterThanOrEqual(1);
  expect(config.threads).toBeLessThanOrEqual(16);
});
