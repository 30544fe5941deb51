import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "node:util";
import { config, setBackend } from "cotangent";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { isAsClaimed, pages, programOf, root, type Snippet, snippetsOf } from "./snippets.ts";

const folder = join(root, ".tmp", "snippets");
beforeAll(() => mkdirSync(folder, { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => {
  Object.assign(config, { enableX64: false, sources: true, explainCacheMisses: false });
  setBackend("wasm");
});

const programsOn = (page: string): Snippet[] =>
  snippetsOf(page).filter(({ language }) => language.startsWith("ts"));

describe.each(pages.filter((page) => programsOn(page).length > 0))("%s", (page) => {
  const snippets = programsOn(page);
  test.each(snippets.map((snippet) => [snippet.line, snippet] as const))(
    "the snippet at line %i does what it says",
    async (line, snippet) => {
      const { code, claims } = programOf(snippet);
      const checked = new Set<number>();
      const check = (k: number, printed: string): void => {
        checked.add(k);
        const { line, expected } = claims[k]!;
        if (!isAsClaimed(printed, expected)) expect(printed, `${page}:${line}`).toBe(expected);
      };
      Object.assign(globalThis, {
        claim: (k: number, ...values: unknown[]) => check(k, format(...values)),
        claimError: (k: number, body: () => unknown) => {
          let printed = "nothing was thrown";
          try {
            body();
          } catch (error) {
            printed = `throws ${(error as Error).name}: ${(error as Error).message}`;
          }
          check(k, printed);
        },
      });
      const file = join(folder, `${page.replaceAll("/", "-")}-${line}.ts`);
      writeFileSync(file, code);
      await import(file);
      for (const [k, { line, expected }] of claims.entries())
        expect(checked, `${page}:${line}: "${expected}" was never printed`).toContain(k);
    },
  );
});

describe("the extraction of snippets", () => {
  const only = (text: string) => snippetsOf("docs/page.md", text).at(-1)!;

  test("a claim replaces its statement, on one line or several", () => {
    const { code, claims } = programOf(
      only("```ts\nconsole.log(1, 2); // → 1 2\nf(\n  3,\n);\n// → a\n//     b\n```"),
    );
    expect(code).toContain("claim(0, 1, 2);\nclaim(1, f(\n  3,\n));");
    expect(claims.map(({ expected }) => expected)).toEqual(["1 2", "a\n  b"]);
  });

  test("an error is claimed by its class and message", () => {
    expect(programOf(only("```ts\nf(1); // → throws Error: no\n```")).code).toContain(
      "claimError(0, () => f(1));",
    );
  });

  test("a continued snippet has the code above it, whose claims are checked once", () => {
    const { code, claims } = programOf(
      only("```ts\nconst x = 1; // → 1\n```\ntext\n```ts continued\nconsole.log(x); // → 1\n```"),
    );
    expect(code).toContain("const x = 1;\nclaim(0, x);");
    expect(claims).toEqual([{ line: 6, expected: "1" }]);
  });

  test("relative imports are relative to the page", () => {
    expect(programOf(only('```ts\nimport { f } from "../src/f.ts";\n```')).code).toContain(
      `import { f } from ${JSON.stringify(join(root, "src/f.ts"))};`,
    );
  });

  test.each([
    ["```\nf()\n```", "a code block is one of"],
    ["```js\nf()\n```", "a code block is one of"],
    ["```ts contined\nf()\n```", "a code block is one of"],
    ["```ts continued\nf()\n```", "nothing that this snippet could continue"],
    ["```ts\nf()\n", "does not end"],
  ])("%j is refused", (text, reason) => {
    expect(() => snippetsOf("docs/page.md", text)).toThrow(reason);
  });

  test.each([
    ["```ts\nf(\n```", "docs/page.md:2"],
    ["```ts\n// → 1\nf();\n```", "stands after no statement"],
    ["```ts\nconst [a, b] = f(); // → 1\n```", "several variables"],
  ])("%j is refused as a program", (text, reason) => {
    expect(() => programOf(only(text))).toThrow(reason);
  });

  test("a claim may break lines", () => {
    expect(isAsClaimed("one two\nthree", "one\ntwo three")).toBe(true);
    expect(isAsClaimed("onetwo", "one\ntwo")).toBe(false);
  });

  test("an ellipsis stands for anything", () => {
    expect(isAsClaimed("a 12 b\n", "a … b")).toBe(true);
    expect(isAsClaimed("a 12 c", "a … b")).toBe(false);
    expect(isAsClaimed("a.b", "a+b")).toBe(false);
  });
});
