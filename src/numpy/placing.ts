import { isInteger } from "../core/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { showShape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { scatterUpdate } from "./at.ts";
import { remainder } from "./division.ts";
import { diagIndices, unravelIndex } from "./grid-indices.ts";
import { toBool } from "./logic.ts";
import { cast, defaultInt, toArray } from "./promotion.ts";
import { clip } from "./select.ts";
import { take } from "./take.ts";
import { choose } from "./where.ts";

// NumPy writes these values into the array; here the result is a new one, as arrays are immutable.

export interface InplaceOption {
  /** For likeness to JAX: true is refused, as arrays are immutable. */
  inplace?: false | undefined;
}
const checkInplace = (inplace: boolean, caller: string): void => {
  if (inplace)
    throw new ArgumentError(
      "numpy/inplace",
      `${caller}: arrays are immutable, so inplace cannot be true; the result is the new array`,
    );
};

/** @throws ArgumentError when there are no values to go on with. */
const checkValues = (values: ArrayValue, caller: string): void => {
  if (values.size === 0) throw new ArgumentError("numpy/empty", `${caller}: there are no values to place`);
};

/**
 * `x` with values, again and again if there are fewer, in turn where a mask is true.
 *
 * Shape and dtype: those of `x`; the mask has as many elements.
 * @throws ShapeError when it has not; ArgumentError when there are no values, or on `inplace`. @see `jax.numpy.place`
 */
export function place(x: Operand, mask: Operand, values: Operand, options: InplaceOption = {}): ArrayValue {
  const caller = "np.place";
  const { inplace = false } = readOptions<InplaceOption>(caller, ["inplace"], [options]);
  checkInplace(inplace, caller);
  const [a, given, v] = [x, mask, values].map((part, i) => toArray(part, caller, i)) as [
    ArrayValue,
    ArrayValue,
    ArrayValue,
  ];
  if (a.size !== given.size)
    throw new ShapeError(
      "numpy/mask",
      `${caller}: the mask must have as many elements as the array, got shapes ${showShape(given.shape)} and ${showShape(a.shape)}`,
    );
  checkValues(v, caller);
  const flags = lax.reshape(toBool(given), [a.size]);
  const turns = lax.sub(lax.cumsum(cast(flags, defaultInt(), false, caller), 0), 1);
  const each = take(lax.reshape(v, [v.size]), lax.rem(turns, v.size), 0, { mode: "clip" });
  const flat = choose(flags, cast(each, a.dtype, a.aval.weak, caller), lax.reshape(a, [a.size]), caller);
  return lax.reshape(flat, a.shape);
}

export interface PutOptions extends InplaceOption {
  /** What becomes of places out of bounds: with `clip` (the default) they are the nearest, with `wrap` they count on. */
  mode?: "clip" | "wrap" | null | undefined;
}
/**
 * `x` with values, again and again if there are fewer, at places of the flattened array. By default a negative place
 * counts from the end; with `clip` it is the first.
 *
 * Shape and dtype: those of `x`.
 * @throws DTypeError when places are no integers; ArgumentError on another mode, or on `inplace`. @see `jax.numpy.put`
 */
export function put(
  x: Operand,
  places: Operand,
  values: Operand,
  ...rest: Optionals<[mode: "clip" | "wrap" | null], PutOptions>
): ArrayValue {
  const caller = "np.put";
  const { mode = null, inplace = false } = readOptions<PutOptions>(caller, ["mode", "inplace"], rest);
  checkInplace(inplace, caller);
  if (mode !== null && mode !== "clip" && mode !== "wrap")
    throw new ArgumentError("index/mode", `${caller}: mode must be "clip" or "wrap", got ${String(mode)}`);
  const [a, given, v] = [x, places, values].map((part, i) => toArray(part, caller, i)) as [
    ArrayValue,
    ArrayValue,
    ArrayValue,
  ];
  if (!isInteger(given.dtype))
    throw new DTypeError("index/dtype", `${caller}: places must be integers, got ${given.dtype}`);
  if (a.size === 0 || given.size === 0 || v.size === 0) return a;
  const flat = lax.reshape(given, [given.size]);
  const at = mode === "clip" ? clip(flat, 0, a.size - 1) : mode === "wrap" ? remainder(flat, a.size) : flat;
  return scatterUpdate(a, unravelIndex(at, a.shape), repeated(v, given.size), lax.scatter, {}, caller);
}

/** A vector of `size`, of the elements in turn. */
const repeated = (x: ArrayValue, size: number): ArrayValue =>
  lax.sliceInDim(lax.tile(lax.reshape(x, [x.size]), [Math.ceil(size / x.size)]), 0, size);

/**
 * `x` with values, again and again if there are fewer, on its main diagonal.
 *
 * Shape and dtype: those of `x`.
 * @throws ShapeError on fewer than two axes, or more of unequal size; ArgumentError when there are no values, or on
 * `inplace`. @see `jax.numpy.fill_diagonal`
 */
export function fillDiagonal(x: Operand, values: Operand, options: InplaceOption = {}): ArrayValue {
  const caller = "np.fillDiagonal";
  const { inplace = false } = readOptions<InplaceOption>(caller, ["inplace"], [options]);
  checkInplace(inplace, caller);
  const [a, v] = [toArray(x, caller), toArray(values, caller, 1)];
  if (a.ndim < 2 || (a.ndim > 2 && a.shape.some((size) => size !== a.shape[0])))
    throw new ShapeError(
      "numpy/diagonal",
      `${caller} takes a matrix, or an array of more axes of one size; got shape ${showShape(a.shape)}`,
    );
  checkValues(v, caller);
  const size = Math.min(...a.shape);
  const each = v.ndim === 0 ? v : repeated(v, size);
  return scatterUpdate(a, diagIndices(size, a.ndim), each, lax.scatter, {}, caller);
}
