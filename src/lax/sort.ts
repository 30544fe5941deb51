import { isComplex } from "../core/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import * as param from "../core/param-kind.ts";
import { definePrimitive, type JvpRule, type Op } from "../core/primitive.ts";
import { canonicalAxis, range, sameShape, showShape } from "../core/shape.ts";
import { type ArrayValue, type Aval, avalOf, type Operand } from "../core/value.ts";
import { materialiseBatch } from "./algebra.ts";
import { broadcastedIota } from "./create.ts";
import { checkAxes, shiftAxes } from "./dimensions.ts";
import { gather } from "./indexing.ts";
import { checkDType, toArray } from "./operand.ts";
import { expandDims } from "./broadcast.ts";

export interface SortParams {
  readonly dimension: number;
  readonly isStable: boolean;
  /** The first operands, compared one after the other. */
  readonly numKeys: number;
}

/** `x` with its elements along `axis` taken from the places that `indices` names there, all others being equal. */
function takeAlong(x: ArrayValue, indices: ArrayValue, axis: number): ArrayValue {
  const others = range(x.ndim).filter((a) => a !== axis);
  return gather.bind([x, expandDims(indices, [x.ndim])], {
    dimensionNumbers: {
      offsetDims: [],
      collapsedSliceDims: [axis],
      startIndexMap: [axis],
      operandBatchingDims: others,
      startIndicesBatchingDims: others,
    },
    sliceSizes: x.shape.map(() => 1),
    indicesAreSorted: false,
    uniqueIndices: false,
    mode: "promise_in_bounds",
    fillValue: null,
  })[0]!;
}

/** Tangents follow the permutation, which a sorted iota tells. */
const sortJvp: JvpRule<ArrayValue[], SortParams> = (primals, tangents, params) => {
  if (tangents.every((t) => t === null)) {
    const outs = sort.bind(primals, params);
    return [outs, outs.map(() => null)];
  }
  const places = broadcastedIota("uint32", primals[0]!.shape, params.dimension);
  const sorted = sort.bind([...primals, places], params);
  const permutation = sorted.pop()!;
  return [sorted, tangents.map((t) => t && takeAlong(t, permutation, params.dimension))];
};

/**
 * Sorts along `dimension` (default: the last axis), ascending. Of several operands the first `numKeys` (default 1) are
 * compared, one after the other, and all are permuted alike.
 *
 * NaNs come last and equal one another, as do 0 and -0; complex numbers are compared by real, then by imaginary part.
 *
 * Shape and dtype: those of the operands, whose shapes are equal. One array gives one, a list gives a list.
 * @throws ShapeError when shapes differ or the axis is out of bounds; ArgumentError on no operands, or a `numKeys` that
 * is not between 1 and their number; DTypeError on keys of a random generator.
 * @see `jax.lax.sort`
 */
export const sort: Op<
  <T extends Operand | readonly Operand[]>(
    operand: T,
    ...rest: Optionals<[dimension: number, isStable: boolean, numKeys: number], Partial<SortParams>>
  ) => T extends readonly Operand[] ? ArrayValue[] : ArrayValue,
  "sort",
  ArrayValue[],
  SortParams
> = definePrimitive("sort", {
  call: (operand: Operand | readonly Operand[], ...rest: readonly unknown[]) => {
    const names = ["dimension", "isStable", "numKeys"] as const;
    const options = readOptions<Partial<SortParams>>("sort", names, rest);
    const { dimension = -1, isStable = true, numKeys = 1 } = options;
    const single = !Array.isArray(operand);
    // Array.isArray does not narrow a readonly list.
    const list = single ? [operand as Operand] : (operand as readonly Operand[]);
    const operands = list.map((x, i) => toArray(x, "sort", i));
    const params = { dimension: canonicalAxis(dimension, operands[0]?.ndim ?? 1, "sort"), isStable, numKeys };
    const sorted = sort.bind(operands, params);
    // A conditional type is not resolved inside the function.
    return (single ? sorted[0]! : sorted) as never;
  },
  params: { dimension: param.integer, isStable: param.boolean, numKeys: param.integer },
  abstract: (avals, { dimension, numKeys }) => {
    const [first] = avals;
    if (first === undefined) throw new ArgumentError("lax/operands", "sort requires at least one operand");
    if (!Number.isInteger(numKeys) || numKeys < 1 || numKeys > avals.length) {
      throw new ArgumentError(
        "lax/keys",
        `sort: numKeys must be between 1 and the number of operands, ${avals.length}; got ${numKeys}`,
      );
    }
    if (!avals.every((x) => sameShape(x.shape, first.shape))) {
      throw new ShapeError(
        "lax/shape",
        `sort: operands must have equal shapes, got ${avals.map((x) => showShape(x.shape)).join(", ")}`,
      );
    }
    checkAxes([dimension], first.shape.length, "dimension", "sort");
    avals.forEach((x, i) => checkDType(x.dtype, "numberOrBool", "sort", i));
    return avals;
  },
  batch: (operands, dims, size, params) => {
    const dim = dims.find((d) => d !== null)!;
    const aligned = operands.map((x, i) => materialiseBatch(x, dims[i] ?? null, size, dim));
    const [dimension] = shiftAxes([params.dimension], dim);
    return [sort.bind(aligned, { ...params, dimension: dimension! }), operands.map(() => dim)];
  },
  jvp: sortJvp,
  samples: [
    {
      operands: [{ shape: [2, 3], values: [3, 1, -2, 0.5, 2.5, -1] }],
      params: { dimension: 1, isStable: true, numKeys: 1 },
    },
    {
      operands: [{ shape: [3, 2], values: [3, 1, -2, 0.5, 2.5, -1] }, { shape: [3, 2] }],
      params: { dimension: 0, isStable: true, numKeys: 1 },
    },
    {
      operands: [
        { shape: [4], dtype: "int32", values: [1, 0, 1, 0] },
        { shape: [4], values: [0.5, 2, -1, 1] },
      ],
      params: { dimension: 0, isStable: true, numKeys: 2 },
    },
  ],
});

