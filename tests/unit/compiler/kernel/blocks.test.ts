import { expect, test } from "vitest";
import { Affine } from "../../../../src/compiler/kernel/affine.ts";
import { blocked } from "../../../../src/compiler/kernel/blocks.ts";
import { type Expr, load, Loop, type Memory, op, position, reduce, type Storage } from "../../../../src/compiler/kernel/expression.ts"; // prettier-ignore
import { type Nest, reachable, rootsOf } from "../../../../src/compiler/kernel/nest.ts";
import { executed } from "./machine.ts";
import { argmaxOf, sumOf } from "./nests.ts";

const i = Affine.loop;
const memory = (name: string, storage: Storage = "f32"): Memory => ({ name, storage });
const [x, out] = [memory("x"), memory("out")];
const filled = (size: number) => Float32Array.from({ length: size }, (_, k) => ((k * 7919) % 13) - 6);
const nestOf = (loops: readonly Loop[], value: Expr): Nest => ({
  name: "n",
  stores: [{ loops, memory: out, address: loops.length > 0 ? i(loops[0]!) : Affine.of(0), value }],
  sequential: new Set(),
});
const reductionsIn = ({ stores }: Nest) =>
  reachable(stores.flatMap(rootsOf)).flatMap((e) =>
    e.kind === "reduced" ? [e.reduction.over.map((loop) => loop.size)] : [],
  );

test("a long sum is one of the sums of 1024 steps each, and of what is left", () => {
  for (const [sizes, blocks] of [
    [[4095], [[4095]]],
    [[8192], [[1024], [8]]],
    [[10_000], [[1024], [9], [784]]],
    [
      [7, 3000],
      [[1024], [7, 2], [7, 952]],
    ],
    [
      [3000, 300],
      [[3, 300], [1000]],
    ],
    [
      [5, 1024],
      [[1024], [5]],
    ],
  ]) {
    const over = (sizes as number[]).map((size) => new Loop(size, "k"));
    const j = new Loop(3, "j");
    const address = over.reduce((at, loop) => at.times(loop.size).plus(i(loop)), i(j));
    const [sum] = reduce(sumOf("f32"), over, [load(x, address)]);
    const nest = nestOf([j], sum!);
    const result = blocked(nest);
    expect(reductionsIn(result)).toEqual(blocks);
    const size = 3 * over.reduce((product, loop) => product * loop.size, 1);
    const data = new Map([
      [x, filled(size)],
      [out, new Float32Array(3)],
    ]);
    expect(executed(result, data).get(out)).toEqual(executed(nest, data).get(out));
  }
});

test("the first of the greatest is found in blocks, in the same blocks as what is summed along with it", () => {
  const k = new Loop(9000, "k");
  const value = load(x, i(k));
  const [greatest, first] = reduce(argmaxOf("f32"), [k], [value, position(i(k))]);
  const [sum] = reduce(sumOf("f32"), [k], [value]);
  const nest = nestOf([], op("add", op("add", greatest!, sum!), op("to_f32_s", first!)));
  const result = blocked(nest);
  const loops = reachable(result.stores.flatMap(rootsOf)).flatMap((e) =>
    e.kind === "reduced" ? e.reduction.over : [],
  );
  expect(new Set(loops).size).toBe(3);
  const data = new Map([
    [x, filled(9000)],
    [out, new Float32Array(1)],
  ]);
  expect(executed(result, data).get(out)).toEqual(executed(nest, data).get(out));
});

test("sums of integers are exact in any order and are left as they are", () => {
  const k = new Loop(100_000, "k");
  const [sum] = reduce(sumOf("i32"), [k], [load(memory("n", "i32"), i(k))]);
  const nest = nestOf([], op("to_f32_s", sum!));
  expect(blocked(nest)).toBe(nest);
});

test("the error of a sum of 200,000 equal terms is that of some hundreds of additions", () => {
  const size = 200_000;
  const [k, j] = [new Loop(size, "k"), new Loop(8, "j")];
  const y = memory("y");
  const [sum] = reduce(sumOf("f32"), [k], [op("mul", load(x, i(k)), load(y, i(k)))]);
  const data = new Map([
    [x, new Float32Array(size).fill(0.1)],
    [y, new Float32Array(size).fill(1)],
    [out, new Float32Array(8)],
  ]);
  const got = executed(blocked(nestOf([j], op("mul", sum!, load(y, i(j))))), data).get(out)!;
  expect(Math.abs(Number(got[0]) / (size * Math.fround(0.1)) - 1)).toBeLessThan(5e-6);
});
