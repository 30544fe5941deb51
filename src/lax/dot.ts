import { type DType, type DTypeLike, dtypeInfo, isComplex, isFloat, toDType } from "../core/dtype.ts";
import { DTypeError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, type Op } from "../core/primitive.ts";
import { range, type Shape, showShape } from "../core/shape.ts";
import { type ArrayValue, type Aval, avalOf, type Operand } from "../core/value.ts";
import { convertElementType } from "./cast.ts";
import { argsort } from "./dimensions.ts";
import {
  type AxisPairs,
  batchDimensions,
  checkDimensions,
  type DotDimensionNumbers,
  keptAxes,
  outShape,
} from "./dot-dimensions.ts";
import { checkDType, toArray } from "./operand.ts";
import {
  type PrecisionLike,
  precisionOf,
  type PrecisionPair,
  precisionPair,
  type ProductOptions,
} from "./precision.ts";
import { transpose } from "./shape.ts";

export type { AxisPairs, DotDimensionNumbers } from "./dot-dimensions.ts";

export interface DotGeneralParams {
  readonly dimensionNumbers: DotDimensionNumbers;
  readonly precision: PrecisionPair | null;
  /** Dtype of the result, and of its sums; null: the wider one of the operands. */
  readonly preferredElementType: DType | null;
}
type AxisPairsLike = readonly [lhs: number | readonly number[], rhs: number | readonly number[]];
type DotDimensionNumbersLike = readonly [contract: AxisPairsLike, batch: AxisPairsLike];

const axesOf = (axes: number | readonly number[]): readonly number[] =>
  typeof axes === "number" ? [axes] : axes;

/** XLA's order of dtypes: complex, exponent, mantissa, width, signedness. */
const floatRanks: Partial<Record<DType, readonly [exponent: number, mantissa: number]>> = {
  float16: [16, 10],
  bfloat16: [128, 7],
  float32: [128, 23],
  complex64: [128, 23],
  float64: [1024, 52],
};
function rankOf(dtype: DType): number[] {
  const { kind, bits } = dtypeInfo[dtype];
  const width = kind === "bool" ? 1 : kind === "complex" ? bits / 2 : bits;
  return [Number(kind === "complex"), ...(floatRanks[dtype] ?? [-1, -1]), width, Number(kind !== "uint")];
}

function outDType(lhs: DType, rhs: DType, preferred: DType | null): DType {
  const [left, right] = [rankOf(lhs), rankOf(rhs)];
  const place = left.findIndex((rank, i) => rank !== right[i]);
  const wider = place < 0 || left[place]! > right[place]! ? lhs : rhs;
  if (preferred === null || preferred === wider) return wider;
  checkDType(preferred, "numberOrBool", "dot_general preferred_element_type", 0);
  const bits = (dtype: DType) => (dtype === "bool" ? 1 : dtypeInfo[dtype].bits);
  if (!isFloat(wider) && !isComplex(wider) && bits(preferred) < bits(wider)) {
    throw new DTypeError(
      "dot/preferred",
      `dot_general: preferredElementType must not be narrower than the operands' type, got ${preferred} for ${wider}`,
    );
  }
  return preferred;
}

/** The cotangent of `x` in `x·y`, whose result has the kept axes of `x` before those of `y` if `xFirst`. */
function pullBack(
  ct: ArrayValue,
  x: Aval,
  y: ArrayValue,
  [xContract, yContract]: AxisPairs,
  [xBatch, yBatch]: AxisPairs,
  { precision, preferredElementType }: DotGeneralParams,
  xFirst: boolean,
): ArrayValue {
  const xKept = keptAxes(x.shape.length, xContract, xBatch);
  const yKept = keptAxes(y.ndim, yContract, yBatch);
  const ctKept = range(yKept.length, xBatch.length + (xFirst ? xKept.length : 0));
  const product = dotGeneral.bind([ct, y], {
    dimensionNumbers: [
      [ctKept, yKept],
      [range(xBatch.length), yBatch],
    ],
    precision,
    preferredElementType,
  })[0]!;
  // Its axes are the shared ones, those that x kept, and those of y that were contracted, in y's order.
  const contracted = argsort(yContract).map((i) => xContract[i]!);
  const moved = transpose(product, argsort([...xBatch, ...xKept, ...contracted]));
  return moved.dtype === x.dtype
    ? moved
    : convertElementType.bind([moved], { newDtype: x.dtype, weakType: x.weak })[0]!;
}

