import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Linter } from "eslint";
import { rolldown } from "rolldown";
import { root } from "./packed.mjs";

/** What any browser and any Node has beyond ECMAScript, of which src/host/platform.d.ts declares what it may use. */
export const globals =
  "atob btoa console performance WebAssembly TextEncoder TextDecoder navigator Worker Blob URL".split(" ");

/**
 * The module `text` with all of the built library that it uses, as one minified file for a browser. It imports nothing,
 * and every global that it names is JavaScript's own or one of `globals`.
 *
 * @param {string} text
 * @param {import("rolldown").OutputOptions} options
 */
export async function bundled(text, options = {}) {
  const bundle = await rolldown({
    input: "entry",
    cwd: root,
    platform: "browser",
    tsconfig: false, // whose paths lead to the sources, for Node
    transform: { target: "es2022" },
    // Programs import the package by its name: here that is what was built.
    resolve: { alias: { cotangent: join(root, "dist/index.js") } },
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === "entry" ? join(root, "entry.js") : null),
        load: (id) => (id === join(root, "entry.js") ? text : null),
      },
    ],
  });
  const { output } = await bundle.generate({ format: "esm", ...options, minify: true });
  await bundle.close();
  assert.equal(output.length, 1);
  const [{ code, moduleIds }] = output;
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
  for (const file of moduleIds.filter((path) => path.startsWith(join(root, "dist/"))))
    assert.doesNotMatch(readFileSync(file, "utf8"), /\bglobalThis\b/, `${file} looks for the global object`);
  return code;
}

/** A module that exports `exported` of the library, as `* ` or `{ grad }`. @param {string} exported */
export const exporting = (exported) => bundled(`export ${exported} from "cotangent"`);

/** How many kB a file has as it is, and gzipped. @param {string} code */
export const sizes = (code) => ({
  plain: Buffer.byteLength(code) / 1000,
  gzipped: gzipSync(code, { level: 9 }).length / 1000,
});
