import { DTypeError } from "../core/errors.ts";
import { ClosedJaxpr, Var } from "../core/jaxpr.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import type { AnyPrimitive, BatchRule, JvpRule, Op, PullBack, Sample } from "../core/primitive.ts";
import { zerosOf } from "../core/rules.ts";
import type { Shape } from "../core/shape.ts";
import { type ArrayValue, type Aval, avalOf, type Operand } from "../core/value.ts";
import { materialiseBatch } from "./algebra.ts";
import {
  type GatherScatterModeLike,
  indicesAhead,
  placeOfIndexAxis,
  placeOfWindowAxis,
  toMode,
  withBatchingPair,
} from "./dimension-numbers.ts";
import { inserted, shiftAxes } from "./dimensions.ts";
import { gather } from "./indexing.ts";
import { type Accepts, checkDType, sameDTypes, toArray } from "./operand.ts";
import {
  checkScatter,
  type ScatterDimensionNumbersLike,
  type ScatterParams,
  windowSizes,
} from "./scatter-dimensions.ts";

interface ScatterOptions {
  readonly indicesAreSorted?: boolean;
  readonly uniqueIndices?: boolean;
  /** Default: `fill`, which drops. */
  readonly mode?: GatherScatterModeLike;
}
type ScatterCall = (
  x: Operand,
  indices: Operand,
  updates: Operand,
  dimensionNumbers: ScatterDimensionNumbersLike,
  ...rest: Optionals<[], ScatterOptions>
) => ArrayValue;
export type ScatterOperands = [x: ArrayValue, indices: ArrayValue, updates: ArrayValue];
export type Scatter<Name extends string> = Op<ScatterCall, Name, ScatterOperands, ScatterParams>;

/** The call of a scatter, with JAX's signature. */
export const callOf =
  (prim: () => Scatter<string>): ScatterCall =>
  (x, indices, updates, dimensionNumbers, ...rest) => {
    const caller = prim().primitive;
    const [operand, values] = sameDTypes([x, updates], caller) as [ArrayValue, ArrayValue];
    const names = ["indicesAreSorted", "uniqueIndices", "mode"] as const;
    const options = readOptions<ScatterOptions>(caller, names, rest);
    return prim().bind([operand, toArray(indices, caller, 1), values], {
      dimensionNumbers: { operandBatchingDims: [], scatterIndicesBatchingDims: [], ...dimensionNumbers },
      indicesAreSorted: options.indicesAreSorted ?? false,
      uniqueIndices: options.uniqueIndices ?? false,
      mode: toMode(options.mode ?? null, "fill", caller),
    })[0]!;
  };

/** The shape rule of a scatter: the result is as the operand. */
export const abstractOf =
  (name: string, group: Accepts) =>
  ([x, indices, updates]: readonly [x: Aval, indices: Aval, updates: Aval], params: ScatterParams): Aval => {
    checkDType(x.dtype, group, name, 0);
    if (x.dtype !== updates.dtype) {
      throw new DTypeError(
        "lax/dtype",
        `lax.${name} requires arguments to have the same dtypes, got ${x.dtype}, ${updates.dtype}: convert one with astype`,
      );
    }
    checkScatter(x, indices, updates, params.dimensionNumbers, name);
    return x;
  };

/** The elements of `x` where the updates go, in the shape of the updates; 0 where they are dropped. */
export function gatherBack(
  x: ArrayValue,
  indices: ArrayValue,
  updates: Shape,
  params: ScatterParams,
): ArrayValue {
  const d = params.dimensionNumbers;
  return gather.bind([x, indices], {
    dimensionNumbers: {
      offsetDims: d.updateWindowDims,
      collapsedSliceDims: d.insertedWindowDims,
      startIndexMap: d.scatterDimsToOperandDims,
      operandBatchingDims: d.operandBatchingDims,
      startIndicesBatchingDims: d.scatterIndicesBatchingDims,
    },
    sliceSizes: windowSizes(x.shape, updates, d),
    indicesAreSorted: params.indicesAreSorted,
    uniqueIndices: params.uniqueIndices,
    mode: params.mode,
    fillValue: params.mode === "fill" ? 0 : null,
  })[0]!;
}

