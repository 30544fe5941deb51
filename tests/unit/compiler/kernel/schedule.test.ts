import { expect, test } from "vitest";
import { Affine } from "../../../../src/compiler/kernel/affine.ts";
import {
  type Expr,
  load,
  Loop,
  type Memory,
  op,
  reduce,
} from "../../../../src/compiler/kernel/expression.ts";
import type { Nest } from "../../../../src/compiler/kernel/nest.ts";
import { schedule } from "../../../../src/compiler/kernel/schedule.ts";
import { Machine } from "./machine.ts";
import { sumOf } from "./nests.ts";

const i = Affine.loop;
const memory = (name: string, storage: Memory["storage"] = "f32"): Memory => ({ name, storage });
const [x, y, out] = [memory("x"), memory("y"), memory("out")];
const nestOf = (loops: readonly Loop[], address: Affine, value: Expr, to = out): Nest => ({
  name: "n",
  stores: [{ loops, memory: to, address, value }],
  sequential: new Set(),
});
const [a, b] = [new Loop(40, "a"), new Loop(60, "b")];
const rows = i(a).times(60).plus(i(b));
const columns = i(b).times(40).plus(i(a));
const stepsOf = (nest: Nest, loop: Loop) =>
  schedule(nest)
    .segments.get(loop)!
    .map(({ step }) => step);
const vectorsOf = (nest: Nest) => [...schedule(nest).vectors];

function product(m: Loop, n: Loop, k: Loop): Nest {
  const left = load(x, i(m).times(k.size).plus(i(k)));
  const right = load(y, i(k).times(n.size).plus(i(n)));
  return nestOf(
    [m, n],
    i(m).times(n.size).plus(i(n)),
    reduce(sumOf("f32"), [k], [op("mul", left, right)])[0]!,
  );
}

test("lanes run along what lies in a row in memory", () => {
  expect(vectorsOf(nestOf([a, b], rows, load(x, rows)))).toEqual([b]);
  expect(vectorsOf(nestOf([b, a], rows, load(x, rows)))).toEqual([b]);
  expect(vectorsOf(nestOf([a], i(a), reduce(sumOf("f32"), [b], [load(x, rows)])[0]!))).toEqual([b]);
  expect(vectorsOf(nestOf([a], i(a), reduce(sumOf("f32"), [b], [load(x, columns)])[0]!))).toEqual([a]);
});

test("what is read in columns is read for as many rows as there are lanes", () => {
  const nest = nestOf([a, b], rows, load(x, columns));
  expect(vectorsOf(nest)).toEqual([b]);
  expect(stepsOf(nest, a)).toEqual([8]);
});

test("tiles that lie side by side are copied several at once, as long as there are turns left to share", () => {
  const [k, inner] = [new Loop(50, "k"), new Loop(8, "j")];
  const steps = (tiles: number): number[] => {
    const outer = new Loop(tiles, "o");
    const from = i(k).times(8 * tiles).plus(i(outer).times(8)).plus(i(inner)); // prettier-ignore
    const to = i(outer).times(50).plus(i(k)).times(8).plus(i(inner));
    return stepsOf(nestOf([k, outer, inner], to, load(x, from)), outer);
  };
  expect(steps(128)).toEqual([8]);
  expect(steps(64)).toEqual([4]);
  expect(steps(16)).toEqual([1]);
});

test("vectors have two lanes where a number has 64 bits", () => {
  expect(schedule(nestOf([a], i(a), load(x, i(a)))).lanes).toBe(4);
  expect(schedule(nestOf([a], i(a), op("promote", load(x, i(a))), memory("out", "f64"))).lanes).toBe(2);
});

test("a loop that is taken in order has no lanes", () => {
  const nest = nestOf([a], i(a), load(x, i(a)));
  expect(vectorsOf(nest)).toEqual([a]);
  expect(vectorsOf({ ...nest, sequential: new Set([a]) })).toEqual([]);
});

