import { expect, test } from "vitest";
import { Affine } from "../../../../src/compiler/kernel/affine.ts";
import { contentOf } from "../../../../src/compiler/kernel/content.ts";
import {
  type Expr,
  f32,
  load,
  Loop,
  type Memory,
  op,
  position,
  reduce,
  running,
  type Storage,
} from "../../../../src/compiler/kernel/expression.ts";
import type { Nest } from "../../../../src/compiler/kernel/nest.ts";
import { maxOf, sumOf } from "./nests.ts";

const memory = (name: string, storage: Storage = "f32"): Memory => ({ name, storage });
const i = Affine.loop;

interface Made {
  readonly size?: number;
  readonly x?: Memory;
  readonly y?: Memory;
  readonly to?: Memory;
  readonly value?: (x: Expr, y: Expr, loop: Loop) => Expr;
  readonly stride?: number;
  readonly inOrder?: boolean;
  readonly isShared?: boolean;
  readonly when?: (loop: Loop) => Expr;
}
/** `to[i] = value(x[i], y[i])`, of memories and loops of its own unless they are given. */
function nest({
  size = 8,
  x = memory("x"),
  y = memory("y"),
  to = memory("to"),
  value = (x, y) => op("add", x, y),
  stride = 1,
  inOrder = false,
  isShared = false,
  when,
}: Made = {}): Nest {
  const loop = new Loop(size, "i");
  const address = i(loop).times(stride);
  const store = {
    loops: [loop],
    memory: to,
    address,
    value: value(load(x, i(loop)), load(y, i(loop)), loop),
  };
  return {
    name: "nest",
    stores: [{ ...store, ...(when && { when: when(loop) }) }],
    sequential: new Set(inOrder ? [loop] : []),
    ...(isShared && { shared: loop }),
  };
}
const textOf = (made?: Made): string => contentOf(nest(made)).text;

const inner = new Loop(5, "r");
const values: Readonly<Record<string, NonNullable<Made["value"]>>> = {
  sum: (x, y) => op("add", x, y),
  "the sum of one": (x) => op("add", x, x),
  difference: (x, y) => op("sub", x, y),
  zero: (x) => op("add", x, f32(0)),
  "negative zero": (x) => op("add", x, f32(-0)),
  place: (x, _y, loop) => op("add", x, op("to_f32_s", position(i(loop)))),
  "the next place": (x, _y, loop) => op("add", x, op("to_f32_s", position(i(loop).plus(1)))),
  reduction: (x, y) => reduce(sumOf("f32"), [inner], [op("mul", x, y)])[0]!,
  "another reduction": (x, y) => reduce(maxOf("f32"), [inner], [op("mul", x, y)])[0]!,
  "running reduction": (x, _y, loop) => running(sumOf("f32"), [loop], [x])[0]!,
  choice: (x, y) => op("select", op("lt", x, y), x, y),
};

test("nests that do the same to other memories have one content", () => {
  for (const value of Object.values(values)) expect(textOf({ value })).toBe(textOf({ value }));
  const [x, y, to] = [memory("a"), memory("b"), memory("c")];
  expect(contentOf(nest({ x, y, to })).memories).toEqual(expect.arrayContaining([x, y, to]));
  const order = (x: Memory, y: Memory, to: Memory) =>
    contentOf(nest({ x, y, to })).memories.map((m) => [x, y, to].indexOf(m));
  expect(order(x, y, to)).toEqual(order(memory("d"), memory("e"), memory("f")));
  expect(textOf({ value: (x, y) => op("sub", y, x) })).toBe(textOf({ value: (x, y) => op("sub", x, y) }));
});

test("a number that another nest has computed before makes no difference", () => {
  const scale = memory("scale");
  const scaled = (x: Expr, y: Expr): Expr => op("mul", op("add", x, y), load(scale, Affine.of(0)));
  const first = textOf({ value: scaled });
  expect(textOf({ value: scaled })).toBe(first);
});

test("nests that do different things have different contents", () => {
  const x = memory("x");
  const texts = [
    ...Object.values(values).map((value) => textOf({ value })),
    textOf({ size: 9 }),
    textOf({ stride: 2 }),
    textOf({ inOrder: true }),
    textOf({ isShared: true }),
    textOf({ when: (loop) => op("lt_s", position(i(loop)), position(i(loop).times(2))) }),
    textOf({ x: memory("x", "f64"), y: memory("y", "f64"), to: memory("to", "f64") }),
    textOf({ to: memory("to", "f64") }),
    textOf({ x, y: x, value: (a, b) => op("add", op("neg", a), b) }),
    textOf({ value: (a, b) => op("add", op("neg", a), b) }),
    textOf({ x, to: x }),
  ];
  expect(new Set(texts).size).toBe(texts.length);
});
