import { dtypeInfo } from "../../core/dtype.ts";
import { narrowed } from "../kernel/element.ts";
import { constant, type Expr, op } from "../kernel/expression.ts";
import { signExtended, zeroExtended } from "./bits.ts";
import { map, type OnNumbers, wrapping } from "./elementwise.ts";
import type { Rows } from "./row.ts";

const plain =
  (name: "and" | "or" | "xor"): OnNumbers =>
  (_dtype, x, y) =>
    op(name, x, y);

/** A shift by less than the width; by more, read without a sign, it is 0. */
const inRange =
  (shifted: OnNumbers): OnNumbers =>
  (dtype, x, amount) => {
    const number = (value: number): Expr => constant(x.type, value);
    const within = op("lt_u", amount, number(dtypeInfo[dtype].bits));
    return op("select", within, narrowed(shifted(dtype, x, amount), dtype), number(0));
  };

const shiftRightArithmetic: OnNumbers = (dtype, x, amount) => {
  const most = constant(x.type, x.type === "i64" ? 63 : 31);
  const within = op("select", op("lt_u", amount, most), amount, most);
  return narrowed(op("shr_s", signExtended(x, dtype), within), dtype);
};

const leadingZeros: OnNumbers = (dtype, x) => {
  const unused = (x.type === "i64" ? 64 : 32) - dtypeInfo[dtype].bits;
  return op("sub", op("clz", zeroExtended(x, dtype)), constant(x.type, unused));
};

/** Rows of what works on the bits of integers, and of bools. */
export const bitwise = {
  and: map(plain("and")),
  or: map(plain("or")),
  xor: map(plain("xor")),
  not: map(wrapping("not")),
  shift_left: map(inRange((_dtype, x, amount) => op("shl", x, amount))),
  shift_right_arithmetic: map(shiftRightArithmetic),
  shift_right_logical: map(inRange((dtype, x, amount) => op("shr_u", zeroExtended(x, dtype), amount))),
  population_count: map((dtype, x) => op("popcnt", zeroExtended(x, dtype))),
  clz: map(leadingZeros),
} satisfies Partial<Rows>;
