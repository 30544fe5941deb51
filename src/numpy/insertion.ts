import { isInteger } from "../core/dtype.ts";
import { DTypeError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { canonicalAxis, range, showShape } from "../core/shape.ts";
import { parseSlice, resolveSlice, Slice } from "../core/slices.ts";
import { type ArrayValue, concreteOf, type Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { make } from "./array.ts";
import { integersOf } from "./elements.ts";
import { integerArray } from "./index-parser.ts";
import { cast, toArray } from "./promotion.ts";
import { clip } from "./select.ts";
import { argsort } from "./sorting.ts";
import { sum } from "./reduce.ts";
import { take } from "./take.ts";
import { broadcastArray } from "./where.ts";

/** Places along an axis: a number, a slice such as `"1:"` or `np.s(1)`, a list or an array of integers. */
export type Places = number | string | Slice | readonly number[] | ArrayValue;
export interface PlacesOptions {
  /** The axis; by default the array is flattened. */
  axis?: number | null | undefined;
}

/** The array and its axis, flattened where there is none. */
function along(x: Operand, axis: number | null, caller: string): [x: ArrayValue, axis: number] {
  const given = toArray(x, caller);
  const a = axis === null ? lax.reshape(given, [given.size]) : given;
  return [a, canonicalAxis(axis ?? 0, a.ndim, caller)];
}

/** @throws DTypeError when places are no integers. */
function placesOf(places: Places | readonly boolean[], size: number, caller: string): ArrayValue {
  const slice = typeof places === "string" ? parseSlice(places) : places;
  if (slice instanceof Slice) {
    const { start, step, length } = resolveSlice(slice, size);
    return integerArray(range(length).map((i) => start + step * i));
  }
  if (Array.isArray(slice) && slice.every((place) => Number.isInteger(place)))
    return integerArray(slice as number[]);
  if (typeof slice === "number" && Number.isInteger(slice)) return integerArray([slice], []);
  return make(slice, null, caller);
}

const counted = (places: ArrayValue, size: number): ArrayValue =>
  clip(lax.select(lax.lt(places, 0), lax.add(places, size), places), 0, size);

/**
 * `x` with values put in before places along an axis; several values at one place keep their order.
 *
 * Shape: the axis gains as many as there are values. Dtype: that of `x`. Places may be traced.
 * @throws DTypeError when places are no integers; ShapeError when they have several axes, or values do not fit.
 * @see `jax.numpy.insert`
 */
export function insert(
  x: Operand,
  places: Places,
  values: Operand,
  ...rest: Optionals<[axis: number | null], PlacesOptions>
): ArrayValue {
  const caller = "np.insert";
  const { axis = null } = readOptions<PlacesOptions>(caller, ["axis"], rest);
  const [a, dimension] = along(x, axis, caller);
  const size = a.shape[dimension]!;
  const given = placesOf(places, size, caller);
  if (!isInteger(given.dtype))
    throw new DTypeError("index/dtype", `${caller}: places must be integers, got ${given.dtype}`);
  if (given.ndim > 1)
    throw new ShapeError(
      "numpy/rank",
      `${caller}: places have at most one axis, got shape ${showShape(given.shape)}`,
    );
  const wide = lax.broadcastToRank(cast(toArray(values, caller, 2), a.dtype, a.aval.weak, caller), a.ndim);
  // One place as a scalar: what is put in there lies along the first axis, where indexing would leave none.
  const lines = given.ndim === 0 ? moved(wide, dimension) : wide;
  const count = given.size === 1 ? lines.shape[dimension]! : given.size;
  const at = broadcastArray(lax.reshape(given, [given.size]), [count], caller);
  const parts = [broadcastArray(lines, a.shape.with(dimension, count), caller), a];
  // In the order of places, what is put in before what was there.
  const keys = [counted(at, size), lax.iota(at.dtype, size)];
  return take(lax.concatenate(parts, dimension), argsort(lax.concatenate(keys, 0)), dimension, {
    mode: "clip",
  });
}

/** The first axis moved to lie at `axis`. */
const moved = (x: ArrayValue, axis: number): ArrayValue =>
  lax.transpose(x, [...range(axis, 1), 0, ...range(x.ndim - axis - 1, axis + 1)]);

export interface DeleteOptions extends PlacesOptions {
  /** That no place occurs twice, which makes traced places possible. */
  assumeUniqueIndices?: boolean | undefined;
}
/**
 * `x` without the elements at places along an axis, or those for which a mask is true.
 *
 * Shape: the axis loses as many as there are places. Dtype: that of `x`.
 * @throws ShapeError on a place out of bounds, or a mask of another size; DTypeError on floats; ConcretizationError when
 * places are traced and not said to be unique. @see `jax.numpy.delete`
 */
function remove(
  x: Operand,
  places: Places | readonly boolean[],
  ...rest: Optionals<[axis: number | null], DeleteOptions>
): ArrayValue {
  const caller = "np.delete";
  const { axis = null, assumeUniqueIndices = false } = readOptions<DeleteOptions>(
    caller,
    ["axis", "assumeUniqueIndices"],
    rest,
  );
  const [a, dimension] = along(x, axis, caller);
  const size = a.shape[dimension]!;
  const given = placesOf(places, size, caller);
  const kept =
    assumeUniqueIndices && isInteger(given.dtype)
      ? others(lax.reshape(given, [given.size]), size, caller)
      : integerArray(knownOthers(given, size, caller));
  return take(a, kept, dimension, { mode: "clip" });
}
export { remove as delete };

/** The places that are left without different ones, which may be traced. */
function others(places: ArrayValue, size: number, caller: string): ArrayValue {
  const sorted = lax.sort(counted(places, size));
  const before = lax.sub(sorted, lax.iota(sorted.dtype, sorted.size));
  const left = lax.iota(sorted.dtype, Math.max(size - sorted.size, 0));
  const passed = lax.ge(lax.expandDims(left, [0]), lax.expandDims(before, [1]));
  return lax.add(left, cast(sum(passed, 0), left.dtype, false, caller));
}

function knownOthers(places: ArrayValue, size: number, caller: string): number[] {
  const known = integersOf(concreteOf(places, `${caller} without assumeUniqueIndices`));
  if (places.dtype === "bool") {
    if (places.ndim === 1 && places.size === size) return range(size).filter((i) => known[i] === 0);
    throw new ShapeError(
      "index/mask",
      `${caller}: a mask is a vector with one flag for each of ${size} elements, got shape ${showShape(places.shape)}`,
    );
  }
  if (!isInteger(places.dtype))
    throw new DTypeError(
      "index/dtype",
      `${caller}: places must be integers or booleans, got ${places.dtype}`,
    );
  const removed = new Set(known.map((place) => counting(place)));
  return range(size).filter((i) => !removed.has(i));

  function counting(place: number): number {
    if (place >= -size && place < size) return place < 0 ? place + size : place;
    throw new ShapeError("index/bounds", `${caller}: there is no place ${place} on an axis of size ${size}`);
  }
}
