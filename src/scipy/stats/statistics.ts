import { ArgumentError } from "../../core/errors.ts";
import { type Optionals, readOptions } from "../../core/options.ts";
import { canonicalAxis, sizeOf } from "../../core/shape.ts";
import { describe } from "../../core/trace.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import * as np from "../../numpy/index.ts";
import { defaultFloat, promoteInexact, toArray } from "../../numpy/promotion.ts";

type Axis = number | null;
/** Elements along the last axis, and whether each begins a run of equal ones in `sorted`. */
function beginnings(sorted: ArrayValue, equalNan: boolean): ArrayValue {
  const n = sorted.shape.at(-1)!;
  const axis = sorted.ndim - 1;
  const [before, after] = [lax.sliceInDim(sorted, 0, n - 1, 1, axis), lax.sliceInDim(sorted, 1, n, 1, axis)];
  const differ = np.notEqual(before, after);
  const bothNaN = () => np.logicalAnd(np.isnan(before), np.isnan(after));
  const inner = equalNan ? np.logicalAnd(differ, np.logicalNot(bothNaN())) : differ;
  return np.concatenate([np.ones([...sorted.shape.slice(0, -1), 1], { dtype: "bool" }), inner], { axis });
}
/** The place of each element along the last axis. */
const places = (like: ArrayValue): ArrayValue => lax.broadcastedIota("int32", like.shape, like.ndim - 1);
/** Where the run of each element begins. */
const firstOfRun = (starts: ArrayValue): ArrayValue =>
  lax.cummax(np.where(starts, places(starts), 0), starts.ndim - 1);

const policies = ["propagate", "omit", "raise"];
function checkPolicy(caller: string, policy: unknown, known: readonly string[]): void {
  if (known.includes(policy as string)) return;
  const why = policies.includes(policy as string)
    ? "is not there, as how many NaN there are is not known when a program is compiled"
    : `is one of ${known.map((name) => `"${name}"`).join(", ")}`;
  throw new ArgumentError("scipy/nan-policy", `${caller}: nanPolicy ${why}; got ${describe(policy)}`);
}

export interface ModeOptions {
  /** Along which axis. Default: 0; null takes all elements. */
  readonly axis?: Axis;
  /** What NaN does: `"propagate"`, which counts it as a value, is all there is. */
  readonly nanPolicy?: "propagate";
  readonly keepdims?: boolean;
}
/**
 * The most frequent element along an axis, the least of several, and how often it is there.
 *
 * Shape: `[…s] → [[…s without axis], […s without axis]]`. Dtype: that of `a`, and int32.
 * @throws ArgumentError on another policy for NaN. @see `jax.scipy.stats.mode`
 */
export function mode(
  a: Operand,
  ...rest: Optionals<[axis: Axis, nanPolicy: "propagate", keepdims: boolean], ModeOptions>
): [mode: ArrayValue, count: ArrayValue] {
  const caller = "scipy.stats.mode";
  const options = readOptions<ModeOptions>(caller, ["axis", "nanPolicy", "keepdims"], rest);
  const { axis = 0, nanPolicy = "propagate", keepdims = false } = options;
  checkPolicy(caller, nanPolicy, ["propagate"]);
  const x = np.atleast1d(toArray(a, caller)) as ArrayValue;
  const along = axis === null ? null : canonicalAxis(axis, x.ndim, caller);
  const kept = x.shape.flatMap((size, i) => (along !== null && i !== along ? [size] : keepdims ? [1] : []));
  const rows = along === null ? np.ravel(x) : np.moveaxis(x, along, -1);
  if (sizeOf(rows.shape) === 0) return [np.full(kept, NaN), np.zeros(kept)];
  const sorted = lax.sort(rows);
  const starts = beginnings(sorted, true);
  const counts = np.add(np.subtract(places(sorted), firstOfRun(starts)), 1);
  const longest = np.argmax(counts, { axis: -1, keepdims: true });
  const value = np.takeAlongAxis(sorted, longest, -1);
  return [np.reshape(value, kept), np.reshape(np.max(counts, { axis: -1 }), kept)];
}

