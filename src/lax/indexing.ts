import { dtypeInfo, type DType, isInteger, isSigned, kindOf } from "../core/dtype.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { type BatchRule, definePrimitive, type Op } from "../core/primitive.ts";
import { zerosOf } from "../core/rules.ts";
import type { Shape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import {
  type GatherScatterMode,
  type GatherScatterModeLike,
  indicesAhead,
  placeOfIndexAxis,
  placeOfWindowAxis,
  toMode,
  withBatchingPair,
} from "./dimension-numbers.ts";
import { inserted, shiftAxes } from "./dimensions.ts";
import {
  checkGather,
  gatherKinds,
  type GatherDimensionNumbersLike,
  type GatherParams,
} from "./gather-dimensions.ts";
import { toArray } from "./operand.ts";
import { scatterAdd } from "./scatter.ts";

interface GatherOptions {
  readonly uniqueIndices?: boolean;
  readonly indicesAreSorted?: boolean;
  /** Default: `promise_in_bounds`. */
  readonly mode?: GatherScatterModeLike;
  /** Default: NaN, the least integer, the greatest unsigned integer, true. */
  readonly fillValue?: number | bigint | boolean | null;
}

function defaultFill(dtype: DType): number | bigint | boolean {
  if (dtype === "bool") return true;
  if (kindOf(dtype) === "key") return 2 ** 32 - 1;
  if (!isInteger(dtype)) return NaN;
  const { bits } = dtypeInfo[dtype];
  if (isSigned(dtype)) return -(2 ** (bits - 1));
  return bits === 64 ? 2n ** 64n - 1n : 2 ** bits - 1;
}

/**
 * Windows of `x` of `sliceSizes` elements, one for each index vector in `startIndices`.
 *
 * Shape: the axes of the indices but the last, with the window's axes put in at `offsetDims`. Dtype: that of `x`.
 * @throws ShapeError when axes or sizes do not fit; DTypeError when the indices are not integers.
 * @see `jax.lax.gather`
 */
export const gather: Op<
  (
    x: Operand,
    startIndices: Operand,
    dimensionNumbers: GatherDimensionNumbersLike,
    sliceSizes: Shape,
    ...rest: Optionals<[], GatherOptions>
  ) => ArrayValue,
  "gather",
  [x: ArrayValue, indices: ArrayValue],
  GatherParams
> = definePrimitive("gather", {
  call: (operand, startIndices, dimensionNumbers, sliceSizes, ...rest) => {
    const x = toArray(operand, "gather");
    const names = ["uniqueIndices", "indicesAreSorted", "mode", "fillValue"] as const;
    const options = readOptions<GatherOptions>("gather", names, rest);
    const mode = toMode(options.mode ?? null, "promise_in_bounds", "gather");
    return gather.bind([x, toArray(startIndices, "gather", 1)], {
      dimensionNumbers: { operandBatchingDims: [], startIndicesBatchingDims: [], ...dimensionNumbers },
      sliceSizes,
      indicesAreSorted: options.indicesAreSorted ?? false,
      uniqueIndices: options.uniqueIndices ?? false,
      mode,
      fillValue: mode === "fill" ? (options.fillValue ?? defaultFill(x.dtype)) : null,
    })[0]!;
  },
  arity: 2,
  params: gatherKinds,
  abstract: ([x, indices], params) => {
    checkGather(x, indices, params);
    const { offsetDims, collapsedSliceDims, operandBatchingDims } = params.dimensionNumbers;
    const gone = [...collapsedSliceDims, ...operandBatchingDims];
    const window = params.sliceSizes.filter((_, axis) => !gone.includes(axis));
    const shape = indices.shape.slice(0, -1);
    offsetDims.forEach((axis, i) => shape.splice(axis, 0, window[i]!));
    return { ...x, shape };
  },
  jvp: [(t, _out, [, indices], params) => gather.bind([t, indices], zeroFilled(params))[0]!],
  transpose: [
    (ct, [x, indices], { dimensionNumbers, indicesAreSorted, uniqueIndices, mode }) =>
      scatterAdd.bind([zerosOf(x.aval), indices, ct], {
        dimensionNumbers: {
          updateWindowDims: dimensionNumbers.offsetDims,
          insertedWindowDims: dimensionNumbers.collapsedSliceDims,
          scatterDimsToOperandDims: dimensionNumbers.startIndexMap,
          operandBatchingDims: dimensionNumbers.operandBatchingDims,
          scatterIndicesBatchingDims: dimensionNumbers.startIndicesBatchingDims,
        },
        indicesAreSorted,
        uniqueIndices,
        mode,
      })[0]!,
  ],
  batch: (operands, dims, size, params) => batchGather(operands, dims, size, params),
  samples: [
    sample([3, 2], [4, 1], [0, 2, 2, 1], [1], [0], [0], [1, 2], "promise_in_bounds"),
    sample([5], [3, 1], [-1, 3, 9], [1], [], [0], [2], "clip"),
    sample([4, 3], [2, 2], [1, 2, 4, 0], [1], [1], [0, 1], [2, 1], "fill"),
    {
      operands: [{ shape: [2, 4] }, { shape: [2, 3, 1], dtype: "int32", values: [0, 3, 3, 1, 2, 0] }],
      params: {
        dimensionNumbers: {
          offsetDims: [],
          collapsedSliceDims: [1],
          startIndexMap: [1],
          operandBatchingDims: [0],
          startIndicesBatchingDims: [0],
        },
        sliceSizes: [1, 1],
        indicesAreSorted: false,
        uniqueIndices: false,
        mode: "clip",
        fillValue: null,
      },
    },
  ],
});

function sample(
  shape: Shape,
  indexShape: Shape,
  values: readonly number[],
  offsetDims: readonly number[],
  collapsedSliceDims: readonly number[],
  startIndexMap: readonly number[],
  sliceSizes: Shape,
  mode: GatherScatterMode,
) {
  const dimensionNumbers = {
    offsetDims,
    collapsedSliceDims,
    startIndexMap,
    operandBatchingDims: [],
    startIndicesBatchingDims: [],
  };
  return {
    operands: [{ shape }, { shape: indexShape, dtype: "int32", values }],
    params: {
      dimensionNumbers,
      sliceSizes,
      indicesAreSorted: false,
      uniqueIndices: false,
      mode,
      fillValue: mode === "fill" ? NaN : null,
    },
  } as const;
}

/** The gather of tangents: out of bounds they are 0. */
const zeroFilled = (params: GatherParams): GatherParams => ({
  ...params,
  fillValue: params.mode === "fill" ? 0 : null,
});

type GatherBatch = BatchRule<readonly [x: ArrayValue, indices: ArrayValue], GatherParams>;
const batchGather: GatherBatch = ([x, given], [dim, givenDim], size, params) => {
  const d = params.dimensionNumbers;
  const gone = shiftAxes([...d.collapsedSliceDims, ...d.operandBatchingDims], dim ?? Infinity);
  if (givenDim === null) {
    const [place, position] = placeOfWindowAxis(dim!, gone, d.offsetDims);
    const dimensionNumbers = {
      offsetDims: inserted(shiftAxes(d.offsetDims, place), position, place),
      collapsedSliceDims: shiftAxes(d.collapsedSliceDims, dim!),
      startIndexMap: shiftAxes(d.startIndexMap, dim!),
      operandBatchingDims: shiftAxes(d.operandBatchingDims, dim!),
      startIndicesBatchingDims: d.startIndicesBatchingDims,
    };
    const sliceSizes = inserted(params.sliceSizes, dim!, size);
    return [gather.bind([x, given], { ...params, dimensionNumbers, sliceSizes }), [place]];
  }
  const [indices, indexDim] = indicesAhead(given, givenDim!);
  const place = placeOfIndexAxis(indexDim, d.offsetDims);
  const offsetDims = shiftAxes(d.offsetDims, place);
  if (dim === null) {
    const startIndicesBatchingDims = shiftAxes(d.startIndicesBatchingDims, indexDim);
    const dimensionNumbers = { ...d, offsetDims, startIndicesBatchingDims };
    // The batch's windows into one operand are neither in order nor distinct.
    const unordered = { ...params, dimensionNumbers, uniqueIndices: false, indicesAreSorted: false };
    return [gather.bind([x, indices], unordered), [place]];
  }
  const [operandBatchingDims, startIndicesBatchingDims] = withBatchingPair(
    d.operandBatchingDims,
    d.startIndicesBatchingDims,
    dim!,
    indexDim,
  );
  const dimensionNumbers = {
    offsetDims,
    collapsedSliceDims: shiftAxes(d.collapsedSliceDims, dim!),
    startIndexMap: shiftAxes(d.startIndexMap, dim!),
    operandBatchingDims,
    startIndicesBatchingDims,
  };
  const sliceSizes = inserted(params.sliceSizes, dim!, Math.min(size, 1));
  return [gather.bind([x, indices], { ...params, dimensionNumbers, sliceSizes }), [place]];
};
