import { expect, test } from "vitest";
import { Affine } from "../../../../src/compiler/kernel/affine.ts";
import {
  type Expr,
  f32,
  load,
  Loop,
  type Memory,
  op,
  reduce,
} from "../../../../src/compiler/kernel/expression.ts";
import { generate } from "../../../../src/compiler/kernel/generate.ts";
import type { Nest } from "../../../../src/compiler/kernel/nest.ts";
import { panels } from "../../../../src/compiler/kernel/panels.ts";
import { printRoutine } from "../../../../src/compiler/kernel/print.ts";
import { schedule } from "../../../../src/compiler/kernel/schedule.ts";
import { copyOf, number } from "../../../../src/compiler/kernel/statement.ts";
import { elementAt, operation, Writer } from "../../../../src/compiler/kernel/writer.ts";
import { maxOf, sumOf } from "./nests.ts";

const i = Affine.loop;
const [x, y, out] = ["x", "y", "out"].map((name): Memory => ({ name, storage: "f32" })) as [
  Memory,
  Memory,
  Memory,
];
const nestOf = (name: string, loops: readonly Loop[], address: Affine, value: Expr): Nest => ({
  name,
  stores: [{ loops, memory: out, address, value }],
  sequential: new Set(),
});
const textOf = (nest: Nest): string => `\n${printRoutine(generate(nest, schedule(nest)))}\n`;

test("the tile of a product of matrices has its sums in locals", () => {
  const [m, n, k] = [new Loop(128, "m"), new Loop(64, "n"), new Loop(256, "k")];
  const a = load(x, i(m).times(256).plus(i(k)));
  const b = load(y, i(k).times(64).plus(i(n)));
  const [sum] = reduce(sumOf("f32"), [k], [op("mul", a, b)]);
  const { nests } = panels(nestOf("product", [m, n], i(m).times(64).plus(i(n)), op("max", sum!, f32(0))));
  expect(textOf(nests.at(-1)!)).toMatchInlineSnapshot(`
    "
    product(begin, end) { // 32 steps, in parts of 1
      f32x_0 = splat(0)
      i32_1 = &x
      i32_2 = &product_panel0
      i32_3 = &out
      for i32_4 from 0 to 8 by 1 {
        i32_5 = (i32_4 << 13)
        i32_6 = (i32_4 << 5)
        for i32_7 from begin to min_s(end, 32) by 1 {
          i32_8 = (i32_7 << 12)
          i32_9 = (i32_7 << 10)
          i32_10 = (i32_6 + i32_9)
          i32_11 = (i32_1 + i32_8)
          f32x_12 = f32x_0
          f32x_13 = f32x_0
          f32x_14 = f32x_0
          f32x_15 = f32x_0
          f32x_16 = f32x_0
          f32x_17 = f32x_0
          f32x_18 = f32x_0
          f32x_19 = f32x_0
          i32_20 = i32_11
          i32_21 = (i32_2 + i32_5)
          i32_22 = i32_21
          for i32_23 from 0 to 256 by 1 {
            f32x_24 = splat(f32[i32_20])
            f32x_25 = f32x4[i32_22]
            f32x_12 = (f32x_12 + (f32x_24 * f32x_25))
            f32x_26 = f32x4[i32_22 + 16]
            f32x_13 = (f32x_13 + (f32x_24 * f32x_26))
            f32x_27 = splat(f32[i32_20 + 1024])
            f32x_14 = (f32x_14 + (f32x_27 * f32x_25))
            f32x_15 = (f32x_15 + (f32x_27 * f32x_26))
            f32x_28 = splat(f32[i32_20 + 2048])
            f32x_16 = (f32x_16 + (f32x_28 * f32x_25))
            f32x_17 = (f32x_17 + (f32x_28 * f32x_26))
            f32x_29 = splat(f32[i32_20 + 3072])
            f32x_18 = (f32x_18 + (f32x_29 * f32x_25))
            f32x_19 = (f32x_19 + (f32x_29 * f32x_26))
            i32_20 = (i32_20 + 4)
            i32_22 = (i32_22 + 32)
          }
          i32_30 = (i32_3 + i32_10)
          f32x_31 = max(f32x_12, f32x_0)
          f32x_32 = max(f32x_13, f32x_0)
          f32x_33 = max(f32x_14, f32x_0)
          f32x_34 = max(f32x_15, f32x_0)
          f32x_35 = max(f32x_16, f32x_0)
          f32x_36 = max(f32x_17, f32x_0)
          f32x_37 = max(f32x_18, f32x_0)
          f32x_38 = max(f32x_19, f32x_0)
          f32x4[i32_30] = f32x_31
          f32x4[i32_30 + 16] = f32x_32
          f32x4[i32_30 + 256] = f32x_33
          f32x4[i32_30 + 272] = f32x_34
          f32x4[i32_30 + 512] = f32x_35
          f32x4[i32_30 + 528] = f32x_36
          f32x4[i32_30 + 768] = f32x_37
          f32x4[i32_30 + 784] = f32x_38
        }
      }
    }
    "
  `);
});

