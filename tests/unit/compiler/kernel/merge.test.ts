import fc from "fast-check";
import { expect, test } from "vitest";
import { Affine } from "../../../../src/compiler/kernel/affine.ts";
import { load, Loop, type Memory, op, reduce } from "../../../../src/compiler/kernel/expression.ts";
import { merged } from "../../../../src/compiler/kernel/merge.ts";
import type { Nest } from "../../../../src/compiler/kernel/nest.ts";
import { interpreted } from "./machine.ts";
import { RandomNest, sumOf } from "./nests.ts";

const i = Affine.loop;
const x: Memory = { name: "x", storage: "f32" };
const out: Memory = { name: "out", storage: "f32" };
const [a, b, c] = [new Loop(4, "a"), new Loop(5, "b"), new Loop(6, "c")];
const rows = i(a).times(5).plus(i(b)).times(6).plus(i(c));
const nestOf = (
  value: Nest["stores"][0]["value"],
  loops: readonly Loop[] = [a, b, c],
  address = rows,
): Nest => ({
  name: "n",
  stores: [{ loops, memory: out, address, value }],
  sequential: new Set(),
});
const sizesOf = ({ stores }: Nest) => stores[0]!.loops.map(({ size }) => size);

test("loops that everything runs through as through one are one", () => {
  expect(sizesOf(merged(nestOf(op("neg", load(x, rows)))))).toEqual([120]);
});

test("loops are kept apart where an operand is broadcast, transposed or read with gaps", () => {
  expect(sizesOf(merged(nestOf(op("add", load(x, rows), load(x, i(c))))))).toEqual([20, 6]);
  expect(sizesOf(merged(nestOf(load(x, i(c).times(20).plus(i(a).times(5)).plus(i(b))))))).toEqual([20, 6]);
  expect(sizesOf(merged(nestOf(load(x, rows.plus(i(b).times(6))))))).toEqual([4, 5, 6]);
});

test("loops of one step are in the way of none", () => {
  const one = new Loop(1, "one");
  expect(sizesOf(merged(nestOf(load(x, rows), [a, one, b, c])))).toEqual([120]);
});

test("loops of a reduction are merged as those of stores are", () => {
  const [sum] = reduce(sumOf("f32"), [b, c], [load(x, rows)]);
  const { stores } = merged(nestOf(sum!, [a], i(a)));
  const { value } = stores[0]!;
  expect(value.kind === "reduced" && value.reduction.over.map(({ size }) => size)).toEqual([30]);
});

test("loops that are taken in order, or run along, are not merged", () => {
  const nest = nestOf(load(x, rows));
  expect(sizesOf(merged({ ...nest, sequential: new Set([a]) }))).toEqual([4, 30]);
});

test("a merged nest leaves in memory what the nest does", () => {
  fc.assert(
    fc.property(fc.noShrink(fc.gen()), (draw) => {
      const random = new RandomNest(draw);
      const nest = random.nest();
      const [got, expected] = [interpreted(merged(nest), random.data), interpreted(nest, random.data)];
      for (const { memory } of nest.stores) expect(got.get(memory)).toEqual(expected.get(memory));
    }),
    { numRuns: 200 },
  );
});
