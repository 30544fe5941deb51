import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { chromium } from "playwright-core";

const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * Unpacks the Chromium that the package `@sparticuz/chromium` brings, and the libraries it needs that a small system lacks.
 *
 * @param {string} folder
 */
function unpack(folder) {
  if (`${process.platform} ${process.arch}` !== "linux x64")
    throw new Error(`@sparticuz/chromium has none for ${process.platform} on ${process.arch}`);
  const require = createRequire(import.meta.url);
  /** @param {string} name */
  const packed = (name) =>
    brotliDecompressSync(
      readFileSync(require.resolve("@sparticuz/chromium").replace(/build\/.*/, `bin/${name}`)),
    );
  const executablePath = join(folder, "chromium");
  writeFileSync(executablePath, packed("chromium.br"), { mode: 0o755 });
  execFileSync("tar", ["-x", "-C", folder], { input: packed("al2023.tar.br") });
  return { executablePath, env: { ...process.env, LD_LIBRARY_PATH: join(folder, "lib") } };
}

/**
 * Runs `body` with a Chromium without a window: the one that CHROME_PATH names; without it /usr/bin/chromium, or else the
 * one of the npm package.
 *
 * @param {(browser: import("playwright-core").Browser) => Promise<void>} body
 */
export async function withChromium(body) {
  const folder = mkdtempSync(join(tmpdir(), "chromium-"));
  try {
    const browser = await launched(folder);
    try {
      await body(browser);
    } finally {
      await browser.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The ways to start one, by the name of each, in the order in which they are tried.
 *
 * @param {string} folder
 * @returns {Record<string, () => import("playwright-core").LaunchOptions>}
 */
function candidatesIn(folder) {
  const named = process.env["CHROME_PATH"];
  if (named) return { [named]: () => ({ executablePath: named }) };
  const installed = "/usr/bin/chromium";
  return {
    ...(existsSync(installed) && { [installed]: () => ({ executablePath: installed }) }),
    "@sparticuz/chromium": () => unpack(folder),
  };
}

/** @param {string} folder */
async function launched(folder) {
  const reasons = [];
  for (const [name, options] of Object.entries(candidatesIn(folder))) {
    try {
      const browser = await chromium.launch({ args, ...options() });
      console.log(`Chromium ${browser.version()} (${name})`);
      return browser;
    } catch (error) {
      reasons.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(`no Chromium starts here; CHROME_PATH may name another\n${reasons.join("\n")}`);
}
