import { expect, test } from "vitest";
import { rows } from "../../src/compiler/lower/index.ts";
import { sampled } from "../laws/samples.ts";
import { withoutRows } from "./rows.ts";

test("every primitive of arrays has a row or is expanded to others that have, or is known to have none", () => {
  const missing = sampled
    .filter(([name, prim]) => !(name in rows) && prim.rules.expand === undefined)
    .map(([name]) => name);
  expect(missing.toSorted()).toEqual(withoutRows.toSorted());
});
