import { ShapeError } from "../core/errors.ts";
import type { DotOptions } from "../core/method-types.ts";
import { readOptions } from "../core/options.ts";
import { canonicalAxis, showShape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { conj } from "./complex.ts";
import { matmul } from "./linear-algebra.ts";
import { toArray } from "./promotion.ts";
import { moveaxis } from "./shape.ts";

export interface VecdotOptions extends DotOptions {
  /** The axis that is summed over, of both; the last one by default. */
  axis?: number | undefined;
}

/** @throws ShapeError when an operand lacks axes. */
function withRank(x: Operand, rank: number, caller: string, position: number): ArrayValue {
  const a = toArray(x, caller, position);
  if (a.ndim >= rank) return a;
  throw new ShapeError(
    "numpy/rank",
    `${caller}: argument ${position} has at least ${rank} ${rank === 1 ? "axis" : "axes"}, got shape ${showShape(a.shape)}`,
  );
}
const asRow = (x: ArrayValue): ArrayValue => lax.expandDims(x, [x.ndim - 1]);
const asColumn = (x: ArrayValue): ArrayValue => lax.expandDims(x, [x.ndim]);

/**
 * Products of matrices and vectors.
 *
 * Shape: `[…s, n, m], […s, m] → […s, n]`, leading axes broadcasting. Dtype: the promoted one.
 * @throws ShapeError when sizes differ, or axes are missing. @see `jax.numpy.matvec`
 */
export function matvec(x1: Operand, x2: Operand): ArrayValue {
  const caller = "np.matvec";
  const out = matmul(withRank(x1, 2, caller, 0), asColumn(withRank(x2, 1, caller, 1)));
  return lax.squeeze(out, [out.ndim - 1]);
}

/**
 * Products of vectors, which are conjugated, and matrices.
 *
 * Shape: `[…s, n], […s, n, m] → […s, m]`, leading axes broadcasting. Dtype: the promoted one.
 * @throws ShapeError when sizes differ, or axes are missing. @see `jax.numpy.vecmat`
 */
export function vecmat(x1: Operand, x2: Operand): ArrayValue {
  const caller = "np.vecmat";
  const out = matmul(asRow(conj(withRank(x1, 1, caller, 0))), withRank(x2, 2, caller, 1));
  return lax.squeeze(out, [out.ndim - 2]);
}

/**
 * Sums of products along an axis, the first operand conjugated.
 *
 * Shape: `[…s, n], […s, n] → […s]`, leading axes broadcasting. Dtype: the promoted one.
 * @throws ShapeError when sizes differ. @see `jax.numpy.vecdot`
 */
export function vecdot(x1: Operand, x2: Operand, options: VecdotOptions = {}): ArrayValue {
  const caller = "np.vecdot";
  const names = ["axis", "precision", "preferredElementType"] as const;
  const { axis = -1, ...dot } = readOptions<VecdotOptions>(caller, names, [options]);
  const [a, b] = [toArray(x1, caller), toArray(x2, caller, 1)].map((x) =>
    moveaxis(x, canonicalAxis(axis, x.ndim, caller), -1),
  ) as [ArrayValue, ArrayValue];
  const out = matmul(asRow(conj(a)), asColumn(b), dot);
  return lax.squeeze(out, [out.ndim - 2, out.ndim - 1]);
}
