import fc from "fast-check";
import { expect, test } from "vitest";
import { Affine } from "../../../../src/compiler/kernel/affine.ts";
import { load, Loop, type Memory, op, reduce } from "../../../../src/compiler/kernel/expression.ts";
import type { Nest } from "../../../../src/compiler/kernel/nest.ts";
import { prepared } from "../../../../src/compiler/kernel/prepare.ts";
import { executed, interpreted, inTurn } from "./machine.ts";
import { RandomNest, sumOf } from "./nests.ts";

const i = Affine.loop;
const [x, y, out] = ["x", "y", "out"].map((name): Memory => ({ name, storage: "f32" })) as [
  Memory,
  Memory,
  Memory,
];
const filled = (size: number) => Float32Array.from({ length: size }, (_, k) => ((k * 7919) % 13) - 6);

test("a nest that is prepared leaves in memory what the nest does", () => {
  fc.assert(
    fc.property(fc.noShrink(fc.gen()), (draw) => {
      const random = new RandomNest(draw);
      const nest = random.nest();
      const [got, expected] = [inTurn(prepared(nest), random.data), interpreted(nest, random.data)];
      for (const { memory } of nest.stores) expect(got.get(memory)).toEqual(expected.get(memory));
    }),
    { numRuns: 100 },
  );
});

test("rows of all members of a batch are those of one product where they have one right operand", () => {
  const [b, m, n, k] = [new Loop(4, "b"), new Loop(20, "m"), new Loop(64, "n"), new Loop(128, "k")];
  const row = i(b).times(20).plus(i(m));
  const terms = [load(x, row.times(128).plus(i(k))), load(y, i(k).times(64).plus(i(n)))] as const;
  const [value] = reduce(sumOf("f32"), [k], [op("mul", ...terms)]);
  const stores = [{ loops: [b, m, n], memory: out, address: row.times(64).plus(i(n)), value: value! }];
  const nest: Nest = { name: "batch", stores, sequential: new Set() };
  const steps = prepared(nest);
  expect(steps.nests.at(-1)!.stores[0]!.loops.map(({ size }) => size)).toEqual([8, 20, 4, 8]);
  const data = new Map([
    [x, filled(80 * 128)],
    [y, filled(128 * 64)],
    [out, new Float32Array(80 * 64)],
  ]);
  expect(inTurn(steps, data).get(out)).toEqual(executed(nest, data).get(out));
});
