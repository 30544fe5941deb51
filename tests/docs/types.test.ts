import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pages, programOf, root, snippetsOf } from "./snippets.ts";

test("every snippet has the types of the library", () => {
  const folder = join(root, ".tmp", "snippet-types");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const config = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: {
      types: ["node"],
      typeRoots: [join(root, "node_modules/@types")],
      noUnusedLocals: false,
      noUncheckedIndexedAccess: false, // no part of `strict`, and not what most readers have
    },
    include: [".", join(root, "src/host/platform.d.ts")],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  for (const snippet of pages.flatMap((page) => snippetsOf(page))) {
    if (!snippet.language.startsWith("ts")) continue;
    const { plain } = programOf(snippet);
    // Errors then carry the line on the page.
    const earlier = snippet.before.reduce((lines, { code }) => lines + code.split("\n").length, 0);
    writeFileSync(
      join(folder, `${snippet.page.replaceAll("/", "-")}-${snippet.line}.ts`),
      "\n".repeat(snippet.line - 1 - earlier) + plain,
    );
  }
  let report = "";
  try {
    execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder], {
      encoding: "utf8",
    });
  } catch (error) {
    report = (error as { stdout: string }).stdout;
  }
  expect(report).toBe("");
  rmSync(folder, { recursive: true });
}, 120_000);
