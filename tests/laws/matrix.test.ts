import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Member, nameOf, outcomeOf, pairs, type Refusal, sampledTriples, triples } from "./matrix.ts";
import { compositionPage, sampleSize } from "./matrix-page.ts";

const full = process.env["COTANGENT_FULL"] === "1";
const known = new Map<string, Refusal | null>();
/** As {@link outcomeOf}, each composition being run once. */
function outcome(composition: readonly Member[]): Refusal | null {
  const name = nameOf(composition);
  if (!known.has(name)) known.set(name, outcomeOf(composition));
  return known.get(name)!;
}
const byName = (compositions: readonly (readonly Member[])[]) =>
  compositions.map((c) => [nameOf(c), c] as const);

describe("a composition is what it means, or refused for a reason", () => {
  test.each(byName(pairs))("%s", (_, pair) => void outcome(pair));
  test.each(byName(full ? triples : sampledTriples(sampleSize)))("%s", (_, triple) => void outcome(triple));
});

test("docs/composition.md is what `npm run docs:matrix` prints", () => {
  const page = readFileSync(new URL("../../docs/composition.md", import.meta.url), "utf8");
  expect(page).toBe(compositionPage(outcome));
});
