import { type Optionals, readOptions } from "../../core/options.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import { overSides } from "../../numpy/linalg/sides.ts";
import { oneOf } from "./words.ts";

export interface SolveTriangularOptions {
  /** `"T"` (or 1) solves `aᵀ·x = b`, `"C"` (or 2) `aᴴ·x = b`. Default: `"N"` (or 0), `a·x = b`. */
  readonly trans?: 0 | 1 | 2 | "N" | "T" | "C";
  /** Whether the lower triangle of `a` is read, and not the upper one. Default: false. */
  readonly lower?: boolean;
  /** Whether the diagonal is taken to be 1. Default: false. */
  readonly unitDiagonal?: boolean;
}
const names = ["trans", "lower", "unitDiagonal"] as const;
/** Words for 0, 1 and 2. */
const TRANS = ["N", "T", "C"] as const;

/**
 * The solution `x` of `a·x = b` for a triangular `a`, of which only that triangle is read.
 *
 * Shape: `[…s, n, n], […s, n, k] → […s, n, k]`, or `[…s, n, n], [n] → […s, n]`; leading axes broadcast. Dtype: the promoted one,
 * integers becoming floats. @throws ShapeError when `a` is not square or `b` does not fit; ArgumentError on another `trans`.
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
  const op = typeof trans === "number" ? TRANS[trans] : trans;
  oneOf(caller, "trans", op!, TRANS);
  const options = {
    leftSide: true,
    lower,
    unitDiagonal,
    transposeA: op !== "N",
    conjugateA: op === "C",
  };
  return overSides(caller, a, b, (matrix, sides) => lax.linalg.triangularSolve(matrix, sides, options));
}
