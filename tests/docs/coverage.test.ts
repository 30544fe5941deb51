import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { coveragePage, missing, untested } from "./coverage-page.ts";

test("docs/coverage.md is what `npm run docs:coverage` prints", () => {
  expect(readFileSync(new URL("../../docs/coverage.md", import.meta.url), "utf8")).toBe(coveragePage());
});

test("no function is there without a test of its values", () => {
  expect(untested()).toEqual([]);
});

test("nothing is missing that must be there", () => {
  expect(missing).toEqual([]);
});
