import { ShapeError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { canonicalAxis, range, showShape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { multiply, subtract } from "./elementwise.ts";
import { get } from "./indexing.ts";
import { promoteDTypes, toArray } from "./promotion.ts";
import { moveaxis } from "./shape.ts";

/** Products of each pair of elements. Shape: `[…s], […t] → [size, size]`. Dtype: the promoted one. @see `jax.numpy.outer` */
export function outer(lhs: Operand, rhs: Operand): ArrayValue {
  const [a, b] = promoteDTypes("np.outer", lhs, rhs);
  return multiply(
    lax.expandDims(lax.reshape(a, [a.size]), [1]),
    lax.expandDims(lax.reshape(b, [b.size]), [0]),
  );
}

/**
 * The Kronecker product: `b` scaled by each element of `a`, laid out in a grid.
 *
 * Shape: sizes are multiplied; the array with fewer axes gets leading ones. Dtype: the promoted one.
 * @see `jax.numpy.kron`
 */
export function kron(lhs: Operand, rhs: Operand): ArrayValue {
  const promoted = promoteDTypes("np.kron", lhs, rhs);
  const rank = Math.max(...promoted.map((x) => x.ndim));
  const [a, b] = promoted.map((x) => lax.broadcastToRank(x, rank)) as [ArrayValue, ArrayValue];
  const even = range(rank).map((i) => 2 * i);
  const product = multiply(
    lax.expandDims(a, even.map((i) => i + 1)), // prettier-ignore
    lax.expandDims(b, even),
  );
  return lax.reshape(product, a.shape.map((size, i) => size * b.shape[i]!)); // prettier-ignore
}

export interface CrossOptions {
  /** The axis with the vectors' components, of both and of the result; the last one by default. */
  axis?: number | undefined;
}
/**
 * The cross product of vectors of two or three components; of two each, its only component.
 *
 * Shape: broadcast. Dtype: the promoted one.
 * @throws ShapeError on vectors of another size. @see `jax.numpy.cross`
 */
export function cross(lhs: Operand, rhs: Operand, options: CrossOptions = {}): ArrayValue {
  const caller = "np.cross";
  const { axis = -1 } = readOptions<CrossOptions>(caller, ["axis"], [options]);
  const [a, b] = [toArray(lhs, caller), toArray(rhs, caller, 1)].map((x) =>
    moveaxis(x, canonicalAxis(axis, x.ndim, caller), -1),
  ) as [ArrayValue, ArrayValue];
  const sizes = [a, b].map((x) => x.shape.at(-1)!);
  if (sizes.some((size) => size !== 2 && size !== 3)) {
    throw new ShapeError(
      "numpy/cross",
      `${caller}: vectors have two or three components, got shapes ${showShape(a.shape)} and ${showShape(b.shape)}`,
    );
  }
  const component = (x: ArrayValue, i: number): Operand => (i < x.shape.at(-1)! ? get(x, "...", i) : 0);
  const minor = (i: number, j: number): ArrayValue =>
    subtract(multiply(component(a, i), component(b, j)), multiply(component(a, j), component(b, i)));
  if (sizes.every((size) => size === 2)) return minor(0, 1);
  const parts = promoteDTypes(caller, minor(1, 2), minor(2, 0), minor(0, 1));
  return moveaxis(lax.stack(parts, parts[0].ndim), -1, axis);
}
