import { isComplex } from "../core/dtype.ts";
import { DTypeError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { broadcastShapes, sameShape, showShape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { remainder } from "./division.ts";
import { add, divide, multiply, subtract } from "./elementwise.ts";
import { get } from "./indexing.ts";
import { concatenate } from "./join.ts";
import { finfo } from "./limits.ts";
import { promoteDTypes, promoteDTypesInexact } from "./promotion.ts";
import { clip } from "./select.ts";
import { searchsorted } from "./sorting.ts";
import { take } from "./take.ts";
import { choose } from "./where.ts";

/**
 * The polynomial with coefficients `p`, highest power first, at `x`.
 *
 * Shape: `[n, …s], […x] → […x]`, broadcast with `s`. Dtype: the promoted one.
 * @throws ShapeError when `p` is a scalar. @see `jax.numpy.polyval`
 */
export function polyval(p: Operand, x: Operand): ArrayValue {
  const caller = "np.polyval";
  const [coefficients, at] = promoteDTypes(caller, p, x);
  if (coefficients.ndim === 0)
    throw new ShapeError("numpy/rank", `${caller}: the coefficients must have an axis`);
  const shape = broadcastShapes([coefficients.shape.slice(1), at.shape], caller);
  const zero = lax.fullLike(at, 0, { shape });
  return lax.unstack(coefficients, 0).reduce((y, c) => add(multiply(y, at), c), zero);
}

export interface InterpOptions {
  /** The value left of all positions, the first one by default; "extrapolate" goes on straight. */
  left?: Operand | "extrapolate" | null | undefined;
  /** The value right of all positions. */
  right?: Operand | "extrapolate" | null | undefined;
  /** The period after which positions repeat. */
  period?: Operand | null | undefined;
}
/**
 * The broken line through the points `(xp, fp)`, at `x`; `xp` increases.
 *
 * Shape: `[…x], [n], [n] → […x]`. Dtype: float.
 * @throws ShapeError when `xp` and `fp` are not vectors of one size. @see `jax.numpy.interp`
 */
export function interp(
  x: Operand,
  xp: Operand,
  fp: Operand,
  ...rest: Optionals<[left: Operand | null, right: Operand | null, period: Operand | null], InterpOptions>
): ArrayValue {
  const caller = "np.interp";
  const {
    left = null,
    right = null,
    period = null,
  } = readOptions<InterpOptions>(caller, ["left", "right", "period"], rest);
  let [at, positions] = promoteDTypesInexact(caller, x, xp);
  let [values] = promoteDTypesInexact(caller, fp);
  if (positions.ndim !== 1 || !sameShape(positions.shape, values.shape)) {
    throw new ShapeError(
      "numpy/interp",
      `${caller}: xp and fp must be vectors of one size, got shapes ${showShape(positions.shape)} and ${showShape(values.shape)}`,
    );
  }
  if (isComplex(at.dtype)) throw new DTypeError("numpy/complex", `${caller}: positions cannot be complex`);
  if (period !== null) {
    at = remainder(at, period);
    const [sorted, order] = lax.sortKeyVal(remainder(positions, period), values);
    positions = concatenate([subtract(get(sorted, "-1:"), period), sorted, add(get(sorted, ":1"), period)]);
    values = concatenate([get(order, "-1:"), order, get(order, ":1")]);
  }
  const size = positions.shape[0]!;
  const next = clip(searchsorted(positions, at, "right"), 1, size - 1);
  const [x0, x1] = [take(positions, lax.sub(next, 1), 0), take(positions, next, 0)];
  const [f0, f1] = [take(values, lax.sub(next, 1), 0), take(values, next, 0)];
  const width = lax.sub(x1, x0);
  const { eps, smallestSubnormal } = finfo(positions.dtype);
  const flat = lax.le(lax.abs(width), Math.max(smallestSubnormal, eps * eps));
  const part = divide(subtract(at, x0), choose(flat, 1, width, caller));
  let out = choose(flat, f0, add(f0, multiply(part, lax.sub(f1, f0))), caller);
  if (period !== null) return out;
  if (left !== "extrapolate")
    out = choose(lax.lt(at, get(positions, 0)), left ?? get(values, 0), out, caller);
  if (right !== "extrapolate")
    out = choose(lax.gt(at, get(positions, -1)), right ?? get(values, -1), out, caller);
  return out;
}
