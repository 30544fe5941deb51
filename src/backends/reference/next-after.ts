import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from "../../core/float16.ts";

const float32Cell = new Float32Array(1);
const uint32Cell = new Uint32Array(float32Cell.buffer);
const float64Cell = new Float64Array(1);
const bigintCell = new BigInt64Array(float64Cell.buffer);

/** Of a float whose magnitude bits count upwards: +1 away from zero, -1 towards it. */
const stepOf = (from: number, to: number): 1 | -1 => (to > from === from > 0 ? 1 : -1);

/**
 * The float32 after `from` on the way to `to`; `to` itself if they are equal, so nextAfter(0, -0) is -0.
 * Subnormals count as the numbers they are; XLA's CPU takes them all for equal to 0 when it compares.
 * @see `chlo.next_after`
 */
export const nextAfterF32 = (from: number, to: number): number => {
  if (from !== from || to !== to) return NaN;
  if (from === to) return to;
  if (from === 0) return to > 0 ? 2 ** -149 : -(2 ** -149);
  float32Cell[0] = from;
  uint32Cell[0]! += stepOf(from, to);
  return float32Cell[0]!;
};

/** `nextAfterF32` of float64. */
export const nextAfterF64 = (from: number, to: number): number => {
  if (from !== from || to !== to) return NaN;
  if (from === to) return to;
  if (from === 0) return to > 0 ? Number.MIN_VALUE : -Number.MIN_VALUE;
  float64Cell[0] = from;
  bigintCell[0]! += BigInt(stepOf(from, to));
  return float64Cell[0]!;
};

/** `nextAfterF32` of float16, on values. */
export const nextAfterF16 = (from: number, to: number): number => {
  if (from !== from || to !== to) return NaN;
  if (from === to) return to;
  if (from === 0) return to > 0 ? 2 ** -24 : -(2 ** -24);
  return decodeFloat16(encodeFloat16(from) + stepOf(from, to));
};

/** `nextAfterF32` of bfloat16, on values. */
export const nextAfterBf16 = (from: number, to: number): number => {
  if (from !== from || to !== to) return NaN;
  if (from === to) return to;
  if (from === 0) return to > 0 ? 2 ** -133 : -(2 ** -133);
  return decodeBfloat16(encodeBfloat16(from) + stepOf(from, to));
};
