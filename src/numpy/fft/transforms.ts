import { isComplex } from "../../core/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../core/errors.ts";
import { type Optionals, readOptions } from "../../core/options.ts";
import { canonicalAxes, range, showShape, sizeOf } from "../../core/shape.ts";
import { describe } from "../../core/trace.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import type { FftType } from "../../lax/fft.ts";
import { toArray } from "../promotion.ts";
import { moveaxis } from "../shape.ts";
import { named } from "../ufunc.ts";
import { conjugated } from "../linalg/conjugates.ts";

const norms = ["backward", "ortho", "forward"] as const;
/** Which way is divided by the number of elements: back, the default; forth; or both, by its square root. */
export type FftNorm = (typeof norms)[number];
export interface FftOptions {
  /** Size of the signal along the axis: more is cut off, less filled with 0. */
  n?: number | null | undefined;
  /** The last one, by default; null for all. */
  axis?: number | null | undefined;
  norm?: FftNorm | null | undefined;
}
export interface FftnOptions {
  /** Sizes of the signal along the axes: more is cut off, less filled with 0. */
  s?: readonly number[] | null | undefined;
  /** All, by default, or the last ones, as many as there are sizes. */
  axes?: readonly number[] | null | undefined;
  norm?: FftNorm | null | undefined;
}
export type Fft = (
  a: Operand,
  ...rest: Optionals<[n: number | null, axis: number | null, norm: FftNorm | null], FftOptions>
) => ArrayValue;
export type Fftn = (
  a: Operand,
  ...rest: Optionals<
    [s: readonly number[] | null, axes: readonly number[] | null, norm: FftNorm | null],
    FftnOptions
  >
) => ArrayValue;

/** Over any number of last axes: `lax.fft` takes three. */
function overLast(x: ArrayValue, type: FftType, lengths: readonly number[]): ArrayValue {
  if (lengths.length <= 3) return lax.fft(x, type, lengths);
  const [first, rest] = [lengths.slice(0, -3), lengths.slice(-3)];
  const from = range(first.length, x.ndim - lengths.length);
  const to = range(first.length, x.ndim - first.length);
  const others = (y: ArrayValue, t: FftType) => moveaxis(overLast(moveaxis(y, from, to), t, first), to, from);
  // What is real is at the end of the way back, and at the beginning of the way forth.
  return type === "IFFT" || type === "IRFFT"
    ? lax.fft(others(x, "IFFT"), type, rest)
    : others(lax.fft(x, type, rest), "FFT");
}

function transformed(a: Operand, type: FftType, options: FftnOptions, caller: string): ArrayValue {
  const { s = null, axes = null, norm = null } = options;
  let x = toArray(a, caller);
  if (s !== null && !s.every((n) => Number.isInteger(n) && n > 0))
    throw new ArgumentError("numpy/fft", `${caller}: sizes are positive integers, got ${describe(s)}`);
  if (s !== null && axes !== null && s.length !== axes.length)
    throw new ArgumentError(
      "numpy/fft",
      `${caller}: there is one size for each axis, got ${s.length} sizes and ${axes.length} axes`,
    );
  if (norm !== null && !norms.includes(norm))
    throw new ArgumentError(
      "numpy/fft",
      `${caller}: norm is one of ${norms.map((name) => `"${name}"`).join(", ")}, got ${describe(norm)}`,
    );
  if (type === "RFFT" && isComplex(x.dtype))
    throw new DTypeError(
      "numpy/fft",
      `${caller} takes real numbers, got ${x.dtype}: np.fft.fft and its kin take complex ones`,
    );
  const count = axes?.length ?? s?.length ?? x.ndim;
  if (count > x.ndim)
    throw new ShapeError(
      "numpy/fft",
      `${caller}: ${count} sizes are too many for an array of shape ${showShape(x.shape)}`,
    );
  const last = range(count, x.ndim - count);
  const chosen = axes && canonicalAxes(axes, x.ndim, caller);
  if (chosen) x = moveaxis(x, chosen, last);
  const isHalf = type === "IRFFT";
  const lengths =
    s ??
    last.map((axis, i) =>
      isHalf && i === count - 1 ? Math.max(0, 2 * (x.shape[axis]! - 1)) : x.shape[axis]!,
    );
  if (s !== null) x = sized(x, isHalf && count > 0 ? s.with(-1, Math.floor(s.at(-1)! / 2) + 1) : s);
  x = overLast(x, type, lengths);
  const size = sizeOf(lengths);
  // By its name, as in JAX: `hfft` is none, `ihfft` is one.
  const isBack = caller.startsWith("np.fft.i");
  if (norm === "ortho") x = lax.mul(x, isBack ? Math.sqrt(size) : 1 / Math.sqrt(size));
  else if (norm === "forward") x = lax.mul(x, isBack ? size : 1 / size);
  return chosen ? moveaxis(x, last, chosen) : x;
}

/** The last axes cut off or filled with 0. */
function sized(x: ArrayValue, sizes: readonly number[]): ArrayValue {
  const first = x.ndim - sizes.length;
  const missing = x.shape.map((size, axis) => (axis < first ? 0 : sizes[axis - first]! - size));
  if (missing.every((more) => more === 0)) return x;
  const zero = lax.full([], 0, x.dtype);
  return lax.pad(
    x,
    zero,
    missing.map((more) => [0, more, 0]),
  );
}