/** The batch rule of a scatter: the operand keeps its batch axis, or gets one in front to be scattered into. */
export const batchOf =
  (prim: () => Scatter<string>): BatchRule<ScatterOperands, ScatterParams> =>
  ([x, givenIndices, givenUpdates], [xDim, givenDim, updateDim], size, params) => {
    const d = params.dimensionNumbers;
    const dim = xDim ?? 0;
    const operand = materialiseBatch(x, xDim ?? null, size, dim);
    const shifted = {
      insertedWindowDims: shiftAxes(d.insertedWindowDims, dim),
      scatterDimsToOperandDims: shiftAxes(d.scatterDimsToOperandDims, dim),
    };
    if (givenDim === null) {
      const operandBatchingDims = shiftAxes(d.operandBatchingDims, dim);
      const gone = [...shifted.insertedWindowDims, ...operandBatchingDims];
      const [place, position] = placeOfWindowAxis(dim, gone, d.updateWindowDims);
      const updateWindowDims = inserted(shiftAxes(d.updateWindowDims, place), position, place);
      const dimensionNumbers = { ...d, ...shifted, updateWindowDims, operandBatchingDims };
      const updates = materialiseBatch(givenUpdates, updateDim ?? null, size, place);
      return [prim().bind([operand, givenIndices, updates], { ...params, dimensionNumbers }), [dim]];
    }
    const [indices, indexDim] = indicesAhead(givenIndices, givenDim!);
    const place = placeOfIndexAxis(indexDim, d.updateWindowDims);
    const [operandBatchingDims, scatterIndicesBatchingDims] = withBatchingPair(
      d.operandBatchingDims,
      d.scatterIndicesBatchingDims,
      dim,
      indexDim,
    );
    const dimensionNumbers = {
      ...shifted,
      updateWindowDims: shiftAxes(d.updateWindowDims, place),
      operandBatchingDims,
      scatterIndicesBatchingDims,
    };
    const updates = materialiseBatch(givenUpdates, updateDim ?? null, size, place);
    return [prim().bind([operand, indices, updates], { ...params, dimensionNumbers }), [dim]];
  };

/** The jvp of a scatter that is linear in operand and updates together. */
export const jointJvp =
  (prim: () => Scatter<string>): JvpRule<ScatterOperands, ScatterParams> =>
  ([x, indices, updates], [tx, , tu], params) => {
    const out = prim().bind([x, indices, updates], params);
    if (!tx && !tu) return [out, [null]];
    return [out, prim().bind([tx ?? zerosOf(x.aval), indices, tu ?? zerosOf(updates.aval)], params)];
  };

/** What JAX prints of what is done with the old element and the new one. */
export const showUpdate =
  (update: (() => AnyPrimitive) | null) =>
  (_params: ScatterParams, [x]: readonly Aval[]) => ({
    update_consts: [],
    update_jaxpr: update && updateJaxpr(update(), avalOf([], x!.dtype)),
  });

const updateJaxprs = new Map<string, ClosedJaxpr>();
/** One object for each primitive and dtype, so that a program with several scatters shows it once. */
function updateJaxpr(primitive: AnyPrimitive, aval: Aval): ClosedJaxpr {
  const key = `${primitive.primitive} ${aval.dtype}`;
  let jaxpr = updateJaxprs.get(key);
  if (jaxpr === undefined) {
    const [a, b, c] = [new Var(aval), new Var(aval), new Var(aval)];
    const eqn = { primitive, inputs: [a, b], outputs: [c], params: {}, effects: [], source: undefined };
    jaxpr = new ClosedJaxpr({ constvars: [], invars: [a, b], eqns: [eqn], outvars: [c], effects: [] }, []);
    updateJaxprs.set(key, jaxpr);
  }
  return jaxpr;
}

/** Samples: single elements, windows that overrun, and a batched one; `unique` says that no place is hit twice. */
export function samplesOf(unique: boolean): Sample<ScatterParams>[] {
  const batching = { operandBatchingDims: [], scatterIndicesBatchingDims: [] };
  const flags = { indicesAreSorted: false, uniqueIndices: unique };
  return [
    {
      operands: [
        { shape: [4, 2] },
        { shape: [3, 1], dtype: "int32", values: unique ? [2, 0, 9] : [2, 0, 2] },
        { shape: [3, 2] },
      ],
      params: {
        dimensionNumbers: {
          updateWindowDims: [1],
          insertedWindowDims: [0],
          scatterDimsToOperandDims: [0],
          ...batching,
        },
        ...flags,
        mode: "fill",
      },
    },
    {
      operands: [
        { shape: [5] },
        { shape: [2, 1], dtype: "int32", values: unique ? [-1, 7] : [1, 2] },
        { shape: [2, 2] },
      ],
      params: {
        dimensionNumbers: {
          updateWindowDims: [1],
          insertedWindowDims: [],
          scatterDimsToOperandDims: [0],
          ...batching,
        },
        ...flags,
        mode: "clip",
      },
    },
    {
      operands: [
        { shape: [2, 3] },
        { shape: [2, 2, 1], dtype: "int32", values: [2, 0, 1, 2] },
        { shape: [2, 2] },
      ],
      params: {
        dimensionNumbers: {
          updateWindowDims: [],
          insertedWindowDims: [1],
          scatterDimsToOperandDims: [1],
          operandBatchingDims: [0],
          scatterIndicesBatchingDims: [0],
        },
        ...flags,
        mode: "promise_in_bounds",
      },
    },
  ];
}

/** The cotangent of the updates where each of them is in the result, as a term or factor. */
export const gatherPull: PullBack<ScatterOperands, ScatterParams> = (ct, [, indices, updates], params) =>
  gatherBack(ct, indices, updates.aval.shape, params);
