import { isFloat } from "../core/dtype.ts";
import { DTypeError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import { neg } from "./arithmetic.ts";
import { toArray } from "./operand.ts";
import { topK } from "./sort.ts";

export interface ApproxTopKOptions {
  /** The axis along which is searched. Default: the last. */
  readonly reductionDimension?: number;
  /** How many of the wanted elements are to be found at least. All of them are. Default 0.95. */
  readonly recallTarget?: number;
  /** The size that the recall is told of. Default -1: that of the axis. */
  readonly reductionInputSizeOverride?: number;
  /** Whether there are to be no more than `k`; there never are. Default true. */
  readonly aggregateToTopk?: boolean;
}
type Settings = Optionals<
  [
    reductionDimension: number,
    recallTarget: number,
    reductionInputSizeOverride: number,
    aggregateToTopk: boolean,
  ],
  ApproxTopKOptions
>;
const names = [
  "reductionDimension",
  "recallTarget",
  "reductionInputSizeOverride",
  "aggregateToTopk",
] as const;

/** The operand and the axis, once they are found to be such. */
function checked(caller: string, operand: Operand, k: number, rest: Settings): [ArrayValue, number] {
  const { reductionDimension = -1, recallTarget = 0.95 } = readOptions<ApproxTopKOptions>(
    caller,
    names,
    rest,
  );
  const x = toArray(operand, caller);
  if (!isFloat(x.dtype))
    throw new DTypeError("lax/dtype", `${caller} takes floats, got ${x.dtype}: lax.topK takes integers, too`);
  if (!(k > 0)) throw new ShapeError("lax/top_k", `${caller}: k must be positive, got ${k}`);
  if (!(recallTarget > 0 && recallTarget <= 1))
    throw new ShapeError("lax/top_k", `${caller}: recallTarget must be in (0, 1], got ${recallTarget}`);
  return [x, reductionDimension];
}

/**
 * The `k` largest elements along an axis, descending, and where they were: as `topK`, exactly, whatever recall is asked for.
 *
 * Shape: `[…s] → […s with k at reductionDimension]`, twice. Dtype: float, and int32.
 * @throws ShapeError as `topK`, and when `k` or the recall is not positive; DTypeError when the operand is no float.
 * @see `jax.lax.approx_max_k`
 */
export function approxMaxK(
  operand: Operand,
  k: number,
  ...rest: Settings
): [values: ArrayValue, indices: ArrayValue] {
  const [x, axis] = checked("approxMaxK", operand, k, rest);
  return topK(x, k, axis);
}

/** The `k` smallest elements along an axis, ascending, otherwise as `approxMaxK`. @see `jax.lax.approx_min_k` */
export function approxMinK(
  operand: Operand,
  k: number,
  ...rest: Settings
): [values: ArrayValue, indices: ArrayValue] {
  const [x, axis] = checked("approxMinK", operand, k, rest);
  const [values, indices] = topK(neg(x), k, axis);
  return [neg(values), indices];
}
