import { readOptions } from "../core/options.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { distinct, type UniqueOptions as DistinctOptions } from "./distinct.ts";
import { promoteDTypes, toArray } from "./promotion.ts";
import { any } from "./reduce.ts";

export interface UniqueOptions extends DistinctOptions {
  /** Whether to tell where each value occurs first. */
  returnIndex?: boolean | undefined;
  /** Whether to tell which value each element has: of the shape of the array when it was flattened. */
  returnInverse?: boolean | undefined;
  /** Whether to tell how often each value occurs. */
  returnCounts?: boolean | undefined;
}
type Returns = { returnIndex: true } | { returnInverse: true } | { returnCounts: true };
const uniqueNames = [
  "returnIndex",
  "returnInverse",
  "returnCounts",
  "axis",
  "equalNan",
  "size",
  "fillValue",
] as const;

/**
 * The different elements in order, or the different slices along an axis; in a list with what else is asked for: where
 * they occur first, which one each element is, how often they occur.
 *
 * Shape: `[…s] → [number]`, or `[size]`. Dtype: that of `x`.
 * @throws ConcretizationError when `x` is traced and `size` is not given. @see `jax.numpy.unique`
 */
export function unique(x: Operand, options: UniqueOptions & Returns): ArrayValue[];
export function unique(x: Operand, options?: UniqueOptions): ArrayValue;
export function unique(x: Operand, options: UniqueOptions = {}): ArrayValue | ArrayValue[] {
  const caller = "np.unique";
  const {
    returnIndex = false,
    returnInverse = false,
    returnCounts = false,
    ...given
  } = readOptions<UniqueOptions>(caller, uniqueNames, [options]);
  const parts = distinct(toArray(x, caller), given, caller);
  const asked = [
    ...(returnIndex ? [parts.indices()] : []),
    ...(returnInverse ? [parts.inverseIndices()] : []),
    ...(returnCounts ? [parts.counts()] : []),
  ];
  return asked.length === 0 ? parts.values() : [parts.values(), ...asked];
}

export interface SetOptions {
  /** Size of the result, which makes traced arrays possible: more is cut off, less filled up. */
  size?: number | null | undefined;
  /** What fills up the result; by default its least element. */
  fillValue?: Operand | null | undefined;
}
const setNames = ["size", "fillValue"] as const;
/** The parts of what `jax.numpy.unique_*` tell, in which NaNs differ. */
const partsOf = (x: Operand, options: SetOptions, caller: string) =>
  distinct(
    toArray(x, caller),
    { ...readOptions<SetOptions>(caller, setNames, [options]), equalNan: false },
    caller,
  );

/** The different elements in order; NaNs differ. Otherwise as {@link unique}. @see `jax.numpy.unique_values` */
export const uniqueValues = (x: Operand, options: SetOptions = {}): ArrayValue =>
  partsOf(x, options, "np.uniqueValues").values();

/** {@link uniqueValues} and how often each occurs. @see `jax.numpy.unique_counts` */
export function uniqueCounts(x: Operand, options: SetOptions = {}): Pick<Unique, "values" | "counts"> {
  const parts = partsOf(x, options, "np.uniqueCounts");
  return { values: parts.values(), counts: parts.counts() };
}

/** {@link uniqueValues} and which of them each element is. @see `jax.numpy.unique_inverse` */
export function uniqueInverse(
  x: Operand,
  options: SetOptions = {},
): Pick<Unique, "values" | "inverseIndices"> {
  const parts = partsOf(x, options, "np.uniqueInverse");
  return { values: parts.values(), inverseIndices: parts.inverseIndices() };
}

/** The result of {@link uniqueAll}. */
export interface Unique {
  readonly values: ArrayValue;
  /** Where each value occurs first. */
  readonly indices: ArrayValue;
  /** Which value each element has; of the shape of the array. */
  readonly inverseIndices: ArrayValue;
  readonly counts: ArrayValue;
}

/** {@link uniqueValues}, where they occur first, which one each element is, and how often they occur. @see `jax.numpy.unique_all` */
export function uniqueAll(x: Operand, options: SetOptions = {}): Unique {
  const parts = partsOf(x, options, "np.uniqueAll");
  return {
    values: parts.values(),
    indices: parts.indices(),
    inverseIndices: parts.inverseIndices(),
    counts: parts.counts(),
  };
}

/** Whether each element is among others. Shape: that of `x`. Dtype: bool. @see `jax.numpy.isin` */
export function isin(x: Operand, among: Operand, options: { invert?: boolean | undefined } = {}): ArrayValue {
  const caller = "np.isin";
  const { invert = false } = readOptions<{ invert?: boolean }>(caller, ["invert"], [options]);
  const [a, others] = promoteDTypes(caller, x, among);
  const pairs = lax.eq(lax.reshape(a, [a.size, 1]), lax.reshape(others, [1, others.size]));
  const found = lax.reshape(any(pairs, 1), a.shape);
  return invert ? lax.not(found) : found;
}
