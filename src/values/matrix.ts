import { promoteTypes } from "../core/dtype.ts";
import { MaterialiseError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { range } from "../core/shape.ts";
import { ArrayValue, showAval } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { fallBack, register } from "../interpreters/quax.ts";
import { cast, type DotParams, due, facing, product } from "./matrix-dot.ts";
import { mapParts, Stacked, transposeLeading } from "./stacked.ts";

export interface MatrixOptions {
  /** Whether an operation without a rule may form the matrix. Default false: it is refused. */
  readonly allowMaterialise?: boolean | undefined;
}
/** @internal The options of a constructor. */
export const matrixOptions = (caller: string, options: MatrixOptions): boolean =>
  readOptions<MatrixOptions>(caller, ["allowMaterialise"], [options]).allowMaterialise ?? false;

export type Precision = DotParams["precision"];

/**
 * Matrices that are known by less than their elements, or a stack of them along leading axes. A subclass says what the
 * product with a plain matrix is, and the like; the rules for primitives follow from that.
 *
 * The rules are of lower precedence than those of other classes of values: `x·Unitful` takes the units off first.
 */
export abstract class StructuredMatrix extends Stacked {
  abstract readonly allowMaterialise: boolean;

  override get elementRank(): number {
    return 2;
  }

  /** All elements. Shape: `[…s, n, m]`. */
  abstract toDense(): ArrayValue;
  /** `A·x`. Shape: `x` is `[…t, m, k]` of the same dtype, where `t` is `s` or 1 on each axis; the product is `[…s, n, k]`. */
  abstract times(x: ArrayValue, precision: Precision): ArrayValue;
  /** `Aᵀ`. */
  abstract transposed(): StructuredMatrix;
  /** The elements `A[i, i + offset]`. Shape: `[…s, l]`. */
  abstract diagonal(offset?: number): ArrayValue;
  /** `change(A)`, where `change` is linear and acts on each element alike: negation, scaling. */
  linearly(change: (part: ArrayValue, inner: number) => ArrayValue): this {
    return mapParts(this, change);
  }

  /** The sum of the elements on the main diagonal. Shape: `[…s]`. */
  trace(): ArrayValue {
    const diagonal = this.diagonal();
    return lax.reduceSum.bind([diagonal], { axes: [diagonal.ndim - 1] })[0]!;
  }

  /**
   * The matrix as a plain array.
   * @throws MaterialiseError unless `allowMaterialise` is set.
   */
  override materialise(): ArrayValue {
    if (this.allowMaterialise) return this.toDense();
    const { name } = this.constructor;
    throw new MaterialiseError(
      "matrix/materialise",
      `Refusing to materialise \`${name}\` ${showAval(this.aval)} with \`allowMaterialise: false\`: an operation would have formed all of its elements. Make it with allowMaterialise: true, or call toDense() where that is meant`,
    );
  }
}

/** Whether `x` beside `matrix`, element by element, leaves its rows and columns as they are. */
export const fitsElements = (x: ArrayValue, matrix: StructuredMatrix): boolean =>
  x.ndim === 0 ||
  (x.ndim === matrix.ndim &&
    [-2, -1].every((axis) => x.shape.at(axis) === 1 || x.shape.at(axis) === matrix.shape.at(axis)));

/** `result`, which may be materialised where all that it came from may be. */
export function allowedBy<T extends ArrayValue>(result: T, operands: readonly ArrayValue[]): T {
  if (!(result instanceof StructuredMatrix)) return result;
  const allowMaterialise = operands.every((x) => !(x instanceof StructuredMatrix) || x.allowMaterialise);
  return Object.assign(
    mapParts(result, (part) => part),
    { allowMaterialise },
  );
}

/** Below the rules of other classes, those of `LoraArray` too, for any partner. */
export const lowest = { precedence: -2 };

register(lax.neg, [StructuredMatrix], ([x]) => x.linearly((part) => lax.neg.bind([part], {})[0]!));
register(lax.convertElementType, [StructuredMatrix], ([x], params) =>
  mapParts(x, (part) => lax.convertElementType.bind([part], params)[0]!),
);
register(lax.transpose, [StructuredMatrix], ([x], params) => {
  const { permutation } = params;
  const [row, column] = [x.ndim - 2, x.ndim - 1];
  if (permutation[row] !== column || permutation[column] !== row) return transposeLeading([x], params);
  return lax.transpose(x.transposed(), [...permutation.slice(0, row), row, column]);
});

/** One number for each matrix: a scalar, or `[…t, 1, 1]`. As an array that goes with a part of `inner` axes; null if it is not. */
function perMatrix(x: ArrayValue, matrix: StructuredMatrix): ((inner: number) => ArrayValue) | null {
  if (x.ndim === 0) return () => x;
  const lead = matrix.ndim - 2;
  const fits = range(matrix.ndim).every(
    (axis) => x.shape[axis] === 1 || (axis < lead && x.shape[axis] === matrix.shape[axis]),
  );
  if (x.ndim !== matrix.ndim || !fits) return null;
  return (inner) => lax.reshape(x, [...x.shape.slice(0, lead), ...range(inner).map(() => 1)]);
}

for (const prim of [lax.mul, lax.div]) {
  register(
    prim,
    [StructuredMatrix, ArrayValue],
    ([matrix, x], params) => {
      const scale = perMatrix(x, matrix);
      if (scale === null) return fallBack(prim, [matrix, x], params);
      return matrix.linearly((part, inner) => prim.bind([part, scale(inner)], params)[0]!);
    },
    lowest,
  );
}
register(
  lax.mul,
  [ArrayValue, StructuredMatrix],
  ([x, matrix], params) => lax.mul.bind([matrix, x], params),
  lowest,
);

// Sums over rows and columns are products with ones.
register(lax.reduceSum, [StructuredMatrix], ([x], params) => {
  const [row, column] = [x.ndim - 2, x.ndim - 1];
  if (params.axes.some((axis) => axis < row)) return fallBack(lax.reduceSum, [x], params);
  const overColumns = params.axes.includes(column);
  const matrix = overColumns ? x : x.transposed();
  const ones = lax.full([...x.shape.slice(0, -2).map(() => 1), matrix.shape[column]!, 1], 1, x.dtype);
  const sums = lax.squeeze(matrix.times(ones, null), [column]);
  return params.axes.length === 2 ? lax.reduceSum.bind([sums], { axes: [row] }) : sums;
});

const leftProduct = (matrix: StructuredMatrix, x: ArrayValue, params: DotParams) =>
  product(matrix, x, params, true) ?? fallBack(lax.dotGeneral, [matrix, x], params);
const rightProduct = (x: ArrayValue, matrix: StructuredMatrix, params: DotParams) =>
  product(matrix, x, params, false) ?? fallBack(lax.dotGeneral, [x, matrix], params);

register(
  lax.dotGeneral,
  [StructuredMatrix, ArrayValue],
  ([a, x], params) => leftProduct(a, x, params),
  lowest,
);
register(
  lax.dotGeneral,
  [ArrayValue, StructuredMatrix],
  ([x, a], params) => rightProduct(x, a, params),
  lowest,
);

/** One of two structured matrices has to become an array: one that may. */
function throughDense(a: StructuredMatrix, b: StructuredMatrix, params: DotParams) {
  if (b.allowMaterialise) return leftProduct(a, b.toDense(), params);
  if (a.allowMaterialise) return rightProduct(a.toDense(), b, params);
  return fallBack(lax.dotGeneral, [a, b], params);
}

register(
  lax.dotGeneral,
  [StructuredMatrix, StructuredMatrix],
  ([a, b], params) => throughDense(a, b, params),
  lowest,
);

type Class<T> = abstract new (...args: never[]) => T;

/**
 * The product of two structured matrices of these classes, where it has structure too: `multiply` gets `a` and `b` with
 * equal dtypes and leading axes, each transposed if need be so that the product is `a·b`.
 */
export function registerProduct<A extends StructuredMatrix, B extends StructuredMatrix>(
  left: Class<A>,
  right: Class<B>,
  multiply: (a: A, b: B, precision: Precision) => ArrayValue,
  options: { readonly precedence: number } = lowest,
): void {
  const rule = ([a, b]: readonly [A, B], params: DotParams) => {
    const out = due(a, b, params);
    const [contract, batch] = params.dimensionNumbers;
    const [lhs, rhs] = [facing(a, contract[0], batch[0]), facing(b, contract[1], batch[1])];
    const leading = range(a.ndim - 2);
    const inStep = batch.every(
      (axes) => axes.length === leading.length && axes.every((axis, i) => axis === i),
    );
    if (lhs === null || rhs === null || !inStep || a.ndim !== b.ndim) return throughDense(a, b, params);
    const work = promoteTypes([a.aval, b.aval, out]);
    // Transposing keeps the class.
    const result = multiply(
      cast(lhs.matrix, work) as A,
      cast(rhs.matrix.transposed(), work) as B,
      params.precision,
    );
    return allowedBy(cast(result, out), [a, b]);
  };
  register(lax.dotGeneral, [left, right] as never, rule as never, options);
}
