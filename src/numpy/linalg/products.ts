import { ArgumentError, ShapeError } from "../../core/errors.ts";
import type { DotOptions, DTypeOption } from "../../core/method-types.ts";
import { readOptions } from "../../core/options.ts";
import { canonicalAxis, showShape } from "../../core/shape.ts";
import { describe } from "../../core/trace.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import { einsum } from "../einsum.ts";
import { matmul, trace as traceOf } from "../linear-algebra.ts";
import { cross as crossProduct, type CrossOptions, outer as outerProduct } from "../products.ts";
import { toArray } from "../promotion.ts";
import { diagonal as diagonalOf, eye } from "../triangles.ts";
import { inv } from "./solve.ts";

/** The cross product of vectors of three components. Options and errors as `np.cross`. @see `jax.numpy.linalg.cross` */
export function cross(x1: Operand, x2: Operand, options: CrossOptions = {}): ArrayValue {
  const caller = "np.linalg.cross";
  const { axis = -1 } = readOptions<CrossOptions>(caller, ["axis"], [options]);
  const sizes = [x1, x2].map((x, i) => {
    const { shape } = toArray(x, caller, i);
    return shape[canonicalAxis(axis, shape.length, caller)];
  });
  if (sizes.some((size) => size !== 3))
    throw new ShapeError(
      "linalg/product",
      `${caller} takes vectors of three components, got ${sizes.join(" and ")}`,
    );
  return crossProduct(x1, x2, { axis });
}

/** The products of each pair of elements of two vectors. Shape: `[m], [n] → [m, n]`. @throws ShapeError on other arrays. @see `jax.numpy.linalg.outer` */
export function outer(x1: Operand, x2: Operand): ArrayValue {
  const caller = "np.linalg.outer";
  const [a, b] = [toArray(x1, caller), toArray(x2, caller, 1)];
  if (a.ndim !== 1 || b.ndim !== 1)
    throw new ShapeError(
      "linalg/product",
      `${caller} takes two vectors, got ${showShape(a.shape)} and ${showShape(b.shape)}`,
    );
  return outerProduct(a, b);
}

interface OffsetOption {
  /** Above the main diagonal, or below it if negative. */
  offset?: number | undefined;
}
/** The diagonals of matrices. Shape: `[…s, m, n] → […s, min(m, n)]` for the main one. @see `jax.numpy.linalg.diagonal` */
export const diagonal = (x: Operand, options: OffsetOption = {}): ArrayValue =>
  diagonalOf(x, {
    offset: 0,
    ...readOptions<OffsetOption>("np.linalg.diagonal", ["offset"], [options]),
    axis1: -2,
    axis2: -1,
  });

/** The sums along diagonals of matrices. Shape: `[…s, m, n] → […s]`. Dtype: that of `np.sum`. @see `jax.numpy.linalg.trace` */
export const trace = (x: Operand, options: OffsetOption & DTypeOption = {}): ArrayValue =>
  traceOf(x, {
    ...readOptions<OffsetOption & DTypeOption>("np.linalg.trace", ["offset", "dtype"], [options]),
    axis1: -2,
    axis2: -1,
  });

/**
 * The power of square matrices with an integer exponent, by squaring; negative ones are of the inverse.
 *
 * Shape: `[…s, n, n] → […s, n, n]`. Dtype: that of `a`.
 * @throws ShapeError when `a` is not square; ArgumentError when `n` is no integer. @see `jax.numpy.linalg.matrix_power`
 */
export function matrixPower(a: Operand, n: number): ArrayValue {
  const caller = "np.linalg.matrixPower";
  const x = toArray(a, caller);
  if (x.ndim < 2 || x.shape.at(-1) !== x.shape.at(-2))
    throw new ShapeError(
      "linalg/square",
      `${caller} takes a square matrix or a stack of them, got shape ${showShape(x.shape)}`,
    );
  if (!Number.isSafeInteger(n))
    throw new ArgumentError("linalg/power", `${caller}: the exponent is an integer, got ${describe(n)}`);
  if (n === 0) return lax.broadcast(eye(x.shape.at(-1)!, { dtype: x.dtype }), x.shape.slice(0, -2));
  let [square, result, left] = [n < 0 ? inv(x) : x, null as ArrayValue | null, Math.abs(n)];
  for (; ; square = matmul(square, square)) {
    if (left % 2 === 1) result = result === null ? square : matmul(result, square);
    left = Math.floor(left / 2);
    if (left === 0) return result!;
  }
}

const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/**
 * The product of several matrices in the order that takes least work; the first and the last may be vectors.
 *
 * Shape: `[m, k], …, [l, n] → [m, n]`. Dtype: the promoted one.
 * @throws ArgumentError on fewer than two arrays; ShapeError when shapes do not fit. @see `jax.numpy.linalg.multi_dot`
 */
export function multiDot(
  arrays: readonly Operand[],
  options: Pick<DotOptions, "precision"> = {},
): ArrayValue {
  const caller = "np.linalg.multiDot";
  const dot = readOptions<Pick<DotOptions, "precision">>(caller, ["precision"], [options]);
  if (!Array.isArray(arrays) || arrays.length < 2)
    throw new ArgumentError(
      "linalg/product",
      `${caller} takes a list of at least two arrays, got ${describe(arrays)}`,
    );
  const factors = arrays.map((x, i) => toArray(x as Operand, caller, i));
  const isEnd = (i: number) => i === 0 || i === factors.length - 1;
  const fits = factors.every(
    (x, i) =>
      (x.ndim === 2 || (x.ndim === 1 && isEnd(i))) &&
      (i === 0 || factors[i - 1]!.shape.at(-1) === x.shape[0]),
  );
  if (!fits)
    throw new ShapeError(
      "linalg/product",
      `${caller} takes matrices, each with as many rows as the one before has columns, the first and last of which may be vectors; got ${factors.map((x) => showShape(x.shape)).join(", ")}`,
    );
  const letter = (i: number) => LETTERS[i]!;
  const names = factors.map((x, i) => (x.ndim === 2 ? [i, i + 1] : [i === 0 ? 1 : i]).map(letter).join(""));
  const ends = [
    ...(factors[0]!.ndim === 2 ? [0] : []),
    ...(factors.at(-1)!.ndim === 2 ? [factors.length] : []),
  ];
  return einsum(`${names.join(",")}->${ends.map(letter).join("")}`, ...factors, dot as never);
}

export { matmul, tensordot } from "../linear-algebra.ts";
export { matrixTranspose } from "../shape.ts";
export { vecdot, type VecdotOptions } from "../vector-products.ts";
