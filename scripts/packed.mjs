import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** @type {{ name: string, exports: Record<string, unknown> }} */
export const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** Runs npm and returns what it printed. @param {string} cwd @param {string[]} args */
export const npm = (cwd, ...args) =>
  execFileSync("npm", args, { cwd, encoding: "utf8", shell: process.platform === "win32" });

/** The programs of tests/consumer, which use the package as its users do. */
export const programs = readdirSync(join(root, "tests/consumer")).filter((name) => name.endsWith(".js"));

/**
 * Packs the library, installs the tarball and `dependencies` in an empty project outside of the repository, copies the
 * programs there, and runs `body` with the project's folder.
 *
 * @param {readonly string[]} dependencies
 * @param {(folder: string) => Promise<void> | void} body
 */
export async function withPacked(dependencies, body) {
  const folder = mkdtempSync(join(tmpdir(), "cotangent-"));
  try {
    const printed = npm(root, "pack", "--silent", "--pack-destination", folder);
    const tarball = printed.trim().split("\n").at(-1) ?? "";
    writeFileSync(
      join(folder, "package.json"),
      JSON.stringify({ name: "empty", private: true, type: "module" }),
    );
    npm(
      folder,
      "install",
      "--no-audit",
      "--no-fund",
      "--prefer-offline",
      join(folder, tarball),
      ...dependencies,
    );
    cpSync(join(root, "tests/consumer"), join(folder, "programs"), { recursive: true });
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
