import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type * as jaxJsModule from "@jax-js/jax";
import { npm } from "../../scripts/packed.mjs";

export type JaxJs = typeof jaxJsModule;

const bench = fileURLToPath(new URL("..", import.meta.url));

/** As its package.json, and so the lock, has it. */
export const jaxJsName = "jax-js 0.1.25";

/**
 * jax-js on its WebAssembly backend; installed into `bench/node_modules` if it is not there.
 * @throws Error when it cannot be installed.
 */
export async function startJaxJs(): Promise<JaxJs> {
  if (!existsSync(`${bench}node_modules/@jax-js/jax`)) npm(bench, "ci", "--no-audit", "--no-fund");
  const jaxJs = await import("@jax-js/jax");
  await jaxJs.init("wasm");
  jaxJs.defaultDevice("wasm");
  return jaxJs;
}
