import { expect, test } from "vitest";
import { hasVectorOperation, scalarOperation } from "../../../../src/backends/wasm/operations.ts";
import { ModuleBuilder } from "../../../../src/backends/wasm/encoder.ts";
import { Affine } from "../../../../src/compiler/kernel/affine.ts";
import { constant, load, Loop, type Memory, op, type OpName, type Type } from "../../../../src/compiler/kernel/expression.ts"; // prettier-ignore
import { schedule } from "../../../../src/compiler/kernel/schedule.ts";
import { segmentsOf } from "../../../../src/compiler/kernel/tiles.ts";
import { arrays, executed, interpreted } from "../../compiler/kernel/machine.ts";

const samples: Readonly<Record<Type, readonly (number | bigint)[]>> = {
  bool: [0, 1],
  i32: [0, 1, -1, 2, 7, -13, 31, 32, 33, 0x7fffffff, -0x80000000, 0x12345678],
  i64: [0n, 1n, -1n, 7n, -13n, 63n, 65n, (1n << 63n) - 1n, -(1n << 63n), (1n << 53n) + 1n, 0x80000000n],
  f32: [0, -0, 1, -1.5, 0.5, 2.5, -3.5, 1e10, -1e10, 3e38, 1e-40, 2 ** 31, -(2 ** 31), 2 ** 63, Infinity, -Infinity, NaN], // prettier-ignore
  f64: [0, -0, 1, -1.5, 0.5, 2.5, -3.5, 1e10, -1e10, 1e300, 1e-310, 2 ** 31, -(2 ** 31), 2 ** 63, Infinity, -Infinity, NaN], // prettier-ignore
};
const float: OpName[] = ["neg", "abs", "sqrt", "floor", "ceil", "trunc", "nearest", "add", "sub", "mul", "div", "min", "max", "copysign", "eq", "ne", "lt", "le", "reinterpret", "to_i32_s", "to_i32_u", "to_i64_s", "to_i64_u", "select"]; // prettier-ignore
const integer: OpName[] = ["neg", "abs", "not", "clz", "popcnt", "add", "sub", "mul", "div_s", "div_u", "rem_s", "rem_u", "min_s", "min_u", "max_s", "max_u", "and", "or", "xor", "shl", "shr_s", "shr_u", "eq", "ne", "lt_s", "lt_u", "le_s", "le_u", "reinterpret", "to_f32_s", "to_f32_u", "to_f64_s", "to_f64_u", "select"]; // prettier-ignore
const known: Readonly<Record<Type, readonly OpName[]>> = {
  bool: ["not", "and", "or", "xor", "eq", "ne", "to_int", "select"],
  i32: [...integer, "extend_s", "extend_u"],
  i64: [...integer, "wrap"],
  f32: [...float, "promote"],
  f64: [...float, "demote"],
};
const cases = (Object.keys(known) as Type[]).flatMap((type) => known[type].map((name) => ({ type, name })));

/** An operation on all pairs of samples, and three more. */
function pairs(name: OpName, type: Type) {
  const values = samples[type];
  const size = values.length ** 2 + 3;
  const column = (pick: (i: number) => number | bigint) => {
    const array = new arrays[type](size);
    for (let i = 0; i < size; i++) array[i] = pick(i % values.length ** 2);
    return array;
  };
  const loop = new Loop(size, "i");
  const [a, b, out]: Memory[] = [type, type, "i32" as const].map((storage, i) => ({ name: `${i}`, storage }));
  const at = Affine.loop(loop);
  const x = load(a!, at);
  const y = load(b!, at);
  const value = ((): ReturnType<typeof op> => {
    if (name === "select") return op("select", op("eq", x, y), x, y);
    if (!/^(div|rem)_/.test(name)) return op(name, x, y);
    // Where the machine would stop.
    const stops = op("or", op("eq", y, constant(type, 0)), op("eq", y, constant(type, -1)));
    return op(name, x, op("select", stops, constant(type, 3), y));
  })();
  const target: Memory = { name: out!.name, storage: value.type };
  return {
    loop,
    target,
    nest: {
      name: name as string,
      stores: [{ loops: [loop], memory: target, address: at, value }],
      sequential: new Set<Loop>(),
    },
    data: new Map([
      [a!, column((i) => values[i % values.length]!)],
      [b!, column((i) => values[Math.floor(i / values.length)]!)],
      [target, new arrays[value.type](size)],
    ]),
  };
}

test.for(cases)(
  "$name of $type is what it is defined as, alone and in vectors of 2 and of 4",
  ({ name, type }) => {
    const { loop, nest, data, target } = pairs(name, type);
    const expected = interpreted(nest, data).get(target);
    const wide = type === "i64" || type === "f64" || target.storage === "i64" || target.storage === "f64";
    for (const lanes of wide ? [2] : [2, 4])
      for (const vectors of [new Set<Loop>(), new Set([loop])]) {
        const segments = new Map([[loop, segmentsOf(loop, vectors, 2, lanes)]]);
        const plan = { ...schedule(nest), lanes, vectors, segments };
        expect(executed(nest, data, plan).get(target)).toEqual(expected);
      }
  },
);

test("an operation that a type does not have is refused by its name", () => {
  const builder = new ModuleBuilder();
  const write = () =>
    builder.function([], [], (code) => scalarOperation("sqrt", "i32", code, () => void code.i32Const(0)));
  expect(write).toThrow("there is no sqrt of i32");
  expect(hasVectorOperation("div_s", "i32")).toBe(false);
});
