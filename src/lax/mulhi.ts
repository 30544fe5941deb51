import { dtypeInfo } from "../core/dtype.ts";
import type { Derived } from "../core/primitive.ts";
import type { ArrayValue } from "../core/value.ts";
import { add, mul, sub } from "./arithmetic.ts";
import { and, shiftRightArithmetic, shiftRightLogical } from "./bits.ts";
import { type Binary, defineBinary } from "./elementwise.ts";

/**
 * The upper half of the product: with halves `x = x₁·2ʰ + x₀` and `y` likewise, and carries between them. A negative number
 * is by 2²ʰ less than what its bits are unsigned.
 */
function upperHalf(x: ArrayValue, y: ArrayValue): ArrayValue {
  const { bits, kind } = dtypeInfo[x.dtype];
  const half = bits / 2;
  const low = (v: ArrayValue): ArrayValue => and(v, 2 ** half - 1);
  const high = (v: ArrayValue): ArrayValue => shiftRightLogical(v, half);
  const carried = add(mul(high(x), low(y)), high(mul(low(x), low(y))));
  const middle = add(mul(low(x), high(y)), low(carried));
  const upper = add(add(mul(high(x), high(y)), high(carried)), high(middle));
  if (kind === "uint") return upper;
  const ifNegative = (v: ArrayValue, other: ArrayValue): ArrayValue =>
    and(shiftRightArithmetic(v, bits - 1), other);
  return sub(sub(upper, ifNegative(x, y)), ifNegative(y, x));
}

/**
 * The upper half of the bits of `x · y`, elementwise.
 *
 * Shapes and errors as `add`. Dtype: integer, both the same.
 * @see `jax.lax.mulhi`; Warren, "Hacker's Delight" (2012), §8-2
 */
export const mulhi = defineBinary("mulhi", "integer", {
  jvp: "none",
  expand: ([x, y]) => [upperHalf(x, y)],
  samples: [
    {
      operands: [
        { shape: [4], dtype: "int32", values: [-8, 2 ** 31 - 1, 1023, -(2 ** 31)] },
        { shape: [4], dtype: "int32", values: [1, 2 ** 30, -(2 ** 24), -(2 ** 31)] },
      ],
      params: {},
    },
    {
      operands: [
        { shape: [2, 1], dtype: "uint8", values: [200, 7] },
        { shape: [1, 2], dtype: "uint8", values: [255, 90] },
      ],
      params: {},
    },
  ],
}) as Binary<"mulhi"> & Derived;
