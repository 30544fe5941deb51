import { ArgumentError } from "../core/errors.ts";
import type { Axis, AxisOption } from "../core/method-types.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { canonicalAxes, range } from "../core/shape.ts";
import { type ArrayValue, concreteOf, type Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { integersOf } from "./elements.ts";
import { toBool } from "./logic.ts";
import { toArray } from "./promotion.ts";
import { any } from "./reduce.ts";

/**
 * How many flags of a vector are false before the first that is true; all of them where none is.
 * @throws ConcretizationError when they are traced.
 */
export function leadingFalse(flags: ArrayValue, caller: string): number {
  const first = integersOf(concreteOf(flags, caller)).indexOf(1);
  return first < 0 ? flags.size : first;
}

export interface TrimOptions extends AxisOption {
  /** Where to trim: `f` at the front, `b` at the back, `fb` (the default) both. */
  trim?: string | undefined;
}
/**
 * Without the zeros at the ends: of a matrix, without the rows and columns at its edges that hold nothing else.
 *
 * Shape: `[n] → [number left]`, along every axis or those named. Dtype: that of `x`.
 * @throws ConcretizationError when `x` is traced; ArgumentError on another `trim`. @see `jax.numpy.trim_zeros`
 */
export function trimZeros(
  x: Operand,
  ...rest: Optionals<[trim: string, axis: Axis], TrimOptions>
): ArrayValue {
  const caller = "np.trimZeros";
  const { trim = "fb", axis = null } = readOptions<TrimOptions>(caller, ["trim", "axis"], rest);
  if (typeof trim !== "string" || !/^[fb]*$/i.test(trim))
    throw new ArgumentError(
      "numpy/trim",
      `${caller}: trim is "f" for the front, "b" for the back or "fb" for both, got ${String(trim)}`,
    );
  const a = toArray(x, caller);
  const isKept = toBool(a);
  const ends = trim.toLowerCase();
  return canonicalAxes(axis, a.ndim, caller).reduce((trimmed, place) => {
    const size = a.shape[place]!;
    const flags = any(isKept, { axis: range(a.ndim).filter((i) => i !== place) });
    const start = ends.includes("f") ? leadingFalse(flags, caller) : 0;
    const stop = ends.includes("b") ? size - leadingFalse(lax.rev(flags, [0]), caller) : size;
    return lax.sliceInDim(trimmed, Math.min(start, stop), stop, { axis: place });
  }, a);
}
