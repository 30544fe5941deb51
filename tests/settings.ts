import { afterAll } from "vitest";
import { config, setBackend } from "cotangent";
import { currentBackend } from "../src/core/backend.ts";

/** For the rest of the file that calls it, all runs on this backend. */
export function onBackend(name: string): void {
  const before = currentBackend().name;
  setBackend(name);
  afterAll(() => setBackend(before));
}

/** For the rest of a file of programs as texts, or of large ones, nothing is recorded of where operations were called. */
export function withoutSources(): void {
  config.sources = false;
  afterAll(() => {
    config.sources = true;
  });
}
