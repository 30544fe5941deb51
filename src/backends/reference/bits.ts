/**
 * Integer and bit operations with XLA's answers where C leaves them undefined.
 *
 * Up to 32 bits values are numbers, signed or unsigned as their dtype; at 64 bits they are bigints. Results are
 * right modulo 2^width: writing them to a typed array of the dtype wraps them.
 */

/** Bits in an integer dtype that is computed on numbers. */
export type Width = 8 | 16 | 32;

/** Quotient rounded towards zero; x / 0 is -1 (all ones if unsigned), and INT_MIN / -1 wraps to INT_MIN. */
export const divideSigned = (x: number, y: number): number => (y === 0 ? -1 : (x / y) | 0);

/** Quotient rounded down; x / 0 is all ones. */
export const divideUnsigned = (x: number, y: number): number => (y === 0 ? 0xffffffff : (x / y) >>> 0);

/** Remainder with the sign of x, signed or unsigned; x rem 0 is x. */
export const remainder = (x: number, y: number): number => (y === 0 ? x : (x % y) + 0);

/** `divideSigned` and `divideUnsigned` at 64 bits. */
export const divide64 = (x: bigint, y: bigint): bigint => (y === 0n ? -1n : x / y);

/** `remainder` at 64 bits. */
export const remainder64 = (x: bigint, y: bigint): bigint => (y === 0n ? x : x % y);

const zeroExtended = (x: number, width: Width): number => (x << (32 - width)) >>> (32 - width);
const signExtended = (x: number, width: Width): number => (x << (32 - width)) >> (32 - width);

/** An amount is read as unsigned, so a negative one is out of range too. */
const outOfRange = (amount: number, width: Width): boolean => amount >>> 0 >= width;

/** x·2^amount; 0 if the amount is out of range. */
export const shiftLeft = (x: number, amount: number, width: Width): number =>
  outOfRange(amount, width) ? 0 : x << amount;

/** Shift right that fills with zeros; 0 if the amount is out of range. */
export const shiftRightLogical = (x: number, amount: number, width: Width): number =>
  outOfRange(amount, width) ? 0 : zeroExtended(x, width) >>> amount;

/** Shift right that fills with the top bit, also of an unsigned x; all copies of it if the amount is out of range. */
export const shiftRightArithmetic = (x: number, amount: number, width: Width): number =>
  signExtended(x, width) >> (outOfRange(amount, width) ? 31 : amount);

const outOfRange64 = (amount: bigint): boolean => amount < 0n || amount >= 64n;

/** `shiftLeft` at 64 bits. */
export const shiftLeft64 = (x: bigint, amount: bigint): bigint => (outOfRange64(amount) ? 0n : x << amount);

/** `shiftRightLogical` at 64 bits. */
export const shiftRightLogical64 = (x: bigint, amount: bigint): bigint =>
  outOfRange64(amount) ? 0n : BigInt.asUintN(64, x) >> amount;

/** `shiftRightArithmetic` at 64 bits. */
export const shiftRightArithmetic64 = (x: bigint, amount: bigint): bigint =>
  BigInt.asIntN(64, x) >> (outOfRange64(amount) ? 63n : amount);

/** Number of ones among the low `width` bits. */
export const populationCount = (x: number, width: Width): number => {
  // Warren, "Hacker's Delight", figure 5-2
  let bits = zeroExtended(x, width);
  bits -= (bits >>> 1) & 0x55555555;
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
};

/** Number of zeros above the highest one among the low `width` bits; `width` for 0. */
export const countLeadingZeros = (x: number, width: Width): number =>
  Math.clz32(zeroExtended(x, width)) - (32 - width);

const lowWord = (x: bigint): number => Number(BigInt.asUintN(32, x));
const highWord = (x: bigint): number => Number(BigInt.asUintN(32, x >> 32n));

/** `populationCount` at 64 bits. */
export const populationCount64 = (x: bigint): bigint =>
  BigInt(populationCount(lowWord(x), 32) + populationCount(highWord(x), 32));

/** `countLeadingZeros` at 64 bits. */
export const countLeadingZeros64 = (x: bigint): bigint => {
  const high = highWord(x);
  return BigInt(high === 0 ? 32 + Math.clz32(lowWord(x)) : Math.clz32(high));
};

/** x to the power n ≥ 0 modulo 2³², by binary powering. */
export const integerPowInt32 = (x: number, n: number): number => {
  let square = x;
  let product = 1;
  for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) product = Math.imul(product, square);
    square = Math.imul(square, square);
  }
  return product;
};

/** x to the power n ≥ 0 modulo 2⁶⁴, by binary powering. */
export const integerPowInt64 = (x: bigint, n: number): bigint => {
  let square = x;
  let product = 1n;
  for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) product = BigInt.asIntN(64, product * square);
    square = BigInt.asIntN(64, square * square);
  }
  return product;
};
