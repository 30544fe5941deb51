import { type DType, isComplex } from "../../core/dtype.ts";
import { DTypeError, ShapeError } from "../../core/errors.ts";
import type { BatchRule, Primitive } from "../../core/primitive.ts";
import { range, sameShape, type Shape, showShape } from "../../core/shape.ts";
import type { ArrayValue, Aval } from "../../core/value.ts";
import { broadcastTo, materialiseBatch, moveAxis, zeros } from "../algebra.ts";
import { add, div } from "../arithmetic.ts";
import { and } from "../bits.ts";
import { expandDims } from "../broadcast.ts";
import { convertElementType } from "../cast.ts";
import { eq, ge } from "../compare.ts";
import { conj, real } from "../complex.ts";
import { broadcastedIota } from "../create.ts";
import { batchMatmul } from "../dot.ts";
import { checkDType } from "../operand.ts";
import { reduceSum } from "../reduce.ts";
import { select } from "../select.ts";
import { reshape, transpose } from "../shape.ts";

// What rules on stacks of matrices, `[…s, m, n]`, are made of.

/**
 * The leading sizes that operands have in common, of each of which the last `rank` axes are the primitive's own.
 * @throws DTypeError when one is not inexact, or they differ; ShapeError when one has fewer axes, or they do not lead alike.
 */
export function leadingOf(name: string, operands: readonly (readonly [x: Aval, rank: number])[]): Shape {
  const [first] = operands;
  const leads = operands.map(([{ shape, dtype }, rank], i) => {
    checkDType(dtype, "inexact", name, i);
    if (dtype !== first![0].dtype)
      throw new DTypeError(
        "lax/dtype",
        `${name} takes arrays of one dtype, got ${operands.map(([x]) => x.dtype).join(", ")}`,
      );
    if (shape.length < rank)
      throw new ShapeError(
        "lax/rank",
        `${name}: operand ${i} must have at least ${rank} axes, got shape ${showShape(shape)}`,
      );
    return shape.slice(0, shape.length - rank);
  });
  if (!leads.every((lead) => sameShape(lead, leads[0]!)))
    throw new ShapeError(
      "lax/shape",
      `${name}: the axes before those of the matrices must be the same, got shapes ${operands.map(([x]) => showShape(x.shape)).join(", ")}`,
    );
  return leads[0]!;
}

/**
 * `x` itself, if it is a square matrix or a stack of them.
 * @throws DTypeError when it is not inexact; ShapeError when the last two sizes differ, or there are fewer.
 */
export function checkMatrices(name: string, x: Aval): Aval {
  leadingOf(name, [[x, 2]]);
  if (x.shape.at(-1) !== x.shape.at(-2))
    throw new ShapeError(
      "lax/square",
      `${name} takes a square matrix or a stack of them, got shape ${showShape(x.shape)}`,
    );
  return x;
}

/** Dtype of the absolute values. */
export const realType = (dtype: DType): DType => (isComplex(dtype) ? "float32" : dtype);

/** The batch axis as the first of the leading ones, in all operands. */
export const batchInFront =
  <Name extends string, Args extends readonly ArrayValue[], P extends object>(
    prim: () => Primitive<Name, Args, P>,
  ): BatchRule<Args, P> =>
  (operands, dims, size, params) => {
    const moved = operands.map((x, i) => materialiseBatch(x, dims[i]!, size));
    // There are as many as before, and each is an array.
    const outs = prim().bind(moved as readonly ArrayValue[] as Args as never, params);
    return [outs, outs.map(() => 0)];
  };

/**
 * The batching of a solver whose matrices are not batched: the right-hand sides of a batch become sides of one matrix,
 * beside one another along the last axis, or the one that is `fromEnd` from the end.
 */
export function besideOneAnother(
  b: ArrayValue,
  dim: number,
  fromEnd: 1 | 2,
  solve: (b: ArrayValue) => ArrayValue,
): readonly [outs: readonly ArrayValue[], dims: readonly number[]] {
  const to = b.ndim - fromEnd;
  const moved = moveAxis(b, dim, to);
  const { shape } = moved;
  const flat = [...shape.slice(0, to - 1), shape[to - 1]! * shape[to]!, ...shape.slice(to + 1)];
  return [[reshape(solve(reshape(moved, flat)), shape)], [to]];
}

export const transposed = (x: ArrayValue): ArrayValue =>
  transpose(x, [...range(x.ndim - 2), x.ndim - 1, x.ndim - 2]);
export const adjoint = (x: ArrayValue): ArrayValue =>
  isComplex(x.dtype) ? conj(transposed(x)) : transposed(x);
export const realPart = (x: ArrayValue): ArrayValue => (isComplex(x.dtype) ? real(x) : x);
/** `(x + xᴴ) / 2`. */
export const symmetrized = (x: ArrayValue): ArrayValue => div(add(x, adjoint(x)), 2);

/** The product of several matrices, from the left. */
export const product = (first: ArrayValue, ...others: readonly ArrayValue[]): ArrayValue =>
  others.reduce((x, y) => batchMatmul(x, y, { precision: "highest" }), first);

/** Where `row - column ≥ offset` in the matrices of `x`. */
function below(x: ArrayValue, offset: number): ArrayValue {
  const sizes = x.shape.slice(-2);
  const [row, column] = [0, 1].map((axis) => broadcastedIota("int32", sizes, axis));
  return broadcastTo(ge(row!, add(column!, offset)), x.shape);
}
/** `x` with 0 above the diagonal number `k`. */
export const lowerTriangle = (x: ArrayValue, k = 0): ArrayValue => select(below(x, 0 - k), x, zeros(x.aval));
/** `x` with 0 below the diagonal number `k`. */
export const upperTriangle = (x: ArrayValue, k = 0): ArrayValue => select(below(x, 1 - k), zeros(x.aval), x);

/** The Hermitian matrix with the lower triangle of `x`, or the upper one. */
export function hermitian(x: ArrayValue, lower = true): ArrayValue {
  const beside = lower ? lowerTriangle(x, -1) : upperTriangle(x, 1);
  const diagonal = realPart(lowerTriangle(upperTriangle(x)));
  return add(add(beside, adjoint(beside)), convertElementType(diagonal, x.dtype));
}

/** Where the row is the column, and at least `first`. */
function onDiagonal(x: ArrayValue, first = 0): ArrayValue {
  const sizes = x.shape.slice(-2);
  const [row, column] = [0, 1].map((axis) => broadcastedIota("int32", sizes, axis));
  const here = eq(row!, column!);
  return broadcastTo(first === 0 ? here : and(here, ge(row!, first)), x.shape);
}
/** Identities in the shape and dtype of `x`; with 0 on the first places of the diagonal, if wanted. */
export const identityLike = (x: ArrayValue, first = 0): ArrayValue =>
  convertElementType(onDiagonal(x, first), x.dtype);
export function diagonalOf(x: ArrayValue): ArrayValue {
  const kept = select(onDiagonal(x), x, zeros(x.aval));
  return reduceSum.bind([kept], { axes: [x.ndim - (x.shape.at(-2)! < x.shape.at(-1)! ? 1 : 2)] })[0]!;
}
/** A vector as a row, and as a column. */
export const asRow = (x: ArrayValue): ArrayValue => expandDims(x, [x.ndim - 1]);
export const asColumn = (x: ArrayValue): ArrayValue => expandDims(x, [x.ndim]);
