// Packs the library, installs the tarball in an empty project, and uses it there as its users will: from JavaScript, from
// TypeScript under both module resolutions, and bundled for a browser.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const require = createRequire(import.meta.url);
const tsc = join(require.resolve("typescript/package.json"), "../bin/tsc");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const subpaths = Object.keys(manifest.exports).filter((path) => !/lint|package\.json/.test(path));
const specifiers = subpaths.map((path) => path.replace(".", manifest.name));

const quickStart = `
import assert from "node:assert/strict";
import { grad, jit, numpy as np } from "cotangent";

const f = jit((x) => np.sum(x.mul(x)));
assert.deepEqual(grad(f)(np.array([1, 2, 3])).toList(), [2, 4, 6]);

for (const specifier of ${JSON.stringify(specifiers)}) await import(specifier);
await assert.rejects(import("cotangent/dist/index.js"), { code: "ERR_PACKAGE_PATH_NOT_EXPORTED" });
`;

const lora = `
import { type ArrayValue, grad, nn, numpy as np, quaxify, random, tree } from "cotangent";
import { LoraArray, loraify, trainable } from "cotangent/lora";

const [k1, k2, k3] = random.split(random.key(0), 3);
const linear = new nn.Linear(10, 12, { key: k1 });
const x = random.normal(k2, [10]);
const run = (m: nn.Linear, x: ArrayValue) => m.forward(x);

const tuned = tree.at((l) => l.weight, linear, new LoraArray(linear.weight, { rank: 2, key: k3 }));
const y: ArrayValue = quaxify(run)(tuned, x);
// @ts-expect-error the declarations were found: this is no \`any\`
y.noSuchMember;
const model = loraify(linear, { rank: 2, scale: 0.01, allowMaterialise: false, stopGradient: true, key: k3 });
const [train, rest] = tree.partition(model, trainable(model));
const loss = (t: typeof train, x: ArrayValue) => np.sum(quaxify(run)(tree.combine(t, rest), x));
const gradient = grad(loss)(train, x);

if (String(y.shape) !== "12" || !gradient) throw new Error("the LoRA example went wrong");
`;

// A subpath by itself, with nothing else that would install the methods and the backends.
const browser = `
import { sin } from "cotangent/lax";
import { array } from "cotangent/numpy";

if (sin(array([0])).add(1).toList()[0] !== 1) throw new Error("the bundle lacks what the entry points install");
`;

/** @param {string} cwd @param {string[]} args */
const npm = (cwd, ...args) =>
  execFileSync("npm", args, { cwd, encoding: "utf8", shell: process.platform === "win32" });

const folder = mkdtempSync(join(tmpdir(), "cotangent-pack-"));
/** @param {string} name */
const at = (name) => join(folder, name);
/** @param {string} name @param {string} text */
const write = (name, text) => writeFileSync(at(name), text);

try {
  const packed = npm(root, "pack", "--silent", "--pack-destination", folder).trim().split("\n").at(-1);
  write("package.json", JSON.stringify({ name: "empty", private: true, type: "module" }));
  npm(folder, "install", "--no-audit", "--no-fund", "--prefer-offline", at(packed ?? ""));

  write("quick-start.js", quickStart);
  execFileSync(process.execPath, ["quick-start.js"], { cwd: folder, stdio: "inherit" });
  console.log("runs from JavaScript, by every subpath and by no other");

  mkdirSync(at("ts"));
  write("ts/lora.ts", lora);
  for (const resolution of ["bundler", "nodenext"]) {
    const module = resolution === "bundler" ? "esnext" : "nodenext";
    const options = {
      target: "es2022",
      lib: ["es2023"],
      types: [],
      strict: true,
      exactOptionalPropertyTypes: true,
    };
    write(
      "tsconfig.json",
      JSON.stringify({
        compilerOptions: { ...options, module, moduleResolution: resolution, rootDir: "ts", outDir: "out" },
        include: ["ts"],
      }),
    );
    execFileSync(process.execPath, [tsc], { cwd: folder, stdio: "inherit" });
    console.log(`type-checks in TypeScript with moduleResolution ${resolution}`);
  }
  execFileSync(process.execPath, ["out/lora.js"], { cwd: folder, stdio: "inherit" });

  write("browser.js", browser);
  await build({
    absWorkingDir: folder,
    entryPoints: ["browser.js"],
    outfile: "bundle.mjs",
    bundle: true,
    format: "esm",
    platform: "browser",
    logLevel: "warning",
  });
  execFileSync(process.execPath, ["bundle.mjs"], { cwd: folder, stdio: "inherit" });
  console.log("bundles for a browser");
} finally {
  rmSync(folder, { recursive: true, force: true });
}
