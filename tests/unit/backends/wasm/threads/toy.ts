import { afterEach } from "vitest";
import { kernels, type Toy, toyOf as toyOn } from "./toy-module.ts";
import { Pool, type PoolOptions } from "../../../../../src/backends/wasm/threads/pool.ts";

export { ELEMENTS, kernels, type Toy } from "./toy-module.ts";

/** Pools of the test that runs. */
const pools: Pool[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

/** A pool with a memory of its own, closed after the test, and what makes toys on it. */
export function poolOf(options: PoolOptions): { pool: Pool; toyOf: (unit?: number) => Toy } {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const pool = new Pool(memory, options);
  pools.push(pool);
  return { pool, toyOf: (unit) => toyOn(memory, pool, unit) };
}

/** Whether `threads` threads run chunks of one job at the same time. */
export function meets(toy: Toy, threads: number): boolean {
  toy.run(kernels.meet, threads, 1, { expected: threads });
  return !toy.alone;
}
