import { ShapeError } from "../../core/errors.ts";
import { broadcastShapes, showShape } from "../../core/shape.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import { promoteDTypesInexact } from "../promotion.ts";
import { broadcastArray } from "../where.ts";

/**
 * What `solve` gives for square matrices and right-hand sides, as matrices, of one dtype and with the same leading axes.
 *
 * Shape: `[…s, n, n], […s, n, k] → […s, n, k]`, or `[…s, n, n], [n] → […s, n]`; leading axes broadcast.
 * @throws ShapeError when `a` is not square or `b` does not fit.
 */
export function overSides(
  caller: string,
  a: Operand,
  b: Operand,
  solve: (a: ArrayValue, b: ArrayValue) => ArrayValue,
): ArrayValue {
  const [matrix, given] = promoteDTypesInexact(caller, a, b);
  const n = matrix.shape.at(-1);
  const isVector = given.ndim === 1;
  if (matrix.ndim < 2 || matrix.shape.at(-2) !== n || given.shape.at(isVector ? -1 : -2) !== n) {
    throw new ShapeError(
      "linalg/solve",
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
  const x = solve(left!, right!);
  return isVector ? lax.squeeze(x, [x.ndim - 1]) : x;
}
