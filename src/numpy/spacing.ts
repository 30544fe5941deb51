import { isInteger, toDType } from "../core/dtype.ts";
import { ArgumentError } from "../core/errors.ts";
import type { DTypeOption } from "../core/method-types.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { scalarOf } from "../core/scalar.ts";
import { broadcastShapes, canonicalAxis } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { power } from "./division.ts";
import { log10 } from "./elementwise.ts";
import { cast, resultTypeOf, toInexact } from "./promotion.ts";
import { broadcastArray } from "./where.ts";

export interface LinspaceOptions extends DTypeOption {
  /** Number of points; 50 by default. */
  num?: number | undefined;
  /** Whether `stop` is the last point, as it is by default. */
  endpoint?: boolean | undefined;
  /** The axis of the result along which the points lie. */
  axis?: number | undefined;
}
type SpaceRest = Optionals<[num: number, endpoint: boolean], LinspaceOptions>;
const spaceNames = ["num", "endpoint", "dtype", "axis"] as const;

/**
 * Points at equal distances from `start` to `stop`.
 *
 * Shape: `[num]` of numbers; of arrays, their shape with `num` put in at `axis`. Dtype: float, unless given.
 * @throws ArgumentError on a number of points that is no natural number.
 * @see `jax.numpy.linspace`
 */
export const linspace = (start: Operand, stop: Operand, ...rest: SpaceRest): ArrayValue =>
  spaced(start, stop, readOptions<LinspaceOptions>("np.linspace", spaceNames, rest), "np.linspace")[0];

/** As {@link linspace}, with the distance between points beside them. @see `jax.numpy.linspace` with `retstep` */
export function linspaceWithStep(
  start: Operand,
  stop: Operand,
  ...rest: SpaceRest
): [points: ArrayValue, step: ArrayValue] {
  const caller = "np.linspaceWithStep";
  const [points, step] = spaced(start, stop, readOptions<LinspaceOptions>(caller, spaceNames, rest), caller);
  return [points, step()];
}

function spaced(
  start: Operand,
  stop: Operand,
  { num = 50, endpoint = true, dtype: given, axis: at = 0 }: LinspaceOptions,
  caller: string,
): [points: ArrayValue, step: () => ArrayValue] {
  if (!Number.isInteger(num) || num < 0)
    throw new ArgumentError(
      "numpy/count",
      `${caller}: the number of points must be a natural number, got ${num}`,
    );
  const dtype = given == null ? toInexact(resultTypeOf(caller, [start, stop]).dtype) : toDType(given, caller);
  const working = toInexact(dtype);
  const ends = [start, stop].map((x) => cast(x, working, false, caller));
  const common = broadcastShapes(
    ends.map((x) => x.shape),
    caller,
  );
  const axis = canonicalAxis(at, common.length + 1, caller);
  const [first, last] = ends.map((x) => lax.expandDims(broadcastArray(x, common, caller), [axis]));
  const gaps = endpoint ? num - 1 : num;
  let points: ArrayValue;
  if (num > 1) {
    const shape = common.toSpliced(axis, 0, gaps).map((size, i) => (i === axis ? size : 1));
    const part = lax.div(lax.broadcastedIota(working, shape, axis), gaps);
    points = lax.add(lax.mul(first!, lax.sub(1, part)), lax.mul(last!, part));
    if (endpoint) points = lax.concatenate([points, last!], axis);
  } else points = num === 1 ? first! : lax.full(common.toSpliced(axis, 0, 0), 0, working);
  const step = () => {
    if (num === 0 || gaps === 0) return scalarOf(NaN, working);
    return lax.div(
      lax.sub(broadcastArray(ends[1]!, common, caller), broadcastArray(ends[0]!, common, caller)),
      gaps,
    );
  };
  if (isInteger(dtype)) points = lax.floor(points);
  return [cast(points, dtype, false, caller), step];
}

export interface LogspaceOptions extends LinspaceOptions {
  /** 10 by default. */
  base?: Operand | undefined;
}

/**
 * `base` to the power of points at equal distances.
 *
 * Shape and dtype: as {@link linspace}.
 * @see `jax.numpy.logspace`
 */
export function logspace(
  start: Operand,
  stop: Operand,
  ...rest: Optionals<[num: number, endpoint: boolean, base: Operand], LogspaceOptions>
): ArrayValue {
  const caller = "np.logspace";
  const names = ["num", "endpoint", "base", "dtype", "axis"] as const;
  const { base = 10, dtype: given = null, ...options } = readOptions<LogspaceOptions>(caller, names, rest);
  const dtype =
    given === null ? toInexact(resultTypeOf(caller, [start, stop]).dtype) : toDType(given, caller);
  const [exponents] = spaced(start, stop, { ...options, dtype: toInexact(dtype) }, caller);
  return cast(power(base, exponents), dtype, false, caller);
}

/**
 * Points whose ratios are equal, from `start` to `stop`, which have one sign.
 *
 * Shape and dtype: as {@link linspace}.
 * @see `jax.numpy.geomspace`
 */
export function geomspace(start: Operand, stop: Operand, ...rest: SpaceRest): ArrayValue {
  const caller = "np.geomspace";
  const {
    dtype: given = null,
    axis = 0,
    ...options
  } = readOptions<LinspaceOptions>(caller, spaceNames, rest);
  const dtype =
    given === null ? toInexact(resultTypeOf(caller, [start, stop]).dtype) : toDType(given, caller);
  const working = toInexact(dtype);
  const [first, last] = [start, stop].map((x) => cast(x, working, false, caller));
  const sign = lax.sign(first!);
  const exponents = [first!, last!].map((x) => log10(divided(x, sign)));
  const [points] = spaced(exponents[0]!, exponents[1]!, { ...options, dtype: working, axis }, caller);
  const place = canonicalAxis(axis, points.ndim, caller);
  const signs =
    sign.ndim === 0
      ? sign
      : lax.expandDims(broadcastArray(sign, points.shape.toSpliced(place, 1), caller), [place]);
  return cast(lax.mul(signs, power(10, points)), dtype, false, caller);
}
const divided = (x: ArrayValue, by: ArrayValue): ArrayValue => {
  const shape = broadcastShapes([x.shape, by.shape], "np.geomspace");
  return lax.div(broadcastArray(x, shape, "np.geomspace"), broadcastArray(by, shape, "np.geomspace"));
};
