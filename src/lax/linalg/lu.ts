import { ShapeError } from "../../core/errors.ts";
import { readOptions } from "../../core/options.ts";
import * as param from "../../core/param-kind.ts";
import { definePrimitive, type NoParams, type Op } from "../../core/primitive.ts";
import { range, showShape } from "../../core/shape.ts";
import { type ArrayValue, avalOf, type Operand } from "../../core/value.ts";
import { zeros } from "../algebra.ts";
import { add } from "../arithmetic.ts";
import { broadcastedIota } from "../create.ts";
import { gather } from "../indexing.ts";
import { checkDType, toArray } from "../operand.ts";
import { pad } from "../pad-slice.ts";
import { sliceInDim } from "../slice-in-dim.ts";
import { sortKeyVal } from "../sort.ts";
import {
  asColumn,
  batchInFront,
  identityLike,
  leadingOf,
  lowerTriangle,
  product,
  upperTriangle,
} from "./matrices.ts";
import { triangularSolve } from "./triangular-solve.ts";

/** The rows of each matrix of `x` in another order. Shape: `[…s, m, n], […s, m] → […s, m, n]`. */
export function rowsInOrder(x: ArrayValue, order: ArrayValue): ArrayValue {
  const lead = x.ndim - 2;
  const batch = range(lead);
  const dimensionNumbers = {
    offsetDims: [lead + 1],
    collapsedSliceDims: [lead],
    startIndexMap: [lead],
    operandBatchingDims: batch,
    startIndicesBatchingDims: batch,
  };
  const sizes = [...batch.map(() => 1), 1, x.shape.at(-1)!];
  return gather(x, asColumn(order), dimensionNumbers, sizes, { uniqueIndices: true });
}

/** `x` with `by` more rows and columns of zeros. */
const enlarged = (x: ArrayValue, rows: number, columns: number): ArrayValue =>
  pad(
    x,
    zeros({ ...x.aval, shape: [] }),
    x.shape.map((_, i) => [0, i === x.ndim - 2 ? rows : i === x.ndim - 1 ? columns : 0, 0]),
  );

/**
 * The tangent of `L` and `U` together, for the rows of `Ȧ` in the order of the exchanges: with `L⁻¹·Ȧ·U⁻¹ = F`,
 * `L̇ = L·tril(F, -1)` and `U̇ = triu(F)·U`.
 * @see De Hoog, Anderssen and Lukas, "Differentiation of matrix functionals using triangular factorization" (2011)
 */
function luTangent(lu: ArrayValue, t: ArrayValue): ArrayValue {
  const [m, n] = lu.shape.slice(-2) as [number, number];
  const k = Math.min(m, n);
  // Both made square, by identities.
  const left = enlarged(lowerTriangle(sliceInDim(lu, 0, k, { axis: -1 }), -1), 0, m - k);
  const l = add(left, identityLike(left));
  const right = enlarged(upperTriangle(sliceInDim(lu, 0, k, { axis: -2 })), n - k, 0);
  const u = add(right, identityLike(right, k));
  const solved = triangularSolve(l, t, { leftSide: true, lower: true, unitDiagonal: true });
  const f = triangularSolve(u, solved);
  return add(product(l, lowerTriangle(f, -1)), product(upperTriangle(f), u));
}

/**
 * `P·A = L·U` with partial pivoting: `L`, whose diagonal is 1, below the diagonal, and `U`, in one; the row that each row
 * was exchanged with; and the order of the rows that this makes.
 *
 * Shape: `[…s, m, n] → […s, m, n], […s, min(m, n)], […s, m]`. Dtype: that of `x`, int32, int32.
 * @throws DTypeError when `x` is not inexact; ShapeError when it has fewer than two axes. @see `jax.lax.linalg.lu`
 */
export const lu: Op<
  (x: Operand) => [lu: ArrayValue, pivots: ArrayValue, permutation: ArrayValue],
  "lu",
  [x: ArrayValue],
  NoParams
