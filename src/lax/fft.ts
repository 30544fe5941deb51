import { isFloat } from "../core/dtype.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, type Op } from "../core/primitive.ts";
import { sameShape, type Shape, showShape, sizeOf } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { type ArrayValue, type Aval, avalOf, type Operand } from "../core/value.ts";
import { broadcastTo, filled, moveAxis, zeros } from "./algebra.ts";
import { mul } from "./arithmetic.ts";
import { convertElementType } from "./cast.ts";
import { conj } from "./complex.ts";
import { checkDType, toArray } from "./operand.ts";
import { pad } from "./pad-slice.ts";

const types = ["FFT", "IFFT", "RFFT", "IRFFT"] as const;
/** Complex to complex, forward and back; real to half of a complex spectrum, and back. */
export type FftType = (typeof types)[number];
/** By name, in capitals or not, or by its number in StableHLO. */
export type FftTypeLike = FftType | Lowercase<FftType> | 0 | 1 | 2 | 3;
export interface FftParams {
  readonly fftLengths: Shape;
  readonly fftType: FftType;
}

function toType(like: FftTypeLike): FftType {
  const found = types.find((name, i) => like === name || like === name.toLowerCase() || like === i);
  if (found) return found;
  throw new ArgumentError(
    "lax/fft-type",
    `fft: fftType is one of ${types.map((name) => `"${name}"`).join(", ")}, got ${describe(like)}`,
  );
}

/** How many numbers of a real signal's spectrum are kept: the others are their conjugates. */
const half = (n: number): number => Math.floor(n / 2) + 1;

function abstract(x: Aval, { fftType, fftLengths }: FftParams): Aval {
  const rank = fftLengths.length;
  checkDType(x.dtype, fftType === "RFFT" ? "float32" : "complex", "fft", 0);
  if (rank < 1 || rank > 3 || !fftLengths.every((n) => Number.isInteger(n) && n >= 0))
    throw new ShapeError("lax/fft", `fft takes 1 to 3 lengths, got ${showShape(fftLengths)}`);
  const spectrum = fftLengths.with(-1, half(fftLengths.at(-1)!));
  const expected = fftType === "IRFFT" ? spectrum : fftLengths;
  if (!sameShape(x.shape.slice(-rank), expected))
    throw new ShapeError(
      "lax/fft",
      `fft: ${fftType} of lengths ${showShape(fftLengths)} takes an array whose last axes are ${showShape(expected)}, got shape ${showShape(x.shape)}`,
    );
  const lead = x.shape.slice(0, -rank);
  const shape = [...lead, ...(fftType === "RFFT" ? spectrum : fftLengths)];
  return avalOf(shape, fftType === "IRFFT" ? "float32" : "complex64", x.weak);
}

/** `spectrum`, half of one of a signal of `n` numbers, times `once` where it has no conjugate and `twice` where it has. */
function weighted(spectrum: ArrayValue, n: number, once: number, twice: number): ArrayValue {
  const size = spectrum.shape.at(-1)!;
  const last = n % 2 === 0 && size > 1 ? 1 : 0;
  const inner = filled(twice, avalOf([size - 1 - last], "complex64"));
  const weights = pad(inner, filled(once, avalOf([], "complex64")), [[1, last, 0]]);
  return mul(spectrum, broadcastTo(weights, spectrum.shape));
}

/**
 * The discrete Fourier transform over the last axes, one for each of `fftLengths`, which are the sizes of the signal:
 * `yₖ = Σⱼ xⱼ·exp(-2πi·jk/n)`; of `"IFFT"`, with `+i` and divided by n. `"RFFT"` takes real signals and gives the first half
 * of their spectra, up to number ⌊n/2⌋, along the last axis; `"IRFFT"` takes such halves and gives real signals. Computed in
 * float64 and rounded once.
 *
 * Shape: `[…s, …n] → […s, …n]`, the last size of a half being ⌊n/2⌋ + 1. Dtype: complex64; float32 of a real signal. Numbers
 * of another dtype are converted. Without lengths, `x` itself, converted.
 * @throws ShapeError when the sizes do not fit the lengths; ArgumentError on an unknown type; DTypeError when `"RFFT"` is given
 *   complex numbers, or floats other than float32.
 * @see `jax.lax.fft`, https://openxla.org/stablehlo/spec#fft
 */
export const fft: Op<
  (x: Operand, fftType: FftTypeLike, fftLengths: Shape) => ArrayValue,
  "fft",
  [x: ArrayValue],
  FftParams
> = definePrimitive("fft", {
  call: (operand, type, fftLengths) => {
    const fftType = toType(type);
    const given = toArray(operand, "fft");
    if (fftType === "RFFT") checkDType(given.dtype, "ordered", "fft", 0);
    const dtype = fftType !== "RFFT" ? "complex64" : isFloat(given.dtype) ? given.dtype : "float32";
    const x = convertElementType(given, dtype);
    return fftLengths.length === 0 ? x : fft.bind([x], { fftType, fftLengths })[0]!;
  },
  arity: 1,
  params: { fftLengths: param.integers, fftType: param.oneOf(types, (type) => String(types.indexOf(type))) },
  abstract: ([x], params) => abstract(x, params),
  jvp: "linear",
  transpose: [
    (ct, [x], { fftType, fftLengths }) => {
      if (sizeOf(x.aval.shape) === 0) return zeros(x.aval);
      const [n, count] = [fftLengths.at(-1)!, sizeOf(fftLengths)];
      // Of what a half stands for, it says one number: the others follow, and so do their cotangents.
      if (fftType === "RFFT") return fft(weighted(conj(ct), n, count, count / 2), "IRFFT", fftLengths);
      if (fftType === "IRFFT") return conj(weighted(fft(ct, "RFFT", fftLengths), n, 1 / count, 2 / count));
      return fft(ct, fftType, fftLengths);
    },
  ],
  batch: ([x], [dim], _size, params) => [fft.bind([moveAxis(x, dim!, 0)], params), [0]],
  samples: [
    { operands: [{ shape: [2, 6], dtype: "complex64" }], params: { fftType: "FFT", fftLengths: [6] } },
    { operands: [{ shape: [3, 4], dtype: "complex64" }], params: { fftType: "IFFT", fftLengths: [3, 4] } },
    { operands: [{ shape: [2, 5] }], params: { fftType: "RFFT", fftLengths: [5] } },
    { operands: [{ shape: [2, 3, 4] }], params: { fftType: "RFFT", fftLengths: [2, 3, 4] } },
    { operands: [{ shape: [3, 3], dtype: "complex64" }], params: { fftType: "IRFFT", fftLengths: [3, 4] } },
    { operands: [{ shape: [3], dtype: "complex64" }], params: { fftType: "IRFFT", fftLengths: [5] } },
  ],
});
