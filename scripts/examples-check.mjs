// Runs the examples that draw a picture, for a few steps each, and looks at what they have drawn.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const names = ["regression", "digits-cnn", "spirals", "neural-ode", "hamiltonian", "hmc"];
const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "cotangent-examples-"));
try {
  for (const name of names) {
    const picture = join(folder, `${name}.svg`);
    const { status, stdout, stderr } = spawnSync(
      "npm",
      ["run", "--silent", name, "--", "--quick", "--out", picture],
      {
        cwd: root,
        encoding: "utf8",
      },
    );
    if (status !== 0) throw new Error(`npm run ${name} failed:\n${stdout}${stderr}`);
    const svg = readFileSync(picture, "utf8");
    if (!/<path[^>]* d="M/.test(svg))
      throw new Error(`${name}: ${svg.length} characters of SVG, and no line in them`);
    console.log(`${name}: ${stdout.trim().split("\n").at(-2)}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
