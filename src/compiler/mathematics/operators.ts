import { constant, type Expr, type OpName, op } from "../kernel/expression.ts";
import type { Polynomial } from "./coefficients.ts";

/** A number beside an expression is a constant of the expression's type. */
export type Term = Expr | number | bigint;

const isExpr = (x: Term): x is Expr => typeof x === "object";

function terms(name: OpName, ...args: readonly Term[]): Expr {
  const typed = args.find(isExpr);
  if (typed === undefined) throw new TypeError(`${name} of numbers only`);
  return op(name, ...args.map((x) => (isExpr(x) ? x : constant(typed.type, x))));
}
const binary = (name: OpName) => (a: Term, b: Term) => terms(name, a, b);
const unary = (name: OpName) => (x: Expr) => op(name, x);

export const add = binary("add");
export const sub = binary("sub");
export const mul = binary("mul");
export const div = binary("div");
export const and = binary("and");
export const or = binary("or");
export const xor = binary("xor");
export const shl = binary("shl");
export const shiftRight = binary("shr_s");
export const shiftRightUnsigned = binary("shr_u");
export const eq = binary("eq");
export const ne = binary("ne");
export const lt = binary("lt");
export const le = binary("le");
export const copysign = binary("copysign");
export const neg = unary("neg");
export const abs = unary("abs");
export const squareRoot = unary("sqrt");
export const truncated = unary("trunc");
/** A float as an integer with the same bits, and back. */
export const bits = unary("reinterpret");

/** A number as a constant of the type of `x`. */
export const like = (x: Expr, value: number | bigint): Expr => constant(x.type, value);

/** `a` where `condition` holds, else `b`. */
export const select = (condition: Expr, a: Term, b: Term): Expr => {
  const typed = [a, b].find(isExpr);
  if (typed === undefined) throw new TypeError("select of numbers only");
  return op("select", condition, ...[a, b].map((x) => (isExpr(x) ? x : constant(typed.type, x))));
};

/** `a` where `condition` holds, which is rare: it is computed only where it is chosen in some lane; else `b`. */
export const rarely = (condition: Expr, a: Expr, b: Expr): Expr => op("rarely", condition, a, b);

/** NaN stays. */
export const atLeast = (x: Expr, least: Term): Expr => select(lt(x, least), least, x);
/** NaN stays. */
export const atMost = (x: Expr, most: Term): Expr => select(lt(most, x), most, x);

export const square = (x: Expr): Expr => mul(x, x);
export const isNaN = (x: Expr): Expr => ne(x, x);

/** Where x is not a positive normal number: negative, subnormal, zero, infinite or NaN. */
export function isSpecial(x: Expr): Expr {
  const { width, fraction, bias } = formatOf(x);
  const sign = 1n << BigInt(width - 1);
  // Of the bits as an integer, the least that is normal becomes the least there is.
  const moved = sub(bits(x), (1n << BigInt(fraction)) - sign);
  return op("le_s", like(moved, BigInt.asIntN(width, sign + (BigInt(2 * bias) << BigInt(fraction)))), moved);
}

/** How the numbers of a float type are made. */
export interface Format {
  readonly type: "f32" | "f64";
  /** Bits of a number, and of its fraction. */
  readonly width: 32 | 64;
  readonly fraction: 23 | 52;
  readonly bias: 127 | 1023;
  /** Of the least normal number. */
  readonly least: number;
  /** The bits of 1, and of ½√2. */
  readonly one: bigint;
  readonly rootHalf: bigint;
  /** 1.5 · 2^fraction: a sum with it is rounded to an integer, which is in its lowest bits. */
  readonly rounder: number;
}

const formats: Readonly<Record<"f32" | "f64", Format>> = {
  f32: {
    type: "f32",
    width: 32,
    fraction: 23,
    bias: 127,
    least: 2 ** -126,
    one: 0x3f800000n,
    rootHalf: 0x3f3504f3n,
    rounder: 1.5 * 2 ** 23,
  },
  f64: {
    type: "f64",
    width: 64,
    fraction: 52,
    bias: 1023,
    least: 2 ** -1022,
    one: 0x3ff0000000000000n,
    rootHalf: 0x3fe6a09e667f3bcdn,
    rounder: 1.5 * 2 ** 52,
  },
};

/** The format of a float expression. */
export function formatOf(x: Expr): Format {
  if (x.type !== "f32" && x.type !== "f64") throw new TypeError(`a float is needed, not ${x.type}`);
  return formats[x.type];
}

/** A value for each of the two types. */
export const byType = <T>(x: Expr, f32: T, f64: T): T => (formatOf(x).type === "f32" ? f32 : f64);

/** Horner's rule. */
export function polynomial(x: Expr, coefficients: Polynomial): Expr {
  const [first, ...rest] = coefficients[formatOf(x).type];
  return rest.reduce<Expr>((sum, c) => add(mul(sum, x), c), constant(x.type, first!));
}
/** Horner's rule, with numbers for both types. */
export const polynomialOf = (x: Expr, coefficients: readonly number[]): Expr =>
  polynomial(x, { f32: coefficients, f64: coefficients });

/** The sign bit, all others 0. */
export const signBit = (x: Expr): Expr => and(bits(x), -(1n << BigInt(formatOf(x).width - 1)));
/** `x`, negated where the sign bit of the integer is set. */
export const flipped = (x: Expr, sign: Expr): Expr => bits(xor(bits(x), sign));

/** The integer nearest to x: as a float, and as what its sum with `more` is in the lowest bits of. */
export function nearest(x: Expr, more = 0): readonly [float: Expr, low: Expr] {
  const rounder = formatOf(x).rounder + more;
  const sum = add(x, rounder);
  return [sub(sum, rounder), bits(sum)];
}
