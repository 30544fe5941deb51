import type { DType } from "../../core/dtype.ts";
import { type Expr, f64, i64, op } from "../kernel/expression.ts";
import type { OnNumbers } from "./elementwise.ts";

/**
 * How a quotient of two numbers of a dtype is taken apart, from above: into `steps` parts of `bits` bits, those that a
 * double has beside the bits of the divisor. A part times the divisor is exact, and all parts hold the largest quotient
 * by a normal number; one by a subnormal number is larger by no more bits than that has less.
 */
const parts: Partial<Record<DType, { readonly steps: number; readonly bits: number }>> = {
  float16: { steps: 1, bits: 53 - 11 },
  bfloat16: { steps: 6, bits: 53 - 8 },
  float32: { steps: 9, bits: 53 - 24 },
};

/** C's `fmod`, exact: the sign of x, NaN for y = 0 or x = ±Infinity, x for y = ±Infinity. */
export const floatRemainder: OnNumbers = (dtype, x, y) => {
  const part = parts[dtype];
  if (part === undefined) return remainder64(x, y);
  // An infinite divisor leaves any number as it is, and so does one above all numbers.
  const divisor = op("min", op("abs", op("promote", y)), f64(2 ** 128));
  let rest = op("abs", op("promote", x));
  for (let step = part.steps - 1; step >= 0; step--) {
    const shifted = op("mul", divisor, f64(2 ** (step * part.bits)));
    rest = op("sub", rest, op("mul", op("trunc", op("div", rest, shifted)), shifted));
  }
  return op("copysign", op("demote", rest), x);
};

const FRACTION = 52;

/** |x| = significand · 2^exponent, the exponent biased. */
function apart(magnitude: Expr): readonly [significand: Expr, exponent: Expr] {
  const bits = op("reinterpret", magnitude);
  const exponent = op("shr_u", bits, i64(FRACTION));
  const fraction = op("and", bits, i64((1n << BigInt(FRACTION)) - 1n));
  const subnormal = op("eq", exponent, i64(0));
  return [
    op("select", subnormal, fraction, op("or", fraction, i64(1n << BigInt(FRACTION)))),
    op("select", subnormal, i64(1), exponent),
  ];
}

/**
 * `fmod` of doubles: with significands m and n and exponents k apart it is m · 2^k mod n. Products modulo n are what
 * 64-bit integers leave of the difference to a multiple of n that a double is near.
 */
function remainder64(x: Expr, y: Expr): Expr {
  const [numerator, denominator] = [op("abs", x), op("abs", y)];
  const [m, exponent] = apart(numerator);
  const [n, least] = apart(denominator);
  const k = op("sub", exponent, least);
  const inverse = op("div", f64(1), op("to_f64_s", n));
  const reduced = (value: Expr, estimate: Expr): Expr =>
    op("sub", value, op("mul", op("to_i64_s", op("nearest", op("mul", estimate, inverse))), n));
  /** a · b mod n, between -n/2 and n/2: the first estimate is off by a few, of which the second makes none. */
  const product = (a: Expr, b: Expr): Expr => {
    const near = reduced(op("mul", a, b), op("mul", op("to_f64_s", a), op("to_f64_s", b)));
    return reduced(near, op("to_f64_s", near));
  };
  // 2^k from the upper bits of k, at most 31, and a square for each of the six lower ones.
  const lower = 6;
  let power = product(op("shl", i64(1), op("shr_u", k, i64(lower))), i64(1));
  for (let bit = lower - 1; bit >= 0; bit--) {
    const doubled = op("and", op("shr_u", k, i64(bit)), i64(1));
    power = product(power, op("shl", power, doubled));
  }
  const centred = product(power, m);
  const residue = op("select", op("lt_s", centred, i64(0)), op("add", centred, n), centred);
  // The denominator by its significand is its unit, exactly.
  const rest = op("mul", op("to_f64_s", residue), op("div", denominator, op("to_f64_s", n)));
  const defined = op("and", op("lt", numerator, f64(Infinity)), op("lt", f64(0), denominator));
  const signed = op("select", op("lt", numerator, denominator), x, op("copysign", rest, x));
  return op("select", defined, signed, f64(NaN));
}
