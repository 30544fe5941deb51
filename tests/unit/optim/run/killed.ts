// Trains, and is killed where it is told: before its n-th call of a function of node:fs, in the middle of a write, or after a step.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { bits, train } from "./training.ts";

const [file, what, which] = process.argv.slice(2) as [string, string, string];
let left = Number(which);
const die = () => process.kill(process.pid, "SIGKILL");
const isTime = (now: string) => now === what && --left === 0;

for (const name of ["openSync", "fsyncSync", "renameSync", "closeSync"] as const) {
  const original = fs[name] as (...args: unknown[]) => unknown;
  Object.assign(fs, {
    [name]: (...args: unknown[]) => {
      if (isTime(name)) die();
      return original(...args);
    },
  });
}
const write = fs.writeSync as (file: number, bytes: Uint8Array, at: number) => number;
Object.assign(fs, {
  writeSync: (to: number, bytes: Uint8Array, at: number) => {
    if (!isTime("writeSync")) return write(to, bytes, at);
    write(to, bytes.subarray(0, bytes.length >> 1), 0);
    die();
    return 0;
  },
});
syncBuiltinESMExports();

let started = false;
const run = train(file, (step) => {
  if (!started) process.stdout.write(`from ${step - 1}\n`);
  started = true;
  if (what === "step" && step === Number(which)) die();
});
process.stdout.write(bits(run));