const nNames = ["n", "axis", "norm"] as const;
function readOne(caller: string, rest: readonly unknown[]): FftnOptions & { axis: number | null } {
  const { n = null, axis = -1, norm = null } = readOptions<FftOptions>(caller, nNames, rest);
  if (axis !== null && typeof axis !== "number")
    throw new ArgumentError(
      "numpy/fft",
      `${caller} takes one axis, got ${describe(axis)}: ${caller}n takes several`,
    );
  return { s: n === null ? null : [n], axes: axis === null ? null : [axis], norm, axis };
}

const sNames = ["s", "axes", "norm"] as const;
const along = (name: string, type: FftType): Fft =>
  named(name, (a, ...rest) => transformed(a, type, readOne(`np.fft.${name}`, rest), `np.fft.${name}`));
const over = (name: string, type: FftType): Fftn =>
  named(name, (a, ...rest) =>
    transformed(a, type, readOptions<FftnOptions>(`np.fft.${name}`, sNames, rest), `np.fft.${name}`),
  );
const overTwo = (name: string, type: FftType): Fftn =>
  named(name, (a, ...rest) => {
    const caller = `np.fft.${name}`;
    const { axes = [-2, -1], ...options } = readOptions<FftnOptions>(caller, sNames, rest);
    if (axes?.length !== 2)
      throw new ArgumentError("numpy/fft", `${caller} takes two axes, got ${describe(axes)}`);
    return transformed(a, type, { ...options, axes }, caller);
  });

/**
 * The discrete Fourier transform along an axis: `yₖ = Σⱼ xⱼ·exp(-2πi·jk/n)`.
 *
 * Shape: that of `a`, the axis of size `n`. Dtype: complex64.
 * @throws ArgumentError on an `n` that is not positive, several axes or an unknown norm; ShapeError on an axis out of bounds.
 * @see `jax.numpy.fft.fft`
 */
export const fft: Fft = along("fft", "FFT");
/** The inverse of `fft`: `xⱼ = Σₖ yₖ·exp(2πi·jk/n) / n`. Shape, dtype and errors as `fft`. @see `jax.numpy.fft.ifft` */
export const ifft: Fft = along("ifft", "IFFT");
/**
 * The half of `fft` that says all of a real signal: numbers up to ⌊n/2⌋.
 *
 * Shape: that of `a`, the axis of size ⌊n/2⌋ + 1. Dtype: complex64.
 * @throws DTypeError on complex numbers; else as `fft`. @see `jax.numpy.fft.rfft`
 */
export const rfft: Fft = along("rfft", "RFFT");
/**
 * The real signal of a half as `rfft` gives it. Without `n`, that is taken to have been even: 2(m - 1) for an axis of size m.
 *
 * Shape: that of `a`, the axis of size `n`. Dtype: float32. Errors as `fft`. @see `jax.numpy.fft.irfft`
 */
export const irfft: Fft = along("irfft", "IRFFT");

/** `fft` of a signal of which the first half is given, the rest being its conjugate, so that the spectrum is real. Shapes as `irfft`. @see `jax.numpy.fft.hfft` */
export const hfft: Fft = named("hfft", (a, ...rest) => {
  const caller = "np.fft.hfft";
  const options = readOne(caller, rest);
  const x = transformed(conjugated(toArray(a, caller)), "IRFFT", options, caller);
  return lax.mul(x, sizeAlong(x, options));
});
/** The inverse of `hfft`: half of a signal of which the spectrum is real. Shapes and errors as `rfft`. @see `jax.numpy.fft.ihfft` */
export const ihfft: Fft = named("ihfft", (a, ...rest) => {
  const caller = "np.fft.ihfft";
  const options = readOne(caller, rest);
  const size = sizeAlong(toArray(a, caller), options);
  return lax.mul(lax.conj(transformed(a, "RFFT", options, caller)), 1 / size);
});
const sizeAlong = (x: ArrayValue, { s, axis }: { s?: FftnOptions["s"]; axis: number | null }): number =>
  s?.[0] ?? x.shape.at(axis ?? -1)!;

/**
 * The discrete Fourier transform over several axes, by default all.
 *
 * Shape: that of `a`, the axes of sizes `s`. Dtype: complex64.
 * @throws ArgumentError on sizes that are not positive or not as many as axes, or an unknown norm; ShapeError on axes out of
 *   bounds or named twice. @see `jax.numpy.fft.fftn`
 */
export const fftn: Fftn = over("fftn", "FFT");
/** The inverse of `fftn`. Shapes and errors as `fftn`. @see `jax.numpy.fft.ifftn` */
export const ifftn: Fftn = over("ifftn", "IFFT");
/** `fftn` of real signals, half of it along the last of the axes. Errors as `fftn` and `rfft`. @see `jax.numpy.fft.rfftn` */
export const rfftn: Fftn = over("rfftn", "RFFT");
/** The real signals of halves as `rfftn` gives them. Errors as `fftn`. @see `jax.numpy.fft.irfftn` */
export const irfftn: Fftn = over("irfftn", "IRFFT");
/** `fftn` over two axes, the last ones by default. @throws ArgumentError unless there are two; else as `fftn`. @see `jax.numpy.fft.fft2` */
export const fft2: Fftn = overTwo("fft2", "FFT");
/** The inverse of `fft2`. Shapes and errors as `fft2`. @see `jax.numpy.fft.ifft2` */
export const ifft2: Fftn = overTwo("ifft2", "IFFT");
/** `rfftn` over two axes, the last ones by default. Errors as `fft2` and `rfft`. @see `jax.numpy.fft.rfft2` */
export const rfft2: Fftn = overTwo("rfft2", "RFFT");
/** `irfftn` over two axes, the last ones by default. Errors as `fft2`. @see `jax.numpy.fft.irfft2` */
export const irfft2: Fftn = overTwo("irfft2", "IRFFT");
