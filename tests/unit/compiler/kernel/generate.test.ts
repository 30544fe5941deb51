import fc from "fast-check";
import { expect, test } from "vitest";
import { Machine, executed, interpreted } from "./machine.ts";
import { RandomNest } from "./nests.ts";
import { Affine } from "../../../../src/compiler/kernel/affine.ts";
import { f32, load, Loop, type Memory, op } from "../../../../src/compiler/kernel/expression.ts";
import type { Nest } from "../../../../src/compiler/kernel/nest.ts";
import { printRoutine } from "../../../../src/compiler/kernel/print.ts";

const RUNS = 300;
/** Smaller counterexamples are not searched for: it takes long, and a seed says as much. */
const drawing = fc.noShrink(fc.gen());

test("machine code leaves in memory what the nest says", () => {
  fc.assert(
    fc.property(drawing, (draw) => {
      const random = new RandomNest(draw);
      const nest = random.nest();
      const [got, expected] = [executed(nest, random.data), interpreted(nest, random.data)];
      for (const { memory } of nest.stores) expect(got.get(memory)).toEqual(expected.get(memory));
    }),
    { numRuns: RUNS },
  );
});

test("machine code runs along loops as the nest says", () => {
  fc.assert(
    fc.property(drawing, (draw) => {
      const random = new RandomNest(draw);
      const nest = random.series();
      const [got, expected] = [executed(nest, random.data), interpreted(nest, random.data)];
      for (const { memory } of nest.stores) expect(got.get(memory)).toEqual(expected.get(memory));
    }),
    { numRuns: RUNS / 4 },
  );
});

test("parts of a routine, in any order, leave what the whole of it does", () => {
  fc.assert(
    fc.property(drawing, (draw) => {
      const random = new RandomNest(draw);
      const nest = random.nest();
      const [whole, parts] = [new Machine(nest, random.data).run(), new Machine(nest, random.data)];
      const { steps, align } = whole.routine;
      const turns = Array.from({ length: Math.ceil(steps / align) }, (_, i) => i);
      for (const turn of draw(() => fc.shuffledSubarray(turns, { minLength: turns.length })))
        parts.run(turn * align, Math.min(steps, (turn + 1) * align));
      for (const { memory } of nest.stores) expect(parts.read(memory)).toEqual(whole.read(memory));
    }),
    { numRuns: RUNS / 4 },
  );
});

test("what is rare is computed under a branch, for vectors of which some lane needs it", () => {
  const [x, out] = ["x", "out"].map((name): Memory => ({ name, storage: "f32" })) as [Memory, Memory];
  for (const size of [1, 4, 23]) {
    const i = new Loop(size, "i");
    const at = size === 1 ? Affine.of(0) : Affine.loop(i);
    const value = load(x, at);
    const shared = op("add", value, f32(1));
    const rare = op("sqrt", op("sqrt", shared));
    const chosen = op("add", op("rarely", op("lt", f32(9), value), rare, op("neg", shared)), shared);
    const stores = [{ loops: size === 1 ? [] : [i], memory: out, address: at, value: chosen }];
    const nest: Nest = { name: "n", stores, sequential: new Set() };
    for (const most of [5, 40]) {
      const data = new Map([
        [x, Float32Array.from({ length: size }, (_, k) => (k * 7) % most)],
        [out, new Float32Array(size)],
      ]);
      const machine = new Machine(nest, data).run();
      expect(machine.read(out)).toEqual(interpreted(nest, data).get(out));
      const lines = printRoutine(machine.routine).split("\n");
      const roots = lines.flatMap((line, k) => (line.includes("sqrt") ? k : []));
      for (const k of roots) expect(lines[k - 1]).toMatch(size === 1 ? /^ *if (?!any)/ : /^ *if any\(/);
      expect(roots.length).toBeGreaterThan(0);
    }
  }
});
