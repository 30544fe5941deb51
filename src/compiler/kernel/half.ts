import { type Expr, f32, i32, op } from "./expression.ts";

// Conversions between f32 and the bits of 16-bit floats, rounding to the nearest, ties to even.

const bitsOf = (x: Expr): Expr => op("reinterpret", x);
const isNaN = (x: Expr): Expr => op("ne", x, x);

type Half = "float16" | "bfloat16";

/** The bits of what was decoded; null where there are none. */
const decoded: Readonly<Record<Half, WeakMap<Expr, Expr | null>>> = {
  float16: new WeakMap(),
  bfloat16: new WeakMap(),
};

/** The bits that a number was decoded from, or a choice of such: elements that are only moved keep every bit. */
function bitsBefore(x: Expr, half: Half): Expr | null {
  const known = decoded[half].get(x);
  if (known !== undefined) return known;
  let bits: Expr | null = null;
  if (x.kind === "op" && x.op === "select") {
    const [condition, a, b] = x.args;
    const [chosen, other] = [bitsBefore(a!, half), bitsBefore(b!, half)];
    if (chosen && other) bits = op("select", condition!, chosen, other);
  }
  decoded[half].set(x, bits);
  return bits;
}

/** The number that 16 bits of a bfloat16 stand for. */
export function fromBfloat16(bits: Expr): Expr {
  const value = op("reinterpret", op("shl", bits, i32(16)));
  decoded.bfloat16.set(value, bits);
  return value;
}

/** The bits of the nearest bfloat16; a NaN is quiet and keeps its sign. */
export function toBfloat16(x: Expr): Expr {
  const known = bitsBefore(x, "bfloat16");
  if (known) return known;
  const bits = bitsOf(x);
  const upper = op("shr_u", bits, i32(16));
  const rounded = op("shr_u", op("add", bits, op("add", i32(0x7fff), op("and", upper, i32(1)))), i32(16));
  return op("select", isNaN(x), op("or", upper, i32(0x40)), rounded);
}

/** The nearest bfloat16, as an f32. */
export const roundedBfloat16 = (x: Expr): Expr => fromBfloat16(toBfloat16(x));

/** The number that 16 bits of a float16 stand for. */
export function fromFloat16(bits: Expr): Expr {
  const sign = op("shl", op("and", bits, i32(0x8000)), i32(16));
  const magnitude = op("and", bits, i32(0x7fff));
  // Exponent and fraction in their places of an f32; a product with 2^112 mends the bias and makes subnormals normal.
  const finite = op("mul", op("reinterpret", op("shl", magnitude, i32(13))), f32(2 ** 112));
  const special = op("reinterpret", op("or", op("shl", magnitude, i32(13)), i32(0x7f800000)));
  const value = op("select", op("le_s", i32(0x7c00), magnitude), special, finite);
  const signed = op("reinterpret", op("or", bitsOf(value), sign));
  decoded.float16.set(signed, bits);
  return signed;
}

/** The bits of the nearest float16. */
export function toFloat16(x: Expr): Expr {
  const known = bitsBefore(x, "float16");
  if (known) return known;
  const bits = bitsOf(x);
  const sign = op("and", op("shr_u", bits, i32(16)), i32(0x8000));
  const magnitude = op("and", bits, i32(0x7fffffff));
  // Of a normal result the exponent is moved and the fraction rounded, a carry going into the exponent.
  const odd = op("and", op("shr_u", magnitude, i32(13)), i32(1));
  const moved = op("sub", magnitude, i32((127 - 15) << 23));
  const normal = op("shr_u", op("add", moved, op("add", i32(0xfff), odd)), i32(13));
  // A subnormal one is rounded by an addition whose last place is that of the result.
  const shifted = op("add", op("abs", x), f32(0.5));
  const subnormal = op("sub", bitsOf(shifted), i32(0x3f000000));
  const finite = op("select", op("lt_s", magnitude, i32(113 << 23)), subnormal, normal);
  const overflow = op("le_s", i32(0x477ff000), magnitude);
  const infinite = op(
    "select",
    isNaN(x),
    op("or", i32(0x7e00), op("and", op("shr_u", magnitude, i32(13)), i32(0x3ff))),
    i32(0x7c00),
  );
  return op("or", sign, op("select", overflow, infinite, finite));
}

/** The nearest float16, as an f32. */
export const roundedFloat16 = (x: Expr): Expr => fromFloat16(toFloat16(x));

/**
 * An f64 as an f32 that rounds to 16 bits as the f64 does: of its two neighbours the one with the odd last bit.
 * @see Boldo & Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd" (2008)
 */
export function roundedToOdd(x: Expr): Expr {
  const nearest = op("demote", x);
  const back = op("promote", nearest);
  const beyond = op("to_int", op("lt", op("abs", x), op("abs", back)));
  const inexact = op("to_int", op("ne", x, back));
  return op("reinterpret", op("or", op("sub", bitsOf(nearest), beyond), inexact));
}
