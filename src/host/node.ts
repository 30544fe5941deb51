import { availableParallelism } from "node:os";
import { stdout } from "node:process";
import { setFlagsFromString } from "node:v8";
import { createContext, runInNewContext, Script } from "node:vm";
import { Worker } from "node:worker_threads";
import type { Host } from "./host.ts";
import { files } from "./node-files.ts";

const never = new Int32Array(new SharedArrayBuffer(4));

let sweep: (() => void) | undefined;

/**
 * A collection of everything that cannot be reached.
 *
 * V8 keeps what a WeakRef was made of, or gave back, until the task's microtasks have run. Those of any queue will do: a
 * context with a queue of its own, which is empty, leaves the program's microtasks to their time.
 *
 * @see https://nodejs.org/api/vm.html#when-microtaskmode-is-afterevaluate
 */
function sweeper(): () => void {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  if (!("gc" in globalThis)) setFlagsFromString("--no-expose-gc");
  const task = new Script("0");
  const context = createContext({}, { microtaskMode: "afterEvaluate" });
  return () => {
    task.runInContext(context);
    gc();
  };
}

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
  collect() {
    try {
      sweep ??= sweeper();
      sweep();
      return true;
    } catch {
      return false;
    }
  },
  files,
  terminal: stdout.isTTY ? (text) => void stdout.write(text) : null,
  nap: () => void Atomics.wait(never, 0, 0, 0.1),
};
