import { type Optionals, readOptions } from "../core/options.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { distinct } from "./distinct.ts";
import { get } from "./indexing.ts";
import { cast, defaultInt, promoteDTypes, toArray } from "./promotion.ts";
import { min, sum } from "./reduce.ts";
import { knownSize, nonzero } from "./search.ts";
import { isin, type SetOptions } from "./sets.ts";
import { take } from "./take.ts";
import { choose } from "./where.ts";

const setNames = ["size", "fillValue"] as const;
const flat = (x: ArrayValue): ArrayValue => lax.reshape(x, [x.size]);

/**
 * The different elements of two arrays, in order.
 *
 * Shape: `[…s], […t] → [number]`, or `[size]`. Dtype: the promoted one.
 * @throws ConcretizationError when one is traced and `size` is not given. @see `jax.numpy.union1d`
 */
export function union1d(x: Operand, y: Operand, options: SetOptions = {}): ArrayValue {
  const caller = "np.union1d";
  const given = readOptions<SetOptions>(caller, setNames, [options]);
  return distinct(lax.concatenate(promoteDTypes(caller, x, y).map(flat), 0), given, caller).values();
}

/** Elements to choose from. */
interface Elements {
  readonly values: ArrayValue;
  /** Where each comes from. */
  readonly source: ArrayValue;
  /** Whether it is one, and does not only fill up. */
  readonly valid: ArrayValue;
}

/** The different elements of a vector, as many places as it has. */
function elementsOf(x: ArrayValue, assumeUnique: boolean, caller: string): Elements {
  const places = lax.iota(defaultInt(), x.size);
  if (assumeUnique || x.size === 0) return { values: x, source: places, valid: lax.ge(places, 0) };
  const { values, indices, number } = distinct(x, { size: x.size }, caller);
  return { values: values(), source: indices(), valid: lax.lt(places, number) };
}

export interface SetdiffOptions extends SetOptions {
  /** Whether each operand holds every element once, which spares work. */
  assumeUnique?: boolean | undefined;
}
type SetRest = Optionals<[assumeUnique: boolean], SetdiffOptions>;
const pairNames = ["assumeUnique", ...setNames] as const;

/**
 * The different elements of `x` that are not in `y`, in order; with `assumeUnique`, in that of `x`. `fillValue` is 0 by default.
 *
 * Shape: `[…s], […t] → [number]`, or `[size]`. Dtype: that of `x`.
 * @throws ConcretizationError when one is traced and `size` is not given. @see `jax.numpy.setdiff1d`
 */
export function setdiff1d(x: Operand, y: Operand, ...rest: SetRest): ArrayValue {
  const caller = "np.setdiff1d";
  const {
    assumeUnique = false,
    size = null,
    fillValue = null,
  } = readOptions<SetdiffOptions>(caller, pairNames, rest);
  const a = flat(toArray(x, caller));
  const fill = cast(fillValue ?? (a.dtype === "bool" ? false : 0), a.dtype, a.aval.weak, caller);
  if (a.size === 0) return lax.broadcast(fill, [size ?? 0]);
  const { values, valid } = elementsOf(a, assumeUnique, caller);
  const isKept = lax.and(valid, isin(values, y, { invert: true }));
  const { places, isFound } = placesOf(isKept, size, caller);
  return choose(isFound, take(values, places, 0), fill, caller);
}

/** Where flags are true. */
function placesOf(flags: ArrayValue, size: number | null, caller: string) {
  const number = sum(flags);
  const length = size ?? knownSize(number, caller);
  return {
    places: nonzero(flags, { size: length })[0]!,
    isFound: lax.lt(lax.iota(defaultInt(), length), number),
  };
}

/** The elements of two vectors of one dtype, in order, those of the first before equal ones of the second. */
function merged(x: ArrayValue, y: ArrayValue, assumeUnique: boolean, caller: string): Elements {
  const [a, b] = [x, y].map((part) => elementsOf(part, assumeUnique, caller)) as [Elements, Elements];
  const isFilling = lax.not(lax.concatenate([a.valid, b.valid], 0));
  const values = lax.concatenate([a.values, b.values], 0);
  const source = lax.concatenate([a.source, lax.add(b.source, x.size)], 0);
  const [last, sorted, from] = lax.sort([isFilling, values, source], { dimension: 0, numKeys: 2 });
  return { values: sorted!, source: from!, valid: lax.not(last!) };
}

