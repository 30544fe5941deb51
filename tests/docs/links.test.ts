import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { pages, root } from "./snippets.ts";

const read = (page: string): string =>
  readFileSync(join(root, page), "utf8").replaceAll(/```[\s\S]*?```/g, "");

/** The anchors of a page, as GitHub makes them of its headings. */
const anchorsOf = (page: string): string[] =>
  [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

test.each(pages)("the links of %s lead somewhere", (page) => {
  for (const [, target] of read(page).matchAll(/\]\(([^)]+)\)/g)) {
    if (/^https?:/.test(target!)) continue;
    const [file, anchor] = target!.split("#");
    const path = file === "" ? join(root, page) : join(root, dirname(page), file!);
    expect(existsSync(path), `${page}: ${target}`).toBe(true);
    if (anchor !== undefined)
      expect(anchorsOf(path.slice(root.length)), `${page}: ${target}`).toContain(anchor);
  }
});

test("the commands of the README are scripts of package.json", () => {
  const names = [
    ...readFileSync(join(root, "README.md"), "utf8").matchAll(/npm (?:run (\w+)|(start|test))\b/g),
  ].map(([, script, short]) => script ?? short);
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) expect(Object.keys(manifest.scripts)).toContain(name);
});
