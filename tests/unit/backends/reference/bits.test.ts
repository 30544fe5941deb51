import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  countLeadingZeros,
  countLeadingZeros64,
  divide64,
  divideSigned,
  divideUnsigned,
  integerPowInt32,
  integerPowInt64,
  populationCount,
  populationCount64,
  remainder,
  remainder64,
  shiftLeft,
  shiftLeft64,
  shiftRightArithmetic,
  shiftRightArithmetic64,
  shiftRightLogical,
  shiftRightLogical64,
  type Width,
} from "../../../../src/backends/reference/bits.ts";

/** JAX 0.10.2 on CPU: lax div and rem by each divisor, shifts by each amount, population_count, clz, integer_pow 5. */
// prettier-ignore
const numbers = {
  int8: {
    divisors: [0, 1, 7, 127, -1, -7, -128],
    amounts: [0, 1, 7, 8, 127, -1, -128],
    rows: [
      { x: 0, div: [-1, 0, 0, 0, 0, 0, 0], rem: [0, 0, 0, 0, 0, 0, 0], left: [0, 0, 0, 0, 0, 0, 0], logical: [0, 0, 0, 0, 0, 0, 0], arithmetic: [0, 0, 0, 0, 0, 0, 0], ones: 0, leading: 8, fifth: 0 },
      { x: 1, div: [-1, 1, 0, 0, -1, 0, 0], rem: [1, 0, 1, 1, 0, 1, 1], left: [1, 2, -128, 0, 0, 0, 0], logical: [1, 0, 0, 0, 0, 0, 0], arithmetic: [1, 0, 0, 0, 0, 0, 0], ones: 1, leading: 7, fifth: 1 },
      { x: 100, div: [-1, 100, 14, 0, -100, -14, 0], rem: [100, 0, 2, 100, 0, 2, 100], left: [100, -56, 0, 0, 0, 0, 0], logical: [100, 50, 0, 0, 0, 0, 0], arithmetic: [100, 50, 0, 0, 0, 0, 0], ones: 3, leading: 1, fifth: 0 },
      { x: 127, div: [-1, 127, 18, 1, -127, -18, 0], rem: [127, 0, 1, 0, 0, 1, 127], left: [127, -2, -128, 0, 0, 0, 0], logical: [127, 63, 0, 0, 0, 0, 0], arithmetic: [127, 63, 0, 0, 0, 0, 0], ones: 7, leading: 1, fifth: 127 },
      { x: -1, div: [-1, -1, 0, 0, 1, 0, 0], rem: [-1, 0, -1, -1, 0, -1, -1], left: [-1, -2, -128, 0, 0, 0, 0], logical: [-1, 127, 1, 0, 0, 0, 0], arithmetic: [-1, -1, -1, -1, -1, -1, -1], ones: 8, leading: 0, fifth: -1 },
      { x: -100, div: [-1, -100, -14, 0, 100, 14, 0], rem: [-100, 0, -2, -100, 0, -2, -100], left: [-100, 56, 0, 0, 0, 0, 0], logical: [-100, 78, 1, 0, 0, 0, 0], arithmetic: [-100, -50, -1, -1, -1, -1, -1], ones: 4, leading: 0, fifth: 0 },
      { x: -128, div: [-1, -128, -18, -1, -128, 18, 1], rem: [-128, 0, -2, -1, 0, -2, 0], left: [-128, 0, 0, 0, 0, 0, 0], logical: [-128, 64, 1, 0, 0, 0, 0], arithmetic: [-128, -64, -1, -1, -1, -1, -1], ones: 1, leading: 0, fifth: 0 },
    ],
  },
  uint8: {
    divisors: [0, 1, 7, 255],
    amounts: [0, 1, 7, 8, 255],
    rows: [
      { x: 0, div: [255, 0, 0, 0], rem: [0, 0, 0, 0], left: [0, 0, 0, 0, 0], logical: [0, 0, 0, 0, 0], arithmetic: [0, 0, 0, 0, 0], ones: 0, leading: 8, fifth: 0 },
      { x: 1, div: [255, 1, 0, 0], rem: [1, 0, 1, 1], left: [1, 2, 128, 0, 0], logical: [1, 0, 0, 0, 0], arithmetic: [1, 0, 0, 0, 0], ones: 1, leading: 7, fifth: 1 },
      { x: 100, div: [255, 100, 14, 0], rem: [100, 0, 2, 100], left: [100, 200, 0, 0, 0], logical: [100, 50, 0, 0, 0], arithmetic: [100, 50, 0, 0, 0], ones: 3, leading: 1, fifth: 0 },
      { x: 255, div: [255, 255, 36, 1], rem: [255, 0, 3, 0], left: [255, 254, 128, 0, 0], logical: [255, 127, 1, 0, 0], arithmetic: [255, 255, 255, 255, 255], ones: 8, leading: 0, fifth: 255 },
      { x: 128, div: [255, 128, 18, 0], rem: [128, 0, 2, 128], left: [128, 0, 0, 0, 0], logical: [128, 64, 1, 0, 0], arithmetic: [128, 192, 255, 255, 255], ones: 1, leading: 0, fifth: 0 },
    ],
  },
  int16: {
    divisors: [0, 1, 7, 32767, -1, -7, -32768],
    amounts: [0, 1, 15, 16, 32767, -1, -32768],
    rows: [
      { x: 0, div: [-1, 0, 0, 0, 0, 0, 0], rem: [0, 0, 0, 0, 0, 0, 0], left: [0, 0, 0, 0, 0, 0, 0], logical: [0, 0, 0, 0, 0, 0, 0], arithmetic: [0, 0, 0, 0, 0, 0, 0], ones: 0, leading: 16, fifth: 0 },
      { x: 1, div: [-1, 1, 0, 0, -1, 0, 0], rem: [1, 0, 1, 1, 0, 1, 1], left: [1, 2, -32768, 0, 0, 0, 0], logical: [1, 0, 0, 0, 0, 0, 0], arithmetic: [1, 0, 0, 0, 0, 0, 0], ones: 1, leading: 15, fifth: 1 },
      { x: 100, div: [-1, 100, 14, 0, -100, -14, 0], rem: [100, 0, 2, 100, 0, 2, 100], left: [100, 200, 0, 0, 0, 0, 0], logical: [100, 50, 0, 0, 0, 0, 0], arithmetic: [100, 50, 0, 0, 0, 0, 0], ones: 3, leading: 9, fifth: -7168 },
      { x: 32767, div: [-1, 32767, 4681, 1, -32767, -4681, 0], rem: [32767, 0, 0, 0, 0, 0, 32767], left: [32767, -2, -32768, 0, 0, 0, 0], logical: [32767, 16383, 0, 0, 0, 0, 0], arithmetic: [32767, 16383, 0, 0, 0, 0, 0], ones: 15, leading: 1, fifth: 32767 },
      { x: -1, div: [-1, -1, 0, 0, 1, 0, 0], rem: [-1, 0, -1, -1, 0, -1, -1], left: [-1, -2, -32768, 0, 0, 0, 0], logical: [-1, 32767, 1, 0, 0, 0, 0], arithmetic: [-1, -1, -1, -1, -1, -1, -1], ones: 16, leading: 0, fifth: -1 },
      { x: -100, div: [-1, -100, -14, 0, 100, 14, 0], rem: [-100, 0, -2, -100, 0, -2, -100], left: [-100, -200, 0, 0, 0, 0, 0], logical: [-100, 32718, 1, 0, 0, 0, 0], arithmetic: [-100, -50, -1, -1, -1, -1, -1], ones: 12, leading: 0, fifth: 7168 },
      { x: -32768, div: [-1, -32768, -4681, -1, -32768, 4681, 1], rem: [-32768, 0, -1, -1, 0, -1, 0], left: [-32768, 0, 0, 0, 0, 0, 0], logical: [-32768, 16384, 1, 0, 0, 0, 0], arithmetic: [-32768, -16384, -1, -1, -1, -1, -1], ones: 1, leading: 0, fifth: 0 },
    ],
  },
  uint16: {
    divisors: [0, 1, 7, 65535],
    amounts: [0, 1, 15, 16, 65535],
    rows: [
      { x: 0, div: [65535, 0, 0, 0], rem: [0, 0, 0, 0], left: [0, 0, 0, 0, 0], logical: [0, 0, 0, 0, 0], arithmetic: [0, 0, 0, 0, 0], ones: 0, leading: 16, fifth: 0 },
      { x: 1, div: [65535, 1, 0, 0], rem: [1, 0, 1, 1], left: [1, 2, 32768, 0, 0], logical: [1, 0, 0, 0, 0], arithmetic: [1, 0, 0, 0, 0], ones: 1, leading: 15, fifth: 1 },
      { x: 100, div: [65535, 100, 14, 0], rem: [100, 0, 2, 100], left: [100, 200, 0, 0, 0], logical: [100, 50, 0, 0, 0], arithmetic: [100, 50, 0, 0, 0], ones: 3, leading: 9, fifth: 58368 },
      { x: 65535, div: [65535, 65535, 9362, 1], rem: [65535, 0, 1, 0], left: [65535, 65534, 32768, 0, 0], logical: [65535, 32767, 1, 0, 0], arithmetic: [65535, 65535, 65535, 65535, 65535], ones: 16, leading: 0, fifth: 65535 },
      { x: 32768, div: [65535, 32768, 4681, 0], rem: [32768, 0, 1, 32768], left: [32768, 0, 0, 0, 0], logical: [32768, 16384, 1, 0, 0], arithmetic: [32768, 49152, 65535, 65535, 65535], ones: 1, leading: 0, fifth: 0 },
    ],
  },
  int32: {
    divisors: [0, 1, 7, 2147483647, -1, -7, -2147483648],
    amounts: [0, 1, 31, 32, 2147483647, -1, -2147483648],
    rows: [
      { x: 0, div: [-1, 0, 0, 0, 0, 0, 0], rem: [0, 0, 0, 0, 0, 0, 0], left: [0, 0, 0, 0, 0, 0, 0], logical: [0, 0, 0, 0, 0, 0, 0], arithmetic: [0, 0, 0, 0, 0, 0, 0], ones: 0, leading: 32, fifth: 0 },
      { x: 1, div: [-1, 1, 0, 0, -1, 0, 0], rem: [1, 0, 1, 1, 0, 1, 1], left: [1, 2, -2147483648, 0, 0, 0, 0], logical: [1, 0, 0, 0, 0, 0, 0], arithmetic: [1, 0, 0, 0, 0, 0, 0], ones: 1, leading: 31, fifth: 1 },
      { x: 100, div: [-1, 100, 14, 0, -100, -14, 0], rem: [100, 0, 2, 100, 0, 2, 100], left: [100, 200, 0, 0, 0, 0, 0], logical: [100, 50, 0, 0, 0, 0, 0], arithmetic: [100, 50, 0, 0, 0, 0, 0], ones: 3, leading: 25, fifth: 1410065408 },
      { x: 2147483647, div: [-1, 2147483647, 306783378, 1, -2147483647, -306783378, 0], rem: [2147483647, 0, 1, 0, 0, 1, 2147483647], left: [2147483647, -2, -2147483648, 0, 0, 0, 0], logical: [2147483647, 1073741823, 0, 0, 0, 0, 0], arithmetic: [2147483647, 1073741823, 0, 0, 0, 0, 0], ones: 31, leading: 1, fifth: 2147483647 },
      { x: -1, div: [-1, -1, 0, 0, 1, 0, 0], rem: [-1, 0, -1, -1, 0, -1, -1], left: [-1, -2, -2147483648, 0, 0, 0, 0], logical: [-1, 2147483647, 1, 0, 0, 0, 0], arithmetic: [-1, -1, -1, -1, -1, -1, -1], ones: 32, leading: 0, fifth: -1 },
      { x: -100, div: [-1, -100, -14, 0, 100, 14, 0], rem: [-100, 0, -2, -100, 0, -2, -100], left: [-100, -200, 0, 0, 0, 0, 0], logical: [-100, 2147483598, 1, 0, 0, 0, 0], arithmetic: [-100, -50, -1, -1, -1, -1, -1], ones: 28, leading: 0, fifth: -1410065408 },
      { x: -2147483648, div: [-1, -2147483648, -306783378, -1, -2147483648, 306783378, 1], rem: [-2147483648, 0, -2, -1, 0, -2, 0], left: [-2147483648, 0, 0, 0, 0, 0, 0], logical: [-2147483648, 1073741824, 1, 0, 0, 0, 0], arithmetic: [-2147483648, -1073741824, -1, -1, -1, -1, -1], ones: 1, leading: 0, fifth: 0 },
    ],
  },
  uint32: {
    divisors: [0, 1, 7, 4294967295],
    amounts: [0, 1, 31, 32, 4294967295],
    rows: [
      { x: 0, div: [4294967295, 0, 0, 0], rem: [0, 0, 0, 0], left: [0, 0, 0, 0, 0], logical: [0, 0, 0, 0, 0], arithmetic: [0, 0, 0, 0, 0], ones: 0, leading: 32, fifth: 0 },
      { x: 1, div: [4294967295, 1, 0, 0], rem: [1, 0, 1, 1], left: [1, 2, 2147483648, 0, 0], logical: [1, 0, 0, 0, 0], arithmetic: [1, 0, 0, 0, 0], ones: 1, leading: 31, fifth: 1 },
      { x: 100, div: [4294967295, 100, 14, 0], rem: [100, 0, 2, 100], left: [100, 200, 0, 0, 0], logical: [100, 50, 0, 0, 0], arithmetic: [100, 50, 0, 0, 0], ones: 3, leading: 25, fifth: 1410065408 },
      { x: 4294967295, div: [4294967295, 4294967295, 613566756, 1], rem: [4294967295, 0, 3, 0], left: [4294967295, 4294967294, 2147483648, 0, 0], logical: [4294967295, 2147483647, 1, 0, 0], arithmetic: [4294967295, 4294967295, 4294967295, 4294967295, 4294967295], ones: 32, leading: 0, fifth: 4294967295 },
      { x: 2147483648, div: [4294967295, 2147483648, 306783378, 0], rem: [2147483648, 0, 2, 2147483648], left: [2147483648, 0, 0, 0, 0], logical: [2147483648, 1073741824, 1, 0, 0], arithmetic: [2147483648, 3221225472, 4294967295, 4294967295, 4294967295], ones: 1, leading: 0, fifth: 0 },
    ],
  },
};

