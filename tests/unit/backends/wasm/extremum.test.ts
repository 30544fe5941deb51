import { expect, test } from "vitest";
import { extremumOf } from "../../../../src/backends/wasm/extremum.ts";
import { Affine } from "../../../../src/compiler/kernel/affine.ts";
import { type Expr, load, Loop, type Memory, op } from "../../../../src/compiler/kernel/expression.ts";
import type { Nest } from "../../../../src/compiler/kernel/nest.ts";
import { read, type Term } from "../../../../src/compiler/kernel/statement.ts";
import { executed, interpreted } from "../../compiler/kernel/machine.ts";

const choices: Readonly<Record<string, (x: Expr, y: Expr) => Expr>> = {
  "x < y ? x : y": (x, y) => op("select", op("lt", x, y), x, y),
  "x < y ? y : x": (x, y) => op("select", op("lt", x, y), y, x),
  "y < x ? x : y": (x, y) => op("select", op("lt", y, x), x, y),
  "y < x ? y : x": (x, y) => op("select", op("lt", y, x), y, x),
  "x < y ? x : x + y": (x, y) => op("select", op("lt", x, y), x, op("add", x, y)),
  "x ≤ y ? x : y": (x, y) => op("select", op("le", x, y), x, y),
};
const special = [0, -0, 1, -1, Infinity, -Infinity, NaN, 2 ** -149];
const pairs = special.flatMap((a) => special.map((b) => [a, b] as const));

test.for(["f32", "f64"] as const)("a choice by order has the bits of its definition: %s", (storage) => {
  const [x, y, out] = ["x", "y", "out"].map((name): Memory => ({ name, storage })) as [
    Memory,
    Memory,
    Memory,
  ];
  const i = new Loop(pairs.length, "i");
  const numbers = (values: readonly number[]) =>
    storage === "f32" ? Float32Array.from(values) : Float64Array.from(values);
  const data = () =>
    new Map([
      [x, numbers(pairs.map(([a]) => a))],
      [y, numbers(pairs.map(([, b]) => b))],
      [out, numbers(pairs.map(() => 0))],
    ]);
  for (const choice of Object.values(choices)) {
    const value = choice(load(x, Affine.loop(i)), load(y, Affine.loop(i)));
    const nest: Nest = {
      name: "n",
      stores: [{ loops: [i], memory: out, address: Affine.loop(i), value }],
      sequential: new Set(),
    };
    expect(executed(nest, data()).get(out)).toEqual(interpreted(nest, data()).get(out));
  }
});

test("a choice between the numbers that are compared is one instruction, others are none", () => {
  const local = (id: number): Term => read({ id, type: "f32", vector: true });
  const [x, y, z] = [local(0), local(1), local(2)];
  const term = (name: "lt" | "le" | "select", args: readonly Term[]): Extract<Term, { kind: "op" }> => {
    const type = name === "select" ? "f32" : "bool";
    return { kind: "op", op: name, of: "f32", type, vector: true, args };
  };
  expect(extremumOf(term("select", [term("lt", [x, y]), x, y]))).toEqual(["pmin", y, x]);
  expect(extremumOf(term("select", [term("lt", [x, y]), y, x]))).toEqual(["pmax", x, y]);
  expect(extremumOf(term("select", [term("lt", [x, y]), x, z]))).toBeNull();
  expect(extremumOf(term("select", [term("le", [x, y]), x, y]))).toBeNull();
  expect(extremumOf(term("select", [z, x, y]))).toBeNull();
  expect(extremumOf(term("lt", [x, y]))).toBeNull();
});
