import { type DType, toDType } from "../../core/dtype.ts";
import { ArgumentError } from "../../core/errors.ts";
import type { Axis, DTypeOption } from "../../core/method-types.ts";
import { type Optionals, readOptions } from "../../core/options.ts";
import { canonicalAxes } from "../../core/shape.ts";
import { describe } from "../../core/trace.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import { multiply, trueDivide } from "../elementwise.ts";
import { cast, defaultFloat, toArray, toInexact } from "../promotion.ts";
import { roll } from "../repeat.ts";

export interface FftfreqOptions extends DTypeOption {
  /** Distance of samples, 1 by default. */
  d?: Operand | undefined;
}
type Rest = Optionals<[d: Operand], FftfreqOptions>;

/** `k / (d·n)`, of integers made by `numbers`. */
function frequencies(
  caller: string,
  n: number,
  rest: Rest,
  numbers: (dtype: DType) => ArrayValue,
): readonly [ArrayValue, DType] {
  const { d = 1, dtype: given = null } = readOptions<FftfreqOptions>(caller, ["d", "dtype"], rest);
  if (!Number.isInteger(n) || n < 0)
    throw new ArgumentError("numpy/fft", `${caller}: n is a natural number, got ${describe(n)}`);
  const dtype = given === null ? defaultFloat() : toDType(given, caller);
  const length = typeof d === "number" ? d * n : multiply(toArray(d, caller, 1), n);
  const k = numbers(dtype);
  return [trueDivide(k, cast(length, k.dtype, false, caller)), dtype];
}

/**
 * Frequencies of what `fft` gives, in cycles per unit of `d`: `0, 1, …, -2, -1` over `d·n`.
 *
 * Shape: `[n]`. Dtype: float32, or `dtype`. @throws ArgumentError on a negative `n`. @see `jax.numpy.fft.fftfreq`
 */
export function fftfreq(n: number, ...rest: Rest): ArrayValue {
  const caller = "np.fft.fftfreq";
  const half = Math.floor(n / 2);
  const [out, dtype] = frequencies(caller, n, rest, (given) =>
    lax.sub(lax.rem(lax.add(lax.iota(toInexact(given), n), half), n), half),
  );
  return cast(out, dtype, false, caller);
}

/**
 * Frequencies of what `rfft` gives: `0, 1, …, ⌊n/2⌋` over `d·n`.
 *
 * Shape: `[⌊n/2⌋ + 1]`. Dtype: float32, or `dtype`. @throws ArgumentError on a negative `n`. @see `jax.numpy.fft.rfftfreq`
 */
export const rfftfreq = (n: number, ...rest: Rest): ArrayValue =>
  frequencies("np.fft.rfftfreq", n, rest, (dtype) => lax.iota(dtype, Math.floor(n / 2) + 1))[0];

interface ShiftOptions {
  /** All, by default. */
  axes?: Axis | undefined;
}

function shifted(
  caller: string,
  x: Operand,
  rest: Optionals<[axes: Axis], ShiftOptions>,
  by: (size: number) => number,
): ArrayValue {
  const { axes = null } = readOptions<ShiftOptions>(caller, ["axes"], rest);
  const a = toArray(x, caller);
  const chosen = canonicalAxes(axes, a.ndim, caller);
  return chosen.length === 0
    ? a
    : roll(
        a,
        chosen.map((axis) => by(a.shape[axis]!)),
        chosen,
      );
}

/** What `fft` gives with frequency 0 in the middle. Shape and dtype: those of `x`. @throws ShapeError on axes out of bounds. @see `jax.numpy.fft.fftshift` */
export const fftshift = (x: Operand, ...rest: Optionals<[axes: Axis], ShiftOptions>): ArrayValue =>
  shifted("np.fft.fftshift", x, rest, (size) => Math.floor(size / 2));
/** The inverse of `fftshift`. Shape and dtype: those of `x`. @throws ShapeError on axes out of bounds. @see `jax.numpy.fft.ifftshift` */
export const ifftshift = (x: Operand, ...rest: Optionals<[axes: Axis], ShiftOptions>): ArrayValue =>
  shifted("np.fft.ifftshift", x, rest, (size) => -Math.floor(size / 2));
