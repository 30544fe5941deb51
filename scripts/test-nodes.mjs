// Runs the packed library on every version of Node that it supports. The binaries come from the npm registry.
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { npm, programs, withPacked } from "./packed.mjs";

const versions = [20, 22, 24, 26];
const platform = process.platform === "win32" ? "win" : process.platform;
const prefix = process.platform === "darwin" && process.arch === "arm64" ? "node-bin" : "node";

await withPacked([], (folder) => {
  for (const version of versions) {
    // The package `node` would install this one by a script; each version has a folder of its own.
    const name = `${prefix}-${platform}-${process.arch}`;
    const home = join(folder, `node-${version}`);
    mkdirSync(home);
    npm(
      folder,
      "install",
      "--prefix",
      home,
      "--no-save",
      "--no-audit",
      "--no-fund",
      "--prefer-offline",
      `${name}@${version}`,
    );
    const node = join(home, "node_modules", name, "bin", process.platform === "win32" ? "node.exe" : "node");
    for (const program of programs)
      execFileSync(node, [`programs/${program}`], { cwd: folder, stdio: "inherit" });
    const exact = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
    console.log(`runs on Node ${exact}`);
  }
});
