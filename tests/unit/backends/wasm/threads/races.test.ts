import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { attend } from "../../../../../src/backends/wasm/threads/worker.ts";
import { ELEMENTS, kernels, poolOf } from "./toy.ts";

/** The same integers in `[1, limit]` at every run. */
function seeded(): (limit: number) => number {
  let seed = 1;
  return (limit) => (((seed = Math.imul(seed, 48271) >>> 1) >>> 8) % limit) + 1;
}

test("10,000 regions of many shapes run every iteration once", async () => {
  const { pool, toyOf } = poolOf({ threads: 3 });
  const toy = toyOf();
  await pool.ready();
  const random = seeded();
  const wrong: unknown[] = [];
  for (let job = 0; job < 10_000; job++) {
    const [size, grain, salt] = [random(60), random(12), random(1000)];
    toy.out.fill(0, 0, 64);
    toy.run(kernels.add, size, grain, { salt });
    for (let i = 0; i < 64; i++)
      if (toy.out[i] !== (i < size ? i * salt + 1 : 0)) wrong.push({ job, size, grain, i });
  }
  expect(wrong).toEqual([]);
});

test("threads that take chunks at once take different ones, of the job that is under way", async () => {
  const { pool, toyOf } = poolOf({ threads: 2, patience: 1, limit: 2000 });
  const [first, second] = [toyOf(1), toyOf(2)];
  await pool.ready();
  const random = seeded();
  const wrong: unknown[] = [];
  for (let job = 0; job < 100; job++) {
    // A worker that comes for the first of these meets the second.
    first.run(kernels.add, random(20), random(4));
    second.out.fill(0);
    second.run(kernels.race, 50 * ELEMENTS, 1, { expected: 2 });
    if (second.alone || second.out.some((count) => count !== 50 * 2)) wrong.push({ job });
  }
  expect(wrong).toEqual([]);
});

test("modules and threads that come and go between regions lose no iteration", async () => {
  const { pool, toyOf } = poolOf({ threads: 2, patience: 0 });
  for (let round = 0; round < 30; round++) {
    pool.resize((round % 3) + 1);
    const toy = toyOf();
    for (let job = 0; job < 50; job++) {
      toy.out.fill(0, 0, 40);
      toy.run(kernels.add, 40, 1, { salt: job });
      expect([...toy.out.subarray(0, 40).keys()].filter((i) => toy.out[i] !== i * job + 1)).toEqual([]);
    }
    pool.release(toy.id);
    // Every other round starts while workers still take in messages.
    if (round % 2 === 0) await pool.ready();
  }
});

// A compiler that keeps names, as tsx does, wraps functions that have one in a call of a function of its own.
test("a worker's program is whole where names are kept, and a process with workers ends by itself", () => {
  const child = fileURLToPath(new URL("child.ts", import.meta.url));
  const printed = execFileSync(process.execPath, ["--import", "tsx", child], {
    encoding: "utf8",
    timeout: 25_000,
  });
  expect(printed).toBe("3 threads met\n");
});

test("a worker's program names no function, and nothing of its module", () => {
  const names = String(attend).match(/\bfunction \w+|\b(?:const|let) \w+ = (?:async )?(?:\(.*?\)|\w+) =>/g);
  expect(names).toEqual(["function attend"]);
  expect(String(attend)).not.toMatch(/__\w+/);
});
