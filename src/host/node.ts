import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Host } from "./host.ts";

const never = new Int32Array(new SharedArrayBuffer(4));

/** Node: threads are those of `node:worker_threads`. */
export const host: Host = {
  parallelism: availableParallelism(),
  spawn(program, { message, end }) {
    // Options of the process, such as loaders, are for its own modules; a thread of this kind loads none.
    const worker = new Worker(`(${String(program)})(require("node:worker_threads").parentPort)`, {
      eval: true,
      execArgv: [],
    });
    let why: unknown;
    worker.on("message", message);
    worker.on("error", (error: unknown) => (why = error));
    worker.on("exit", () => end(why));
    worker.unref();
    return {
      post: (data) => worker.postMessage(data),
      terminate: () => worker.terminate().then(() => undefined),
    };
  },
  nap: () => void Atomics.wait(never, 0, 0, 0.1),
};
