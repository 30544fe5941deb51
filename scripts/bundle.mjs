import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { Linter } from "eslint";
import { root } from "./packed.mjs";

/** What any browser and any Node has beyond ECMAScript, of which src/host/platform.d.ts declares what it may use. */
export const globals =
  "atob btoa console performance WebAssembly TextEncoder TextDecoder navigator Worker Blob URL".split(" ");

/**
 * A program with all of the built library that it uses, as one minified file for a browser. It imports nothing, and every
 * global that it names is JavaScript's own or one of `globals`.
 *
 * @param {import("esbuild").BuildOptions} options
 */
export async function bundled(options) {
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
    tsconfigRaw: "{}", // whose paths lead to the sources, for Node
    // Programs import the package by its name: here that is what was built.
    alias: { cotangent: join(root, "dist/index.js") },
  });
  const code = outputFiles?.[0]?.text ?? "";
  const readonly = Object.fromEntries(globals.map((name) => [name, false]));
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

/** A module that exports `exported` of the library, as `* ` or `{ grad }`. @param {string} exported */
export const exporting = (exported) =>
  bundled({ stdin: { contents: `export ${exported} from "cotangent"`, resolveDir: root } });

/** How many kB a file has as it is, and gzipped. @param {string} code */
export const sizes = (code) => ({
  plain: Buffer.byteLength(code) / 1000,
  gzipped: gzipSync(code, { level: 9 }).length / 1000,
});
