import { ShapeError } from "../core/errors.ts";
import { range } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import { add, rem } from "./arithmetic.ts";
import { expandDims } from "./broadcast.ts";
import { lt } from "./compare.ts";
import { checkAxes } from "./dimensions.ts";
import { gather } from "./indexing.ts";
import { concatenate } from "./join.ts";
import { toArray } from "./operand.ts";
import { select } from "./select.ts";

/** `x` modulo `n`, in `[0, n)`. */
function modulo(x: ArrayValue, n: number): ArrayValue {
  const rest = rem(x, n);
  return select(lt(rest, 0), add(rest, n), rest);
}

/**
 * `src[i, j, …]` for the entries `i, j, …` of lists of indices, one list for each of `axes`: modulo the sizes there, so that
 * nothing is out of bounds.
 *
 * Shape: `[…s], k times [n] → [n, …s without axes]`. Dtype: that of `src`.
 * @throws ShapeError when there is not one list for each axis, an axis is outside of `src`, or the lists are none, or of
 * different lengths; DTypeError when they are no integers.
 * @see `jax.lax.index_take`
 */
export function indexTake(src: Operand, idxs: readonly Operand[], axes: readonly number[]): ArrayValue {
  const x = toArray(src, "index_take");
  checkAxes(axes, x.ndim, "axes", "index_take");
  if (idxs.length !== axes.length || axes.length === 0 || axes.some((axis) => x.shape[axis] === 0))
    throw new ShapeError(
      "lax/index_take",
      `index_take takes a list of indices for each of axes, which are not empty; got ${idxs.length} for ${axes.length}`,
    );
  const lists = idxs.map((list, i) => modulo(toArray(list, "index_take", 1), x.shape[axes[i]!]!));
  const vectors = concatenate(
    lists.map((list) => expandDims(list, [1])),
    1,
  );
  const numbers = {
    offsetDims: range(x.ndim - axes.length, 1),
    collapsedSliceDims: axes,
    startIndexMap: axes,
  };
  const sizes = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  return gather(x, vectors, numbers, sizes, { mode: "promise_in_bounds" });
}