export type RankMethod = "average" | "min" | "max" | "dense" | "ordinal";
const methods: readonly string[] = ["average", "min", "max", "dense", "ordinal"];
export interface RankOptions {
  /**
   * What equal elements get: the mean, the least or the greatest of their ranks; `"dense"`, the number of different
   * elements up to them; `"ordinal"`, ranks in the order in which they are. Default: `"average"`.
   */
  readonly method?: RankMethod;
  /** Along which axis. Default: null, all elements as one row. */
  readonly axis?: Axis;
  /** What NaN does: `"propagate"`, all ranks of its row are NaN, is all there is. */
  readonly nanPolicy?: "propagate";
}
/**
 * The rank of each element among those of its row, from 1 on.
 *
 * Shape: `[…s] → […s]`, or `[size]` without an axis. Dtype: float32.
 * @throws ArgumentError on an unknown method or another policy for NaN. @see `jax.scipy.stats.rankdata`
 */
export function rankdata(a: Operand, ...rest: Optionals<[method: RankMethod], RankOptions>): ArrayValue {
  const caller = "scipy.stats.rankdata";
  const options = readOptions<RankOptions>(caller, ["method", "axis", "nanPolicy"], rest);
  const { method = "average", axis = null, nanPolicy = "propagate" } = options;
  checkPolicy(caller, nanPolicy, ["propagate"]);
  if (!methods.includes(method)) {
    throw new ArgumentError(
      "scipy/rank",
      `${caller}: method is one of ${methods.map((name) => `"${name}"`).join(", ")}, got ${describe(method)}`,
    );
  }
  const x = toArray(a, caller);
  const along = axis === null ? null : canonicalAxis(axis, x.ndim, caller);
  const rows = along === null ? np.ravel(x) : np.moveaxis(x, along, -1);
  const last = rows.ndim - 1;
  const [sorted, order] = lax.sortKeyVal(rows, places(rows)) as readonly [ArrayValue, ArrayValue];
  const starts = beginnings(sorted, false);
  const first = np.add(firstOfRun(starts), 1);
  const following = lax.sliceInDim(starts, 1, rows.shape[last]!, 1, last);
  const ends = np.concatenate([following, np.ones([...rows.shape.slice(0, -1), 1], { dtype: "bool" })], {
    axis: last,
  });
  const end = () => np.add(lax.cummin(np.where(ends, places(rows), rows.shape[last]!), last, true), 1);
  const ofSorted = {
    ordinal: () => np.add(places(rows), 1),
    dense: () => np.cumsum(starts, { axis: last }),
    min: () => first,
    max: end,
    average: () => np.multiply(0.5, np.add(first, end())),
  }[method]();
  const ranks = np.astype(np.takeAlongAxis(ofSorted, np.argsort(order, { axis: -1 }), -1), defaultFloat());
  const undefinedRows = np.any(np.isnan(rows), { axis: -1, keepdims: true });
  const out = np.where(undefinedRows, NaN, ranks);
  return along === null ? out : np.moveaxis(out, -1, along);
}

export interface SemOptions {
  /** Along which axis. Default: 0; null takes all elements. */
  readonly axis?: Axis;
  /** What is taken from the number of elements in the variance. Default: 1. */
  readonly ddof?: number;
  /** What NaN does: it makes the result NaN, or is left out. Default: `"propagate"`. */
  readonly nanPolicy?: "propagate" | "omit";
  readonly keepdims?: boolean;
}
/**
 * The standard error of the mean: the standard deviation by the root of the number of elements.
 *
 * Shape: `[…s] → […s without axis]`. Dtype: float.
 * @throws ArgumentError on an unknown policy for NaN. @see `jax.scipy.stats.sem`
 */
export function sem(
  a: Operand,
  ...rest: Optionals<[axis: Axis, ddof: number, nanPolicy: "propagate" | "omit"], SemOptions>
): ArrayValue {
  const caller = "scipy.stats.sem";
  const options = readOptions<SemOptions>(caller, ["axis", "ddof", "nanPolicy", "keepdims"], rest);
  const { axis = 0, ddof = 1, nanPolicy = "propagate", keepdims = false } = options;
  checkPolicy(caller, nanPolicy, ["propagate", "omit"]);
  const [x] = promoteInexact(caller, a);
  if (nanPolicy === "omit") {
    const count = np.sum(np.logicalNot(np.isnan(x)), { axis, keepdims });
    return np.divide(np.nanstd(x, { axis, ddof, keepdims }), np.sqrt(np.astype(count, x.dtype)));
  }
  const size = axis === null ? x.size : x.shape[canonicalAxis(axis, x.ndim, caller)]!;
  return np.divide(np.std(x, { axis, ddof, keepdims }), Math.sqrt(size));
}
