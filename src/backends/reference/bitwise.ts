import { dtypeInfo } from "../../core/dtype.ts";
import type { LoweringTable } from "../lowering.ts";
import * as bits from "./bits.ts";
import { elementwise } from "./elementwise.ts";

type Shift = (x: number, amount: number, width: bits.Width) => number;
type Count = (x: number, width: bits.Width) => number;

const shift = (name: string, int: Shift, bigint: (x: bigint, amount: bigint) => bigint) =>
  elementwise(name, (_params, dtype) => {
    const width = dtypeInfo[dtype].bits as bits.Width; // 64-bit integers go to `bigint`
    return { int: (x, amount) => int(x, amount, width), bigint };
  });

const count = (name: string, int: Count, bigint: (x: bigint) => bigint) =>
  elementwise(name, (_params, dtype) => {
    const width = dtypeInfo[dtype].bits as bits.Width; // as above
    return { int: (x) => int(x, width), bigint };
  });

export const bitwise = {
  and: elementwise("and", { int: (x, y) => x & y, bigint: (x, y) => x & y }),
  or: elementwise("or", { int: (x, y) => x | y, bigint: (x, y) => x | y }),
  xor: elementwise("xor", { int: (x, y) => x ^ y, bigint: (x, y) => x ^ y }),
  not: elementwise("not", (_params, dtype) => ({
    int: dtype === "bool" ? (x) => 1 - x : (x) => ~x,
    bigint: (x) => ~x,
  })),
  shift_left: shift("shift_left", bits.shiftLeft, bits.shiftLeft64),
  shift_right_arithmetic: shift(
    "shift_right_arithmetic",
    bits.shiftRightArithmetic,
    bits.shiftRightArithmetic64,
  ),
  shift_right_logical: shift("shift_right_logical", bits.shiftRightLogical, bits.shiftRightLogical64),
  population_count: count("population_count", bits.populationCount, bits.populationCount64),
  clz: count("clz", bits.countLeadingZeros, bits.countLeadingZeros64),
} satisfies Partial<LoweringTable>;
