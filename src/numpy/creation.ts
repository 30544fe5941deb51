import { type DType, type DTypeLike, dtypeInfo, isFloat, toDType } from "../core/dtype.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import type { DTypeOption, ShapeLike } from "../core/method-types.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { scalarOf } from "../core/scalar.ts";
import { checkShape, range, type Shape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import { ArrayValue, avalOf, concreteOf, type Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { type ArrayLike, make } from "./array.ts";
import { elementReader } from "./elements.ts";
import { cast, defaultFloat, defaultInt, resultTypeOf, toArray } from "./promotion.ts";
import { broadcastArray } from "./where.ts";

function filled(name: string, shape: ShapeLike, value: number, rest: readonly unknown[]): ArrayValue {
  const caller = `np.${name}`;
  const { dtype } = readOptions<DTypeOption>(caller, ["dtype"], rest);
  if (typeof dtype === "number") {
    throw new ArgumentError(
      "numpy/shape",
      `${caller}(${String(shape)}, ${String(dtype)}): the shape is one argument, a list of sizes: ${caller}([${String(shape)}, ${String(dtype)}])`,
    );
  }
  return lax.broadcast(scalarOf(value, toDType(dtype ?? defaultFloat(), caller)), checkShape(shape, caller));
}

/**
 * Zeros. Shape: `shape`. Dtype: float32 unless given.
 * @throws ShapeError on a size that is no natural number. @see `jax.numpy.zeros`
 */
export const zeros = (
  shape: ShapeLike,
  ...rest: Optionals<[dtype: DTypeLike | null], DTypeOption>
): ArrayValue => filled("zeros", shape, 0, rest);
/**
 * Ones. Shape: `shape`. Dtype: float32 unless given.
 * @throws ShapeError on a size that is no natural number. @see `jax.numpy.ones`
 */
export const ones = (
  shape: ShapeLike,
  ...rest: Optionals<[dtype: DTypeLike | null], DTypeOption>
): ArrayValue => filled("ones", shape, 1, rest);
/** {@link zeros}: there is no memory to leave as it is. @see `jax.numpy.empty` */
export const empty = (
  shape: ShapeLike,
  ...rest: Optionals<[dtype: DTypeLike | null], DTypeOption>
): ArrayValue => filled("empty", shape, 0, rest);

/**
 * An array that holds one value, or a smaller array broadcast.
 *
 * Shape: `shape`. Dtype: that given, else that of the value: float32 of a number, bool of a boolean.
 * @throws ShapeError on a size that is no natural number, or a value that does not broadcast.
 * @see `jax.numpy.full`
 */
export function full(
  shape: ShapeLike,
  fillValue: ArrayLike,
  ...rest: Optionals<[dtype: DTypeLike | null], DTypeOption>
): ArrayValue {
  const { dtype = null } = readOptions<DTypeOption>("np.full", ["dtype"], rest);
  const sizes = checkShape(shape, "np.full");
  return repeated(fillOf(fillValue, dtype, "np.full"), sizes, "np.full");
}

/** The value as an array of `dtype`, if given. */
function fillOf(value: ArrayLike, dtype: DTypeLike | null, caller: string): ArrayValue {
  const numeric = typeof value === "number" && dtype !== null;
  // A number given with a dtype is converted as by astype: 300 as uint8 is 44.
  return numeric ? scalarOf(value, toDType(dtype, caller)) : make(value, dtype, caller);
}

const repeated = (x: ArrayValue, shape: Shape, caller: string): ArrayValue =>
  x.ndim === 0 ? lax.broadcast(x, shape) : broadcastArray(x, shape, caller);

export interface LikeOptions extends DTypeOption {
  /** By default that of the array. */
  shape?: ShapeLike | null | undefined;
}
type LikeRest = Optionals<[dtype: DTypeLike | null, shape: ShapeLike | null], LikeOptions>;

function like(name: string, x: Operand, value: ArrayLike, rest: readonly unknown[]): ArrayValue {
  const caller = `np.${name}`;
  const { dtype = null, shape = null } = readOptions<LikeOptions>(caller, ["dtype", "shape"], rest);
  const given = toArray(x, caller);
  const sizes = checkShape(shape ?? given.aval.shape, caller);
  const weak = dtype === null && given.aval.weak && typeof value === "number";
  const fill = weak ? scalarOf(value, given.dtype, true) : fillOf(value, dtype ?? given.dtype, caller);
  const own = fill.ndim === 0 ? given.like(fill, avalOf(sizes, fill.dtype, weak)) : null;
  return own ?? repeated(fill, sizes, caller);
}
/**
 * Zeros with the shape and dtype of `x`, or those given; of the class that the class of `x` wants, if it has a `like`.
 * @see `jax.numpy.zeros_like`
 */
export const zerosLike = (x: Operand, ...rest: LikeRest): ArrayValue => like("zerosLike", x, 0, rest);
/** Ones with the shape and dtype of `x`, or those given. @see `jax.numpy.ones_like` */
export const onesLike = (x: Operand, ...rest: LikeRest): ArrayValue => like("onesLike", x, 1, rest);
/** {@link zerosLike}. @see `jax.numpy.empty_like` */
export const emptyLike = (x: Operand, ...rest: LikeRest): ArrayValue => like("emptyLike", x, 0, rest);
/** One value, or a smaller array broadcast, with the shape and dtype of `x`, or those given. @see `jax.numpy.full_like` */
export const fullLike = (x: Operand, fillValue: ArrayLike, ...rest: LikeRest): ArrayValue =>
  like("fullLike", x, fillValue, rest);

/** A number that must be known now. */
function numberOf(value: unknown, name: string): number {
  if (typeof value === "number") return value;
  if (value instanceof ArrayValue && value.ndim === 0) {
    const known = concreteOf(value, `np.arange's ${name}`);
    return Number(elementReader(known.dtype, "np.arange")(known.storage, 0));
  }
  throw new ArgumentError("numpy/arange", `np.arange: ${name} must be a number, got ${describe(value)}`);
}

export interface ArangeOptions extends DTypeOption {
  stop?: Operand | null | undefined;
  step?: Operand | null | undefined;
}

/**
 * `start, start + step, …` up to `stop`, exclusive; a single argument is `stop`.
 *
 * Shape: `[⌈(stop − start) / step⌉]`. Dtype: int32 of integers, else float32, unless given.
 * @throws ArgumentError on what is no number, or a step of 0; ConcretizationError on traced numbers.
 * @see `jax.numpy.arange`
 */
export function arange(
  start: Operand,
  ...rest: Optionals<[stop: Operand | null, step: Operand | null, dtype: DTypeLike | null], ArangeOptions>
): ArrayValue {
  const caller = "np.arange";
  const {
    stop = null,
    step = null,
    dtype: given = null,
  } = readOptions<ArangeOptions>(caller, ["stop", "step", "dtype"], rest);
  const operands = [start, stop, step].filter((x) => x !== null);
  const dtype = given === null ? resultTypeOf(caller, operands).dtype : toDType(given, caller);
  const [from, to] =
    stop === null ? [0, numberOf(start, "stop")] : [numberOf(start, "start"), numberOf(stop, "stop")];
  const by = step === null ? 1 : numberOf(step, "step");
  if (by === 0) throw new ArgumentError("numpy/arange", `${caller}: the step cannot be 0`);
  const length = Math.ceil((to - from) / by);
  if (!(length < 2 ** 31)) {
    throw new ArgumentError(
      "numpy/arange",
      `${caller}(${from}, ${to}, ${by}) has no finite length that fits an array`,
    );
  }
  const size = Math.max(0, length);
  if (step === null && from === 0) return lax.iota(dtype, size);
  const working: DType = isFloat(dtype) && dtypeInfo[dtype].bits < 32 ? "float32" : dtype;
  const iota = lax.iota(working, size);
  if (step === null) return cast(lax.add(scalarOf(from, working), iota), dtype, false, caller);
  return cast(lax.add(scalarOf(from, working), lax.mul(scalarOf(by, working), iota)), dtype, false, caller);
}

export interface MeshgridOptions {
  /** `xy` (the default): the first two axes are exchanged, as rows and columns of a plot; `ij`: axis i is of array i. */
  indexing?: "xy" | "ij" | undefined;
  /** Whether axes of size 1 are left for broadcasting. */
  sparse?: boolean | undefined;
}
/**
 * Arrays of coordinates of a grid: `meshgrid(x, y, { indexing: "ij" })`.
 *
 * Shape: `[n], [m], … → [n, m, …]` each. Dtype: that of each array.
 * @throws ShapeError when an array has not one axis; ArgumentError on another indexing.
 * @see `jax.numpy.meshgrid`
 */
export function meshgrid(
  ...args: readonly [...ArrayValue[]] | readonly [...ArrayValue[], MeshgridOptions]
): ArrayValue[] {
  const caller = "np.meshgrid";
  const last = args.at(-1);
  const named = last instanceof ArrayValue || last === undefined ? [] : [last];
  const { indexing = "xy", sparse = false } = readOptions<MeshgridOptions>(
    caller,
    ["indexing", "sparse"],
    named,
  );
  if (indexing !== "xy" && indexing !== "ij")
    throw new ArgumentError(
      "numpy/indexing",
      `${caller}: indexing must be "xy" or "ij", got ${describe(indexing)}`,
    );
  const arrays = args.slice(0, args.length - named.length).map((x, i) => toArray(x as ArrayValue, caller, i));
  for (const x of arrays) {
    if (x.ndim !== 1)
      throw new ShapeError("numpy/rank", `${caller}: arrays must have one axis, got ${describe(x)}`);
  }
  const swap = indexing === "xy" && arrays.length >= 2;
  const places = swap ? [1, 0, ...range(arrays.length - 2, 2)] : range(arrays.length);
  const sizes = places.map((i) => arrays[i]!.shape[0]!);
  return arrays.map((x, i) => {
    const axis = places[i]!;
    return lax.broadcastInDim(x, sparse ? sizes.map((size, j) => (j === axis ? size : 1)) : sizes, [axis]);
  });
}

/**
 * For each axis of a grid, the position along it.
 *
 * Shape: `[axes, …dimensions]`. Dtype: int32 unless given.
 * @throws ShapeError on a size that is no natural number.
 * @see `jax.numpy.indices`
 */
export function indices(
  dimensions: Shape,
  ...rest: Optionals<[dtype: DTypeLike | null], DTypeOption>
): ArrayValue {
  const { dtype: given } = readOptions<DTypeOption>("np.indices", ["dtype"], rest);
  const dtype = toDType(given ?? defaultInt(), "np.indices");
  const shape = checkShape(dimensions, "np.indices");
  if (shape.length === 0) return make([], dtype, "np.indices");
  return lax.stack(
    shape.map((size, axis) => lax.broadcastInDim(lax.iota(dtype, size), shape, [axis])),
    0,
  );
}
