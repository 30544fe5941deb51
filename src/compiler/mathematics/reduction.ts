import { constant, type Expr } from "../kernel/expression.ts";
import { twoOverPi } from "./coefficients.ts";
import { add, and, bits, byType, type Format, formatOf, le, mul, ne, nearest, or, rarely, select, shiftRight, shiftRightUnsigned, shl, sub, xor } from "./operators.ts"; // prettier-ignore
import { type Pair, quickSum } from "./pair.ts";

/** An angle as r + q·π/2 with |r| ≤ π/4. The quadrant q is the lowest two bits of an integer. */
export interface Reduced {
  readonly r: Pair;
  readonly quadrant: Expr;
}

/** From here on multiples of π/2 have too many digits to be subtracted. */
const LARGE_EXPONENT = 7;

/** 2^1000 · π/2: the quotient of 2^2216 by 2^1216 · 2/π. */
const halfPi = (1n << 2216n) / twoOverPi;

/** π/2 as a sum of numbers of so many digits. */
function halfPiParts(...digits: readonly number[]): readonly number[] {
  let rest = halfPi;
  return digits.map((count) => {
    const excess = BigInt(rest.toString(2).length - count);
    const part = (rest >> excess) << excess;
    rest -= part;
    return toNumber(part);
  });
}
/** n / 2^1000, of an integer of at most 53 digits before its zeros. */
function toNumber(n: bigint): number {
  const excess = Math.max(0, n.toString(2).length - 53);
  return Number(n >> BigInt(excess)) * 2 ** (excess - 1000);
}

/** Cody and Waite (1980), "Software manual for the elementary functions": for x in [0, 2^7). */
function subtracted(x: Expr): Reduced {
  // Of the first two parts the products with an integer of 7 digits are exact.
  const [p, q, s] = byType(x, halfPiParts(17, 17, 24), halfPiParts(46, 46, 53));
  const [n, quadrant] = nearest(mul(x, 2 / Math.PI));
  const a = sub(x, mul(n, p!));
  const b = mul(n, q!);
  const high = sub(a, b);
  return { r: quickSum(high, sub(sub(sub(a, high), b), mul(n, s!))), quadrant };
}

/** The upper half of the product of two integers without sign. */
function upperProduct(a: Expr, b: Expr, { width }: Format): Expr {
  const half = width / 2;
  const mask = (1n << BigInt(half)) - 1n;
  const [p, q] = [shiftRightUnsigned(a, half), and(a, mask)];
  const [r, s] = [shiftRightUnsigned(b, half), and(b, mask)];
  const low = add(mul(p, s), shiftRightUnsigned(mul(q, s), half));
  const middle = add(mul(q, r), and(low, mask));
  return add(mul(p, r), add(shiftRightUnsigned(low, half), shiftRightUnsigned(middle, half)));
}

/** Where `e` has this bit. */
const has = (e: Expr, bit: number): Expr => ne(and(e, bit), 0);

/** Three words of 2/π that begin `e` digits, less what is below 8, after where those for e = 0 do. */
function window(e: Expr, { width, fraction, bias }: Format): readonly Expr[] {
  const shifts: number[] = [];
  for (let shift = 8; shift < bias; shift *= 2) shifts.unshift(shift);
  // ¼ · 2/π · 2^(7 − fraction), by whose product with a number of `fraction` digits the quadrants are a fraction.
  const digits = 1216 + 2 + fraction - LARGE_EXPONENT;
  const word = (i: number): Expr =>
    constant(width === 32 ? "i32" : "i64", twoOverPi >> BigInt(digits - width * (i + 1)));
  // Each step keeps as many words as those after it need.
  let count = 3 + shifts.reduce((sum, shift) => sum + Math.max(1, shift / width), 0);
  let words = Array.from({ length: count }, (_, i) => word(i));
  for (const shift of shifts) {
    count -= Math.max(1, shift / width);
    const far = (i: number): Expr =>
      shift >= width
        ? words[i + shift / width]!
        : or(shl(words[i]!, shift), shiftRightUnsigned(words[i + 1]!, width - shift));
    const taken = has(e, shift);
    words = Array.from({ length: count }, (_, i) => select(taken, far(i), words[i]!));
  }
  return words;
}

/**
 * For x ≥ 2^7: the digits of x·2/π that matter are those of a product with a window of 2/π.
 * @see Payne and Hanek (1983), "Radian reduction for trigonometric functions"
 */
function multiplied(x: Expr): Reduced {
  const format = formatOf(x);
  const { width, fraction, bias, rounder } = format;
  const pattern = bits(x);
  const e = sub(shiftRightUnsigned(pattern, fraction), bias + LARGE_EXPONENT);
  const hidden = 1n << BigInt(fraction);
  let m = or(and(pattern, hidden - 1n), hidden);
  for (const shift of [4, 2, 1]) m = select(has(e, shift), shl(m, shift), m);
  const [w0, w1, w2] = window(e, format);
  // The product modulo 2^(3·width), which stands for 4 quadrants, without its lowest word.
  const [p, q] = [mul(m, w1!), upperProduct(m, w2!, format)];
  const middle = add(p, q);
  const carry = shiftRightUnsigned(or(and(p, q), and(or(p, q), xor(middle, -1))), width - 1);
  const upper = add(add(mul(m, w0!), upperProduct(m, w1!, format)), carry);
  const quadrant = shiftRightUnsigned(add(upper, 1n << BigInt(width - 3)), width - 2);
  let rest = sub(upper, shl(quadrant, width - 2));
  // Signed integers of less than fraction − 1 bits as floats.
  const float = (n: Expr): Expr => sub(bits(add(n, bits(constant(x.type, rounder)))), rounder);
  // Two pieces whose products with the first digits of π/2 are exact, and what is left.
  const unit = 2 ** (2 - width);
  const pieces = byType(x, [18, 6], [35, 9]).map((shift) => {
    const head = shiftRight(add(rest, 1n << BigInt(shift - 1)), shift);
    rest = sub(rest, shl(head, shift));
    return mul(float(head), unit * 2 ** shift);
  });
  const last = mul(float(shiftRightUnsigned(middle, width - fraction + 1)), 2 ** (1 - fraction));
  const left = mul(add(float(rest), last), (Math.PI / 2) * unit);
  const [c, d] = byType(x, halfPiParts(12, 24), halfPiParts(26, 53));
  const [high, low] = quickSum(mul(pieces[0]!, c!), mul(pieces[1]!, c!));
  const small = add(low, add(mul(add(pieces[0]!, pieces[1]!), d!), left));
  return { r: quickSum(high, small), quadrant };
}

/** What `f` makes of x ≥ 0 without multiples of π/2, whatever its size; of ∞ and NaN the low part is NaN. */
export function ofReduced(x: Expr, f: (reduced: Reduced) => Expr): Expr {
  const of = ({ r: [high, low], quadrant }: Reduced): Expr => f({ r: [high, add(low, mul(x, 0))], quadrant });
  return rarely(le(2 ** LARGE_EXPONENT, x), of(multiplied(x)), of(subtracted(x)));
}
