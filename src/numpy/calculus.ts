import { isComplex } from "../core/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../core/errors.ts";
import type { Axis } from "../core/method-types.ts";
import { isPlainObject, type Optionals, readOptions } from "../core/options.ts";
import { canonicalAxes, canonicalAxis, range, showShape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { cumsum } from "./cumulative.ts";
import { remainder } from "./division.ts";
import { divide, multiply } from "./elementwise.ts";
import { get } from "./indexing.ts";
import { concatenate } from "./join.ts";
import { cast, promoteDTypes, promoteDTypesInexact, toArray } from "./promotion.ts";
import { sum } from "./reduce.ts";
import { moveaxis } from "./shape.ts";
import { broadcastArray, choose } from "./where.ts";

export interface DiffOptions {
  /** How many times. */
  n?: number | undefined;
  axis?: number | undefined;
  /** What comes before the array, along the axis. */
  prepend?: Operand | null | undefined;
  append?: Operand | null | undefined;
}
/**
 * Differences of neighbours along an axis; of booleans, whether they differ.
 *
 * Shape: the axis loses `n`. Dtype: that of `x`.
 * @throws ShapeError on a scalar; ArgumentError on a negative `n`. @see `jax.numpy.diff`
 */
export function diff(x: Operand, ...rest: Optionals<[n: number, axis: number], DiffOptions>): ArrayValue {
  const caller = "np.diff";
  const {
    n = 1,
    axis = -1,
    prepend = null,
    append = null,
  } = readOptions<DiffOptions>(caller, ["n", "axis", "prepend", "append"], rest);
  if (!Number.isInteger(n) || n < 0)
    throw new ArgumentError("numpy/order", `${caller}: n must be a natural number, got ${n}`);
  let a = toArray(x, caller);
  const place = canonicalAxis(axis, a.ndim, caller);
  const beside = (value: Operand | null): ArrayValue[] => {
    if (value === null) return [];
    const part = toArray(value, caller);
    return [part.ndim === 0 ? broadcastArray(part, a.shape.with(place, 1), caller) : part];
  };
  const parts = [...beside(prepend), a, ...beside(append)];
  if (parts.length > 1) a = concatenate(parts, place);
  const others = range(place).map(() => ":");
  for (let i = 0; i < n; i++) {
    const [next, before] = [get(a, ...others, "1:"), get(a, ...others, ":-1")];
    a = a.dtype === "bool" ? lax.ne(next, before) : lax.sub(next, before);
  }
  return a;
}

/** Differences of neighbours in the flattened array, with more elements at the ends. @see `jax.numpy.ediff1d` */
export function ediff1d(
  x: Operand,
  ...rest: Optionals<
    [toEnd: Operand | null, toBegin: Operand | null],
    { toEnd?: Operand | null; toBegin?: Operand | null }
  >
): ArrayValue {
  const caller = "np.ediff1d";
  type Options = { toEnd?: Operand | null; toBegin?: Operand | null };
  const { toEnd = null, toBegin = null } = readOptions<Options>(caller, ["toEnd", "toBegin"], rest);
  const a = toArray(x, caller);
  const part = (value: Operand | null) => {
    if (value === null) return [];
    const given = cast(value, a.dtype, a.aval.weak, caller);
    return [lax.reshape(given, [given.size])];
  };
  return lax.concatenate([...part(toBegin), diff(lax.reshape(a, [a.size])), ...part(toEnd)], 0);
}

export interface GradientOptions {
  axis?: Axis | undefined;
}
/**
 * Slopes by central differences, one-sided at the ends, along each axis: `np.gradient(f, dx, { axis: 0 })`.
 *
 * The spacing is a number or a vector of positions, one for all axes or one for each; 1 by default.
 *
 * Shape: that of `f`; a list of them for several axes. Dtype: float.
 * @throws ShapeError on an axis of fewer than two elements, or positions of another number; ArgumentError on a number of
 * spacings that does not fit. @see `jax.numpy.gradient`
 */
export function gradient(
  f: Operand,
  ...rest: readonly [...Operand[]] | readonly [...Operand[], GradientOptions]
): ArrayValue | ArrayValue[] {
  const caller = "np.gradient";
  const last = rest.at(-1);
  const named = isPlainObject(last) ? [last] : [];
  const { axis = null } = readOptions<GradientOptions>(caller, ["axis"], named);
  const given = rest.slice(0, rest.length - named.length) as readonly Operand[];
  const [a, ...spacing] = promoteDTypesInexact(caller, f, ...given) as [ArrayValue, ...ArrayValue[]];
  const axes = canonicalAxes(axis, a.ndim, caller);
  if (axes.some((i) => a.shape[i]! < 2))
    throw new ShapeError(
      "numpy/gradient",
      `${caller} needs at least 2 elements along each axis, got shape ${showShape(a.shape)}`,
    );
  if (spacing.length > 1 && spacing.length !== axes.length)
    throw new ArgumentError(
      "numpy/gradient",
      `${caller}: there are ${spacing.length} spacings for ${axes.length} axes`,
    );
  const slopes = axes.map((place, i) =>
    slope(a, (spacing.length > 1 ? spacing[i] : spacing[0]) ?? null, place),
  );
  return typeof axis === "number" || slopes.length === 1 ? slopes[0]! : slopes;
}

function slope(f: ArrayValue, h: ArrayValue | null, axis: number): ArrayValue {
  const n = f.shape[axis]!;
  const part = (x: ArrayValue, start: number, stop: number) => lax.sliceInDim(x, start, stop, { axis });
  const [first, lastOne] = [
    lax.sub(part(f, 1, 2), part(f, 0, 1)),
    lax.sub(part(f, n - 1, n), part(f, n - 2, n - 1)),
  ];
  if (h === null || h.ndim === 0) {
    const per = (x: ArrayValue) => (h === null ? x : divide(x, h));
    const inner = per(lax.mul(lax.sub(part(f, 2, n), part(f, 0, n - 2)), 0.5));
    return lax.concatenate([per(first), inner, per(lastOne)], axis);
  }
  if (h.ndim !== 1 || h.shape[0] !== n) {
    throw new ShapeError(
      "numpy/gradient",
      `np.gradient: positions along axis ${axis} must be a vector of ${n}, got shape ${showShape(h.shape)}`,
    );
  }
  const x = lax.reshape(h, f.shape.map((_, i) => (i === axis ? n : 1))); // prettier-ignore
  const gap = lax.sub(part(x, 1, n), part(x, 0, n - 1));
  const [left, right] = [part(gap, 0, n - 2), part(gap, 1, n - 1)];
  const whole = lax.add(left, right);
  const weights = [
    lax.div(lax.neg(right), lax.mul(left, whole)),
    lax.div(lax.sub(right, left), lax.mul(left, right)),
    lax.div(left, lax.mul(right, whole)),
  ];
  const terms = weights.map((weight, i) => multiply(weight, part(f, i, n - 2 + i)));
  const ends = [divide(first, part(gap, 0, 1)), divide(lastOne, part(gap, n - 2, n - 1))] as const;
  return lax.concatenate([ends[0], terms.reduce(lax.add), ends[1]], axis);
}

export interface TrapezoidOptions {
  /** Positions, which need not be evenly spaced. */
  x?: Operand | null | undefined;
  /** The distance between positions; 1 by default. */
  dx?: Operand | undefined;
  axis?: number | undefined;
}
/**
 * The integral along an axis by the trapezoidal rule.
 *
 * Shape: `[…s] → […s without axis]`. Dtype: float.
 * @throws ShapeError on an axis out of bounds. @see `jax.numpy.trapezoid`
 */
export function trapezoid(
  y: Operand,
  ...rest: Optionals<[x: Operand | null, dx: Operand], TrapezoidOptions>
): ArrayValue {
  const caller = "np.trapezoid";
  const { x = null, dx = 1, axis = -1 } = readOptions<TrapezoidOptions>(caller, ["x", "dx", "axis"], rest);
  const [values, at] = promoteDTypesInexact(caller, y, x ?? 0);
  const heights = moveaxis(values, axis, -1);
  const [right, left] = [get(heights, "...", "1:"), get(heights, "...", ":-1")];
  const gaps =
    x === null ? toArray(dx, caller) : at.ndim === 1 ? diff(at) : moveaxis(diff(at, { axis }), axis, -1);
  return multiply(0.5, sum(multiply(gaps, lax.add(right, left)), -1));
}

export interface UnwrapOptions {
  /** The least jump that is taken for a turn; half the period by default. */
  discont?: Operand | null | undefined;
  axis?: number | undefined;
  period?: Operand | undefined;
}
/**
 * Angles without their jumps: multiples of the period are added so that neighbours differ by at most half of it.
 *
 * Shape: that of `x`. Dtype: that of `x` and the period.
 * @throws DTypeError on complex numbers. @see `jax.numpy.unwrap`
 */
export function unwrap(
  x: Operand,
  ...rest: Optionals<[discont: Operand | null, axis: number], UnwrapOptions>
): ArrayValue {
  const caller = "np.unwrap";
  const {
    discont = null,
    axis = -1,
    period = 2 * Math.PI,
  } = readOptions<UnwrapOptions>(caller, ["discont", "axis", "period"], rest);
  const [a, turn] = promoteDTypes(caller, x, period);
  if (isComplex(a.dtype)) throw new DTypeError("numpy/dtype", `${caller} takes real numbers, got ${a.dtype}`);
  const place = canonicalAxis(axis, a.ndim, caller);
  if (a.shape[place] === 0) return a;
  const half = lax.div(turn, 2);
  const steps = diff(a, { axis: place });
  const inside = lax.sub(remainder(lax.add(steps, half), turn), half);
  const kept = choose(lax.and(lax.eq(inside, lax.neg(half)), lax.gt(steps, 0)), half, inside, caller);
  const turns = choose(
    lax.lt(lax.abs(steps), cast(discont ?? half, a.dtype, a.aval.weak, caller)),
    0,
    lax.sub(kept, steps),
    caller,
  );
  const others = lax.sliceInDim(a, 1, a.shape[place]!, { axis: place });
  return lax.concatenate(
    [lax.sliceInDim(a, 0, 1, { axis: place }), lax.add(others, cumsum(turns, place))],
    place,
  );
}
