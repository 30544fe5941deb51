import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { findings, importsOf, type SourceFile } from "./import-rules.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const files: readonly SourceFile[] = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
  .map((entry) => join(entry.parentPath, entry.name))
  .map((path) => [relative(root, path).split(sep).join("/"), readFileSync(path, "utf8")]);

test("src keeps the one-way order", () => {
  expect(files.length).toBeGreaterThan(0);
  expect(findings(files)).toEqual([]);
});

test("the subpaths of package.json are the files of src/entry", () => {
  const subpaths = Object.entries(manifest.exports).flatMap(([subpath, target]) =>
    typeof target === "object" && target.default.startsWith("./dist/entry/")
      ? [[subpath, target] as const]
      : [],
  );
  for (const [subpath, target] of subpaths) {
    const name = subpath.slice("./".length);
    expect(target).toEqual({ types: `./dist/entry/${name}.d.ts`, default: `./dist/entry/${name}.js` });
  }
  const entries = files.flatMap(([path]) => /^src\/entry\/(.+)\.ts$/.exec(path)?.[1] ?? []);
  expect(subpaths.map(([subpath]) => subpath).sort()).toEqual(entries.map((name) => `./${name}`).sort());
});

test("every way to name a module is seen", () => {
  const source = `
    import a, { type B } from "./1.ts";
    import type { C } from "./2.ts";
    import "./3.ts";
    export * from "./4.ts";
    export * as d from "./5.ts";
    export { e } from "./6.ts";
    export type { F } from "./7.ts";
    const g = await import("./8.ts");
    let h: import("./9.ts").H;
    let i: typeof import("./10.ts");
    const j = await import(name);
    // import "./not.ts"
    const k = 'import "./neither.ts"';
  `;
  const named = Array.from({ length: 10 }, (_, i) => `./${i + 1}.ts`);
  expect(importsOf(["src/core/a.ts", source]).sort()).toEqual([...named, "(computed)"].sort());
});

const entry = `import "../numpy/methods.ts"; import "../backends/default.ts";`;

test.each([
  ["src/core/trace.ts", `import { sin } from "../lax/index.ts";`, "core comes before lax"],
  ["src/core/trace.ts", `import type { sin } from "../lax/index.ts";`, "core comes before lax"],
  ["src/core/trace.ts", `export { sin } from "../lax/index.ts";`, "core comes before lax"],
  ["src/core/trace.ts", `const lax = await import("../lax/index.ts");`, "core comes before lax"],
  ["src/core/trace.ts", `let lax: typeof import("../lax/index.ts");`, "core comes before lax"],
  ["src/lora/array.ts", `import { grad } from "../index.ts";`, "lora comes before index.ts"],
  ["src/lora/array.ts", `import * as lax from "../entry/lax.ts";`, "lora comes before entry"],
  ["src/host/node.ts", `import { Value } from "../core/value.ts";`, "host comes before core"],
  ["src/lax/dot.ts", `import { half } from "../misc/half.ts";`, "in no folder of the order"],
  ["src/misc/half.ts", `import { Value } from "../core/value.ts";`, "in no folder of the order"],
  ["src/lax/dot.ts", `import { cases } from "../../tests/cases.ts";`, "in no folder of the order"],
  ["src/lax/dot.ts", `import { inspect } from "node:util";`, "only src/host/, src/bin/ may"],
  ["src/lax/dot.ts", `import { inspect } from "util";`, "only src/host/, src/bin/ may"],
  [
    "src/lax/dot.ts",
    `import { z } from "zod";`,
    "only src/inspect/, src/lora/peft-config.ts, src/optim/run.ts, src/bin/ may",
  ],
  [
    "src/lora/array.ts",
    `import { z } from "zod/mini";`,
    "only src/inspect/, src/lora/peft-config.ts, src/optim/run.ts, src/bin/ may",
  ],
  ["src/lax/dot.ts", `import _ from "lodash";`, "may use ts-morph, @huggingface, zod only"],
  [
    "src/entry/lax.ts",
    `export * from "../lax/index.ts"; ${entry.slice(0, 30)}`,
    "does not import src/backends/default.ts",
  ],
  [
    "src/index.ts",
    `export * from "./lax/index.ts"; import "./backends/default.ts";`,
    "does not import src/numpy/methods.ts",
  ],
])("a fault is found: %s: %s", (path, source, why) => {
  expect(findings([[path, source]])).toEqual([expect.stringContaining(why)]);
});

test.each([
  ["src/lora/array.ts", `import { Value } from "../core/value.ts"; import { scale } from "./scale.ts";`],
  ["src/core/value.ts", `import { inspectSymbol } from "../host/default.ts";`],
  ["src/core/config.ts", `import { host } from "#host";`],
  ["src/host/node.ts", `import { inspect } from "node:util";`],
  ["src/lora/peft-config.ts", `import { z } from "zod";`],
  ["src/inspect/json.ts", `import { z } from "zod/mini";`],
  ["src/entry/lax.ts", `${entry} export * from "../lax/index.ts";`],
  ["src/index.ts", `${entry.replaceAll("../", "./")} export * from "./entry/lax.ts";`],
])("no fault is found: %s: %s", (path, source) => {
  expect(findings([[path, source]])).toEqual([]);
});
