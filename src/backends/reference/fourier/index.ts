import { sizeOf } from "../../../core/shape.ts";
import type { FftParams } from "../../../lax/fft.ts";
import type { Lower, LoweringTable } from "../../lowering.ts";
import { planOf, rootsOf } from "./plan.ts";

/** Two buffers of as many pairs of doubles; what is wanted is in the first. */
type Buffers = readonly [Float64Array, Float64Array];

/** Transforms along axes of sizes `sizes`: all of them, the last one, or the others. */
function overAxes(buffers: Buffers, sizes: readonly number[], which: "all" | "last" | "others"): Buffers {
  let [x, y] = buffers;
  const length = 2 * sizeOf(sizes);
  sizes.forEach((n, axis) => {
    const isLast = axis === sizes.length - 1;
    if (which !== "all" && isLast !== (which === "last")) return;
    const inner = sizeOf(sizes.slice(axis + 1));
    const transform = planOf(n);
    let out = x;
    for (let at = 0; at < length; at += 2 * n * inner) out = transform(x, y, at, inner);
    if (out === y) [x, y] = [y, x];
  });
  return [x, y];
}

/**
 * Between the spectrum `Z` of the complex signal `x₂ⱼ + i·x₂ⱼ₊₁` and the half `X` of that of `x`, of n = 2h numbers:
 * `Xₖ = (Zₖ + conj(Zₕ₋ₖ)) / 2 - i·wᵏ·(Zₖ - conj(Zₕ₋ₖ)) / 2`, and the same relation holds of `2·conj(Z)` and `conj(X)` the other
 * way round, where `X₀` and `Xₕ` count as real. `rows` of them, from `z` of h to `x` of h + 1 numbers, or back.
 */
function halves(
  rows: number,
  h: number,
  roots: Float64Array,
  from: Float64Array,
  to: Float64Array,
  back: boolean,
): void {
  const [read, written] = back ? [h + 1, h] : [h, h + 1];
  const half = back ? 1 : 0.5;
  for (let row = 0; row < rows; row++)
    for (let k = 0; k < written; k++) {
      const i = 2 * (row * read + (k === read ? 0 : k));
      const j = 2 * (row * read + (h - k === read ? 0 : h - k));
      const isReal = back && k === 0;
      const [a, b] = [from[i]!, isReal ? 0 : from[i + 1]!];
      const [c, d] = [from[j]!, isReal ? 0 : from[j + 1]!];
      // What is even and odd under j ↦ -j.
      const [re, im] = [half * (a - c), half * (b + d)];
      const [cos, sin] = [roots[2 * k]!, roots[2 * k + 1]!];
      const o = 2 * (row * written + k);
      to[o] = half * (a + c) + (re * sin + im * cos);
      to[o + 1] = half * (b - d) - (re * cos - im * sin);
    }
}

/** A spectrum from the half that a real signal has, conjugated along: of n numbers each, n odd. */
function wholes(rows: number, n: number, from: Float64Array, to: Float64Array): void {
  const size = (n + 1) / 2;
  for (let row = 0; row < rows; row++) {
    const o = 2 * row * n;
    to.set(from.subarray(2 * row * size, 2 * (row + 1) * size), o);
    to[o + 1] = 0;
    for (let k = size; k < n; k++) {
      to[o + 2 * k] = to[o + 2 * (n - k)]!;
      to[o + 2 * k + 1] = -to[o + 2 * (n - k) + 1]!;
    }
  }
}

/** Transforms one array after the other: what is loaded from the operand, and how much of it there is, by `size`. */
function each(
  size: readonly [read: number, written: number, work: number],
  one: (data: Float32Array, out: Float32Array, buffers: Buffers) => void,
): (data: Float32Array, out: Float32Array) => void {
  const [read, written, work] = size;
  return (data, out) => {
    const buffers = [new Float64Array(work), new Float64Array(work)] as const;
    for (let i = 0; i * written < out.length; i++)
      one(data.subarray(i * read, (i + 1) * read), out.subarray(i * written, (i + 1) * written), buffers);
  };
}

