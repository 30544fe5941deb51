// Plain JavaScript: tsx is not at work in worker threads of Node 20.
import { parentPort, workerData } from "node:worker_threads";

const { bytes, pages } = /** @type {import("./index.ts").WorkerData} */ (workerData);
const memory = new WebAssembly.Memory({ initial: pages });
// Pages that were never written may all be the same zeros.
new Uint32Array(memory.buffer).forEach((_, i, words) => (words[i] = i));
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { bench: { memory } });

parentPort?.on("message", (/** @type {import("./index.ts").Request} */ { name, iterations }) => {
  const run = /** @type {(iterations: number) => number} */ (exports[name]);
  const started = performance.now();
  run(iterations);
  parentPort?.postMessage((performance.now() - started) / 1000);
});
