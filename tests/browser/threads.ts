import { Pool } from "../../src/backends/wasm/threads/pool.ts";
import { kernels, toyOf } from "../unit/backends/wasm/threads/toy-module.ts";

/** How many threads there were, whether they ran at once, and what a failure on one of them was, before and after it. */
export async function threads(): Promise<readonly unknown[]> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const pool = new Pool(memory, { threads: 3, limit: 2000 });
  const toy = toyOf(memory, pool);
  const seen: unknown[] = [];
  for (const failing of [kernels.call, kernels.hang]) {
    await pool.ready();
    toy.run(kernels.meet, 3, 1, { expected: 3 });
    seen.push(pool.threads, !toy.alone);
    try {
      toy.run(failing, 3, 1, { expected: 3 });
    } catch (error) {
      seen.push((error as { code?: string }).code);
    }
  }
  await pool.ready();
  seen.push(pool.threads);
  pool.resize(2);
  await pool.ready();
  seen.push(pool.threads);
  await pool.close();
  return [...seen, pool.threads];
}