test("a product is computed in tiles, that have a rest", () => {
  const [m, n, k] = [new Loop(10, "m"), new Loop(21, "n"), new Loop(30, "k")];
  const nest = product(m, n, k);
  expect(vectorsOf(nest)).toEqual([n]);
  expect(stepsOf(nest, m)).toEqual([4, 2]);
  expect(stepsOf(nest, n)).toEqual([8, 5]);
  const { parts } = schedule(nest).segments.get(n)!.at(-1)!;
  expect(parts).toEqual([
    { offset: 0, lanes: 4 },
    { offset: 4, lanes: 1 },
  ]);
});

test("what is read again for each row, and is large, is taken in blocks that can be shared out", () => {
  const [m, n, k] = [new Loop(7, "m"), new Loop(301, "n"), new Loop(400, "k")];
  const nest = product(m, n, k);
  const { blocks } = schedule(nest);
  expect([...blocks]).toEqual([[m, { loop: n, size: 160 }]]);
  const data = () =>
    new Map([
      [x, Float32Array.from({ length: 7 * 400 }, (_, j) => ((j * 31) % 11) - 5)],
      [y, Float32Array.from({ length: 400 * 301 }, (_, j) => ((j * 17) % 13) - 6)],
      [out, new Float32Array(7 * 301)],
    ]);
  const whole = new Machine(nest, data()).run();
  const { steps, align } = whole.routine;
  expect([steps, align]).toEqual([301, 8]);
  const parts = new Machine(nest, data());
  for (const [begin, end] of [
    [200, 301],
    [0, 104],
    [104, 200],
  ] as const)
    parts.run(begin, end);
  const expected = Float32Array.from({ length: 7 * 301 }, (_, j) => {
    const [r, c] = [Math.floor(j / 301), j % 301];
    let sum = 0;
    for (let s = 0; s < 400; s++)
      sum += ((((r * 400 + s) * 31) % 11) - 5) * ((((s * 301 + c) * 17) % 13) - 6);
    return sum;
  });
  expect(whole.read(out)).toEqual(expected);
  expect(parts.read(out)).toEqual(expected);
});

test("loops beside each other have lanes of their own, and so has a sum in a third", () => {
  const c = new Loop(50, "c");
  const stores = [
    { loops: [a], memory: out, address: i(a), value: load(x, i(a)) },
    { loops: [b], memory: memory("other"), address: i(b), value: load(y, i(b)) },
    { loops: [], memory: memory("sum"), address: Affine.of(0), value: reduce(sumOf("f32"), [c], [load(x, i(c))])[0]! },
  ]; // prettier-ignore
  expect(vectorsOf({ name: "n", stores, sequential: new Set() })).toEqual([b, a, c]);
});

test("two loops of which something depends on both have lanes of one", () => {
  const stores = [
    { loops: [a, b], memory: out, address: rows, value: op("mul", load(x, rows), load(y, i(a))) },
    { loops: [a], memory: memory("other"), address: i(a), value: load(y, i(a)) },
  ];
  expect(vectorsOf({ name: "n", stores, sequential: new Set() })).toEqual([b]);
});

test("what takes many operations is written down a few times only", () => {
  const [n, k] = [new Loop(64, "n"), new Loop(10, "k")];
  const many = (value: Expr): Expr => Array.from({ length: 40 }).reduce<Expr>((z) => op("sqrt", z), value);
  const sum = (value: Expr): Nest => nestOf([n], i(n), reduce(sumOf("f32"), [k], [value])[0]!);
  const along = i(k).times(64).plus(i(n));
  expect(stepsOf(sum(load(x, along)), n)).toEqual([32]);
  expect(stepsOf(sum(many(load(x, along))), n)).toEqual([12, 4]);
  const whole = (value: Expr): Nest => nestOf([], Affine.of(0), reduce(sumOf("f32"), [n], [value])[0]!);
  expect(stepsOf(whole(load(x, i(n))), n)).toEqual([16]);
  expect(stepsOf(whole(many(load(x, i(n)))), n)).toEqual([8]);
});
