import { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { register } from "../interpreters/quax.ts";
import { Banded, checkBands } from "./banded.ts";
import { lowest, type MatrixOptions, matrixOptions } from "./matrix.ts";

const offsets = { lower: -1, main: 0, upper: 1 };

/**
 * Tridiagonal matrices, by their three diagonals. Products with them take n steps for each column; the matrix is not
 * formed.
 *
 * Shape: `main` is `[…s, n]`, `lower` and `upper` are `[…s, n - 1]`, the matrix is `[…s, n, n]`.
 * @example
 * const laplacian = new values.TridiagonalMatrix(np.ones([3]), np.full([4], -2), np.ones([3]));
 * np.matmul(laplacian, u);
 * @see `quax.examples.structured_matrices.TridiagonalMatrix`
 */
export class TridiagonalMatrix extends Banded {
  /** The elements below the main diagonal. */
  readonly lower: ArrayValue;
  readonly main: ArrayValue;
  /** The elements above the main diagonal. */
  readonly upper: ArrayValue;
  readonly allowMaterialise: boolean;

  /** @throws ArgumentError, ShapeError or DTypeError when the diagonals do not fit together. */
  constructor(lower: ArrayValue, main: ArrayValue, upper: ArrayValue, options: MatrixOptions = {}) {
    super();
    checkBands("TridiagonalMatrix", { lower, main, upper }, offsets);
    this.lower = lower;
    this.main = main;
    this.upper = upper;
    this.allowMaterialise = matrixOptions("TridiagonalMatrix", options);
  }

  override get offsets(): Readonly<Record<string, number>> {
    return offsets;
  }
}

register(
  lax.linalg.linearSolve,
  [TridiagonalMatrix, ArrayValue],
  ([{ lower, main, upper }, b]) => {
    // Rows of three, those of the first and the last reaching beyond the matrix.
    const padded = (band: ArrayValue, before: number) =>
      lax.pad(
        band,
        0,
        band.shape.map((_, axis) => (axis === band.ndim - 1 ? [before, 1 - before, 0] : [0, 0, 0])),
      );
    return lax.linalg.tridiagonalSolve(padded(lower, 1), main, padded(upper, 0), b);
  },
  lowest,
);