/** JAX writes axes as a list, and lists of those as tuples. */
const axisPairs = param.tuple(param.integers, param.integers);
const dimensionNumbers: param.ParamKind<DotDimensionNumbers> = {
  ...param.tuple(axisPairs, axisPairs),
  write: (value) => `(${value.map(([lhs, rhs]) => `([${lhs.join(", ")}], [${rhs.join(", ")}])`).join(", ")})`,
};

/**
 * Sums of products over pairs of contracted axes, for each place on pairs of batch axes.
 *
 * Shape: batch axes, then the axes kept of lhs, then those kept of rhs. Dtype: `preferredElementType`, or the wider one of
 * the operands. Sums of f16 and bf16 are rounded once, at the end.
 * @throws ShapeError when axes are out of bounds, repeated, or paired sizes differ; DTypeError on keys, or when
 * `preferredElementType` is narrower than integer operands; ArgumentError on an unknown precision.
 * @see `jax.lax.dot_general`, https://openxla.org/stablehlo/spec#dot_general
 */
export const dotGeneral: Op<
  (
    lhs: Operand,
    rhs: Operand,
    dimensionNumbers: DotDimensionNumbersLike,
    ...rest: Optionals<[precision: PrecisionLike, preferredElementType: DTypeLike | null], ProductOptions>
  ) => ArrayValue,
  "dot_general",
  [lhs: ArrayValue, rhs: ArrayValue],
  DotGeneralParams
> = definePrimitive("dot_general", {
  call: (lhs, rhs, [[lhsContract, rhsContract], [lhsBatch, rhsBatch]], ...rest) => {
    const names = ["precision", "preferredElementType"] as const;
    const options = readOptions<ProductOptions>("dot_general", names, rest);
    const { precision = null, preferredElementType = null } = options;
    return dotGeneral.bind([toArray(lhs, "dot_general"), toArray(rhs, "dot_general", 1)], {
      dimensionNumbers: [
        [axesOf(lhsContract), axesOf(rhsContract)],
        [axesOf(lhsBatch), axesOf(rhsBatch)],
      ],
      precision: precisionOf(precision, "dot_general"),
      preferredElementType: preferredElementType && toDType(preferredElementType, "dot_general"),
    })[0]!;
  },
  arity: 2,
  params: {
    dimensionNumbers,
    precision: param.unless(null, param.nullable(precisionPair)),
    preferredElementType: param.unless(null, param.nullable(param.dtype)),
  },
  abstract: ([lhs, rhs], { dimensionNumbers, preferredElementType }) => {
    checkDType(lhs.dtype, "numberOrBool", "dot_general", 0);
    checkDType(rhs.dtype, "numberOrBool", "dot_general", 1);
    checkDimensions(lhs.shape, rhs.shape, dimensionNumbers);
    const dtype = outDType(lhs.dtype, rhs.dtype, preferredElementType);
    return avalOf(outShape(lhs.shape, rhs.shape, dimensionNumbers), dtype, lhs.weak && rhs.weak);
  },
  batch: (operands, dims, _size, params) => {
    const [dimensionNumbers, dim] = batchDimensions(operands, dims, params.dimensionNumbers);
    return [dotGeneral.bind(operands, { ...params, dimensionNumbers }), [dim]];
  },
  jvp: "multilinear",
  transpose: [
    (ct, [x, y], params) => {
      const [contract, batch] = params.dimensionNumbers;
      return pullBack(ct, x.aval, y, contract, batch, params, true);
    },
    (ct, [x, y], params) => {
      const [[xContract, yContract], [xBatch, yBatch]] = params.dimensionNumbers;
      return pullBack(ct, y.aval, x, [yContract, xContract], [yBatch, xBatch], params, false);
    },
  ],
  samples: [
    sample([2, 3], [3, 4], [[1], [0]]),
    sample([3], [3], [[0], [0]]),
    sample([2], [3], [[], []]),
    sample([2, 3, 2], [2, 2, 2], [[2], [1]], [[0], [0]]),
    sample(
      [2, 3, 4],
      [4, 2],
      [
        [2, 0],
        [0, 1],
      ],
    ),
    sample(
      [2, 3, 2, 2],
      [2, 2, 3],
      [[1], [2]],
      [
        [3, 0],
        [0, 1],
      ],
    ),
  ],
});