/** Those of sorted values where flags are true; what fills up is their least one by default, or 0. */
function picked(
  values: ArrayValue,
  { places, isFound }: ReturnType<typeof placesOf>,
  fillValue: Operand | null,
  caller: string,
): ArrayValue {
  const none = lax.fullLike(values, values.dtype === "bool" ? false : 0, { shape: places.shape });
  const found = values.size === 0 ? none : choose(isFound, take(values, places, 0), none, caller);
  const least = found.size === 0 ? false : min(choose(isFound, found, get(found, 0), caller));
  return choose(isFound, found, fillValue ?? least, caller);
}

/** Flags of what comes before and after neighbours, with one more at an end. */
const withEnd = (flags: ArrayValue, size: number, atFront: boolean): ArrayValue => {
  const end = lax.full([Math.min(1, size)], true);
  return lax.concatenate(atFront ? [end, flags] : [flags, end], 0);
};

/**
 * The elements that are in one of two arrays but not in both, in order. `fillValue` is the least of them by default.
 *
 * Shape: `[…s], […t] → [number]`, or `[size]`. Dtype: the promoted one.
 * @throws ConcretizationError when one is traced and `size` is not given. @see `jax.numpy.setxor1d`
 */
export function setxor1d(x: Operand, y: Operand, ...rest: SetRest): ArrayValue {
  const caller = "np.setxor1d";
  const {
    assumeUnique = false,
    size = null,
    fillValue = null,
  } = readOptions<SetdiffOptions>(caller, pairNames, rest);
  const [a, b] = promoteDTypes(caller, x, y).map(flat) as [ArrayValue, ArrayValue];
  const { values, valid } = merged(a, b, assumeUnique, caller);
  const differ = lax.ne(get(values, "1:"), get(values, ":-1"));
  const isFirst = withEnd(differ, values.size, true);
  const isLast = withEnd(lax.or(differ, lax.not(get(valid, "1:"))), values.size, false);
  const places = placesOf(lax.and(valid, lax.and(isFirst, isLast)), size, caller);
  return picked(values, places, fillValue, caller);
}

export interface IntersectOptions extends SetdiffOptions {
  /** Whether to tell where each element occurs first in both. */
  returnIndices?: boolean | undefined;
}

/**
 * The elements that are in both arrays, in order; with `returnIndices`, also where they occur first in each. `fillValue` is
 * the least of them by default, and of places one past the end.
 *
 * Shape: `[…s], […t] → [number]`, or `[size]`. Dtype: the promoted one.
 * @throws ConcretizationError when one is traced and `size` is not given. @see `jax.numpy.intersect1d`
 */
export function intersect1d(
  x: Operand,
  y: Operand,
  options: IntersectOptions & { returnIndices: true },
): [values: ArrayValue, xIndices: ArrayValue, yIndices: ArrayValue];
export function intersect1d(
  x: Operand,
  y: Operand,
  options?: IntersectOptions & { returnIndices?: false },
): ArrayValue;
export function intersect1d(
  x: Operand,
  y: Operand,
  options: IntersectOptions = {},
): ArrayValue | [ArrayValue, ArrayValue, ArrayValue] {
  const caller = "np.intersect1d";
  const names = ["assumeUnique", "returnIndices", ...setNames] as const;
  const {
    assumeUnique = false,
    returnIndices = false,
    size = null,
    fillValue = null,
  } = readOptions<IntersectOptions>(caller, names, [options]);
  const [a, b] = promoteDTypes(caller, x, y).map(flat) as [ArrayValue, ArrayValue];
  const { values, source, valid } = merged(a, b, assumeUnique, caller);
  const isTwice = lax.and(lax.eq(get(values, "1:"), get(values, ":-1")), get(valid, "1:"));
  const found = placesOf(isTwice, size, caller);
  const out = picked(values, found, fillValue, caller);
  if (!returnIndices) return out;
  const from = (places: ArrayValue, before: number, past: number) =>
    values.size === 0
      ? lax.full(places.shape, past, defaultInt())
      : choose(found.isFound, lax.sub(take(source, places, 0), before), past, caller);
  return [out, from(found.places, 0, a.size), from(lax.add(found.places, 1), a.size, b.size)];
}
