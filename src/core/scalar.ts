import { HostBuffer } from "./backend.ts";
import type { DType, TypedArray } from "./dtype.ts";
import { allocate, isBigint, weakDType } from "./dtype.ts";
import { encodeBfloat16, encodeFloat16 } from "./float16.ts";
import { avalOf, NDArray } from "./value.ts";

/** Writes `value` into element `i` of `storage`, rounding and wrapping as XLA's conversion to `dtype` does. */
export function store(storage: TypedArray, dtype: DType, i: number, value: number | bigint | boolean): void {
  const number = typeof value === "bigint" ? value : Number(value);
  switch (dtype) {
    case "bool":
      storage[i] = value ? 1 : 0;
      return;
    case "float16":
      storage[i] = encodeFloat16(Number(number));
      return;
    case "bfloat16":
      storage[i] = encodeBfloat16(Number(number));
      return;
    case "complex64":
      storage[2 * i] = Number(number);
      return;
    default:
      if (isBigint(dtype)) storage[i] = typeof number === "bigint" ? number : toBigint(number);
      else storage[i] = Number(number);
  }
}

// NaN becomes 0 and infinities saturate, as where XLA converts floats to integers; the store itself wraps.
const toBigint = (x: number): bigint =>
  Number.isFinite(x) ? BigInt(Math.trunc(x)) : x > 0 ? 2n ** 63n - 1n : x < 0 ? -(2n ** 63n) : 0n;

/** A rank-0 array. */
export function scalarOf(value: number | bigint | boolean, dtype: DType, weak = false): NDArray {
  const storage = allocate(dtype, 1);
  store(storage, dtype, 0, value);
  return new NDArray(avalOf([], dtype, weak), new HostBuffer(storage));
}

const INT32_MIN = -(2 ** 31);
const INT32_MAX = 2 ** 31 - 1;
/** Whether a JS number is a weak int: integral, not -0, and within the default integer dtype. */
export function isWeakInt(value: number): boolean {
  if (!Number.isInteger(value) || Object.is(value, -0)) return false;
  return weakDType("int") === "int64"
    ? Number.isSafeInteger(value)
    : value >= INT32_MIN && value <= INT32_MAX;
}

/** The weakly typed array that a JS number or boolean stands for. */
export function weakScalar(value: number | boolean): NDArray {
  if (typeof value === "boolean") return scalarOf(value, "bool");
  return scalarOf(value, weakDType(isWeakInt(value) ? "int" : "float"), true);
}
