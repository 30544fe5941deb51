import { ArgumentError, ShapeError } from "../core/errors.ts";
import { canonicalAxis, range, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, type Operand } from "../core/value.ts";
import { vmap } from "../interpreters/vmap.ts";
import * as lax from "../lax/index.ts";
import { cast, toArray } from "./promotion.ts";
import { broadcastArray, choose } from "./where.ts";

/**
 * A function of vectors applied to each one along an axis; the axes of its results take the place of that axis.
 *
 * Shape: with `f` of `[n] → […r]`, `[…a, n, …b] → […a, …r, …b]`.
 * @throws ShapeError on an axis out of bounds; what `f` throws.
 * @example
 * np.applyAlongAxis(np.sort, 0, x);
 * @see `jax.numpy.apply_along_axis`
 */
export function applyAlongAxis<Args extends unknown[]>(
  f: (x: ArrayValue, ...args: Args) => ArrayValue,
  axis: number,
  x: Operand,
  ...args: Args
): ArrayValue {
  const caller = "np.applyAlongAxis";
  const a = toArray(x, caller);
  const place = canonicalAxis(axis, a.ndim, caller);
  let along = (row: ArrayValue): ArrayValue => f(row, ...args);
  // From the inside: the axes after it, which are last in the result, then those before.
  for (const inAxes of range(a.ndim - place - 1, 1)) along = vmap(along, { inAxes, outAxes: -1 });
  for (const _ of range(place)) along = vmap(along);
  return along(a);
}

/**
 * A function applied along axes in turn; axes that it takes away are put back with size 1.
 *
 * Shape: what `f` makes of `x`, with as many axes.
 * @throws ShapeError when the result has another number of axes; ArgumentError when `axes` is no list.
 * @see `jax.numpy.apply_over_axes`
 */
export function applyOverAxes(
  f: (x: ArrayValue, axis: number) => ArrayValue,
  x: Operand,
  axes: readonly number[],
): ArrayValue {
  const caller = "np.applyOverAxes";
  if (!Array.isArray(axes))
    throw new ArgumentError("numpy/axes", `${caller}: axes is a list of axes, got ${describe(axes)}`);
  return axes.reduce(
    (a, axis) => {
      const out = f(a, axis);
      if (out.ndim === a.ndim) return out;
      if (out.ndim === a.ndim - 1) return lax.expandDims(out, [axis]);
      throw new ShapeError(
        "numpy/rank",
        `${caller}: the function may keep an axis or take it away, but made shape ${showShape(out.shape)} of ${showShape(a.shape)}`,
      );
    },
    toArray(x, caller),
  );
}

/** What `piecewise` puts in place of an element: a value, or a function of the element. */
export type Piece<Args extends unknown[]> = Operand | ((x: ArrayValue, ...args: Args) => Operand);

/**
 * For each element, what the piece of the last condition that is true there makes of it; where none is, the piece
 * that there is beyond the conditions, or 0. Every function runs for every element.
 *
 * Shape: `x` and the conditions broadcast. Dtype: that of `x`.
 * @throws ArgumentError when there are not as many pieces as conditions, or one more. @see `jax.numpy.piecewise`
 */
export function piecewise<Args extends unknown[]>(
  x: Operand,
  conditions: readonly Operand[] | ArrayValue,
  pieces: readonly Piece<Args>[],
  ...args: Args
): ArrayValue {
  const caller = "np.piecewise";
  const a = toArray(x, caller);
  const flags = conditions instanceof ArrayValue ? lax.unstack(conditions, 0) : conditions;
  const count = flags.length;
  if (!Array.isArray(pieces) || (pieces.length !== count && pieces.length !== count + 1))
    throw new ArgumentError(
      "numpy/piecewise",
      `${caller}: there are as many pieces as conditions, or one more for where none is true; got ${count} conditions and ${Array.isArray(pieces) ? pieces.length : describe(pieces)} pieces`,
    );
  const values = pieces.map((piece): ArrayValue => {
    if (typeof piece !== "function")
      return broadcastArray(cast(piece, a.dtype, false, caller), a.shape, caller);
    const each = (element: ArrayValue) => cast(piece(element, ...args), a.dtype, false, caller);
    if (a.ndim === 0) return each(a);
    return lax.reshape(vmap(each)(lax.reshape(a, [a.size])) as ArrayValue, a.shape);
  });
  const otherwise = values[count] ?? lax.fullLike(a, a.dtype === "bool" ? false : 0);
  return flags.reduce<ArrayValue>(
    (out, flag, i) => choose(cast(flag, "bool", false, caller), values[i]!, out, caller),
    otherwise,
  );
}
