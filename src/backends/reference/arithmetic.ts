import { isSigned } from "../../core/dtype.ts";
import type { LoweringTable } from "../lowering.ts";
import {
  divide64,
  divideSigned,
  divideUnsigned,
  integerPowInt32,
  integerPowInt64,
  remainder,
  remainder64,
} from "./bits.ts";
import { converter } from "./convert.ts";
import {
  complexAbs,
  complexDivide,
  complexMultiply,
  complexPow,
  complexSign,
  complexSqrt,
} from "./complex.ts";
import { complexIntegerPow, complexRsqrt } from "./complex-functions.ts";
import { complexResult, type ElementFunctions, elementwise } from "./elementwise.ts";
import { nextAfterBf16, nextAfterF16, nextAfterF32, nextAfterF64 } from "./next-after.ts";
import { integerPow, integerPowF32, pow, rem, roundHalfAwayFromZero, roundHalfToEven } from "./special.ts";

const write = (re: number, im: number): void => {
  complexResult[0] = re;
  complexResult[1] = im;
};

const addition: ElementFunctions = {
  float: (x, y) => x + y,
  bigint: (x, y) => x + y,
  complex: (a, b, c, d) => write(a! + c!, b! + d!),
};

const power = elementwise("pow", {
  float: pow,
  complex: (a, b, c, d) => complexPow(a, b, c, d, complexResult),
});

const signOf = (x: bigint): bigint => (x > 0n ? 1n : x < 0n ? -1n : 0n);

/** Whether a + bi comes before c + di: by real, then by imaginary part. */
const before = (a: number, b: number, c: number, d: number): boolean => (a === c ? b < d : a < c);

const larger = (a: number, b: number, c: number, d: number): void =>
  before(c, d, a, b) ? write(a, b) : write(c, d);
const smaller = (a: number, b: number, c: number, d: number): void =>
  before(a, b, c, d) ? write(a, b) : write(c, d);

const nextAfter: Readonly<Record<string, ElementFunctions["float"]>> = {
  float16: nextAfterF16,
  bfloat16: nextAfterBf16,
  float32: nextAfterF32,
  float64: nextAfterF64,
};

export const arithmetic = {
  add: elementwise("add", addition),
  // Of bools it is true where one is.
  add_any: elementwise("add_any", (_params, dtype) =>
    dtype === "bool" ? { int: (x, y) => x | y } : addition,
  ),
  sub: elementwise("sub", {
    float: (x, y) => x - y,
    bigint: (x, y) => x - y,
    complex: (a, b, c, d) => write(a - c, b - d),
  }),
  mul: elementwise("mul", {
    float: (x, y) => x * y,
    int: Math.imul,
    bigint: (x, y) => x * y,
    complex: (a, b, c, d) => complexMultiply(a, b, c, d, complexResult),
  }),
  div: elementwise("div", (_params, dtype) => ({
    float: (x, y) => x / y,
    int: isSigned(dtype) ? divideSigned : divideUnsigned,
    bigint: divide64,
    complex: (a, b, c, d) => complexDivide(a, b, c, d, complexResult),
  })),
  rem: elementwise("rem", { float: rem, int: remainder, bigint: remainder64 }),
  neg: elementwise("neg", { float: (x) => -x, bigint: (x) => -x, complex: (a, b) => write(-a, -b) }),
  abs: elementwise("abs", {
    float: Math.abs,
    bigint: (x) => (x < 0n ? -x : x),
    complex: (a, b) => write(complexAbs(a, b), 0),
  }),
  sign: elementwise("sign", {
    float: Math.sign,
    bigint: signOf,
    complex: (a, b) => complexSign(a, b, complexResult),
  }),
  max: elementwise("max", { float: Math.max, bigint: (x, y) => (x > y ? x : y), complex: larger }),
  min: elementwise("min", { float: Math.min, bigint: (x, y) => (x < y ? x : y), complex: smaller }),
  clamp: elementwise("clamp", {
    float: (low, x, high) => Math.min(Math.max(low, x), high),
    bigint: (low, x, high) => (x < low ? (low < high ? low : high) : x < high ? x : high),
    complex: (a, b, c, d, e, f) => {
      larger(a, b, c, d);
      smaller(complexResult[0]!, complexResult[1]!, e, f);
    },
  }),
  // The product of two float32 is exact in a double; that of two float64 is rounded.
  fma: elementwise("fma", { float: (x, y, z) => x * y + z }),

  pow: (params, [x, y], outs) => {
    const convert = converter(y!.dtype, x!.dtype);
    const kernel = power(params, [x!, { ...y!, dtype: x!.dtype }], outs);
    return ([base, exponent]) => kernel([base!, convert(exponent!)]);
  },
  integer_pow: elementwise("integer_pow", ({ y }) => ({
    float: (x) => integerPow(x, y),
    float32: (x) => integerPowF32(x, y),
    int: (x) => integerPowInt32(x, y),
    bigint: (x) => integerPowInt64(x, y),
    complex: (a, b) => complexIntegerPow(a, b, y, complexResult),
  })),
  square: elementwise("square", {
    float: (x) => x * x,
    int: (x) => Math.imul(x, x),
    bigint: (x) => x * x,
    complex: (a, b) => complexMultiply(a, b, a, b, complexResult),
  }),
  sqrt: elementwise("sqrt", { float: Math.sqrt, complex: (a, b) => complexSqrt(a, b, complexResult) }),
  rsqrt: elementwise("rsqrt", {
    float: (x) => 1 / Math.sqrt(x),
    complex: (a, b) => complexRsqrt(a, b, complexResult),
  }),
  cbrt: elementwise("cbrt", { float: Math.cbrt }),

  floor: elementwise("floor", { float: Math.floor }),
  ceil: elementwise("ceil", { float: Math.ceil }),
  round: elementwise("round", ({ roundingMethod }) => ({
    float: roundingMethod === 0 ? roundHalfAwayFromZero : roundHalfToEven,
  })),
  nextafter: elementwise("nextafter", (_params, dtype) => ({ float: nextAfter[dtype]! })),
} satisfies Partial<LoweringTable>;
