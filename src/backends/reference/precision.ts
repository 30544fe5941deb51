import type { FloatFormat } from "../../core/float-format.ts";
import { roundHalfToEven } from "./special.ts";

const float64Cell = new Float64Array(1);
const bigintCell = new BigInt64Array(float64Cell.buffer);

/** ⌊log₂ x⌋ of a positive number; of a subnormal double, -1023. */
const exponentOf = (x: number): number => {
  float64Cell[0] = x;
  return Number(bigintCell[0]! >> 52n) - 1023;
};

/**
 * The rounding of numbers of format `from` to format `to`: to nearest even; what is too large becomes infinite, what is
 * below the normal numbers 0, with its sign.
 * @see `EmitReducePrecisionIR` in XLA's `elemental_ir_emitter.cc`
 */
export function precisionReducer(from: FloatFormat, to: FloatFormat): (x: number) => number {
  const lowest = 2 - 2 ** (from.exponentBits - 1);
  const bias = 2 ** (to.exponentBits - 1) - 1;
  const rounds = to.mantissaBits < from.mantissaBits;
  const narrows = to.exponentBits < from.exponentBits;
  return (x) => {
    if (x === 0 || !Number.isFinite(x)) return x;
    let magnitude = Math.abs(x);
    if (rounds) {
      const exponent = Math.max(exponentOf(magnitude), lowest);
      const unit = 2 ** (exponent - to.mantissaBits);
      // Without mantissa bits the last bit is the exponent's, which is biased by an odd number.
      const down = to.mantissaBits === 0 && magnitude === 1.5 * unit && exponent % 2 !== 0;
      magnitude = down ? unit : roundHalfToEven(magnitude / unit) * unit;
      if (magnitude >= 2 ** -lowest * 4) magnitude = Infinity;
    }
    if (narrows && magnitude >= 2 ** (bias + 1)) magnitude = Infinity;
    if (narrows && magnitude < 2 ** (1 - bias)) magnitude = 0;
    return x < 0 ? -magnitude : magnitude;
  };
}
