import { type DType, dtypeInfo, isComplex, isFloat, isSigned } from "../../core/dtype.ts";
import { type Element, narrowed } from "../kernel/element.ts";
import { constant, type Expr, f32, i32, op } from "../kernel/expression.ts";
import { roundedToOdd } from "../kernel/half.ts";

const bitsOf = (dtype: DType): number => dtypeInfo[dtype].bits;
const suffix = (dtype: DType): "s" | "u" => (isSigned(dtype) ? "s" : "u");

/** An integer in another dtype: it wraps. */
function wrapped(x: Expr, from: DType, to: DType): Expr {
  const wide = x.type === "i64";
  if (bitsOf(to) === 64) return wide ? x : op(`extend_${suffix(from)}`, x);
  const word = wide ? op("wrap", x) : x;
  const fits = bitsOf(from) < bitsOf(to) && (!isSigned(from) || isSigned(to));
  return fits ? word : narrowed(word, to);
}

/** The float nearest to an integer. */
function floated(x: Expr, from: DType, to: DType): Expr {
  const sign = suffix(from);
  if (to === "float64") return op(`to_f64_${sign}`, x);
  // In bfloat16 two roundings could differ from one; in float16 all that float32 rounds is infinite.
  if (to === "bfloat16" && bitsOf(from) > 16) return narrowed(roundedToOdd(op(`to_f64_${sign}`, x)), to);
  return narrowed(op(`to_f32_${sign}`, x), to);
}

/** A float in another float dtype. */
function rounded(x: Expr, from: DType, to: DType): Expr {
  if (to === "float64") return op("promote", x);
  if (from !== "float64") return narrowed(x, to);
  return to === "float32" ? op("demote", x) : narrowed(roundedToOdd(x), to);
}

/** The integer that is nearest to a float that is cut; 0 for NaN. */
function saturated(x: Expr, to: DType): Expr {
  const sign = suffix(to);
  const bits = bitsOf(to);
  if (bits === 64) return op(`to_i64_${sign}`, x);
  const word = op(`to_i32_${sign}`, x);
  if (bits === 32) return word;
  if (sign === "u") return op("min_u", word, i32(2 ** bits - 1));
  return op("min_s", op("max_s", word, i32(-(2 ** (bits - 1)))), i32(2 ** (bits - 1) - 1));
}

/** A real number or a bool in another such dtype. */
function number(x: Expr, from: DType, to: DType): Expr {
  if (from === to) return x;
  if (to === "bool") return op("ne", x, constant(x.type, 0));
  if (from === "bool") return number(op("to_int", x), "uint8", to);
  if (isFloat(to)) return isFloat(from) ? rounded(x, from, to) : floated(x, from, to);
  return isFloat(from) ? saturated(x, to) : wrapped(x, from, to);
}

/**
 * An element in another dtype, as XLA: floats are rounded to nearest even, or cut towards zero and held to the bounds of
 * an integer (NaN is 0); integers wrap; anything but 0 is true; imaginary parts are dropped.
 */
export function converted([x, ...imaginary]: Element, from: DType, to: DType): Element {
  if (from === to) return [x!, ...imaginary];
  const real = isComplex(from) ? "float32" : from;
  return isComplex(to) ? [number(x!, real, "float32"), f32(0)] : [number(x!, real, to)];
}
