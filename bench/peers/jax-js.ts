import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type * as jaxJsModule from "@jax-js/jax";

export type JaxJs = typeof jaxJsModule;

const bench = fileURLToPath(new URL("..", import.meta.url));

/** As its package.json, and so the lock, has it. */
export const jaxJsName = "jax-js 0.1.25";

/**
 * jax-js on its WebAssembly backend; installed into `bench/node_modules` if it is not there.
 * @throws Error when it cannot be installed.
 */
export async function startJaxJs(): Promise<JaxJs> {
  if (!existsSync(`${bench}node_modules/@jax-js/jax`)) {
    const { status, stderr } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], {
      cwd: bench,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`npm ci in bench failed: ${stderr.trim().split("\n")[0]}`);
  }
  const jaxJs = await import("@jax-js/jax");
  await jaxJs.init("wasm");
  jaxJs.defaultDevice("wasm");
  return jaxJs;
}
