import type { DType } from "./dtype.ts";

/** How a binary float is stored, besides its sign: the exponent, and the fraction without the bit that is always 1. */
export interface FloatFormat {
  readonly exponentBits: number;
  readonly mantissaBits: number;
}

/** Those of the float dtypes. */
export const floatFormats: Partial<Record<DType, FloatFormat>> = {
  float16: { exponentBits: 5, mantissaBits: 10 },
  bfloat16: { exponentBits: 8, mantissaBits: 7 },
  float32: { exponentBits: 8, mantissaBits: 23 },
  float64: { exponentBits: 11, mantissaBits: 52 },
};
