import { ShapeError } from "../../core/errors.ts";
import { type Optionals, readOptions } from "../../core/options.ts";
import { broadcastShapes, showShape } from "../../core/shape.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import { promoteDTypesInexact } from "../../numpy/promotion.ts";
import { broadcastArray } from "../../numpy/where.ts";

export interface SolveTriangularOptions {
  /** `"T"` (or 1) solves `aᵀ·x = b`, `"C"` (or 2) `aᴴ·x = b`. Default: `"N"` (or 0), `a·x = b`. */
  readonly trans?: 0 | 1 | 2 | "N" | "T" | "C";
  /** Whether the lower triangle of `a` is read, and not the upper one. Default: false. */
  readonly lower?: boolean;
  /** Whether the diagonal is taken to be 1. Default: false. */
  readonly unitDiagonal?: boolean;
}
const names = ["trans", "lower", "unitDiagonal"] as const;

/**
 * The solution `x` of `a·x = b` for a triangular `a`, of which only that triangle is read.
 *
 * Shape: `[…s, n, n], […s, n, k] → […s, n, k]`, or `[n, n], [n] → [n]`; leading axes broadcast. Dtype: the promoted one,
 * integers becoming floats. @throws ShapeError when `a` is not square or `b` does not fit.
 * @see `jax.scipy.linalg.solve_triangular`
 */
export function solveTriangular(
  a: Operand,
  b: Operand,
  ...rest: Optionals<
    [trans: 0 | 1 | 2 | "N" | "T" | "C", lower: boolean, unitDiagonal: boolean],
    SolveTriangularOptions
  >
): ArrayValue {
  const caller = "scipy.linalg.solveTriangular";
  const {
    trans = 0,
    lower = false,
    unitDiagonal = false,
  } = readOptions<SolveTriangularOptions>(caller, names, rest);
  const [matrix, given] = promoteDTypesInexact(caller, a, b);
  const n = matrix.shape.at(-1);
  const isVector = given.ndim === 1;
  if (matrix.ndim < 2 || matrix.shape.at(-2) !== n || given.shape.at(isVector ? -1 : -2) !== n) {
    throw new ShapeError(
      "scipy/solve_triangular",
      `${caller}: a is a square matrix or a stack of them, and b has as many rows; got ${showShape(matrix.shape)} and ${showShape(given.shape)}`,
    );
  }
  const sides = isVector ? lax.expandDims(given, [1]) : given;
  const lead = broadcastShapes(
    [matrix, sides].map((x) => x.shape.slice(0, -2)),
    caller,
  );
  const [left, right] = [matrix, sides].map((x) =>
    broadcastArray(x, [...lead, ...x.shape.slice(-2)], caller),
  );
  const x = lax.linalg.triangularSolve(left!, right!, {
    leftSide: true,
    lower,
    unitDiagonal,
    transposeA: trans !== 0 && trans !== "N",
    conjugateA: trans === 2 || trans === "C",
  });
  return isVector ? lax.squeeze(x, [x.ndim - 1]) : x;
}
