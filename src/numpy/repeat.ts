import { ArgumentError, ShapeError } from "../core/errors.ts";
import type { Axis, AxisOption, RepeatOptions, ShapeLike } from "../core/method-types.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { canonicalAxis, checkShape, range, showShape, sizeOf } from "../core/shape.ts";
import { ArrayValue, Dense, type Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { scatterUpdate } from "./at.ts";
import { integersOf } from "./elements.ts";
import { integerArray } from "./index-parser.ts";
import { cast, toArray } from "./promotion.ts";
import { take } from "./take.ts";
import { broadcastArray } from "./where.ts";

/**
 * An array laid out several times along each axis.
 *
 * Shape: sizes are multiplied by `reps`, from the last axis; axes that `x` lacks are of size 1. Dtype: that of `x`.
 * @throws ShapeError on a count that is no natural number. @see `jax.numpy.tile`
 */
export function tile(x: Operand, reps: number | readonly number[]): ArrayValue {
  const given = checkShape(reps, "np.tile");
  const a = lax.broadcastToRank(toArray(x, "np.tile"), given.length);
  const counts = [...new Array<number>(a.ndim - given.length).fill(1), ...given];
  return lax.tile(a, counts);
}

/**
 * Each element repeated, as often as `repeats` says for all of them or for each.
 *
 * Shape: the size on `axis` is the sum of the counts, or `totalRepeatLength`. Dtype: that of `x`.
 * @throws ArgumentError when counts are traced and `totalRepeatLength` is not given, or negative; ShapeError when their
 * number does not fit. @see `jax.numpy.repeat`
 */
export function repeat(
  x: Operand,
  repeats: number | readonly number[] | ArrayValue,
  ...rest: Optionals<[axis: number | null], RepeatOptions>
): ArrayValue {
  const caller = "np.repeat";
  const { axis = null, totalRepeatLength = null } = readOptions<RepeatOptions>(
    caller,
    ["axis", "totalRepeatLength"],
    rest,
  );
  const given = toArray(x, caller);
  const a = axis === null ? lax.reshape(given, [given.size]) : given;
  const place = canonicalAxis(axis ?? 0, a.ndim, caller);
  const size = a.shape[place]!;
  const known = knownCounts(repeats);
  if (known !== null) {
    if (!known.every((count) => Number.isInteger(count) && count >= 0))
      throw new ArgumentError(
        "numpy/count",
        `${caller}: counts must be natural numbers, got ${showShape(known)}`,
      );
    if (known.length !== 1 && known.length !== size) {
      throw new ShapeError(
        "numpy/repeat",
        `${caller}: there are ${known.length} counts for ${size} elements along axis ${place} of shape ${showShape(a.shape)}`,
      );
    }
  }
  if (known?.length === 1 && totalRepeatLength === null) {
    const count = known[0]!;
    const wide = lax.broadcastInDim(
      a,
      a.shape.toSpliced(place + 1, 0, count),
      range(a.ndim + 1).filter((i) => i !== place + 1),
    );
    return lax.reshape(wide, a.shape.with(place, size * count));
  }
  if (known !== null) {
    const places = range(size).flatMap((i) => new Array<number>(known[known.length === 1 ? 0 : i]!).fill(i));
    const total = totalRepeatLength ?? places.length;
    while (places.length < total && size > 0) places.push(size - 1);
    return take(a, integerArray(places.slice(0, total)), place);
  }
  if (totalRepeatLength === null) {
    throw new ArgumentError(
      "numpy/repeat",
      `${caller}: the counts are traced, so the size of the result is not known: give totalRepeatLength`,
    );
  }
  const counts = broadcastArray(
    lax.reshape(toArray(repeats as ArrayValue, caller, 1), [(repeats as ArrayValue).size]),
    [size],
    caller,
  );
  return take(a, sourceOfEach(counts, totalRepeatLength), place);
}

/** The counts as far as they are known now. */
function knownCounts(repeats: number | readonly number[] | ArrayValue): readonly number[] | null {
  if (typeof repeats === "number") return [repeats];
  if (!(repeats instanceof ArrayValue)) return repeats;
  const known = repeats instanceof Dense ? repeats.concrete() : null;
  return known && integersOf(known);
}

/** For each place of the result, the element that comes there: 1 is added where a new one begins. */
function sourceOfEach(counts: ArrayValue, total: number): ArrayValue {
  const before = lax.sub(lax.cumsum(counts, 0), counts);
  const begins = scatterUpdate(lax.full([total], 0, "int32"), [before], 1, lax.scatterAdd, {}, "np.repeat");
  return lax.sub(lax.cumsum(begins, 0), 1);
}

/**
 * Elements moved along axes, those that leave coming in at the other end; without an axis, of the flattened array.
 *
 * Shape and dtype: those of `x`. Shifts may be traced.
 * @throws ShapeError on an axis out of bounds. @see `jax.numpy.roll`
 */
export function roll(
  x: Operand,
  shift: number | readonly number[] | ArrayValue,
  ...rest: Optionals<[axis: Axis], AxisOption>
): ArrayValue {
  const caller = "np.roll";
  const { axis = null } = readOptions<AxisOption>(caller, ["axis"], rest);
  const a = toArray(x, caller);
  if (axis === null) return lax.reshape(roll(lax.reshape(a, [a.size]), shift, 0), a.shape);
  const axes = (typeof axis === "number" ? [axis] : axis).map((i) => canonicalAxis(i, a.ndim, caller));
  const shifts: readonly (number | ArrayValue)[] =
    shift instanceof ArrayValue
      ? shift.ndim === 0
        ? [shift]
        : lax.unstack(shift, 0)
      : typeof shift === "number"
        ? [shift]
        : shift;
  if (axes.length !== shifts.length && axes.length !== 1 && shifts.length !== 1)
    throw new ShapeError(
      "numpy/roll",
      `${caller}: ${shifts.length} shifts do not go with ${axes.length} axes`,
    );
  return range(Math.max(axes.length, shifts.length)).reduce(
    (rolled, i) => rollAxis(rolled, shifts[shifts.length === 1 ? 0 : i]!, axes[axes.length === 1 ? 0 : i]!),
    a,
  );
}

function rollAxis(x: ArrayValue, shift: number | ArrayValue, axis: number): ArrayValue {
  const size = x.shape[axis]!;
  if (size === 0) return x;
  if (typeof shift === "number") {
    if (!Number.isInteger(shift))
      throw new ArgumentError("numpy/integer", `np.roll: the shift must be an integer, got ${shift}`);
    const start = ((-shift % size) + size) % size;
    return lax.concatenate(
      [lax.sliceInDim(x, start, size, { axis }), lax.sliceInDim(x, 0, start, { axis })],
      axis,
    );
  }
  const moved = lax.rem(cast(shift, "int32", false, "np.roll"), size);
  const positive = lax.select(lax.lt(moved, 0), lax.add(moved, size), moved);
  const twice = lax.concatenate([x, x], axis);
  return lax.dynamicSliceInDim(twice, lax.sub(size, positive), size, { axis });
}

/** The elements again and again, or cut off, to fill `shape`. @throws ShapeError on a bad size. @see `jax.numpy.resize` */
export function resize(x: Operand, shape: ShapeLike): ArrayValue {
  const sizes = checkShape(shape, "np.resize");
  const a = toArray(x, "np.resize");
  const total = sizeOf(sizes);
  if (a.size === 0 || total === 0) return lax.fullLike(a, a.dtype === "bool" ? false : 0, { shape: sizes });
  const flat = lax.tile(lax.reshape(a, [a.size]), [Math.ceil(total / a.size)]);
  return lax.reshape(lax.sliceInDim(flat, 0, total), sizes);
}
