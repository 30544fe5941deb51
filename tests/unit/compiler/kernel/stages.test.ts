import { expect, test } from "vitest";
import { Affine } from "../../../../src/compiler/kernel/affine.ts";
import { type Expr, f32, load, Loop, type Memory, op, position, reduce } from "../../../../src/compiler/kernel/expression.ts"; // prettier-ignore
import type { Nest } from "../../../../src/compiler/kernel/nest.ts";
import { staged } from "../../../../src/compiler/kernel/stages.ts";
import { executed, inTurn } from "./machine.ts";
import { argmaxOf, sumOf } from "./nests.ts";

const i = Affine.loop;
const x: Memory = { name: "x", storage: "f32" };
const out: Memory = { name: "out", storage: "f32" };
/** Small whole numbers: sums of them are exact in any order. */
const filled = (size: number) => Float32Array.from({ length: size }, (_, k) => ((k * 7919) % 13) - 6);

const nestOf = (loops: readonly Loop[], address: Affine, value: Expr): Nest => ({
  name: "n",
  stores: [{ loops, memory: out, address, value }],
  sequential: new Set(),
});
/** What a nest leaves in `out`, whole and in stages, of which there are `count`. */
function both(nest: Nest, size: number, results: number, count: number) {
  const data = new Map([
    [x, filled(size)],
    [out, new Float32Array(results)],
  ]);
  const steps = staged(nest);
  expect(steps.nests).toHaveLength(count);
  return [inTurn(steps, data).get(out), executed(nest, data).get(out)];
}

test("a sum of many numbers is one of sums of chunks, the last of which may be shorter", () => {
  for (const [size, count] of [
    [2 ** 18, 2],
    [300_001, 3],
  ] as const) {
    const k = new Loop(size, "k");
    const [sum] = reduce(sumOf("f32"), [k], [op("mul", load(x, i(k)), f32(2))]);
    const [got, expected] = both(nestOf([], Affine.of(0), op("add", sum!, f32(1))), size, 1, count);
    expect(got).toEqual(expected);
  }
});

test("the first of the greatest numbers is found through chunks", () => {
  const k = new Loop(140_000, "k");
  const [greatest, first] = reduce(argmaxOf("f32"), [k], [load(x, i(k)), position(i(k).times(-1))]);
  const value = op("add", greatest!, op("to_f32_s", first!));
  const [got, expected] = both(nestOf([], Affine.of(0), value), 140_000, 1, 3);
  expect(got).toEqual(expected);
});

test("columns are summed by rows that are added in memory", () => {
  for (const [rows, count] of [
    [256, 3],
    [1001, 4],
  ] as const) {
    const [k, j] = [new Loop(rows, "k"), new Loop(261, "j")];
    const [sum] = reduce(sumOf("f32"), [k], [load(x, i(k).times(261).plus(i(j)))]);
    const [got, expected] = both(nestOf([j], i(j), op("neg", sum!)), rows * 261, 261, count);
    expect(got).toEqual(expected);
  }
});

test("what one sum needs of another is known when its chunks are computed", () => {
  const [k, l] = [new Loop(1 << 18, "k"), new Loop(1 << 18, "l")];
  const [sum] = reduce(sumOf("f32"), [k], [load(x, i(k))]);
  const [count] = reduce(sumOf("f32"), [l], [op("select", op("lt", load(x, i(l)), sum!), f32(1), f32(0))]);
  const [got, expected] = both(nestOf([], Affine.of(0), count!), 1 << 18, 1, 3);
  expect(got).toEqual(expected);
});

test("small reductions, those of many results and products are left as they are", () => {
  const [k, j, m] = [new Loop(1000, "k"), new Loop(1000, "j"), new Loop(1000, "m")];
  const sum = (loop: Loop, value: Expr) => reduce(sumOf("f32"), [loop], [value])[0]!;
  const rows = load(x, i(j).times(1000).plus(i(k)));
  const product = op("mul", load(x, i(m).times(1000).plus(i(k))), load(x, i(k).times(1000).plus(i(j))));
  expect(staged(nestOf([], Affine.of(0), sum(k, load(x, i(k))))).nests).toHaveLength(1);
  expect(staged(nestOf([j], i(j), sum(k, rows))).nests).toHaveLength(1);
  expect(staged(nestOf([m, j], i(m).times(1000).plus(i(j)), sum(k, product))).nests).toHaveLength(1);
});
