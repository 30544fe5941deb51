import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as cotangent from "cotangent";
import { root } from "./snippets.ts";

const guide = readFileSync(join(root, "docs/guide/errors.md"), "utf8");

test("the guide names every prefix of a code, and no other", () => {
  const files = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true });
  const sources = files
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
  const used = sources.flatMap((text) =>
    [...text.matchAll(/Error\(\s*"([a-z-]+)\//g)].map(([, prefix]) => prefix!),
  );
  const named = [...guide.matchAll(/`([a-z-]+)\/`/g)].map(([, prefix]) => prefix!);
  expect(named.toSorted()).toEqual([...new Set(used)].toSorted());
});

test("the guide names every class of errors", () => {
  const classes = Object.keys(cotangent).filter(
    (name) => name.endsWith("Error") && name !== "CotangentError",
  );
  expect([...guide.matchAll(/^\| `(\w+Error)` \|/gm)].map(([, name]) => name!).toSorted()).toEqual(
    classes.toSorted(),
  );
});
