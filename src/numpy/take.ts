import { isInteger } from "../core/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.ts";
import type { IndexMode, TakeOptions } from "../core/method-types.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { broadcastShapes, canonicalAxis, range, showShape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { scatterUpdate } from "./at.ts";
import { mod } from "./division.ts";
import { cast, isUnsigned, toArray } from "./promotion.ts";
import { broadcastArray } from "./where.ts";

const takeNames = ["axis", "mode", "uniqueIndices", "indicesAreSorted", "fillValue"] as const;

/** @throws DTypeError when indices are no integers. */
function checkIndices(indices: ArrayValue, caller: string): void {
  if (isInteger(indices.dtype)) return;
  throw new DTypeError("index/dtype", `${caller}: indices must be integers, got ${indices.dtype}`);
}

/** Negative indices counted from the front. */
const wrapped = (indices: ArrayValue, size: number): ArrayValue =>
  isUnsigned(indices) ? indices : lax.select(lax.lt(indices, 0), lax.add(indices, size), indices);

/**
 * The elements of `x` at `indices` along an axis.
 *
 * Shape: `[…a, n, …b], […i] → […a, …i, …b]`. Dtype: that of `x`.
 * @throws ShapeError on an axis out of bounds or an empty one; DTypeError when indices are no integers.
 * @see `jax.numpy.take`
 */
export function take(
  x: Operand,
  indices: Operand,
  ...rest: Optionals<[axis: number | null], TakeOptions>
): ArrayValue {
  const caller = "np.take";
  const { axis = null, mode = "fill", ...hints } = readOptions<TakeOptions>(caller, takeNames, rest);
  const given = toArray(x, caller);
  const a = axis === null ? lax.reshape(given, [given.size]) : given;
  const place = canonicalAxis(axis ?? 0, a.ndim, caller);
  const size = a.shape[place]!;
  let at = toArray(indices, caller, 1);
  checkIndices(at, caller);
  if (mode !== "fill" && mode !== "clip" && mode !== "wrap" && mode !== null)
    throw new ArgumentError(
      "index/mode",
      `${caller}: mode must be "fill", "clip" or "wrap", got ${String(mode)}`,
    );
  if (mode === "wrap") at = mod(at, cast(size, at.dtype, false, caller));
  else if (mode !== "clip") at = wrapped(at, size);
  if (size === 0 && at.size > 0)
    throw new ShapeError("index/empty", `${caller}: cannot take from axis ${place}, which is empty`);
  const shape = [...a.shape.slice(0, place), ...at.shape, ...a.shape.slice(place + 1)];
  if (at.size === 0 || size === 0) return lax.fullLike(a, 0, { shape });
  return lax.gather(
    a,
    lax.expandDims(at, [at.ndim]),
    {
      offsetDims: [...range(place), ...range(a.ndim - place - 1, place + at.ndim)],
      collapsedSliceDims: [place],
      startIndexMap: [place],
    },
    a.shape.with(place, 1),
    {
      mode: mode === "wrap" ? "promise_in_bounds" : (mode ?? "fill"),
      uniqueIndices: hints.uniqueIndices ?? false,
      indicesAreSorted: hints.indicesAreSorted ?? false,
      fillValue: hints.fillValue ?? null,
    },
  );
}

export interface TakeAlongOptions {
  /** The axis that is indexed, the last one by default; with null the array is flattened. */
  axis?: number | null | undefined;
  mode?: IndexMode | undefined;
  fillValue?: number | bigint | boolean | null | undefined;
}

/**
 * For each place, the element of `x` there but for its position along `axis`, which `indices` says. Out of bounds:
 * `fillValue`, by default NaN.
 *
 * Shape: `indices` and `x` broadcast on the other axes. Dtype: that of `x`.
 * @throws ShapeError when ranks differ; DTypeError when indices are no integers.
 * @see `jax.numpy.take_along_axis`
 */