test("the greatest number and the sum of a row are computed before the row is written", () => {
  const [r, c, k] = [new Loop(100, "r"), new Loop(64, "c"), new Loop(64, "k")];
  const [greatest] = reduce(maxOf("f32"), [k], [load(x, i(r).times(64).plus(i(k)))]);
  const shifted = (at: Loop) => op("sub", load(x, i(r).times(64).plus(i(at))), greatest!);
  // The square stands for the exponential, of which there is no instruction.
  const square = (value: Expr) => op("mul", value, value);
  const [sum] = reduce(sumOf("f32"), [k], [square(shifted(k))]);
  const value = op("div", square(shifted(c)), sum!);
  expect(textOf(nestOf("softmax", [r, c], i(r).times(64).plus(i(c)), value))).toMatchInlineSnapshot(`
    "
    softmax(begin, end) { // 100 steps, in parts of 1
      f32x_0 = splat(-Infinity)
      i32_1 = &x
      f32x_2 = splat(0)
      i32_3 = &out
      for i32_4 from begin to min_s(end, 100) by 1 {
        f32x_5 = f32x_0
        f32x_6 = f32x_0
        f32x_7 = f32x_0
        f32x_8 = f32x_0
        i32_9 = (i32_4 << 8)
        i32_10 = (i32_1 + i32_9)
        i32_11 = i32_10
        for i32_12 from 0 to 64 by 16 {
          f32x_13 = f32x4[i32_11]
          f32x_5 = max(f32x_5, f32x_13)
          f32x_14 = f32x4[i32_11 + 16]
          f32x_6 = max(f32x_6, f32x_14)
          f32x_15 = f32x4[i32_11 + 32]
          f32x_7 = max(f32x_7, f32x_15)
          f32x_16 = f32x4[i32_11 + 48]
          f32x_8 = max(f32x_8, f32x_16)
          i32_11 = (i32_11 + 64)
        }
        f32x_5 = max(f32x_5, f32x_6)
        f32x_5 = max(f32x_5, f32x_7)
        f32x_5 = max(f32x_5, f32x_8)
        f32_17 = f32x_5.0
        f32_18 = f32x_5.1
        f32_19 = f32x_5.2
        f32_20 = f32x_5.3
        f32_21 = max(f32_17, f32_18)
        f32_22 = max(f32_19, f32_20)
        f32_23 = max(f32_21, f32_22)
        f32x_24 = f32x_2
        f32x_25 = f32x_2
        f32x_26 = f32x_2
        f32x_27 = f32x_2
        i32_28 = i32_10
        f32x_29 = splat(f32_23)
        for i32_30 from 0 to 64 by 16 {
          f32x_31 = f32x4[i32_28]
          f32x_32 = (f32x_31 - f32x_29)
          f32x_24 = (f32x_24 + (f32x_32 * f32x_32))
          f32x_33 = f32x4[i32_28 + 16]
          f32x_34 = (f32x_33 - f32x_29)
          f32x_25 = (f32x_25 + (f32x_34 * f32x_34))
          f32x_35 = f32x4[i32_28 + 32]
          f32x_36 = (f32x_35 - f32x_29)
          f32x_26 = (f32x_26 + (f32x_36 * f32x_36))
          f32x_37 = f32x4[i32_28 + 48]
          f32x_38 = (f32x_37 - f32x_29)
          f32x_27 = (f32x_27 + (f32x_38 * f32x_38))
          i32_28 = (i32_28 + 64)
        }
        f32x_24 = (f32x_24 + f32x_25)
        f32x_24 = (f32x_24 + f32x_26)
        f32x_24 = (f32x_24 + f32x_27)
        f32_39 = f32x_24.0
        f32_40 = f32x_24.1
        f32_41 = f32x_24.2
        f32_42 = f32x_24.3
        f32_43 = (f32_39 + f32_40)
        f32_44 = (f32_41 + f32_42)
        f32_45 = (f32_43 + f32_44)
        i32_46 = i32_10
        f32x_47 = splat(f32_45)
        i32_48 = (i32_3 + i32_9)
        i32_49 = i32_48
        for i32_50 from 0 to 64 by 8 {
          f32x_51 = (f32x4[i32_46] - f32x_29)
          f32x_52 = (f32x4[i32_46 + 16] - f32x_29)
          f32x_53 = ((f32x_51 * f32x_51) / f32x_47)
          f32x_54 = ((f32x_52 * f32x_52) / f32x_47)
          f32x4[i32_49] = f32x_53
          f32x4[i32_49 + 16] = f32x_54
          i32_46 = (i32_46 + 32)
          i32_49 = (i32_49 + 32)
        }
      }
    }
    "
  `);
});

