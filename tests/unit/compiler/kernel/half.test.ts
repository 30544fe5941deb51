import { expect, test } from "vitest";
import { Affine } from "../../../../src/compiler/kernel/affine.ts";
import { type Expr, i32, load, Loop, op, position, type Storage } from "../../../../src/compiler/kernel/expression.ts"; // prettier-ignore
import {
  fromBfloat16,
  fromFloat16,
  roundedBfloat16,
  roundedFloat16,
  toBfloat16,
  toFloat16,
} from "../../../../src/compiler/kernel/half.ts";
import {
  decodeBfloat16,
  decodeFloat16,
  encodeBfloat16,
  encodeFloat16,
} from "../../../../src/core/float16.ts";
import type { TypedArray } from "../../../../src/core/dtype.ts";
import { Interpreter } from "./interpret.ts";

/** f of each element of `data`. */
function mapped(f: (x: Expr) => Expr, storage: Storage, data: TypedArray): number[] {
  const memory = { name: "x", storage };
  const loop = new Loop(data.length, "i");
  const machine = new Interpreter([[memory, data]]);
  const expr = f(load(memory, Affine.loop(loop)));
  const result: number[] = [];
  machine.each([loop], () => result.push(Number(machine.value(expr))));
  return result;
}

const patterns = Uint16Array.from({ length: 0x10000 }, (_, bits) => bits);

test.each([
  ["float16", fromFloat16, decodeFloat16],
  ["bfloat16", fromBfloat16, decodeBfloat16],
] as const)("every pattern of a %s is decoded to its number", (_name, decode, wanted) => {
  expect(mapped(decode, "u16", patterns)).toEqual([...patterns].map(wanted));
});

const formats = [
  ["float16", toFloat16, roundedFloat16, encodeFloat16, decodeFloat16],
  ["bfloat16", toBfloat16, roundedBfloat16, encodeBfloat16, decodeBfloat16],
] as const;

/** Every finite number of the format, what lies half way to the next, and the neighbours of that. */
function between(decode: (bits: number) => number): Float32Array {
  const values: number[] = [];
  const word = new Int32Array(1);
  const value = new Float32Array(word.buffer);
  for (let bits = 0; bits < 0x10000; bits++) {
    const [a, b] = [decode(bits), decode(bits + 1 < 0x10000 ? bits + 1 : bits)];
    if (!Number.isFinite(a)) continue;
    value[0] = Number.isFinite(b) ? a / 2 + b / 2 : a + (a - decode(bits - 1)) / 2;
    values.push(a, value[0]);
    word[0]! += 1;
    values.push(value[0]);
    word[0]! -= 2;
    values.push(value[0]);
  }
  return Float32Array.from(values);
}

test.each(formats)(
  "the bits of the nearest %s are those of the library's encoder, ties and overflow included",
  (_name, to, rounded, encode, decode) => {
    const data = between(decode);
    const wanted = [...data].map(encode);
    expect(mapped(to, "f32", data)).toEqual(wanted);
    expect(mapped(rounded, "f32", data)).toEqual(wanted.map(decode));
  },
);

test.each(formats)("infinities and NaN are kept by %s", (_name, to, rounded, encode) => {
  const data = Float32Array.of(Infinity, -Infinity, NaN, -0, 3e38, -3e38, 1e-45, -1e-45);
  expect(mapped(to, "f32", data)).toEqual([...data].map(encode));
  expect(mapped(rounded, "f32", data).slice(0, 4)).toEqual([Infinity, -Infinity, NaN, -0]);
});

test.each(formats)("every %s is what rounding it gives", (_name, _to, rounded, _encode, decode) => {
  const data = Float32Array.from(patterns, decode);
  expect(mapped(rounded, "f32", data)).toEqual([...data]);
});

test("a choice between elements that are only moved is one between their bits", () => {
  const place = Affine.loop(new Loop(4, "i"));
  const [x, y] = ["x", "y"].map((name) => load({ name, storage: "u16" }, place));
  const chosen = op("lt_s", position(place), i32(2));
  for (const [from, to] of [
    [fromFloat16, toFloat16],
    [fromBfloat16, toBfloat16],
  ] as const) {
    const choice = op("select", chosen, from(x!), op("select", op("not", chosen), from(y!), from(x!)));
    expect(to(choice)).toBe(op("select", chosen, x!, op("select", op("not", chosen), y!, x!)));
    const computed = op("select", chosen, from(x!), op("neg", from(y!)));
    expect(to(computed)).not.toBe(op("select", chosen, x!, to(op("neg", from(y!)))));
  }
});