function sample(lhs: Shape, rhs: Shape, contract: AxisPairs, batch: AxisPairs = [[], []]) {
  const params = {
    dimensionNumbers: [contract, batch],
    precision: null,
    preferredElementType: null,
  } as const;
  return { operands: [{ shape: lhs }, { shape: rhs }], params };
}

/**
 * Product of two matrices, a matrix and a vector, or two vectors; anything else takes `dimensionNumbers`.
 *
 * Shape: `[m, k], [k, n] → [m, n]`; without `m` or `n` where an operand is a vector. Dtype and errors as `dotGeneral`.
 * @see `jax.lax.dot`
 */
export function dot(
  lhs: Operand,
  rhs: Operand,
  ...rest: Optionals<[], ProductOptions & { readonly dimensionNumbers?: DotDimensionNumbersLike }>
): ArrayValue {
  const names = ["dimensionNumbers", "precision", "preferredElementType"] as const;
  const { dimensionNumbers, ...options } = readOptions<
    ProductOptions & { readonly dimensionNumbers?: DotDimensionNumbersLike }
  >("dot", names, rest);
  if (dimensionNumbers !== undefined) return dotGeneral(lhs, rhs, dimensionNumbers, options);
  const [x, y] = [toArray(lhs, "dot"), toArray(rhs, "dot", 1)];
  const simple = [x, y].every(({ ndim }) => ndim === 1 || ndim === 2);
  if (!simple || x.shape.at(-1) !== y.shape[0]) {
    throw new ShapeError(
      "dot/simple",
      `dot: shapes ${showShape(x.shape)} and ${showShape(y.shape)} are no product of matrices or vectors: give dimensionNumbers, or use np.matmul`,
    );
  }
  const contract: AxisPairs = [[x.ndim - 1], [0]];
  return dotGeneral(x, y, [contract, [[], []]], options);
}

/**
 * Products of matrices in equally shaped batches.
 *
 * Shape: `[…s, m, k], […s, k, n] → […s, m, n]`. Dtype as `dotGeneral`.
 * @throws ShapeError when ranks differ, are below 2, or sizes do not fit.
 * @see `jax.lax.batch_matmul`
 */
export function batchMatmul(
  lhs: Operand,
  rhs: Operand,
  ...rest: Optionals<[precision: PrecisionLike], Pick<ProductOptions, "precision">>
): ArrayValue {
  const [x, y] = [toArray(lhs, "batch_matmul"), toArray(rhs, "batch_matmul", 1)];
  const options = readOptions<Pick<ProductOptions, "precision">>("batch_matmul", ["precision"], rest);
  if (x.ndim !== y.ndim || x.ndim < 2) {
    throw new ShapeError(
      "dot/rank",
      `batch_matmul: both operands must have the same rank, at least 2; got shapes ${showShape(x.shape)} and ${showShape(y.shape)}: np.matmul broadcasts`,
    );
  }
  const contract: AxisPairs = [[x.ndim - 1], [x.ndim - 2]];
  const batch = range(x.ndim - 2);
  return dotGeneral(x, y, [contract, [batch, batch]], options);
}
