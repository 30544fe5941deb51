// Packs the library, installs the tarball in an empty project, and uses it there as its users will: from JavaScript, from
// TypeScript of two generations under both module resolutions, and bundled for a browser.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { build } from "esbuild";
import { build as vite } from "vite";
import { manifest, npm, programs, root, withPacked } from "./packed.mjs";

const require = createRequire(import.meta.url);
/** @type {[version: string, tsc: string][]} */
const compilers = [
  ["5.9", "node_modules/typescript/bin/tsc"],
  ["7", join(require.resolve("typescript/package.json"), "../bin/tsc")],
];
const subpaths = Object.keys(manifest.exports).flatMap((path) => /^\.\/(\w+)$/.exec(path)?.[1] ?? []);

const others = `
import assert from "node:assert/strict";
await assert.rejects(import("cotangent/dist/index.js"), { code: "ERR_PACKAGE_PATH_NOT_EXPORTED" });
const { default: plugin } = await import("cotangent/lint");
assert("no-array-truthiness" in plugin.rules);
const { makeJaxpr, numpy } = await import("cotangent");
const { toTypeScript } = await import("cotangent/typescript");
await assert.rejects(toTypeScript(makeJaxpr(numpy.sin)(1.5)), { code: "typescript/ts-morph" });
`;

await withPacked(["typescript@~5.9"], async (folder) => {
  /** @param {string[]} args */
  const node = (...args) => execFileSync(process.execPath, args, { cwd: folder, stdio: "inherit" });

  // Exactly what a reader of the package needs; tests and data stay at home.
  const [{ files }] = JSON.parse(npm(root, "pack", "--dry-run", "--json", "--ignore-scripts", "--silent"));
  for (const { path } of files) {
    assert.match(
      path,
      /^(dist|src|lint)\/[\w/.-]+$|^(LICENSE|NOTICE|README\.md|CHANGELOG\.md|package\.json)$/,
    );
    assert.doesNotMatch(path, /\.test\.|tsbuildinfo/);
  }

  // Each program in a process of its own, so that a subpath has nothing but what it loads itself.
  // The linter's plugin is no part of programs, and what writes TypeScript needs ts-morph, which is not for browsers.
  for (const subpath of subpaths.filter((path) => path !== "lint" && path !== "typescript"))
    assert(programs.includes(`${subpath}.js`), subpath);
  for (const program of programs) node(`programs/${program}`);
  writeFileSync(join(folder, "others.js"), others);
  node("others.js");
  writeFileSync(join(folder, "sine.jaxpr"), "{ lambda ; a:f32[]. let b:f32[] = sin a in (b,) }");
  const command = join(folder, "node_modules/.bin/cotangent");
  const shell = process.platform === "win32";
  assert.match(
    execFileSync(command, ["inspect", "sine.jaxpr"], { cwd: folder, encoding: "utf8", shell }),
    /= sin a/,
  );
  assert.match(
    execFileSync(command, ["lora", "--help"], { encoding: "utf8", shell }),
    /usage: cotangent lora/,
  );
  console.log("runs from JavaScript, by every subpath alone and by no other, and as a command");

  for (const [version, tsc] of compilers) {
    for (const resolution of ["bundler", "nodenext"]) {
      for (const exactOptionalPropertyTypes of [false, true]) {
        const compilerOptions = {
          target: "es2022",
          lib: ["es2023"],
          types: [],
          strict: true,
          skipLibCheck: false,
          exactOptionalPropertyTypes,
          module: resolution === "bundler" ? "esnext" : "nodenext",
          moduleResolution: resolution,
          rootDir: "programs",
          outDir: "compiled",
        };
        const config = { compilerOptions, include: ["programs/*.ts"] };
        writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
        node(tsc);
      }
    }
    console.log(`type-checks in TypeScript ${version} with either moduleResolution`);
  }
  node("compiled/adapted.js");

  for (const program of programs) {
    const entry = join(folder, "programs", program);
    await build({
      entryPoints: [entry],
      outfile: join(folder, "esbuild", program),
      bundle: true,
      format: "esm",
      minify: true,
      platform: "browser",
      logLevel: "warning",
    });
    node(`esbuild/${program}`);
    await vite({
      root: folder,
      configFile: false,
      logLevel: "warn",
      build: {
        rolldownOptions: { input: entry, output: { entryFileNames: program, dir: join(folder, "vite") } },
        modulePreload: false,
        emptyOutDir: false,
      },
    });
    node(`vite/${program}`);
  }
  console.log("bundles for a browser with esbuild and with Vite, each subpath alone");
});
