import fc from "fast-check";
import { expect, test } from "vitest";
import { Machine, executed, interpreted } from "./machine.ts";
import { RandomNest } from "./nests.ts";

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
