import { once } from "node:events";
import { availableParallelism, cpus } from "node:os";
import { Worker } from "node:worker_threads";
import { hasRelaxedSimd } from "../../src/backends/wasm/features.ts";
import { FLOPS_PER_ITERATION, machineModule, MEMORY_BYTES, MEMORY_PAGES } from "./module.ts";

/** What is measured of this machine, by WebAssembly as the backend uses it. */
export interface Machine {
  readonly threads: number;
  /** A second, on one thread and on all of them. */
  readonly coreFlops: number;
  readonly flops: number;
  readonly coreBytes: number;
  readonly bytes: number;
}

/** What a worker is started with. */
export interface WorkerData {
  readonly bytes: Uint8Array;
  readonly pages: number;
}

/** What it is asked for: so many iterations of a function of the module. It answers with the seconds. */
export interface Request {
  readonly name: "multiplyAdd" | "readAll";
  readonly iterations: number;
}

// Many short rounds: some of them have the machine for themselves.
const ROUND_SECONDS = 0.002;
const ROUNDS = 250;

async function run(worker: Worker, request: Request): Promise<number> {
  worker.postMessage(request);
  const [seconds] = (await once(worker, "message")) as [number];
  return seconds;
}

/** The highest rate of all workers together, in iterations a second. */
async function rate(workers: readonly Worker[], name: Request["name"]): Promise<number> {
  let iterations = 1;
  while ((await run(workers[0]!, { name, iterations })) < ROUND_SECONDS) iterations *= 2;
  let best = 0;
  for (let i = 0; i < ROUNDS; i++) {
    const seconds = await Promise.all(workers.map((worker) => run(worker, { name, iterations })));
    best = Math.max(best, (iterations * workers.length) / Math.max(...seconds));
  }
  return best;
}

/** Measures it on one worker, then on as many as the processor has threads. */
export async function measureMachine(): Promise<Machine> {
  const threads = availableParallelism();
  const workerData: WorkerData = { bytes: machineModule(), pages: MEMORY_PAGES };
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL("worker.mjs", import.meta.url), { workerData }),
  );
  const one = workers.slice(0, 1);
  const machine = {
    threads,
    coreFlops: FLOPS_PER_ITERATION * (await rate(one, "multiplyAdd")),
    flops: FLOPS_PER_ITERATION * (await rate(workers, "multiplyAdd")),
    coreBytes: MEMORY_BYTES * (await rate(one, "readAll")),
    bytes: MEMORY_BYTES * (await rate(workers, "readAll")),
  };
  await Promise.all(workers.map((worker) => worker.terminate()));
  return machine;
}

const giga = (x: number): string => (x / 1e9).toFixed(1);

/** The machine in three lines. */
export function show({ threads, coreFlops, flops, coreBytes, bytes }: Machine): string {
  const kind = hasRelaxedSimd() ? "relaxed SIMD" : "SIMD128";
  return [
    `${cpus()[0]?.model ?? "unknown processor"}, Node ${process.version}`,
    `${kind} multiply-add: ${giga(coreFlops)} GFLOP/s on one thread, ${giga(flops)} on ${threads}`,
    `memory read: ${giga(coreBytes)} GB/s by one thread, ${giga(bytes)} by ${threads}`,
  ].join("\n");
}
