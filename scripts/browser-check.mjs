// Bundles the built library for a browser and shows that it needs one no more than it needs Node: every global that it
// names is JavaScript's own or one of a few, and a program with it runs in a context that has nothing else.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createContext, Script } from "node:vm";
import { bundled, exporting, globals, sizes } from "./bundle.mjs";
import { root } from "./packed.mjs";

for (const exported of ["*", "{ grad, numpy }"]) {
  const { plain, gzipped } = sizes(await exporting(exported));
  console.log(`export ${exported}: ${plain.toFixed(1)} kB, gzipped ${gzipped.toFixed(1)} kB`);
}

const program = readFileSync(join(root, "tests/consumer/smoke.js"), "utf8");
const platform = Object.fromEntries(globals.map((name) => [name, Reflect.get(globalThis, name)]));
const context = createContext(platform);
new Script(await bundled(program, { format: "iife", name: "smoke" })).runInContext(context);
assert(context["smoke"].checks > 10);
console.log("runs where there are only JavaScript's own globals and these:", globals.join(", "));