export function takeAlongAxis(
  x: Operand,
  indices: Operand,
  ...rest: Optionals<[axis: number | null], TakeAlongOptions>
): ArrayValue {
  const caller = "np.takeAlongAxis";
  const options = readOptions<TakeAlongOptions>(caller, ["axis", "mode", "fillValue"], rest);
  const { axis = -1, mode = null, fillValue = null } = options;
  const given = toArray(x, caller);
  const a = axis === null ? lax.reshape(given, [given.size]) : given;
  let at = toArray(indices, caller, 1);
  checkIndices(at, caller);
  checkRanks(a, at, caller);
  const place = canonicalAxis(axis ?? 0, a.ndim, caller);
  const size = a.shape[place]!;
  const shape = broadcastShapes([at.shape, a.shape.with(place, 1)], caller);
  if (size === 0) return lax.full(shape, 0, a.dtype);
  if (mode !== "promise_in_bounds") at = wrapped(at, size);

  // An axis of the indices of size 1 is a window of the operand; one of the operand only repeats; others run along.
  const windows = range(a.ndim).filter((i) => i !== place && at.shape[i] === 1);
  const squeezed = range(a.ndim).filter((i) => i !== place && at.shape[i] !== 1 && a.shape[i] === 1);
  const kept = range(a.ndim).filter((i) => !squeezed.includes(i));
  const indexed = range(a.ndim).filter((i) => !windows.includes(i));
  const batching = kept.filter((i) => i !== place && !windows.includes(i));
  return lax.gather(
    lax.squeeze(a, squeezed),
    lax.reshape(at, [...indexed.map((i) => shape[i]!), 1]),
    {
      offsetDims: windows,
      collapsedSliceDims: [kept.indexOf(place)],
      startIndexMap: [kept.indexOf(place)],
      operandBatchingDims: batching.map((i) => kept.indexOf(i)),
      startIndicesBatchingDims: batching.map((i) => indexed.indexOf(i)),
    },
    kept.map((i) => (windows.includes(i) ? a.shape[i]! : Math.min(1, a.shape[i]!))),
    { mode: mode ?? "fill", fillValue },
  );
}

function checkRanks(x: ArrayValue, indices: ArrayValue, caller: string): void {
  if (x.ndim === indices.ndim) return;
  throw new ShapeError(
    "index/rank",
    `${caller}: array and indices must have the same number of axes, got shapes ${showShape(x.shape)} and ${showShape(indices.shape)}`,
  );
}

/**
 * `x` with `values` put at `indices` along `axis`: the counterpart of {@link takeAlongAxis}.
 *
 * Shape and dtype: those of `x`; `values` broadcast to the indices.
 * @throws ShapeError when ranks differ or values do not broadcast; DTypeError when indices are no integers.
 * @see `jax.numpy.put_along_axis`
 */
export function putAlongAxis(
  x: Operand,
  indices: Operand,
  values: Operand,
  ...rest: Optionals<[axis: number | null], { axis?: number | null; mode?: IndexMode }>
): ArrayValue {
  const caller = "np.putAlongAxis";
  type Options = { axis?: number | null; mode?: IndexMode };
  const { axis = -1, mode = null } = readOptions<Options>(caller, ["axis", "mode"], rest);
  const given = toArray(x, caller);
  const a = axis === null ? lax.reshape(given, [given.size]) : given;
  const at = toArray(indices, caller, 1);
  checkIndices(at, caller);
  checkRanks(a, at, caller);
  const place = canonicalAxis(axis ?? 0, a.ndim, caller);
  const grid = a.shape.map((size, i) =>
    i === place
      ? at
      : lax.broadcastedIota(
          "int32",
          range(a.ndim).map((j) => (i === j ? size : 1)),
          i,
        ),
  );
  const whole = broadcastArray(toArray(values, caller, 2), at.shape, caller);
  const out = scatterUpdate(a, grid, whole, lax.scatter, { mode }, caller);
  return lax.reshape(out, given.shape);
}