/** The same at 64 bits, with x64 enabled. */
// prettier-ignore
const bigints = {
  int64: {
    divisors: [0n, 1n, 7n, 9223372036854775807n, -1n, -7n, -9223372036854775808n],
    amounts: [0n, 1n, 63n, 64n, 9223372036854775807n, -1n, -9223372036854775808n],
    rows: [
      { x: 0n, div: [-1n, 0n, 0n, 0n, 0n, 0n, 0n], rem: [0n, 0n, 0n, 0n, 0n, 0n, 0n], left: [0n, 0n, 0n, 0n, 0n, 0n, 0n], logical: [0n, 0n, 0n, 0n, 0n, 0n, 0n], arithmetic: [0n, 0n, 0n, 0n, 0n, 0n, 0n], ones: 0n, leading: 64n, fifth: 0n },
      { x: 1n, div: [-1n, 1n, 0n, 0n, -1n, 0n, 0n], rem: [1n, 0n, 1n, 1n, 0n, 1n, 1n], left: [1n, 2n, -9223372036854775808n, 0n, 0n, 0n, 0n], logical: [1n, 0n, 0n, 0n, 0n, 0n, 0n], arithmetic: [1n, 0n, 0n, 0n, 0n, 0n, 0n], ones: 1n, leading: 63n, fifth: 1n },
      { x: 100n, div: [-1n, 100n, 14n, 0n, -100n, -14n, 0n], rem: [100n, 0n, 2n, 100n, 0n, 2n, 100n], left: [100n, 200n, 0n, 0n, 0n, 0n, 0n], logical: [100n, 50n, 0n, 0n, 0n, 0n, 0n], arithmetic: [100n, 50n, 0n, 0n, 0n, 0n, 0n], ones: 3n, leading: 57n, fifth: 10000000000n },
      { x: 9223372036854775807n, div: [-1n, 9223372036854775807n, 1317624576693539401n, 1n, -9223372036854775807n, -1317624576693539401n, 0n], rem: [9223372036854775807n, 0n, 0n, 0n, 0n, 0n, 9223372036854775807n], left: [9223372036854775807n, -2n, -9223372036854775808n, 0n, 0n, 0n, 0n], logical: [9223372036854775807n, 4611686018427387903n, 0n, 0n, 0n, 0n, 0n], arithmetic: [9223372036854775807n, 4611686018427387903n, 0n, 0n, 0n, 0n, 0n], ones: 63n, leading: 1n, fifth: 9223372036854775807n },
      { x: -1n, div: [-1n, -1n, 0n, 0n, 1n, 0n, 0n], rem: [-1n, 0n, -1n, -1n, 0n, -1n, -1n], left: [-1n, -2n, -9223372036854775808n, 0n, 0n, 0n, 0n], logical: [-1n, 9223372036854775807n, 1n, 0n, 0n, 0n, 0n], arithmetic: [-1n, -1n, -1n, -1n, -1n, -1n, -1n], ones: 64n, leading: 0n, fifth: -1n },
      { x: -100n, div: [-1n, -100n, -14n, 0n, 100n, 14n, 0n], rem: [-100n, 0n, -2n, -100n, 0n, -2n, -100n], left: [-100n, -200n, 0n, 0n, 0n, 0n, 0n], logical: [-100n, 9223372036854775758n, 1n, 0n, 0n, 0n, 0n], arithmetic: [-100n, -50n, -1n, -1n, -1n, -1n, -1n], ones: 60n, leading: 0n, fifth: -10000000000n },
      { x: -9223372036854775808n, div: [-1n, -9223372036854775808n, -1317624576693539401n, -1n, -9223372036854775808n, 1317624576693539401n, 1n], rem: [-9223372036854775808n, 0n, -1n, -1n, 0n, -1n, 0n], left: [-9223372036854775808n, 0n, 0n, 0n, 0n, 0n, 0n], logical: [-9223372036854775808n, 4611686018427387904n, 1n, 0n, 0n, 0n, 0n], arithmetic: [-9223372036854775808n, -4611686018427387904n, -1n, -1n, -1n, -1n, -1n], ones: 1n, leading: 0n, fifth: 0n },
    ],
  },
  uint64: {
    divisors: [0n, 1n, 7n, 18446744073709551615n],
    amounts: [0n, 1n, 63n, 64n, 18446744073709551615n],
    rows: [
      { x: 0n, div: [18446744073709551615n, 0n, 0n, 0n], rem: [0n, 0n, 0n, 0n], left: [0n, 0n, 0n, 0n, 0n], logical: [0n, 0n, 0n, 0n, 0n], arithmetic: [0n, 0n, 0n, 0n, 0n], ones: 0n, leading: 64n, fifth: 0n },
      { x: 1n, div: [18446744073709551615n, 1n, 0n, 0n], rem: [1n, 0n, 1n, 1n], left: [1n, 2n, 9223372036854775808n, 0n, 0n], logical: [1n, 0n, 0n, 0n, 0n], arithmetic: [1n, 0n, 0n, 0n, 0n], ones: 1n, leading: 63n, fifth: 1n },
      { x: 100n, div: [18446744073709551615n, 100n, 14n, 0n], rem: [100n, 0n, 2n, 100n], left: [100n, 200n, 0n, 0n, 0n], logical: [100n, 50n, 0n, 0n, 0n], arithmetic: [100n, 50n, 0n, 0n, 0n], ones: 3n, leading: 57n, fifth: 10000000000n },
      { x: 18446744073709551615n, div: [18446744073709551615n, 18446744073709551615n, 2635249153387078802n, 1n], rem: [18446744073709551615n, 0n, 1n, 0n], left: [18446744073709551615n, 18446744073709551614n, 9223372036854775808n, 0n, 0n], logical: [18446744073709551615n, 9223372036854775807n, 1n, 0n, 0n], arithmetic: [18446744073709551615n, 18446744073709551615n, 18446744073709551615n, 18446744073709551615n, 18446744073709551615n], ones: 64n, leading: 0n, fifth: 18446744073709551615n },
      { x: 9223372036854775808n, div: [18446744073709551615n, 9223372036854775808n, 1317624576693539401n, 0n], rem: [9223372036854775808n, 0n, 1n, 9223372036854775808n], left: [9223372036854775808n, 0n, 0n, 0n, 0n], logical: [9223372036854775808n, 4611686018427387904n, 1n, 0n, 0n], arithmetic: [9223372036854775808n, 13835058055282163712n, 18446744073709551615n, 18446744073709551615n, 18446744073709551615n], ones: 1n, leading: 0n, fifth: 0n },
    ],
  },
};