function complexToComplex(sizes: readonly number[], inverse: boolean) {
  const length = 2 * sizeOf(sizes);
  return each([length, length, length], (data, out, buffers) => {
    const [x] = buffers;
    // The conjugate's transform is the conjugate of the inverse.
    const sign = inverse ? -1 : 1;
    const scale = inverse ? 2 / length : 1;
    for (let i = 0; i < length; i += 2) {
      x[i] = data[i]!;
      x[i + 1] = sign * data[i + 1]!;
    }
    const [y] = overAxes(buffers, sizes, "all");
    for (let i = 0; i < length; i += 2) {
      out[i] = scale * y[i]!;
      out[i + 1] = sign * scale * y[i + 1]!;
    }
  });
}

function realToComplex(sizes: readonly number[]) {
  const [n, count] = [sizes.at(-1)!, sizeOf(sizes)];
  const isEven = n % 2 === 0;
  const [h, rows] = [Math.floor(n / 2), count / n];
  const spectrum = sizes.with(-1, h + 1);
  const length = 2 * sizeOf(spectrum);
  const roots = rootsOf(n, h + 1);
  const signal = isEven ? sizes.with(-1, h) : sizes;
  return each([count, length, 2 * count + length], (data, out, [first, second]) => {
    // A real signal is a complex one of half as many numbers.
    const step = isEven ? 1 : 2;
    if (!isEven) first.fill(0, 0, 2 * count);
    for (let i = 0; i < count; i++) first[step * i] = data[i]!;
    const [x, y] = overAxes([first, second], [rows, signal.at(-1)!], "last");
    if (isEven) halves(rows, h, roots, x, y, false);
    else
      for (let row = 0; row < rows; row++)
        y.set(x.subarray(2 * row * n, 2 * (row * n + h + 1)), 2 * row * (h + 1));
    const [z] = overAxes([y, x], spectrum, "others");
    for (let i = 0; i < length; i++) out[i] = z[i]!;
  });
}

function complexToReal(sizes: readonly number[]) {
  const [n, count] = [sizes.at(-1)!, sizeOf(sizes)];
  const isEven = n % 2 === 0;
  const [h, rows] = [Math.floor(n / 2), count / n];
  const spectrum = sizes.with(-1, h + 1);
  const length = 2 * sizeOf(spectrum);
  const roots = rootsOf(n, h + 1);
  return each([length, count, 2 * count + length], (data, out, buffers) => {
    const [first] = buffers;
    for (let i = 0; i < length; i += 2) {
      first[i] = data[i]!;
      first[i + 1] = -data[i + 1]!;
    }
    const [x, y] = overAxes(buffers, spectrum, "others");
    if (isEven) halves(rows, h, roots, x, y, true);
    else wholes(rows, n, x, y);
    const [z] = overAxes([y, x], [rows, isEven ? h : n], "last");
    if (isEven)
      for (let i = 0; i < count; i += 2) {
        out[i] = z[i]! / count;
        out[i + 1] = -z[i + 1]! / count;
      }
    else for (let i = 0; i < count; i++) out[i] = z[2 * i]! / count;
  });
}

const transformOf = ({ fftType, fftLengths }: FftParams) => {
  if (fftType === "RFFT") return realToComplex(fftLengths);
  if (fftType === "IRFFT") return complexToReal(fftLengths);
  return complexToComplex(fftLengths, fftType === "IFFT");
};

const fft: Lower<FftParams> = (params, _avals, [out]) => {
  const size = sizeOf(out!.shape) * (params.fftType === "IRFFT" ? 1 : 2);
  const run = sizeOf(params.fftLengths) === 0 ? null : transformOf(params);
  return ([data]) => {
    const result = new Float32Array(size);
    // Both are of float32: an element of complex64 is two.
    run?.(data as Float32Array, result);
    return [result];
  };
};

export const fourier = { fft } satisfies Partial<LoweringTable>;
