import { isInexact } from "../core/dtype.ts";
import { DTypeError, ShapeError } from "../core/errors.ts";
import { definePrimitive, type Derived, Linear, type NoParams, type Op } from "../core/primitive.ts";
import { noTranspose } from "../core/rules.ts";
import { broadcastShapes, range, sameShape, type Shape, showShape, sizeOf } from "../core/shape.ts";
import { type ArrayValue, type Aval, type Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { broadcastArray } from "../numpy/where.ts";
import { promoteDTypesInexact } from "../numpy/promotion.ts";
import { eliminate } from "./elimination.ts";

function abstract([a, b]: readonly [Aval, Aval]): Aval {
  if (a.dtype !== b.dtype || !isInexact(a.dtype)) {
    throw new DTypeError(
      "solve/dtype",
      `linear_solve takes two arrays of one inexact dtype, got ${a.dtype} and ${b.dtype}`,
    );
  }
  const n = a.shape.at(-1);
  const square = a.shape.length >= 2 && a.shape.at(-2) === n;
  if (!square || !sameShape(a.shape.slice(0, -1), b.shape.slice(0, -1))) {
    throw new ShapeError(
      "solve/shape",
      `linear_solve: for a of shape (…s, n, n), b has shape (…s, n, k); got ${showShape(a.shape)} and ${showShape(b.shape)}`,
    );
  }
  return { ...b, weak: false };
}

const product = (a: ArrayValue, x: ArrayValue): ArrayValue => {
  const batch = range(a.ndim - 2);
  return lax.dotGeneral(a, x, [
    [[a.ndim - 1], [x.ndim - 2]],
    [batch, batch],
  ]);
};
const transposed = (a: ArrayValue): ArrayValue =>
  lax.transpose(a, [...range(a.ndim - 2), a.ndim - 1, a.ndim - 2]);

/** Each matrix of `a` beside columns for all its right-hand sides: of a batch that `a` does not have, too. */
function withManyColumns(a: ArrayValue, b: ArrayValue, dim: number): ArrayValue {
  const last = lax.transpose(b, [...range(b.ndim).filter((axis) => axis !== dim), dim]);
  const sides = last.shape.slice(-2);
  const flat = lax.reshape(last, [...last.shape.slice(0, -2), sizeOf(sides)]);
  const x = linearSolve.bind([a, flat], {})[0]!;
  return lax.reshape(x, [...x.shape.slice(0, -1), ...sides]);
}

const strong = (x: ArrayValue): ArrayValue =>
  x.aval.weak ? lax.convertElementType.bind([x], { newDtype: x.dtype, weakType: false })[0]! : x;

/**
 * The solution `x` of `a·x = b`. Classes of structured matrices have rules for it; a plain matrix is solved by Gaussian
 * elimination with partial pivoting.
 *
 * Shape: `[…s, n, n], […s, n, k] → […s, n, k]`. Dtype: inexact, that of both.
 */
export const linearSolve: Op<unknown, "linear_solve", [a: ArrayValue, b: ArrayValue], NoParams> & Derived =
  definePrimitive("linear_solve", {
    arity: 2,
    abstract: (avals) => abstract(avals),
    jvp: ([a, b], [ta, tb]) => {
      // a·x = b, so a·ẋ = ḃ - ȧ·x.
      const x = linearSolve.bind([a, b], {})[0]!;
      const moved = ta && product(ta, x);
      const rhs = moved ? (tb ? lax.sub(tb, moved) : lax.neg(moved)) : (tb ?? null);
      return [[x], [rhs && linearSolve.bind([a, rhs], {})[0]!]];
    },
    transpose: ([ct], [a]) => {
      if (!ct) return [null, null];
      if (a instanceof Linear) noTranspose(linearSolve);
      return [null, ...linearSolve.bind([transposed(a!), ct], {})];
    },
    batch: ([a, b], [aDim = null, bDim = null], size) => {
      if (aDim === null) return [[withManyColumns(a, b, bDim!)], [b.ndim - 1]];
      const front = (x: ArrayValue, dim: number | null) =>
        dim === null
          ? lax.broadcast(x, [size])
          : lax.transpose(x, [dim, ...range(x.ndim).filter((axis) => axis !== dim)]);
      return [linearSolve.bind([front(a, aDim), front(b, bDim)], {}), [0]];
    },
    expand: ([a, b]) => [eliminate(strong(a), strong(b))],
    samples: [
      // Away from singular ones, whatever is drawn.
      { operands: [{ shape: [1, 1], between: [1, 2] }, { shape: [1, 3] }], params: {} },
      { operands: [{ shape: [2, 2], values: [0, 2, -3, 1] }, { shape: [2, 1] }], params: {} },
      {
        operands: [{ shape: [2, 2, 2], values: [0.5, 2, -3, 1, 2, 1, 1, -2] }, { shape: [2, 2, 2] }],
        params: {},
      },
    ],
  });

/**
 * The solution `x` of the linear equations `a·x = b`, by what the class of `a` allows: `Diagonal` divides,
 * `TridiagonalMatrix` reduces cyclically, `LowRankUpdate` solves with its base and a matrix as small as its rank. A plain
 * matrix is solved by Gaussian elimination with partial pivoting. Differentiable in both arguments.
 *
 * Shape: `[…s, n, n], […s, n, k] → […s, n, k]`, or `[…s, n, n], [n] → […s, n]`; leading axes broadcast. Dtype: the promoted
 * one, integers becoming floats. Where `a` is singular, elements are infinite or NaN.
 * @throws ShapeError when `a` is not square or `b` does not fit.
 * @example
 * values.solve(new values.Diagonal(np.array([2, 4])), np.array([1, 1])); // [0.5, 0.25]
 * @see `jax.numpy.linalg.solve`
 */
export function solve(a: Operand, b: Operand): ArrayValue {
  const caller = "values.solve";
  const [matrix, given] = promoteDTypesInexact(caller, a, b);
  const n = matrix.shape.at(-1);
  const isVector = given.ndim === 1;
  if (matrix.ndim < 2 || matrix.shape.at(-2) !== n || given.shape.at(isVector ? -1 : -2) !== n) {
    throw new ShapeError(
      "solve/shape",
      `${caller}: a is a square matrix or a stack of them, and b has as many rows; got ${showShape(matrix.shape)} and ${showShape(given.shape)}`,
    );
  }
  const sides = isVector ? lax.expandDims(given, [1]) : given;
  const leads: readonly Shape[] = [matrix, sides].map((x) => x.shape.slice(0, -2));
  const lead = broadcastShapes(leads, caller);
  const [left, right] = [matrix, sides].map((x) =>
    broadcastArray(x, [...lead, ...x.shape.slice(-2)], caller),
  );
  const x = linearSolve.bind([left!, right!], {})[0]!;
  return isVector ? lax.squeeze(x, [x.ndim - 1]) : x;
}
