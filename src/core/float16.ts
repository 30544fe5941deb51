/**
 * float16 and bfloat16 as the 16 bits that a `Uint16Array` holds. Node 20 has no `Float16Array`.
 *
 * Encoding rounds the double itself to nearest even, once; a second rounding through float32 would move ties.
 */

const float64Cell = new Float64Array(1);
const uint32Pair = new Uint32Array(float64Cell.buffer);
const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
const HIGH = littleEndian ? 1 : 0;
const LOW = littleEndian ? 0 : 1;

const float32Cell = new Float32Array(1);
const uint32Cell = new Uint32Array(float32Cell.buffer);

/** Adding and subtracting 2⁵² rounds a double in [0, 2⁵²) to the nearest integer, ties to even. */
const ROUNDER = 2 ** 52;

/** Exponent biases of float64 minus those of float16 and bfloat16, at the place of the narrow exponent. */
const REBIAS_FLOAT16 = (1023 - 15) << 10;
const REBIAS_BFLOAT16 = (1023 - 127) << 7;

/**
 * The bits of the float16 nearest to `x`, ties to even; |x| ≥ 65520 gives ±Infinity, any NaN 0x7e00.
 * @see IEEE 754-2019 §3.6 binary16, §4.3.1 roundTiesToEven
 */
export const encodeFloat16 = (x: number): number => {
  float64Cell[0] = x;
  const high = uint32Pair[HIGH]!;
  const sign = (high >>> 16) & 0x8000;
  const magnitude = Math.abs(x);
  // Below 2⁻¹⁴ the bits are the number of units of 2⁻²⁴; 1024 of them carry into the first normal number.
  if (magnitude < 2 ** -14) return sign | (magnitude * 2 ** 24 + ROUNDER - ROUNDER);
  if (magnitude >= 65520) return sign | 0x7c00;
  if (magnitude !== magnitude) return 0x7e00;
  const bits = ((high & 0x7fffffff) >>> 10) - REBIAS_FLOAT16;
  const dropped = high & 0x3ff;
  const up = dropped > 0x200 || (dropped === 0x200 && (uint32Pair[LOW] !== 0 || (bits & 1) === 1));
  return sign | (up ? bits + 1 : bits);
};

/**
 * The bits of the bfloat16 nearest to `x`, ties to even; overflow gives ±Infinity, any NaN 0x7fc0.
 * @see https://cloud.google.com/tpu/docs/bfloat16
 */
export const encodeBfloat16 = (x: number): number => {
  float64Cell[0] = x;
  const high = uint32Pair[HIGH]!;
  const sign = (high >>> 16) & 0x8000;
  const magnitude = Math.abs(x);
  // Below 2⁻¹²⁶ the bits are the number of units of 2⁻¹³³; 128 of them carry into the first normal number.
  if (magnitude < 2 ** -126) return sign | (magnitude * 2 ** 133 + ROUNDER - ROUNDER);
  if (magnitude >= 2 ** 128) return sign | 0x7f80;
  if (magnitude !== magnitude) return 0x7fc0;
  const bits = ((high & 0x7fffffff) >>> 13) - REBIAS_BFLOAT16;
  const dropped = high & 0x1fff;
  const up = dropped > 0x1000 || (dropped === 0x1000 && (uint32Pair[LOW] !== 0 || (bits & 1) === 1));
  return sign | (up ? bits + 1 : bits);
};

let float16Values: Float32Array | undefined;

const buildFloat16Values = (): Float32Array => {
  const values = new Float32Array(0x10000);
  for (let bits = 0; bits < 0x8000; bits++) {
    const exponent = bits >>> 10;
    const fraction = bits & 0x3ff;
    const value =
      exponent === 0
        ? fraction * 2 ** -24
        : exponent === 31
          ? fraction === 0
            ? Infinity
            : NaN
          : (1024 + fraction) * 2 ** (exponent - 25);
    values[bits] = value;
    values[bits | 0x8000] = -value;
  }
  return values;
};

/** The value of the float16 with these bits (0 … 0xffff), exactly. */
export const decodeFloat16 = (bits: number): number => (float16Values ??= buildFloat16Values())[bits]!;

/** The value of the bfloat16 with these bits (0 … 0xffff), exactly: they are the upper half of a float32. */
export const decodeBfloat16 = (bits: number): number => {
  uint32Cell[0] = bits << 16;
  return float32Cell[0]!;
};
