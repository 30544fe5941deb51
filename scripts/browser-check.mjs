// Bundles the built library for a browser and shows that it needs one no more than it needs Node: every global that it
// names is JavaScript's own or one of a few, and a program with it runs in a context that has nothing else.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createContext, Script } from "node:vm";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { Linter } from "eslint";
import { root } from "./packed.mjs";

/** What any browser and any Node has beyond ECMAScript, of which src/host/platform.d.ts declares what it may use. */
const names = ["atob", "btoa", "console", "performance", "WebAssembly", "TextEncoder", "TextDecoder"];
const platform = Object.fromEntries(names.map((name) => [name, Reflect.get(globalThis, name)]));

/** @param {import("esbuild").BuildOptions} options */
async function bundled(options) {
  const { outputFiles, metafile } = await build({
    format: "esm",
    ...options,
    bundle: true,
    minify: true,
    platform: "browser",
    target: "es2022",
    write: false,
    metafile: true,
    absWorkingDir: root,
    logLevel: "warning",
    // Programs import the package by its name: here that is what was built.
    alias: { cotangent: join(root, "dist/index.js") },
  });
  const code = outputFiles?.[0]?.text ?? "";
  const readonly = Object.fromEntries(names.map((name) => [name, false]));
  const messages = new Linter().verify(code, {
    languageOptions: { ecmaVersion: 2023, sourceType: "module", globals: readonly },
    linterOptions: { noInlineConfig: true },
    rules: { "no-undef": ["error", { typeof: true }] },
  });
  assert.deepEqual(
    messages.map(({ message }) => message),
    [],
    "the bundle names a global that it may not",
  );
  assert.doesNotMatch(code, /\b(from|import|require)\s*\(?\s*["']/, "the bundle imports a module");
  // zod keeps its settings there; the library itself looks for nothing in it.
  for (const file of Object.keys(metafile.inputs).filter((path) => path.startsWith("dist/")))
    assert.doesNotMatch(
      readFileSync(join(root, file), "utf8"),
      /\bglobalThis\b/,
      `${file} looks for the global object`,
    );
  return code;
}

/** @param {string} exported */
async function size(exported) {
  const contents = `export ${exported} from "./index.js"`;
  const code = await bundled({ stdin: { contents, resolveDir: join(root, "dist") } });
  return [code, gzipSync(code, { level: 9 })]
    .map(({ length }) => `${(length / 1000).toFixed(1)} kB`)
    .join(", gzipped ");
}
console.log(`all of it: ${await size("*")}`);
console.log(`grad and numpy: ${await size("{ grad, numpy }")}`);

const program = join(root, "tests/consumer/smoke.js");
const context = createContext(platform);
new Script(await bundled({ entryPoints: [program], format: "iife", globalName: "smoke" })).runInContext(
  context,
);
assert(context["smoke"].checks > 10);
console.log("runs where there are only JavaScript's own globals and these:", names.join(", "));