> = definePrimitive("lu", {
  // A primitive gives a list.
  call: (x) => lu.bind([toArray(x, "lu")], {}) as [ArrayValue, ArrayValue, ArrayValue],
  arity: 1,
  abstract: ([x]) => {
    const lead = leadingOf("lu", [[x, 2]]);
    const [m, n] = x.shape.slice(-2) as [number, number];
    return [x, avalOf([...lead, Math.min(m, n)], "int32"), avalOf([...lead, m], "int32")];
  },
  jvp: ([x], [t]) => {
    const [factors, pivots, permutation] = lu.bind([x], {}) as [ArrayValue, ArrayValue, ArrayValue];
    return [
      [factors, pivots, permutation],
      [t ? luTangent(factors, rowsInOrder(t, permutation)) : null, null, null],
    ];
  },
  batch: batchInFront(() => lu),
  samples: [
    { operands: [{ shape: [3, 3], values: [1, 2, -0.5, 4, 1, 1, -2, 0.5, 3] }], params: {} },
    { operands: [{ shape: [2, 3], values: [1, 2, -0.5, 4, 1, 1] }], params: {} },
    { operands: [{ shape: [2, 3, 2], values: [1, 2, -4, 1, 2, 1, 3, 1, 1, -2, 0.5, 1] }], params: {} },
  ],
});

export interface LuPivotsToPermutationParams {
  readonly permutationSize: number;
}

/**
 * The order of rows that exchanges make, one after the other.
 *
 * Shape: `[…s, k] → […s, permutationSize]`. Dtype: int32.
 * @throws ShapeError when there are more exchanges than rows; DTypeError unless they are int32. @see `jax.lax.linalg.lu_pivots_to_permutation`
 */
export const luPivotsToPermutation: Op<
  (
    pivots: Operand,
    ...rest: [permutationSize: number] | [options: LuPivotsToPermutationParams]
  ) => ArrayValue,
  "lu_pivots_to_permutation",
  [pivots: ArrayValue],
  LuPivotsToPermutationParams
> = definePrimitive("lu_pivots_to_permutation", {
  call: (pivots, ...rest) => {
    const name = "lu_pivots_to_permutation";
    const options = readOptions<LuPivotsToPermutationParams>(name, ["permutationSize"], rest);
    const x = toArray(pivots, name);
    return luPivotsToPermutation.bind([x], { permutationSize: options.permutationSize ?? -1 })[0]!;
  },
  arity: 1,
  params: { permutationSize: param.integer },
  abstract: ([x], { permutationSize }) => {
    checkDType(x.dtype, "int32", "lu_pivots_to_permutation", 0);
    if (x.shape.length === 0 || !(permutationSize >= x.shape.at(-1)!))
      throw new ShapeError(
        "lax/shape",
        `lu_pivots_to_permutation: permutationSize must be at least as large as the last axis of the pivots, got ${permutationSize} for shape ${showShape(x.shape)}`,
      );
    return avalOf([...x.shape.slice(0, -1), permutationSize], "int32");
  },
  jvp: "none",
  batch: batchInFront(() => luPivotsToPermutation),
  samples: [
    {
      operands: [{ shape: [2, 2], dtype: "int32", values: [2, 1, 0, 2] }],
      params: { permutationSize: 3 },
    },
  ],
});

/**
 * The solution of `A·X = B`, or of `Aᵀ·X = B`, or of `Aᴴ·X = B`, by the `lu` of square matrices A.
 *
 * Shape: `[…s, m, m], […s, m], […s, m, n] → […s, m, n]`.
 */
export function luSolve(
  [factors, , permutation]: readonly ArrayValue[],
  b: ArrayValue,
  op: "plain" | "transpose" | "adjoint" = "plain",
): ArrayValue {
  const lower = { leftSide: true, lower: true, unitDiagonal: true };
  const upper = { leftSide: true, lower: false };
  if (op === "plain")
    return triangularSolve(factors!, triangularSolve(factors!, rowsInOrder(b, permutation!), lower), upper);
  const flags = { transposeA: true, conjugateA: op === "adjoint" };
  const inOrder = triangularSolve(factors!, triangularSolve(factors!, b, { ...upper, ...flags }), {
    ...lower,
    ...flags,
  });
  const { shape, ndim } = permutation!;
  const [, back] = sortKeyVal(permutation!, broadcastedIota("int32", shape, ndim - 1));
  return rowsInOrder(inOrder, back);
}
