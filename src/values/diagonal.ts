import { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { register } from "../interpreters/quax.ts";
import { Banded, checkBands } from "./banded.ts";
import { lowest, type MatrixOptions, matrixOptions, registerProduct, StructuredMatrix } from "./matrix.ts";
import { mapParts } from "./stacked.ts";

const offsets = { diag: 0 };

/**
 * Diagonal matrices. Sums, products, multiples, transposes and inverses of them are diagonal; so are their products,
 * element by element, with any matrix.
 *
 * Shape: `diag` is `[…s, n]`, the matrix `[…s, n, n]`.
 * @example
 * const d = new values.Diagonal(np.array([1, 2, 3]));
 * np.matmul(d, x); // each row of x times its number
 */
export class Diagonal extends Banded {
  /** The elements on the main diagonal. */
  readonly diag: ArrayValue;
  readonly allowMaterialise: boolean;

  /** @throws ArgumentError or ShapeError when `diag` is no array with an axis. */
  constructor(diag: ArrayValue, options: MatrixOptions = {}) {
    super();
    checkBands("Diagonal", { diag }, offsets);
    this.diag = diag;
    this.allowMaterialise = matrixOptions("Diagonal", options);
  }

  override get offsets(): Readonly<Record<string, number>> {
    return offsets;
  }

  /** The diagonal matrix of the reciprocals; infinite where an element is zero. */
  inverse(): Diagonal {
    return mapParts(this, (diag) => lax.div(1, diag));
  }

  /** The product of the elements on the diagonal. Shape: `[…s]`. */
  determinant(): ArrayValue {
    return lax.reduceProd.bind([this.diag], { axes: [this.diag.ndim - 1] })[0]!;
  }
}

// D·A scales the rows of A, A·D its columns, and most structures survive that.
const first = { precedence: lowest.precedence + 1 };
const rows = (d: Diagonal, a: StructuredMatrix): ArrayValue => lax.mul(lax.expandDims(d.diag, [-1]), a);
registerProduct(Diagonal, StructuredMatrix, rows, first);
registerProduct(Diagonal, Diagonal, rows, first);
registerProduct(StructuredMatrix, Diagonal, (a, d) => lax.mul(a, lax.expandDims(d.diag, [-2])), first);

register(
  lax.linalg.linearSolve,
  [Diagonal, ArrayValue],
  ([d, b], params) => {
    lax.linalg.linearSolve.rules.abstract([d.aval, b.aval], params);
    return lax.div(b, lax.expandDims(d.diag, [-1]));
  },
  lowest,
);
