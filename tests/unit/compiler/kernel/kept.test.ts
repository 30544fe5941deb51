import { expect, test } from "vitest";
import { exp } from "../../../../src/compiler/mathematics/exponential.ts";
import { Affine } from "../../../../src/compiler/kernel/affine.ts";
import { type Expr, load, Loop, type Memory, op, reduce } from "../../../../src/compiler/kernel/expression.ts"; // prettier-ignore
import { blocked } from "../../../../src/compiler/kernel/blocks.ts";
import { kept } from "../../../../src/compiler/kernel/kept.ts";
import { type Nest, reachable, rootsOf, type Store } from "../../../../src/compiler/kernel/nest.ts";
import { toBfloat16 } from "../../../../src/compiler/kernel/half.ts";
import { executed, interpreted } from "./machine.ts";
import { maxOf, sumOf } from "./nests.ts";

const memory = (name: string, storage: Memory["storage"] = "f32"): Memory => ({ name, storage });
const [x, y, sums, out, other] = ["x", "y", "sums", "out", "other"].map((name) => memory(name)) as [
  Memory, Memory, Memory, Memory, Memory,
]; // prettier-ignore
const [rows, columns] = [6, 23];
const [i, j, k] = [new Loop(rows, "i"), new Loop(columns, "j"), new Loop(columns, "k")];
const at = (loop: Loop): Affine => Affine.loop(i).times(columns).plus(Affine.loop(loop));

const greatest = reduce(maxOf("f32"), [k], [load(x, at(k))])[0]!;
const exponential = (loop: Loop): Expr => exp(op("sub", load(x, at(loop)), greatest));
const sum = reduce(sumOf("f32"), [k], [exponential(k)])[0]!;
const quotient = (loop: Loop): Expr => op("div", exponential(loop), sum);

const store = (value: Expr, to = out, loop = j): Store => ({ loops: [i, loop], memory: to, address: at(loop), value }); // prettier-ignore
const total: Store = { loops: [i], memory: sums, address: Affine.loop(i), value: sum };
const nestOf = (...stores: readonly Store[]): Nest => ({ name: "n", stores, sequential: new Set() });

/** Exponentials that a nest computes, for each element: each halves one exponent. */
const exponentials = ({ stores }: Nest): number =>
  reachable(stores.flatMap(rootsOf)).filter((e) => e.kind === "op" && e.op === "shr_u").length;

const data = () =>
  new Map([
    [x, Float32Array.from({ length: rows * columns }, (_, n) => ((n * 7919) % 31) / 4 - 3)],
    [y, Float32Array.from({ length: rows * columns }, (_, n) => ((n * 31) % 13) - 6)],
    [sums, new Float32Array(rows)],
    [out, new Float32Array(rows * columns)],
    [other, new Float32Array(rows * columns)],
  ]);
/** Checks that a nest computes one exponential less, and what it leaves in memory. */
function expectKept(nest: Nest, count = exponentials(nest) - 1): void {
  const result = kept(nest);
  expect(exponentials(result)).toBe(count);
  const [got, expected] = [executed(result, data()), interpreted(nest, data())];
  for (const { memory: to } of nest.stores) {
    const wanted = [...(expected.get(to) as Float32Array)];
    const errors = wanted.map(
      (value, n) => Math.abs(Number(got.get(to)![n]) - value) / Math.max(1, Math.abs(value)),
    );
    // Sums are taken in another order.
    expect(Math.max(...errors)).toBeLessThan(2e-6);
  }
}

test("the exponentials of a softmax are computed once, and scaled where they are", () => {
  const nest = nestOf(store(quotient(j)));
  expectKept(nest, 1);
  const [first, second] = kept(nest).stores;
  expect([first!.memory, first!.loops, second!.memory, second!.loops]).toEqual([out, [i, k], out, [i, j]]);
});

test("exponentials that are a result are written as they are summed", () => {
  const nest = nestOf(total, store(exponential(j)));
  expectKept(nest, 1);
  expect(kept(nest).stores.map(({ loops }) => loops)).toEqual([[i, k], [i]]);
});

test("a sum of what the first sum has left reads what was kept", () => {
  const weighted = reduce(sumOf("f32"), [k], [op("mul", quotient(k), load(y, at(k)))])[0]!;
  const gradient = op("mul", quotient(j), op("sub", load(y, at(j)), weighted));
  expectKept(nestOf(store(gradient)), 1);
});

test("two results of a row share what is kept", () => {
  expectKept(nestOf(store(quotient(j)), store(op("mul", quotient(j), load(y, at(j))), other)), 1);
});

test("what other loops go through is computed for them", () => {
  const [l, m] = [new Loop(columns, "l"), new Loop(columns, "m")];
  const weighted = reduce(sumOf("f32"), [m], [op("mul", quotient(m), load(y, at(m)))])[0]!;
  const nest = nestOf(store(quotient(j)), store(op("add", quotient(l), weighted), other, l));
  expectKept(nest, exponentials(nest) - 2);
});

test("a long row is kept in blocks, as it is summed", () => {
  const steps = 4096 + 700;
  const [m, n] = [new Loop(steps, "m"), new Loop(steps, "n")];
  const along = (loop: Loop): Affine => Affine.loop(i).times(steps).plus(Affine.loop(loop));
  const most = reduce(maxOf("f32"), [n], [load(x, along(n))])[0]!;
  const value = (loop: Loop): Expr => exp(op("sub", load(x, along(loop)), most));
  const [whole] = reduce(sumOf("f32"), [n], [value(n)]);
  const target: Store = { loops: [i, m], memory: out, address: along(m), value: op("div", value(m), whole!) };
  const result = blocked(kept(nestOf(target)));
  expect(result.stores.map(({ loops }) => loops.map(({ size }) => size))).toEqual([
    [rows, 4, 1024],
    [rows, 700],
    [rows, steps],
  ]);
  const long = () =>
    new Map([
      [x, Float32Array.from({ length: rows * steps }, (_, k) => ((k * 7919) % 31) / 4 - 3)],
      [out, new Float32Array(rows * steps)],
    ]);
  const [got, expected] = [executed(result, long()).get(out)!, executed(nestOf(target), long()).get(out)!];
  const errors = [...got].map((y, k) => Math.abs(Number(y) / Number(expected[k]) - 1));
  expect(Math.max(...errors)).toBeLessThan(1e-4);
});

test("memory that would round it, that is read, or that may not be written everywhere, keeps nothing", () => {
  const half: Store = { ...store(toBfloat16(quotient(j))), memory: memory("half", "u16") };
  for (const stores of [
    [half],
    [store(op("add", quotient(j), load(out, at(j))))],
    [{ ...store(quotient(j)), when: op("lt", load(y, at(j)), load(x, at(j))) }],
  ]) {
    const nest = nestOf(...stores);
    expect(kept(nest)).toBe(nest);
  }
  const along: Nest = { ...nestOf(store(quotient(j))), sequential: new Set([i]) };
  expect(kept(along)).toBe(along);
});

test("what takes few operations is rather computed again", () => {
  const centred = (loop: Loop): Expr => op("sub", load(x, at(loop)), greatest);
  const squares = reduce(sumOf("f32"), [k], [op("mul", centred(k), centred(k))])[0]!;
  const nest = nestOf(store(op("div", centred(j), squares)));
  expect(kept(nest)).toBe(nest);
});
