import { checkShape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { divide, multiply } from "./elementwise.ts";
import { defaultFloat } from "./promotion.ts";
import { i0 } from "./special.ts";

// Unless said otherwise: shape `[M]`, symmetric, dtype float32; of one point, 1. @throws ShapeError when `M` is no size.

/** A window from its places `0 … M − 1` and the last of them. */
function window(M: number, caller: string, of: (place: ArrayValue, last: number) => ArrayValue): ArrayValue {
  const dtype = defaultFloat();
  const size = checkShape([M], caller)[0]!;
  return size <= 1 ? lax.full([size], 1, dtype) : of(lax.iota(dtype, size), size - 1);
}

/** `∑ₖ weights[k]·cos(2πkn / (M − 1))`. */
const cosines = (M: number, weights: readonly number[], caller: string): ArrayValue =>
  window(M, caller, (n, last) =>
    weights
      .map((weight, k) => lax.mul(lax.cos(lax.div(lax.mul(n, 2 * Math.PI * k), last)), weight))
      .reduce((x, y) => lax.add(x, y)),
  );

/** The triangular window, 0 at its ends. @see `jax.numpy.bartlett` */
export const bartlett = (M: number): ArrayValue =>
  window(M, "np.bartlett", (n, last) => lax.sub(1, lax.div(lax.abs(lax.sub(lax.mul(n, 2), last)), last)));
/** Blackman's window: two cosines, 0 at its ends up to rounding. @see `jax.numpy.blackman` */
export const blackman = (M: number): ArrayValue => cosines(M, [0.42, -0.5, 0.08], "np.blackman");
/** Hamming's window: a raised cosine, 0.08 at its ends. @see `jax.numpy.hamming` */
export const hamming = (M: number): ArrayValue => cosines(M, [0.54, -0.46], "np.hamming");
/** Hann's window: a raised cosine, 0 at its ends. @see `jax.numpy.hanning` */
export const hanning = (M: number): ArrayValue => cosines(M, [0.5, -0.5], "np.hanning");

/**
 * Kaiser's window, which is the narrower the greater `beta` is: `I₀(beta·√(1 − p²)) / I₀(beta)` with `p` from -1 to 1.
 * @see `jax.numpy.kaiser`
 */
export const kaiser = (M: number, beta: Operand): ArrayValue =>
  window(M, "np.kaiser", (n, last) => {
    const half = last / 2;
    const place = lax.div(lax.sub(n, half), half);
    return divide(i0(multiply(beta, lax.sqrt(lax.sub(1, lax.square(place))))), i0(beta));
  });