test("rows are read as columns by shuffling lanes", () => {
  const [r, c] = [new Loop(4, "r"), new Loop(4, "c")];
  const value = load(x, i(c).times(4).plus(i(r)));
  expect(textOf(nestOf("transpose", [r, c], i(r).times(4).plus(i(c)), value))).toMatchInlineSnapshot(`
    "
    transpose(begin, end) { // 4 steps, in parts of 4
      i32_0 = &out
      i32_1 = &x
      if ((begin <= 0) & (0 < end)) {
        f32x_2 = f32x4[i32_1]
        f32x_3 = f32x4[i32_1 + 16]
        f32x_4 = f32x4[i32_1 + 32]
        f32x_5 = f32x4[i32_1 + 48]
        f32x_6 = shuffle(f32x_2, f32x_3; 0 4 1 5)
        f32x_7 = shuffle(f32x_4, f32x_5; 0 4 1 5)
        f32x_8 = shuffle(f32x_2, f32x_3; 2 6 3 7)
        f32x_9 = shuffle(f32x_4, f32x_5; 2 6 3 7)
        f32x_10 = shuffle(f32x_6, f32x_7; 0 1 4 5)
        f32x_11 = shuffle(f32x_6, f32x_7; 2 3 6 7)
        f32x_12 = shuffle(f32x_8, f32x_9; 0 1 4 5)
        f32x_13 = shuffle(f32x_8, f32x_9; 2 3 6 7)
        f32x4[i32_0] = f32x_10
        f32x4[i32_0 + 16] = f32x_11
        f32x4[i32_0 + 32] = f32x_12
        f32x4[i32_0 + 48] = f32x_13
      }
    }
    "
  `);
});

test("the conditions of a loop are in the order in which they are looked at", () => {
  const w = new Writer();
  const [begin, end] = [w.local("i32"), w.local("i32")];
  const at = w.variable(number(8));
  w.while(
    [operation("ne", copyOf(at), number(0)), operation("lt_s", elementAt("i32", copyOf(at)), number(5))],
    () => w.add(at, number(-4)),
  );
  const text = printRoutine({ name: "search", lanes: 4, begin, end, body: w.statements, steps: 1, align: 1 });
  expect(`\n${text}\n`).toMatchInlineSnapshot(`
    "
    search(begin, end) {
      i32_0 = 8
      while (i32_0 != 0) and then (i32[i32_0] < 5) {
        i32_0 = (i32_0 + -4)
      }
    }
    "
  `);
});
