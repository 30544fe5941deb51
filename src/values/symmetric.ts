import { ArgumentError, ShapeError } from "../core/errors.ts";
import { primitives } from "../core/primitive.ts";
import { range, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, type Aval } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { fallBack, register } from "../interpreters/quax.ts";
import { array } from "../numpy/array.ts";
import { matmul } from "../numpy/linear-algebra.ts";
import { take } from "../numpy/take.ts";
import { choose } from "../numpy/where.ts";
import { Diagonal } from "./diagonal.ts";
import {
  allowedBy,
  lowest,
  type MatrixOptions,
  matrixOptions,
  type Precision,
  StructuredMatrix,
} from "./matrix.ts";

/**
 * Symmetric matrices, by the elements on and below the main diagonal. Sums and all functions element by element are
 * symmetric, and cost half; the gradient of a function of such a matrix has its n·(n + 1)/2 numbers.
 *
 * Shape: `packed` is `[…s, n·(n + 1)/2]`, row after row of the lower triangle; the matrix is `[…s, n, n]`.
 * @example
 * const s = values.Symmetric.of(np.matmul(x.T, x));
 * np.matmul(s, y);
 */
export class Symmetric extends StructuredMatrix {
  /** The elements on and below the main diagonal, row by row. */
  readonly packed: ArrayValue;
  readonly allowMaterialise: boolean;

  /** @throws ArgumentError when `packed` is no array; ShapeError when its last size is not of the form n·(n + 1)/2. */
  constructor(packed: ArrayValue, options: MatrixOptions = {}) {
    super();
    if (!(packed instanceof ArrayValue))
      throw new ArgumentError(
        "symmetric/array",
        `Symmetric: packed must be an array, got ${describe(packed)}`,
      );
    if (packed.ndim === 0 || !Number.isInteger(orderOf(packed.shape.at(-1)!))) {
      throw new ShapeError(
        "symmetric/shape",
        `Symmetric: packed has shape (…, n·(n + 1)/2), got ${showShape(packed.shape)}: Symmetric.of(matrix) packs the lower triangle of a matrix`,
      );
    }
    this.packed = packed;
    this.allowMaterialise = matrixOptions("Symmetric", options);
  }

  /**
   * The symmetric matrix with the lower triangle of `matrix`; what is above its diagonal is not read.
   * @throws ArgumentError or ShapeError when `matrix` is no square matrix or stack of them.
   */
  static of(matrix: ArrayValue, options: MatrixOptions = {}): Symmetric {
    if (!(matrix instanceof ArrayValue))
      throw new ArgumentError("symmetric/array", `Symmetric.of takes a matrix, got ${describe(matrix)}`);
    const [n, m] = matrix.shape.slice(-2);
    if (m === undefined || n !== m)
      throw new ShapeError(
        "symmetric/square",
        `Symmetric.of takes a square matrix, got shape ${showShape(matrix.shape)}`,
      );
    const flat = lax.reshape(matrix, [...matrix.shape.slice(0, -2), m * m]);
    const lower = range(m).flatMap((row) => range(row + 1, row * m));
    return new Symmetric(at(flat, lower), options);
  }

  override get aval(): Aval {
    const n = orderOf(this.packed.shape.at(-1)!);
    return { ...this.packed.aval, shape: [...this.packed.shape.slice(0, -1), n, n] };
  }

  override toDense(): ArrayValue {
    const n = this.shape.at(-1)!;
    const [row, column] = [0, 1].map((axis) => lax.broadcastedIota("int32", [n, n], axis)) as [
      ArrayValue,
      ArrayValue,
    ];
    const [below, above] = [lax.max(row, column), lax.min(row, column)];
    const index = lax.add(lax.div(lax.mul(below, lax.add(below, 1)), 2), above);
    return take(this.packed, index, -1, { mode: "clip" });
  }
  override times(x: ArrayValue, precision: Precision): ArrayValue {
    return matmul(this.toDense(), x, { precision });
  }
  override transposed(): this {
    return this;
  }
  override diagonal(offset = 0): ArrayValue {
    const far = Math.abs(offset);
    return at(
      this.packed,
      range(Math.max(0, this.shape.at(-1)! - far)).map((i) => placeOf(i + far, i)),
    );
  }
}

/** n, of the n·(n + 1)/2 elements. */
const orderOf = (length: number): number => (Math.sqrt(8 * length + 1) - 1) / 2;
/** Where the element of a row and a column, not to the right of the diagonal, is among the packed ones. */
const placeOf = (row: number, column: number): number => (row * (row + 1)) / 2 + column;

/** The elements at constant places of the last axis. */
const at = (x: ArrayValue, places: readonly number[]): ArrayValue =>
  take(x, array(places, "int32"), -1, { mode: "clip" });

/** A number for each matrix as one for its packed elements; null if `x` is none. */
function forPacked(x: ArrayValue, order: number): ArrayValue | null {
  if (x instanceof Symmetric) return x.shape.at(-1) === order ? x.packed : null;
  if (x.ndim === 0) return x;
  return x.shape.at(-1) === 1 && x.shape.at(-2) === 1 ? lax.squeeze(x, [-1]) : null;
}

// Any function of elements that lie at equal places gives equal results at mirrored places.
for (const prim of primitives.values()) {
  if (!prim.rules.elementwise && prim !== lax.selectN) continue;
  const rule = (operands: readonly ArrayValue[], params: object) => {
    const first = operands.find((x) => x instanceof Symmetric)!;
    const packed = operands.map((x) =>
      x.ndim === 0 || x.ndim === first.ndim ? forPacked(x, first.shape.at(-1)!) : null,
    );
    if (!packed.every((x) => x !== null)) return fallBack(prim, operands, params);
    return prim
      .bind(packed, params)
      .map((out) => allowedBy(new Symmetric(out, { allowMaterialise: true }), operands));
  };
  for (const signature of [[Symmetric], [ArrayValue, Symmetric], [Symmetric, Symmetric]])
    register(prim, signature as never, rule as never, { ...lowest, rest: ArrayValue });
}

/** A diagonal matrix as a symmetric one. */
function symmetric(d: Diagonal): Symmetric {
  const rows = range(d.shape.at(-1)!).flatMap((row) =>
    range(row + 1).map((column) => [row, column] as const),
  );
  const onDiagonal = array(rows.map(([row, column]) => row === column));
  const packed = choose(
    onDiagonal,
    at(
      d.diag,
      rows.map(([row]) => row),
    ),
    0,
    "Symmetric",
  );
  return new Symmetric(packed, { allowMaterialise: d.allowMaterialise });
}
for (const prim of [lax.add, lax.addAny, lax.sub] as const) {
  register(prim, [Symmetric, Diagonal], ([s, d], params) => prim.bind([s, symmetric(d)], params));
  register(prim, [Diagonal, Symmetric], ([d, s], params) => prim.bind([symmetric(d), s], params));
}