/** What a typed array of the dtype makes of a result. */
const wrap = (x: number, width: Width, signed: boolean): number =>
  Number(signed ? BigInt.asIntN(width, BigInt(x)) : BigInt.asUintN(width, BigInt(x)));

describe.each(Object.entries(numbers))("%s", (dtype, { divisors, amounts, rows }) => {
  const signed = dtype.startsWith("int");
  const width = Number(dtype.replace(/\D+/, "")) as Width;
  const stored = (x: number): number => wrap(x, width, signed);

  test.each(rows)("$x has JAX's quotients, remainders, shifts, counts and fifth power", (row) => {
    const { x } = row;
    expect(divisors.map((y) => stored(signed ? divideSigned(x, y) : divideUnsigned(x, y)))).toEqual(row.div);
    expect(divisors.map((y) => stored(remainder(x, y)))).toEqual(row.rem);
    expect(amounts.map((n) => stored(shiftLeft(x, n, width)))).toEqual(row.left);
    expect(amounts.map((n) => stored(shiftRightLogical(x, n, width)))).toEqual(row.logical);
    expect(amounts.map((n) => stored(shiftRightArithmetic(x, n, width)))).toEqual(row.arithmetic);
    expect(populationCount(x, width)).toBe(row.ones);
    expect(countLeadingZeros(x, width)).toBe(row.leading);
    expect(stored(integerPowInt32(x, 5))).toBe(row.fifth);
  });
});

