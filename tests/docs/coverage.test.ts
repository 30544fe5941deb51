import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { coveragePage } from "./coverage-page.ts";

test("docs/coverage.md is what `npm run docs:coverage` prints", () => {
  expect(readFileSync(new URL("../../docs/coverage.md", import.meta.url), "utf8")).toBe(coveragePage());
});
