import { isFloat, isSigned } from "../../core/dtype.ts";
import { narrowed } from "../kernel/element.ts";
import { constant, type Expr, op } from "../kernel/expression.ts";
import { roundedToOdd } from "../kernel/half.ts";
import { ordered } from "./compare.ts";
import { absolute, divided, larger, multiplied, signOfComplex, smaller } from "./complex-arithmetic.ts";
import { integerRemainder, quotient } from "./division.ts";
import { map, type OnNumbers, wrapping } from "./elementwise.ts";
import { nextAfter } from "./next-after.ts";
import { floatRemainder } from "./remainder.ts";
import type { Rows } from "./row.ts";

const maximum: OnNumbers = (dtype, x, y) =>
  dtype === "bool" ? op("or", x, y) : op(ordered("max", dtype), x, y);
const minimum: OnNumbers = (dtype, x, y) =>
  dtype === "bool" ? op("and", x, y) : op(ordered("min", dtype), x, y);

const product = wrapping("mul");

const sign: OnNumbers = (dtype, x) => {
  const number = (value: number): Expr => constant(x.type, value);
  // Zeros and NaN are their own signs.
  if (isFloat(dtype)) return op("select", op("lt", number(0), op("abs", x)), op("copysign", number(1), x), x);
  const some = op("select", op("eq", x, number(0)), number(0), number(1));
  return isSigned(dtype) ? op("select", op("lt_s", x, number(0)), number(-1), some) : some;
};

/** The integer nearest to `x`, halves away from zero. */
const roundHalfAwayFromZero: OnNumbers = (_dtype, x) => {
  const number = (value: number): Expr => constant(x.type, value);
  const whole = op("trunc", x);
  const half = op("le", number(0.5), op("abs", op("sub", x, whole)));
  return op("select", half, op("add", whole, op("copysign", number(1), x)), whole);
};

/** Of operations that are exact in every float dtype. */
const exact =
  (name: "floor" | "ceil" | "nearest"): OnNumbers =>
  (_dtype, x) =>
    op(name, x);

/** One rounding of the product and the sum, up to float32: that of two numbers is exact in a double. */
const fusedMultiplyAdd: OnNumbers = (dtype, x, y, z) => {
  if (dtype === "float64") return op("add", op("mul", x, y), z);
  const sum = op("add", op("mul", op("promote", x), op("promote", y)), op("promote", z));
  return dtype === "float32" ? op("demote", sum) : narrowed(roundedToOdd(sum), dtype);
};

const roundings = [map(roundHalfAwayFromZero), map(exact("nearest"))] as const;

export const arithmetic = {
  add: map(wrapping("add")),
  // Cotangents of bools are none, but where there are any their sum is true where one is.
  add_any: map((dtype, x, y) => (dtype === "bool" ? op("or", x, y) : narrowed(op("add", x, y), dtype))),
  sub: map(wrapping("sub")),
  mul: map(product, multiplied),
  square: map(
    (dtype, x) => product(dtype, x, x),
    (z) => multiplied(z, z),
  ),
  div: map(
    (dtype, x, y) => (isFloat(dtype) ? narrowed(op("div", x, y), dtype) : quotient(dtype, x, y)),
    divided,
  ),
  rem: map((dtype, x, y) => (isFloat(dtype) ? floatRemainder : integerRemainder)(dtype, x, y)),
  fma: map(fusedMultiplyAdd),
  neg: map(wrapping("neg")),
  abs: map(wrapping("abs"), absolute),
  sign: map(sign, signOfComplex),
  max: map(maximum, larger),
  min: map(minimum, smaller),
  clamp: map(
    (dtype, low, x, high) => minimum(dtype, maximum(dtype, low, x), high),
    (low, x, high) => smaller(larger(low, x), high),
  ),
  floor: map(exact("floor")),
  ceil: map(exact("ceil")),
  round: (params, operands, outs) => roundings[params.roundingMethod](params, operands, outs),
  nextafter: map(nextAfter),
} satisfies Partial<Rows>;
