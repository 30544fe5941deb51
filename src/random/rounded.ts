import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";

// Whether a count is accepted may hang on the last bits of large logarithms: these are float32 functions of positive numbers
// in exactly rounded steps, which are those of XLA on CPU, whatever a backend's own logarithm is.

/** A polynomial by Horner's rule, the highest coefficient first. */
const polynomial = (x: ArrayValue, [first, second, ...rest]: readonly number[]): ArrayValue =>
  rest.reduce<ArrayValue>((sum, c) => lax.fma(sum, x, c), lax.fma(first!, x, second!));

/**
 * @internal Logarithm of normal positive numbers: `log(1 + m) ≈ m − m²/2 + m³·P(m)`, and the exponent times `log 2`.
 * @see Cephes `logf.c`; `GenerateVF32Log` in XLA's `llvm_ir_runtime.cc`
 */
export function roundedLog(x: ArrayValue): ArrayValue {
  const bits = lax.bitcastConvertType(x, "int32");
  const half = lax.bitcastConvertType(lax.or(lax.and(bits, 0x7fffff), 0x3f000000), "float32");
  const isLow = lax.lt(half, Math.SQRT1_2);
  const exponent = lax.sub(
    lax.shiftRightArithmetic(bits, 23),
    lax.select(isLow, lax.fullLike(bits, 127), lax.fullLike(bits, 126)),
  );
  const e = lax.convertElementType(exponent, "float32");
  const below = lax.sub(half, 1);
  const m = lax.select(isLow, lax.add(below, half), below);
  const m2 = lax.mul(m, m);
  const m3 = lax.mul(m2, m);
  const thirds = [
    polynomial(m, [7.0376836292e-2, -1.151461031e-1, 1.167699874e-1]),
    polynomial(m, [-1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1]),
    polynomial(m, [2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1]),
  ] as const;
  const p = lax.fma(lax.fma(thirds[0], m3, thirds[1]), m3, thirds[2]);
  const rest = lax.fma(p, m3, lax.mul(e, -2.1219444e-4));
  return lax.fma(e, 0.693359375, lax.add(lax.fma(m2, -0.5, m), rest));
}

/** Lanczos' coefficients for `g = 7`, behind 1. */
const lanczos = [
  676.520368121885098567, -1259.13921672240287047, 771.3234287776530788487, -176.6150291621405990658,
  12.50734327868690481446, -0.1385710952657201168955, 9.984369578019570859563e-6, 1.50563273514931155834e-7,
];
const LANCZOS_BASE = 0.99999999999980993227684700473478;

/** @internal `log Γ(x)` from ½ on. @see Lanczos, "A precision approximation of the gamma function" (1964); XLA's `Lgamma` in `math.cc` */
export function roundedLgamma(x: ArrayValue): ArrayValue {
  const z = lax.sub(x, 1);
  const sum = lanczos.reduce<ArrayValue>(
    (sum, c, i) => lax.add(sum, lax.div(c, lax.add(lax.add(z, i), 1))),
    lax.fullLike(z, LANCZOS_BASE),
  );
  const t = lax.add(z, 7.5);
  const share = lax.mul(z, 1 / 7.5);
  // Of a small share the logarithm is small as well: its last bit does not matter.
  const log1p = lax.select(lax.lt(share, 0.41421356237), lax.log1p(share), roundedLog(lax.add(share, 1)));
  const logT = lax.add(log1p, Math.log(7.5));
  const factor = lax.sub(lax.add(z, 0.5), lax.div(t, logT));
  return lax.add(lax.fma(factor, logT, Math.log(2 * Math.PI) / 2), roundedLog(sum));
}
