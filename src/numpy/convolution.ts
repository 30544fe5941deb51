import { ArgumentError, ShapeError } from "../core/errors.ts";
import type { DotOptions } from "../core/method-types.ts";
import { readOptions, type Optionals } from "../core/options.ts";
import { showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { conjugate } from "./complex.ts";
import { promoteDTypes, promoteDTypesInexact } from "./promotion.ts";
import { flip } from "./shape.ts";

/** Which part of the convolution: all of it, as much as the longer operand, or where the operands overlap in full. */
export type ConvolutionMode = "full" | "same" | "valid";

export interface ConvolveOptions extends DotOptions {
  readonly mode?: ConvolutionMode;
}
const names = ["mode", "precision", "preferredElementType"] as const;

/** `∑ₖ x[i + k]·y[k]` for each place of `y` within `x`, which has zeros around it. `y` is not the longer one. */
function slide(
  x: ArrayValue,
  y: ArrayValue,
  padding: readonly [before: number, after: number],
  options: DotOptions,
): ArrayValue {
  const [input, kernel] = [lax.expandDims(x, [0, 1]), lax.expandDims(y, [0, 1])];
  const { precision = null, preferredElementType = null } = options;
  const given = { precision, preferredElementType };
  return lax.squeeze(lax.convGeneralDilated(input, kernel, [1], [padding], given), [0, 1]);
}

function operands(caller: string, a: Operand, v: Operand, options: DotOptions): [ArrayValue, ArrayValue] {
  const promote = options.preferredElementType == null ? promoteDTypesInexact : promoteDTypes;
  const [x, y] = promote(caller, a, v);
  if (x.ndim !== 1 || y.ndim !== 1 || x.size === 0 || y.size === 0)
    throw new ShapeError(
      "numpy/convolve",
      `${caller} takes two vectors that are not empty, got shapes ${showShape(x.shape)} and ${showShape(y.shape)}`,
    );
  return [x, y];
}

function paddingOf(mode: unknown, size: number, caller: string): readonly [number, number] {
  if (mode === "full") return [size - 1, size - 1];
  if (mode === "same") return [Math.floor(size / 2), size - Math.floor(size / 2) - 1];
  if (mode === "valid") return [0, 0];
  throw new ArgumentError(
    "numpy/mode",
    `${caller}: mode is "full", "same" or "valid", got ${describe(mode)}`,
  );
}

/**
 * `∑ₖ a[k]·v[i − k]`: the product of polynomials with these coefficients.
 *
 * Shape: `[m], [n] → [m + n − 1]`, `[max(m, n)]` or `[max(m, n) − min(m, n) + 1]` for the modes full (default), same and
 * valid. Dtype: the promoted one, inexact.
 * @throws ShapeError when an operand is no vector, or empty; ArgumentError when `mode` is none of the three.
 * @see `jax.numpy.convolve`
 */
export function convolve(
  a: Operand,
  v: Operand,
  ...rest: Optionals<[mode: ConvolutionMode], ConvolveOptions>
): ArrayValue {
  const caller = "np.convolve";
  const { mode = "full", ...options } = readOptions<ConvolveOptions>(caller, names, rest);
  const [x, y] = operands(caller, a, v, options);
  const [long, short] = x.size < y.size ? [y, x] : [x, y];
  return slide(long, flip(short), paddingOf(mode, short.size, caller), options);
}

/**
 * `∑ₖ a[i + k]·conj(v[k])`: how alike the two are, shifted against each other.
 *
 * Shape: as `convolve`, but by default of mode valid. Dtype: the promoted one, inexact.
 * @throws ShapeError when an operand is no vector, or empty; ArgumentError when `mode` is none of the three.
 * @see `jax.numpy.correlate`
 */
export function correlate(
  a: Operand,
  v: Operand,
  ...rest: Optionals<[mode: ConvolutionMode], ConvolveOptions>
): ArrayValue {
  const caller = "np.correlate";
  const { mode = "valid", ...options } = readOptions<ConvolveOptions>(caller, names, rest);
  const [x, given] = operands(caller, a, v, options);
  const y = conjugate(given);
  if (x.size >= y.size) return slide(x, y, paddingOf(mode, y.size, caller), options);
  return flip(slide(y, x, paddingOf(mode, x.size, caller), options));
}
