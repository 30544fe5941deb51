import type { OpName, Type } from "../../../../src/compiler/kernel/expression.ts";

/** i32, f32 and f64 as numbers, bool as 0 or 1, i64 as a signed bigint. */
export type Scalar = number | bigint;

type Numeric = (a: number, b: number) => number;
type Long = (a: bigint, b: bigint) => Scalar;

const cell = new DataView(new ArrayBuffer(8));

/** Nearest integer, ties to even, with the sign of x. */
function nearest(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  const rounded = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
  return rounded === 0 && (x < 0 || Object.is(x, -0)) ? -0 : rounded;
}
const negative = (x: number) => x < 0 || Object.is(x, -0);

const float: Readonly<Partial<Record<OpName, Numeric>>> = {
  neg: (x) => -x,
  abs: Math.abs,
  sqrt: Math.sqrt,
  floor: Math.floor,
  ceil: Math.ceil,
  trunc: Math.trunc,
  nearest,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  min: Math.min,
  max: Math.max,
  copysign: (a, b) => (negative(a) === negative(b) ? a : -a),
};

const compare: Readonly<Partial<Record<OpName, (a: Scalar, b: Scalar) => number>>> = {
  eq: (a, b) => Number(a === b),
  ne: (a, b) => Number(a !== b),
  lt: (a, b) => Number(a < b),
  le: (a, b) => Number(a <= b),
};

function divided(x: number, y: number): number {
  if (y === 0) throw new RangeError("integer division by 0");
  return x / y;
}

const word: Readonly<Partial<Record<OpName, Numeric>>> = {
  neg: (x) => -x,
  abs: Math.abs,
  not: (x) => ~x,
  clz: Math.clz32,
  popcnt: (x) => bits(BigInt.asUintN(32, BigInt(x))),
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: Math.imul,
  div_s: (a, b) => {
    if (a === -0x80000000 && b === -1) throw new RangeError("integer overflow");
    return Math.trunc(divided(a, b));
  },
  div_u: (a, b) => Math.trunc(divided(a >>> 0, b >>> 0)),
  rem_s: (a, b) => (divided(a, b), a % b),
  rem_u: (a, b) => (divided(a, b), (a >>> 0) % (b >>> 0)),
  min_s: Math.min,
  max_s: Math.max,
  min_u: (a, b) => Math.min(a >>> 0, b >>> 0),
  max_u: (a, b) => Math.max(a >>> 0, b >>> 0),
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  shl: (a, b) => a << b,
  shr_s: (a, b) => a >> b,
  shr_u: (a, b) => a >>> b,
};
const compareWords: Readonly<Partial<Record<OpName, Numeric>>> = {
  lt_s: (a, b) => Number(a < b),
  le_s: (a, b) => Number(a <= b),
  lt_u: (a, b) => Number(a >>> 0 < b >>> 0),
  le_u: (a, b) => Number(a >>> 0 <= b >>> 0),
};

const unsigned = (x: bigint) => BigInt.asUintN(64, x);
const bits = (x: bigint) => x.toString(2).replaceAll("0", "").length;

const long: Readonly<Partial<Record<OpName, (a: bigint, b: bigint) => bigint>>> = {
  neg: (x) => -x,
  abs: (x) => (x < 0n ? -x : x),
  not: (x) => ~x,
  clz: (x) => (x === 0n ? 64n : BigInt(64 - unsigned(x).toString(2).length)),
  popcnt: (x) => BigInt(bits(unsigned(x))),
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div_s: (a, b) => {
    if (a === -(1n << 63n) && b === -1n) throw new RangeError("integer overflow");
    return a / b;
  },
  div_u: (a, b) => unsigned(a) / unsigned(b),
  rem_s: (a, b) => a % b,
  rem_u: (a, b) => unsigned(a) % unsigned(b),
  min_s: (a, b) => (a < b ? a : b),
  max_s: (a, b) => (a > b ? a : b),
  min_u: (a, b) => (unsigned(a) < unsigned(b) ? a : b),
  max_u: (a, b) => (unsigned(a) > unsigned(b) ? a : b),
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  shl: (a, b) => a << (b & 63n),
  shr_s: (a, b) => a >> (b & 63n),
  shr_u: (a, b) => unsigned(a) >> (b & 63n),
};
const compareLongs: Readonly<Partial<Record<OpName, Long>>> = {
  lt_s: (a, b) => Number(a < b),
  le_s: (a, b) => Number(a <= b),
  lt_u: (a, b) => Number(unsigned(a) < unsigned(b)),
  le_u: (a, b) => Number(unsigned(a) <= unsigned(b)),
};

