import { ArgumentError } from "../core/errors.ts";
import type { IndexMode } from "../core/method-types.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { scalarOf } from "../core/scalar.ts";
import { type ArrayValue, concreteOf, type Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { type Scatter, scatterUpdate } from "./at.ts";
import { integersOf } from "./elements.ts";
import { greatestOf, leastOf } from "./limits.ts";
import { toArray } from "./promotion.ts";

export interface SegmentOptions {
  /** Number of segments; by default one more than the greatest id, which must be concrete then. */
  numSegments?: number | null | undefined;
  indicesAreSorted?: boolean | undefined;
  uniqueIndices?: boolean | undefined;
  /** What becomes of ids out of bounds: `drop`, the default, or `clip`. */
  mode?: IndexMode | undefined;
}
const names = ["numSegments", "indicesAreSorted", "uniqueIndices", "mode"] as const;
type Rest = Optionals<[numSegments: number | null], SegmentOptions>;

/** @throws ConcretizationError when the number of segments depends on traced ids. */
function countOf(ids: ArrayValue, given: number | null, caller: string): number {
  if (given === null) {
    const known = concreteOf(ids, `${caller} without numSegments`);
    return integersOf(known).reduce((count, id) => Math.max(count, id + 1), 0);
  }
  if (Number.isInteger(given) && given >= 0) return given;
  throw new ArgumentError(
    "segment/count",
    `${caller}: numSegments must be a non-negative integer, got ${given}`,
  );
}

function reduceSegments(
  name: string,
  scatter: Scatter,
  identity: (data: ArrayValue) => number | bigint | boolean,
  data: Operand,
  segmentIds: Operand,
  rest: Rest,
): ArrayValue {
  const caller = `ops.${name}`;
  const { numSegments = null, ...options } = readOptions<SegmentOptions>(caller, names, rest);
  const values = toArray(data, caller);
  const ids = toArray(segmentIds, caller, 1);
  const count = countOf(ids, numSegments, caller);
  const initial = scalarOf(identity(values), values.dtype);
  const out = lax.broadcast(initial, [count, ...values.shape.slice(1)]);
  return scatterUpdate(out, [ids], values, scatter, { ...options, wrapNegativeIndices: false }, caller);
}

/**
 * Sums of the elements of `data` with one id.
 *
 * Shape: `[n, …s], [n] → [numSegments, …s]`. Dtype: that of `data`. Ids out of bounds, negative ones too, are left out.
 * @throws ConcretizationError when the ids are traced and `numSegments` is not given.
 * @see `jax.ops.segment_sum`
 */
export const segmentSum = (data: Operand, segmentIds: Operand, ...rest: Rest): ArrayValue =>
  reduceSegments("segmentSum", lax.scatterAdd, () => 0, data, segmentIds, rest);
/** Products of the elements of `data` with one id; as {@link segmentSum}. @see `jax.ops.segment_prod` */
export const segmentProd = (data: Operand, segmentIds: Operand, ...rest: Rest): ArrayValue =>
  reduceSegments("segmentProd", lax.scatterMul, () => 1, data, segmentIds, rest);
/** The greatest element of `data` with each id, or the least value; as {@link segmentSum}. @see `jax.ops.segment_max` */
export const segmentMax = (data: Operand, segmentIds: Operand, ...rest: Rest): ArrayValue =>
  reduceSegments("segmentMax", lax.scatterMax, (x) => leastOf(x.dtype), data, segmentIds, rest);
/** The least element of `data` with each id, or the greatest value; as {@link segmentSum}. @see `jax.ops.segment_min` */
export const segmentMin = (data: Operand, segmentIds: Operand, ...rest: Rest): ArrayValue =>
  reduceSegments("segmentMin", lax.scatterMin, (x) => greatestOf(x.dtype), data, segmentIds, rest);