/**
 * Sorts `keys` along `dimension` and permutes `values` alike.
 *
 * @throws as `sort`. @see `jax.lax.sort_key_val`
 */
export function sortKeyVal(
  keys: Operand,
  values: Operand,
  ...rest: Optionals<[dimension: number, isStable: boolean], Partial<Omit<SortParams, "numKeys">>>
): [keys: ArrayValue, values: ArrayValue] {
  const options = readOptions<Partial<SortParams>>("sort_key_val", ["dimension", "isStable"], rest);
  const [sorted, permuted] = sort([keys, values], options);
  return [sorted!, permuted!];
}

export interface TopKParams {
  readonly k: number;
  readonly axis: number;
}

/**
 * The `k` largest elements along `axis` (default: the last), descending, and where they were.
 *
 * NaNs count as largest, 0 as larger than -0; of equal elements the one that comes first leads.
 *
 * Shape: `[…s] → […s with k at axis]`, twice. Dtype: that of the operand, and int32.
 * @throws ShapeError when `k` is larger than the axis, negative or no integer, or the axis is out of bounds; DTypeError
 * on a complex or key operand.
 * @see `jax.lax.top_k`
 */
export const topK: Op<
  (
    operand: Operand,
    k: number,
    ...rest: Optionals<[axis: number], { readonly axis?: number }>
  ) => [values: ArrayValue, indices: ArrayValue],
  "top_k",
  [x: ArrayValue],
  TopKParams
> = definePrimitive("top_k", {
  call: (operand, k, ...rest) => {
    const { axis = -1 } = readOptions<{ readonly axis?: number }>("top_k", ["axis"], rest);
    const x = toArray(operand, "top_k");
    const [values, indices] = topK.bind([x], { k, axis: canonicalAxis(axis, x.ndim, "top_k") });
    return [values!, indices!];
  },
  arity: 1,
  params: { k: param.integer, axis: param.integer },
  abstract: ([x], { k, axis }): [Aval, Aval] => {
    if (isComplex(x.dtype))
      throw new DTypeError("lax/dtype", "top_k is not compatible with complex inputs: they have no order");
    checkDType(x.dtype, "ordered", "top_k", 0);
    checkAxes([axis], x.shape.length, "axis", "top_k");
    const size = x.shape[axis]!;
    if (!Number.isInteger(k) || k < 0 || k > size) {
      throw new ShapeError(
        "lax/top_k",
        `top_k: k must be an integer from 0 to the size along axis ${axis}, ${size}; got ${k} for shape ${showShape(x.shape)}`,
      );
    }
    const shape = x.shape.with(axis, k);
    return [avalOf(shape, x.dtype, x.weak), avalOf(shape, "int32")];
  },
  batch: ([x], [dim], _size, { k, axis }) => [
    topK.bind([x], { k, axis: shiftAxes([axis], dim!)[0]! }),
    [dim!, dim!],
  ],
  jvp: ([x], [t], params) => {
    const outs = topK.bind([x], params);
    return [outs, [t ? takeAlong(t, outs[1]!, params.axis) : null, null]];
  },
  samples: [
    { operands: [{ shape: [2, 3], values: [3, 1, -2, 0.5, 2.5, -1] }], params: { k: 2, axis: 1 } },
    { operands: [{ shape: [3, 2], values: [3, 1, -2, 0.5, 2.5, -1] }], params: { k: 1, axis: 0 } },
  ],
});
