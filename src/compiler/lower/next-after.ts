import type { DType } from "../../core/dtype.ts";
import { bitsOf, fromBits } from "./bits.ts";
import { constant, op } from "../kernel/expression.ts";
import type { OnNumbers } from "./elementwise.ts";

/** The least number above 0. */
const least: Partial<Record<DType, number>> = {
  float16: 2 ** -24,
  bfloat16: 2 ** -133,
  float32: 2 ** -149,
  float64: Number.MIN_VALUE,
};

/**
 * The number after `x` on the way to `y`; `y` where they are equal.
 * @see `chlo.next_after`
 */
export const nextAfter: OnNumbers = (dtype, x, y) => {
  const zero = constant(x.type, 0);
  const bits = bitsOf(x, dtype);
  // The bits of a magnitude count upwards: down is to where the sign of x is not that of the way.
  const down = op("xor", op("lt", x, y), op("lt", zero, x));
  const stepped = op("add", bits, op("select", down, constant(bits.type, -1), constant(bits.type, 1)));
  const first = op("copysign", constant(x.type, least[dtype]!), y);
  const next = op("select", op("eq", x, zero), first, fromBits(stepped, dtype));
  const unordered = op("or", op("ne", x, x), op("ne", y, y));
  return op("select", unordered, op("add", x, y), op("select", op("eq", x, y), y, next));
};
