import { isInteger } from "../core/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { canonicalAxis, range, showShape } from "../core/shape.ts";
import { ArrayValue, concreteOf, type Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { remainder } from "./division.ts";
import { integersOf } from "./elements.ts";
import { integerArray } from "./index-parser.ts";
import { get } from "./indexing.ts";
import { toBool } from "./logic.ts";
import { cast, promoteDTypes, toArray } from "./promotion.ts";
import { clip } from "./select.ts";
import { moveaxis } from "./shape.ts";
import { argsort } from "./sorting.ts";
import { takeAlongAxis } from "./take.ts";
import { broadcastTogether, choose as where } from "./where.ts";

export interface ExtractOptions {
  /** Size of the result, which makes traced conditions possible: more is cut off, less filled up. */
  size?: number | null | undefined;
  /** What fills up the result; 0 by default. */
  fillValue?: Operand | undefined;
}
export interface CompressOptions extends ExtractOptions {
  /** The axis whose slices are chosen; by default the array is flattened. */
  axis?: number | null | undefined;
}

/**
 * The slices along an axis for which a condition is true. What the condition is too short for is left out.
 *
 * Shape: `[c], […a, n, …b] → […a, number, …b]`, or `size` in place of the number. Dtype: that of `x`.
 * @throws ShapeError when the condition is no vector, or true beyond the end; ArgumentError on a size that is more than
 * there is; ConcretizationError when the condition is traced and `size` is not given. @see `jax.numpy.compress`
 */
export function compress(
  condition: Operand,
  x: Operand,
  ...rest: Optionals<[axis: number | null], CompressOptions>
): ArrayValue {
  const caller = "np.compress";
  const options = readOptions<CompressOptions>(caller, ["axis", "size", "fillValue"], rest);
  return compressed(toBool(toArray(condition, caller)), toArray(x, caller, 1), options, caller);
}

/**
 * The elements for which a condition is true, both flattened: {@link compress}.
 * @throws as it does. @see `jax.numpy.extract`
 */
export function extract(condition: Operand, x: Operand, options: ExtractOptions = {}): ArrayValue {
  const caller = "np.extract";
  const given = readOptions<ExtractOptions>(caller, ["size", "fillValue"], [options]);
  const flags = toBool(toArray(condition, caller));
  return compressed(lax.reshape(flags, [flags.size]), toArray(x, caller, 1), given, caller);
}

function compressed(
  condition: ArrayValue,
  x: ArrayValue,
  { axis = null, size = null, fillValue = 0 }: CompressOptions,
  caller: string,
): ArrayValue {
  if (condition.ndim !== 1)
    throw new ShapeError(
      "numpy/rank",
      `${caller}: the condition must be a vector, got shape ${showShape(condition.shape)}`,
    );
  const place = canonicalAxis(axis ?? 0, axis === null ? 1 : x.ndim, caller);
  const a = axis === null ? lax.reshape(x, [x.size]) : moveaxis(x, place, 0);
  const shared = Math.min(condition.size, a.shape[0]!);
  if (size === null) {
    const known = integersOf(concreteOf(condition, `${caller} without size`));
    const places = range(known.length).filter((i) => known[i] === 1);
    if ((places.at(-1) ?? -1) < shared) return moveaxis(get(a, integerArray(places)), 0, place);
    throw new ShapeError(
      "numpy/condition",
      `${caller}: the condition, of shape ${showShape(condition.shape)}, is true beyond the end of the array, which has ${a.shape[0]}`,
    );
  }
  const [flags, rows] = [lax.sliceInDim(condition, 0, shared), lax.sliceInDim(a, 0, shared)];
  if (!Number.isInteger(size) || size < 0 || size > shared)
    throw new ArgumentError(
      "numpy/size",
      `${caller}: size must be a natural number up to ${shared}, which are there; got ${String(size)}`,
    );
  const filled = where(
    lax.expandDims(flags, range(a.ndim - 1, 1)),
    rows,
    cast(fillValue, a.dtype, a.aval.weak, caller),
    caller,
  );
  const order = lax.sliceInDim(argsort(flags, { descending: true }), 0, size);
  return moveaxis(get(filled, order), 0, place);
}

export interface ChooseOptions {
  /** What becomes of numbers that no choice has: `raise` (the default) refuses them, `wrap` counts on, `clip` takes the nearest. */
  mode?: "raise" | "wrap" | "clip" | undefined;
}
/**
 * For each element, that of the choice whose number it has there.
 *
 * Shape: all broadcast. Dtype: the promoted one of the choices.
 * @throws DTypeError when numbers are no integers; ArgumentError on one that no choice has, or another mode;
 * ConcretizationError when they are traced and the mode is raise. @see `jax.numpy.choose`
 */
export function choose(
  x: Operand,
  choices: readonly Operand[] | ArrayValue,
  ...rest: Optionals<[mode: NonNullable<ChooseOptions["mode"]>], ChooseOptions>
): ArrayValue {
  const caller = "np.choose";
  const { mode = "raise" } = readOptions<ChooseOptions>(caller, ["mode"], rest);
  const given = toArray(x, caller);
  if (!isInteger(given.dtype))
    throw new DTypeError("index/dtype", `${caller}: numbers of choices must be integers, got ${given.dtype}`);
  const list = choices instanceof ArrayValue ? lax.unstack(choices, 0) : choices;
  const numbers = inBounds(given, list.length, mode, caller);
  const [which, ...all] = broadcastTogether([numbers, ...promoteDTypes(caller, ...list)], caller);
  const picked = takeAlongAxis(lax.stack(all, 0), lax.expandDims(which!, [0]), { axis: 0, mode: "clip" });
  return lax.squeeze(picked, [0]);
}

function inBounds(numbers: ArrayValue, count: number, mode: string, caller: string): ArrayValue {
  if (count === 0) throw new ArgumentError("numpy/list", `${caller} needs at least one choice`);
  if (mode === "wrap") return remainder(numbers, count);
  if (mode === "clip") return clip(numbers, 0, count - 1);
  if (mode !== "raise")
    throw new ArgumentError(
      "index/mode",
      `${caller}: mode must be "raise", "wrap" or "clip", got ${String(mode)}`,
    );
  const known = concreteOf(numbers, `${caller} with the mode raise`);
  const outside = integersOf(known).find((number) => number < 0 || number >= count);
  if (outside === undefined) return numbers;
  throw new ArgumentError(
    "index/bounds",
    `${caller}: there is no choice ${outside} of ${count}; the modes wrap and clip take another one`,
  );
}
