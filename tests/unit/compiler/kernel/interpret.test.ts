import { expect, test } from "vitest";
import { Affine } from "../../../../src/compiler/kernel/affine.ts";
import { f32, f64, i32, i64, load, Loop, type Monoid, op, position, reduce, running } from "../../../../src/compiler/kernel/expression.ts"; // prettier-ignore
import { elements } from "../../../../src/compiler/lower/row.ts";
import { avalOf } from "../../../../src/core/value.ts";
import { interpret, interpretComputation, Interpreter } from "./interpret.ts";

test("integers wrap and are compared with and without a sign", () => {
  expect(interpret(op("neg", i32(-0x80000000)))).toBe(-0x80000000);
  expect(interpret(op("shr_u", i32(-1), i32(33)))).toBe(0x7fffffff);
  expect(interpret(op("div_u", i32(-1), i32(2)))).toBe(0x7fffffff);
  expect(interpret(op("lt_u", i32(-1), i32(2)))).toBe(0);
  expect(interpret(op("lt_s", i32(-1), i32(2)))).toBe(1);
  expect(interpret(op("mul", i64(1n << 62n), i64(6)))).toBe(-(1n << 63n));
  expect(interpret(op("shr_u", i64(-1), i64(60)))).toBe(15n);
  expect(interpret(op("clz", i64(1)))).toBe(63n);
});

test("f32 is rounded at every operation", () => {
  expect(interpret(op("sub", op("add", f32(2 ** 24), f32(1)), f32(2 ** 24)))).toBe(0);
  expect(interpret(op("sub", op("add", f64(2 ** 24), f64(1)), f64(2 ** 24)))).toBe(1);
});

test("conversions saturate and round once", () => {
  expect(interpret(op("to_i32_s", f64(-1e10)))).toBe(-0x80000000);
  expect(interpret(op("to_i32_u", f64(1e10)))).toBe(-1);
  expect(interpret(op("to_i32_s", f32(NaN)))).toBe(0);
  expect(interpret(op("to_i64_s", f64(1e300)))).toBe((1n << 63n) - 1n);
  // Rounded to a double first it would be a tie, and go down.
  expect(interpret(op("to_f32_s", i64((1n << 62n) + (1n << 38n) + 1n)))).toBe(2 ** 62 + 2 ** 39);
  expect(interpret(op("to_f32_u", i64(-1)))).toBe(2 ** 64);
});

test("nearest rounds ties to even and keeps the sign of zero", () => {
  expect([2.5, 3.5, -2.5, -0.5, 0.5].map((x) => interpret(op("nearest", f64(x))))).toEqual([2, 4, -2, -0, 0]);
});

test("minimum and maximum order the zeros and let NaN through", () => {
  expect(interpret(op("min", f32(0), f32(-0)))).toBe(-0);
  expect(interpret(op("max", f32(NaN), f32(1)))).toBe(NaN);
});

test("integer division by zero traps, chosen or not", () => {
  const quotient = op("div_s", i32(1), op("not", i32(-1)));
  expect(() => interpret(quotient)).toThrow(RangeError);
  const chosen = op("lt_s", i32(0), op("clz", i32(0)));
  expect(() => interpret(op("select", chosen, i32(7), quotient))).toThrow(RangeError);
});

test("an operation that a type has not is an error", () => {
  expect(() => interpret(op("sqrt", i32(4)))).toThrow("no sqrt of i32");
});

const sum: Monoid = { name: "sum", unit: [i32(0)], combine: ([a], [b]) => [op("add", a!, b!)] };

test("reductions and running values follow the loops around them", () => {
  const [i, j] = [new Loop(3, "i"), new Loop(4, "j")];
  const value = position(Affine.loop(i).times(10).plus(Affine.loop(j)));
  const [whole] = reduce(sum, [j], [value]);
  const [partial] = running(sum, [j], [value]);
  const machine = new Interpreter();
  const seen: unknown[] = [];
  machine.each([i, j], () => seen.push([machine.value(whole!), machine.value(partial!)]));
  expect(seen.slice(4, 8)).toEqual([[46, 10], [46, 21], [46, 33], [46, 46]]); // prettier-ignore
});

test("memory is read where it is and as it is now", () => {
  const memory = { name: "x", storage: "u8" } as const;
  const machine = new Interpreter([[memory, Uint8Array.of(200, 3)]]);
  const twice = op("mul", load(memory, Affine.of(0)), i32(2));
  expect(machine.value(twice)).toBe(400);
  machine.store(memory, 0, 5);
  expect(machine.value(twice)).toBe(10);
  expect(() => machine.value(load(memory, Affine.of(2)))).toThrow("a load of x at 2 of 2");
  expect(() => machine.store(memory, -1, 0)).toThrow("a store to x at -1 of 2");
  expect(() => machine.value(position(Affine.loop(new Loop(2, "k"))))).toThrow("not in loop k");
});

test("rows of elements and of updates become data", () => {
  const [x, out] = [avalOf([2, 3], "float16"), avalOf([3, 2], "float16")];
  const transpose = elements("view", ([read]) => [([i, j]) => read!([j!, i!])]);
  expect(interpretComputation(transpose, [x], [Uint16Array.of(1, 2, 3, 4, 5, 6)], [out])).toEqual([
    Uint16Array.of(1, 4, 2, 5, 3, 6),
  ]);
  const y = avalOf([6], "float16");
  const reshape = elements("view", ([read]) => [([i]) => read!(i!.divide(3))]);
  expect(interpretComputation(reshape, [x], [Uint16Array.of(1, 2, 3, 4, 5, 6)], [y])).toEqual([
    Uint16Array.of(1, 2, 3, 4, 5, 6),
  ]);
  const n = avalOf([3], "int32");
  const accumulate = {
    kind: "updates",
    base: 0,
    updates: () => [
      {
        sizes: [4],
        place: ([k]: readonly Affine[]) => k!.divide(2).slice(0, 1),
        when: ([k]: readonly Affine[]) => op("lt_s", i32(0), position(k!)),
        value: (_step: unknown, [before]: readonly ReturnType<typeof op>[]) => [op("add", before!, i32(1))],
        apart: [false],
      },
    ],
  } as const;
  expect(interpretComputation(accumulate, [n], [Int32Array.of(10, 20, 30)], [n])).toEqual([
    Int32Array.of(11, 22, 30),
  ]);
});