/** The nearest f32: 40 bits of the number and whether others follow say which that is. */
function longToFloat(x: bigint): number {
  const magnitude = x < 0n ? -x : x;
  const excess = BigInt(Math.max(0, magnitude.toString(2).length - 40));
  const kept = magnitude >> excess;
  const sticky = kept << excess === magnitude ? kept : kept | 1n;
  const value = Math.fround(Number(sticky)) * 2 ** Number(excess);
  return x < 0n ? -value : value;
}

function toLong(x: number, least: bigint, greatest: bigint): bigint {
  if (x !== x) return 0n;
  if (x <= Number(least)) return least;
  if (x >= Number(greatest)) return greatest;
  return BigInt(Math.trunc(x));
}
const toWord = (x: number, least: number, greatest: number): number =>
  x !== x ? 0 : Math.trunc(Math.min(Math.max(x, least), greatest)) | 0;

const reinterpreted: Readonly<Record<Exclude<Type, "bool">, (x: Scalar) => Scalar>> = {
  f32: (x) => (cell.setFloat32(0, x as number), cell.getInt32(0)),
  i32: (x) => (cell.setInt32(0, x as number), cell.getFloat32(0)),
  f64: (x) => (cell.setFloat64(0, x as number), cell.getBigInt64(0)),
  i64: (x) => (cell.setBigInt64(0, x as bigint), cell.getFloat64(0)),
};

const conversions: Readonly<Partial<Record<OpName, (x: Scalar) => Scalar>>> = {
  to_f32_s: (x) => (typeof x === "bigint" ? longToFloat(x) : Math.fround(x)),
  to_f32_u: (x) => (typeof x === "bigint" ? longToFloat(unsigned(x)) : Math.fround(x >>> 0)),
  to_f64_s: Number,
  to_f64_u: (x) => (typeof x === "bigint" ? Number(unsigned(x)) : x >>> 0),
  to_i32_s: (x) => toWord(x as number, -0x80000000, 0x7fffffff),
  to_i32_u: (x) => toWord(x as number, 0, 0xffffffff),
  to_i64_s: (x) => toLong(x as number, -(1n << 63n), (1n << 63n) - 1n),
  to_i64_u: (x) => BigInt.asIntN(64, toLong(x as number, 0n, (1n << 64n) - 1n)),
  promote: (x) => x,
  demote: (x) => Math.fround(x as number),
  extend_s: (x) => BigInt(x),
  extend_u: (x) => BigInt((x as number) >>> 0),
  wrap: (x) => Number(BigInt.asIntN(32, x as bigint)),
  to_int: (x) => x,
};

const logic: Readonly<Partial<Record<OpName, Numeric>>> = {
  not: (a) => 1 - a,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
};

/**
 * What WebAssembly computes for an operation on operands of a type.
 * @see https://webassembly.github.io/spec/core/exec/numerics.html
 */
export function operations(op: OpName, type: Type): (a: Scalar, b: Scalar) => Scalar {
  const found = ((): ((a: never, b: never) => Scalar) | undefined => {
    if (op === "reinterpret") return type === "bool" ? undefined : reinterpreted[type];
    const conversion = conversions[op] ?? (type === "i32" || type === "i64" ? undefined : compare[op]);
    if (conversion) return conversion;
    if (op === "eq" || op === "ne") return compare[op];
    switch (type) {
      case "bool":
        return logic[op];
      case "i32": {
        const f = word[op];
        return f ? (a: number, b: number) => f(a, b) | 0 : compareWords[op];
      }
      case "i64": {
        const f = long[op];
        return f ? (a: bigint, b: bigint) => BigInt.asIntN(64, f(a, b)) : compareLongs[op];
      }
      case "f64":
        return float[op];
      case "f32": {
        const f = float[op];
        return f && ((a: number, b: number) => Math.fround(f(a, b)));
      }
    }
  })();
  if (found === undefined) throw new TypeError(`no ${op} of ${type}`);
  return found as (a: Scalar, b: Scalar) => Scalar;
}