describe.each(Object.entries(bigints))("%s", (dtype, { divisors, amounts, rows }) => {
  const stored = (x: bigint): bigint => (dtype === "int64" ? BigInt.asIntN(64, x) : BigInt.asUintN(64, x));

  test.each(rows)("$x has JAX's quotients, remainders, shifts, counts and fifth power", (row) => {
    const { x } = row;
    expect(divisors.map((y) => stored(divide64(x, y)))).toEqual(row.div);
    expect(divisors.map((y) => stored(remainder64(x, y)))).toEqual(row.rem);
    expect(amounts.map((n) => stored(shiftLeft64(x, n)))).toEqual(row.left);
    expect(amounts.map((n) => stored(shiftRightLogical64(x, n)))).toEqual(row.logical);
    expect(amounts.map((n) => stored(shiftRightArithmetic64(x, n)))).toEqual(row.arithmetic);
    expect(populationCount64(x)).toBe(row.ones);
    expect(countLeadingZeros64(x)).toBe(row.leading);
    expect(stored(integerPowInt64(x, 5))).toBe(row.fifth);
  });
});

test("x = (x / y)·y + x rem y, at every width", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), (x, y) => {
      fc.pre(y !== 0);
      expect((Math.imul(divideSigned(x, y), y) + remainder(x, y)) | 0).toBe(x);
      const [a, b] = [x >>> 0, y >>> 0];
      expect(divideUnsigned(a, b) * b + remainder(a, b)).toBe(a);
    }),
  );
});

test("a remainder of 0 is never -0", () => expect(remainder(-4, 2)).toBe(0));

test("counts agree with the binary numeral", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), (x) => {
      const numeral = x.toString(2);
      expect(populationCount(x, 32)).toBe(numeral.replaceAll("0", "").length);
      expect(countLeadingZeros(x, 32)).toBe(x === 0 ? 32 : 32 - numeral.length);
      expect(populationCount64(BigInt(x) << 20n)).toBe(BigInt(populationCount(x, 32)));
    }),
  );
});
