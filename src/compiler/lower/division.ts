import { dtypeInfo, isSigned } from "../../core/dtype.ts";
import { narrowed } from "../kernel/element.ts";
import { constant, type Expr, op } from "../kernel/expression.ts";
import type { OnNumbers } from "./elementwise.ts";

/** `x / y` of integers toward zero; x / 0 is all ones, and the least number divided by -1 is itself. */
export const quotient: OnNumbers = (dtype, x, y) => {
  const { bits } = dtypeInfo[dtype];
  const signed = isSigned(dtype);
  const number = (value: number | bigint): Expr => constant(x.type, value);
  const none = op("eq", y, number(0));
  // The machine traps at what has no quotient of its own.
  const wraps = op("and", op("eq", x, number(-(1n << BigInt(bits - 1)))), op("eq", y, number(-1)));
  const divisor = op("select", signed ? op("or", none, wraps) : none, number(1), y);
  const sign = signed ? "s" : "u";
  // Doubles divide in lanes, which integers do not, and hold 32 bits exactly: cut, their quotient is that of the integers.
  const cut =
    bits === 64
      ? op(`div_${sign}`, x, divisor)
      : op(`to_i32_${sign}`, op("div", op(`to_f64_${sign}`, x), op(`to_f64_${sign}`, divisor)));
  return op("select", none, narrowed(number(-1), dtype), cut);
};

/** The remainder of `quotient`, with the sign of `x`; x rem 0 is x. */
export const integerRemainder: OnNumbers = (dtype, x, y) =>
  narrowed(op("sub", x, op("mul", quotient(dtype, x, y), y)), dtype);
