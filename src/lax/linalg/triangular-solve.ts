import { isComplex } from "../../core/dtype.ts";
import { ShapeError } from "../../core/errors.ts";
import { type Optionals, readOptions } from "../../core/options.ts";
import * as param from "../../core/param-kind.ts";
import { definePrimitive, Linear, type Op } from "../../core/primitive.ts";
import { addTangents, noTranspose } from "../../core/rules.ts";
import { showShape } from "../../core/shape.ts";
import { type ArrayValue, avalOf, type Operand } from "../../core/value.ts";
import { materialiseBatch } from "../algebra.ts";
import { neg } from "../arithmetic.ts";
import { expandDims } from "../broadcast.ts";
import { conj } from "../complex.ts";
import { sameDTypes } from "../operand.ts";
import { squeeze } from "../shape.ts";
import {
  besideOneAnother,
  checkMatrices,
  leadingOf,
  lowerTriangle,
  product,
  transposed,
  upperTriangle,
} from "./matrices.ts";

export interface TriangularSolveParams {
  /** `op(A)·X = B` is solved, else `X·op(A) = B`. */
  readonly leftSide: boolean;
  /** Which triangle of A is read. */
  readonly lower: boolean;
  readonly transposeA: boolean;
  readonly conjugateA: boolean;
  /** The diagonal is taken to be 1 and not read. */
  readonly unitDiagonal: boolean;
}
const names = ["leftSide", "lower", "transposeA", "conjugateA", "unitDiagonal"] as const;

/** The tangent of the solution `x` along that of `a`: `A·X = B`, so `A·Ẋ = -Ȧ·X`. */
function alongMatrix(t: ArrayValue, x: ArrayValue, a: ArrayValue, params: TriangularSolveParams): ArrayValue {
  const { leftSide, lower, transposeA, conjugateA, unitDiagonal } = params;
  const inner = Number(unitDiagonal);
  let moved = neg(lower ? lowerTriangle(t, -inner) : upperTriangle(t, inner));
  if (transposeA) moved = transposed(moved);
  if (conjugateA && isComplex(moved.dtype)) moved = conj(moved);
  const solved = (b: ArrayValue) => triangularSolve.bind([a, b], params)[0]!;
  const [m, n] = x.shape.slice(-2) as [number, number];
  // In the order that takes less.
  if (leftSide) return m > n ? solved(product(moved, x)) : product(solved(moved), x);
  return m < n ? solved(product(x, moved)) : product(x, solved(moved));
}

/**
 * The solution of `op(A)·X = B`, or of `X·op(A) = B` unless `leftSide`, for triangular `A`; `op` transposes and conjugates.
 *
 * Shape: `[…s, m, m], […s, m, n] → […s, m, n]`, or `[…s, n, m] → […s, n, m]` on the right; or `[…s, m] → […s, m]`. Dtype:
 * inexact, that of both. Where the diagonal has a 0, elements are infinite or NaN.
 * @throws DTypeError when the dtypes differ or are not inexact; ShapeError when shapes do not fit.
 * @see `jax.lax.linalg.triangular_solve`
 */
export const triangularSolve: Op<
  (
    a: Operand,
    b: Operand,
    ...rest: Optionals<[], { readonly [K in keyof TriangularSolveParams]?: boolean | undefined }>
  ) => ArrayValue,
  "triangular_solve",
  [a: ArrayValue, b: ArrayValue],
  TriangularSolveParams
> = definePrimitive("triangular_solve", {
  call: (matrix, sides, ...rest) => {
    const options = readOptions<Partial<TriangularSolveParams>>("triangular_solve", names, rest);
    const { leftSide = false, lower = false, transposeA = false, unitDiagonal = false } = options;
    const [a, b] = sameDTypes([matrix, sides], "triangular_solve") as [ArrayValue, ArrayValue];
    const conjugateA = (options.conjugateA ?? false) && isComplex(a.dtype);
    const params = { leftSide, lower, transposeA, conjugateA, unitDiagonal };
    const isVector = b.ndim === a.ndim - 1;
    const axis = leftSide ? b.ndim : b.ndim - 1;
    if (!isVector) return triangularSolve.bind([a, b], params)[0]!;
    return squeeze(triangularSolve.bind([a, expandDims(b, [axis])], params)[0]!, [axis]);
  },
  arity: 2,
  params: {
    leftSide: param.boolean,
    lower: param.boolean,
    transposeA: param.boolean,
    conjugateA: param.boolean,
    unitDiagonal: param.boolean,
  },
  abstract: ([a, b], { leftSide }) => {
    leadingOf("triangular_solve", [
      [a, 2],
      [b, 2],
    ]);
    checkMatrices("triangular_solve", a);
    if (a.shape.at(-1) !== b.shape.at(leftSide ? -2 : -1))
      throw new ShapeError(
        "lax/shape",
        `triangular_solve: a of shape ${showShape(a.shape)} ${leftSide ? "on the left takes b with as many rows" : "on the right takes b with as many columns"}, got ${showShape(b.shape)}`,
      );
    return avalOf(b.shape, b.dtype, a.weak && b.weak);
  },
  jvp: ([a, b], [ta, tb], params) => {
    const [x] = triangularSolve.bind([a, b], params) as [ArrayValue];
    const along = ta ? alongMatrix(ta, x, a, params) : null;
    return [[x], [addTangents(along, tb ? triangularSolve.bind([a, tb], params)[0]! : null)]];
  },
  transpose: ([ct], [a], params) => {
    if (!ct) return [null, null];
    if (a instanceof Linear) noTranspose(triangularSolve);
    return [null, ...triangularSolve.bind([a!, ct], { ...params, transposeA: !params.transposeA })];
  },
  batch: ([a, b], [aDim = null, bDim = null], size, params) => {
    if (aDim === null)
      return besideOneAnother(
        b,
        bDim!,
        params.leftSide ? 1 : 2,
        (y) => triangularSolve.bind([a, y], params)[0]!,
      );
    const moved = [materialiseBatch(a, aDim, size), materialiseBatch(b, bDim, size)] as const;
    return [triangularSolve.bind(moved, params), [0]];
  },
  samples: [true, false].flatMap((leftSide) =>
    [
      { lower: true, transposeA: false, conjugateA: false, unitDiagonal: false },
      { lower: false, transposeA: true, conjugateA: true, unitDiagonal: true },
      { lower: true, transposeA: true, conjugateA: false, unitDiagonal: false },
    ].map((params) => ({
      operands: [
        // Away from singular ones, whatever is drawn.
        { shape: [2, 2], values: [1.5, -0.5, 0.75, -2] },
        { shape: leftSide ? [2, 3] : [3, 2] },
      ],
      params: { leftSide, ...params },
    })),
  ),
});
