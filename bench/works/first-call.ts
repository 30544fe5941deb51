import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Work } from "../work.ts";

const program = fileURLToPath(new URL("first-call-process.ts", import.meta.url));

/** Tracing, quaxifying, compiling and running for the first time; loading the library is not counted. */
export const firstCall: readonly Work[] = [
  {
    name: "first call of the LoRA step, new process",
    unit: "ms",
    aims: { jax: 5 },
    selfTimed: true,
    ours: () => () =>
      Number(execFileSync(process.execPath, [...process.execArgv, program], { encoding: "utf8" })),
    jax: "Quax",
  },
];
