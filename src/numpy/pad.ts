import { ArgumentError, ShapeError } from "../core/errors.ts";
import { readOptions, type Optionals } from "../core/options.ts";
import { isInteger } from "../core/dtype.ts";
import { showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { round } from "./floating.ts";
import { linspace } from "./spacing.ts";
import { cast, toArray } from "./promotion.ts";
import { max, min } from "./reduce.ts";
import { repeat } from "./repeat.ts";
import { median } from "./quantiles.ts";
import { mean } from "./statistics.ts";

type Pair<T> = readonly [before: T, after: T];
/** For each axis what goes before and after; one pair, or one value, is for all of them. */
export type PerSide<T> = T | readonly [T] | Pair<T> | readonly [Pair<T>] | readonly Pair<T>[];

export type PadMode =
  | "constant" | "edge" | "reflect" | "symmetric" | "wrap" | "empty"
  | "maximum" | "minimum" | "mean" | "median" | "linear_ramp"; // prettier-ignore

export interface PadOptions {
  mode?: PadMode | undefined;
  /** For `constant`; 0 by default. */
  constantValues?: PerSide<Operand> | undefined;
  /** For `reflect` and `symmetric`: `odd` mirrors values at the edge's value too. */
  reflectType?: "even" | "odd" | undefined;
  /** For `maximum`, `minimum`, `mean` and `median`: how many elements at each edge are asked; all by default. */
  statLength?: PerSide<number> | null | undefined;
  /** For `linear_ramp`: where the ramps end; 0 by default. */
  endValues?: PerSide<Operand> | undefined;
}

/** @throws ArgumentError when the value is none of the forms that stand for a pair on each axis. */
function pairs<T>(value: PerSide<T>, rank: number, name: string): Pair<T>[] {
  const all = (pair: Pair<T>) => Array.from({ length: rank }, () => pair);
  if (!Array.isArray(value)) return all([value as T, value as T]);
  const list = value as readonly (T | Pair<T>)[];
  const nested = list.every((item) => Array.isArray(item) && item.length === 2);
  if (nested && list.length === rank) return list as Pair<T>[];
  if (nested && list.length === 1) return all(list[0] as Pair<T>);
  const flat = list.every((item) => !Array.isArray(item));
  if (flat && list.length === 2) return all(list as unknown as Pair<T>);
  if (flat && list.length === 1) return all([list[0] as T, list[0] as T]);
  throw new ArgumentError(
    "numpy/pad",
    `np.pad: ${name} must be a value, a pair, or a pair for each of the ${rank} axes, got ${JSON.stringify(value, (_, item: unknown) => (typeof item === "object" && !Array.isArray(item) ? describe(item) : item))}`,
  );
}

/** What each axis is joined with before and after it. */
type Sides = (x: ArrayValue, axis: number, before: number, after: number) => ArrayValue;

/**
 * An array with more elements around it.
 *
 * Shape: each size grows by both widths of its axis. Dtype: that of `x`.
 * @throws ArgumentError on negative widths, an unknown mode or values of a wrong form; ShapeError when an empty axis is to
 * be padded by its own elements. @see `jax.numpy.pad`
 */
export function pad(
  x: Operand,
  padWidth: PerSide<number>,
  ...rest: Optionals<[mode: PadMode], PadOptions>
): ArrayValue {
  const names = ["mode", "constantValues", "reflectType", "statLength", "endValues"] as const;
  const options = readOptions<PadOptions>("np.pad", names, rest);
  const { mode = "constant" } = options;
  const a = toArray(x, "np.pad");
  const widths = pairs(padWidth, a.ndim, "padWidth");
  if (widths.some((pair) => pair.some((width) => !Number.isInteger(width) || width < 0)))
    throw new ArgumentError(
      "numpy/pad",
      `np.pad: widths must be natural numbers, got ${JSON.stringify(padWidth)}`,
    );
  if (mode === "constant") return padConstant(a, widths, options.constantValues ?? 0);
  const sides = sidesOf(mode, options, a.ndim);
  return widths.reduce((padded, [before, after], axis) => {
    if (before === 0 && after === 0) return padded;
    if (padded.shape[axis] === 0 && mode !== "empty") {
      throw new ShapeError(
        "numpy/pad",
        `np.pad: the empty axis ${axis} of shape ${showShape(a.shape)} cannot be padded by "${mode}"`,
      );
    }
    return sides(padded, axis, before, after);
  }, a);
}

function padConstant(x: ArrayValue, widths: readonly Pair<number>[], values: PerSide<Operand>): ArrayValue {
  const scalar = (value: Operand) => cast(value, x.dtype, x.aval.weak, "np.pad");
  if (!Array.isArray(values)) {
    return lax.pad(x, scalar(values as Operand), widths.map(([low, high]) => [low, high, 0])); // prettier-ignore
  }
  const none = widths.map((): lax.AxisPadding => [0, 0, 0]);
  return pairs(values as PerSide<Operand>, x.ndim, "constantValues").reduce(
    (padded, [before, after], axis) => {
      const [low, high] = widths[axis]!;
      const first = low === 0 ? padded : lax.pad(padded, scalar(before), none.with(axis, [low, 0, 0]));
      return high === 0 ? first : lax.pad(first, scalar(after), none.with(axis, [0, high, 0]));
    },
    x,
  );
}

const part = (x: ArrayValue, axis: number, start: number, stop: number): ArrayValue =>
  lax.sliceInDim(x, start, stop, { axis });
const joined = (parts: readonly ArrayValue[], axis: number): ArrayValue =>
  lax.concatenate(parts.filter((x) => x.shape[axis] !== 0), axis); // prettier-ignore

const edge: Sides = (x, axis, before, after) => {
  const n = x.shape[axis]!;
  return joined(
    [repeat(part(x, axis, 0, 1), before, axis), x, repeat(part(x, axis, n - 1, n), after, axis)],
    axis,
  );
};

const wrap: Sides = (x, axis, before, after) => {
  const n = x.shape[axis]!;
  const whole = Math.floor(before / n) + Math.floor(after / n) + 1;
  return joined(
    [
      part(x, axis, n - (before % n), n),
      ...new Array<ArrayValue>(whole).fill(x),
      part(x, axis, 0, after % n),
    ],
    axis,
  );
};

/** Mirrors at the edge, which is repeated (`offset` 0) or not (1), as often as it takes. */
const mirror =
  (repeatEdge: boolean, odd: boolean): Sides =>
  (x, axis, before, after) => {
    const n = x.shape[axis]!;
    const offset = repeatEdge || n === 1 ? 0 : 1;
    const grow = (from: ArrayValue, width: number, front: boolean): ArrayValue => {
      let out = from;
      let at = front ? part(x, axis, 0, 1) : part(x, axis, n - 1, n);
      for (let left = width; left > 0;) {
        const count = Math.min(left, n - offset);
        left -= count;
        const size = out.shape[axis]!;
        const stop = size - offset;
        const near = front ? part(out, axis, offset, offset + count) : part(out, axis, stop - count, stop);
        let mirrored = lax.rev(near, [axis]);
        if (odd) {
          mirrored = lax.sub(lax.mul(2, at), mirrored);
          if (n > 1) at = front ? part(mirrored, axis, 0, 1) : part(mirrored, axis, count - 1, count);
        }
        out = lax.concatenate(front ? [mirrored, out] : [out, mirrored], axis);
      }
      return out;
    };
    return grow(grow(x, before, true), after, false);
  };

const statistics = { maximum: max, minimum: min, mean, median } as const;
/** A statistic of the elements at each edge, repeated. */
const statistic =
  (
    of: (x: ArrayValue, options: { axis: number; keepdims: true }) => ArrayValue,
    lengths: readonly Pair<number>[] | null,
  ): Sides =>
  (x, axis, before, after) => {
    const n = x.shape[axis]!;
    const value = (low: number, high: number) => {
      const found = of(part(x, axis, low, high), { axis, keepdims: true });
      return cast(isInteger(x.dtype) ? round(found) : found, x.dtype, x.aval.weak, "np.pad");
    };
    const [first, last] = lengths?.[axis] ?? [n, n];
    if (first === 0 || last === 0)
      throw new ArgumentError("numpy/pad", "np.pad: a statLength of 0 yields no value for padding");
    const [head, tail] = [value(0, Math.min(first, n)), value(n - Math.min(last, n), n)];
    return joined([repeat(head, before, axis), x, repeat(tail, after, axis)], axis);
  };

/** Evenly from the edge to an end value. */
const ramp =
  (ends: readonly Pair<Operand>[]): Sides =>
  (x, axis, before, after) => {
    const n = x.shape[axis]!;
    const points = (end: Operand, from: ArrayValue, num: number) =>
      linspace(end, lax.squeeze(from, [axis]), { num, endpoint: false, dtype: x.dtype, axis });
    const [start, stop] = ends[axis]!;
    const head = points(start, part(x, axis, 0, 1), before);
    const tail = lax.rev(points(stop, part(x, axis, n - 1, n), after), [axis]);
    return joined([head, x, tail], axis);
  };

function sidesOf(mode: PadMode, options: PadOptions, rank: number): Sides {
  const odd = options.reflectType === "odd";
  switch (mode) {
    case "edge": return edge; // prettier-ignore
    case "wrap": return wrap; // prettier-ignore
    case "reflect": return mirror(false, odd); // prettier-ignore
    case "symmetric": return mirror(true, odd); // prettier-ignore
    case "empty":
      return (x, axis, before, after) =>
        padConstant(
          x,
          Array.from({ length: rank }, (_, i) => (i === axis ? [before, after] : [0, 0])),
          0,
        );
    case "linear_ramp": return ramp(pairs(options.endValues ?? 0, rank, "endValues")); // prettier-ignore
    case "maximum":
    case "minimum":
    case "mean":
    case "median": {
      const lengths = options.statLength == null ? null : pairs(options.statLength, rank, "statLength");
      return statistic(statistics[mode], lengths);
    }
    default:
      throw new ArgumentError(
        "numpy/pad",
        `np.pad: there is no mode ${describe(mode)}; modes are constant, edge, reflect, symmetric, wrap, maximum, minimum, mean, median, linear_ramp, empty`,
      );
  }
}
