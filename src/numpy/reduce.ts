import { type DType, type DTypeLike, dtypeInfo, isComplex, isInexact, toDType } from "../core/dtype.ts";
import { DTypeError, ShapeError } from "../core/errors.ts";
import type { ArgOptions, Axis, ExtremeOptions, ReduceOptions, SumOptions } from "../core/method-types.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { scalarOf } from "../core/scalar.ts";
import { canonicalAxes, canonicalAxis, range, showShape } from "../core/shape.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { greatestOf, leastOf } from "./limits.ts";
import { toBool } from "./logic.ts";
import { cast, defaultInt, defaultUint, promoteDTypesNumeric, toArray } from "./promotion.ts";
import { choose } from "./where.ts";

type SumRest = Optionals<[axis: Axis, dtype: DTypeLike | null, keepdims: boolean], SumOptions>;
type ExtremeRest = Optionals<[axis: Axis, keepdims: boolean], ExtremeOptions>;
type LogicalRest = Optionals<[axis: Axis, keepdims: boolean], ReduceOptions>;

const sumNames = ["axis", "dtype", "keepdims", "initial", "where", "promoteIntegers"] as const;
const extremeNames = ["axis", "keepdims", "initial", "where"] as const;
const logicalNames = ["axis", "keepdims", "where"] as const;

/** float16 and bfloat16 are summed as float32. */
export const wideFloat = (dtype: DType): DType =>
  dtype === "float16" || dtype === "bfloat16" ? "float32" : dtype;

function wideInteger(dtype: DType): DType {
  const { kind, bits } = dtypeInfo[dtype];
  if (kind === "bool") return defaultInt();
  const least = kind === "uint" ? defaultUint() : kind === "int" ? defaultInt() : dtype;
  return bits < dtypeInfo[least].bits ? least : dtype;
}

/** The mask of elements that take part. @throws DTypeError when it is no bool. */
export function checkWhere(where: Operand | null | undefined, caller: string): ArrayValue | null {
  if (where === null || where === undefined) return null;
  const mask = toArray(where, caller);
  if (mask.dtype === "bool") return mask;
  throw new DTypeError("numpy/where", `${caller}: where must be a boolean array, got dtype ${mask.dtype}`);
}

/** One reduction: over what, and how it goes on. */
interface Reduction {
  readonly caller: string;
  readonly op: (x: ArrayValue, axes: readonly number[]) => ArrayValue;
  /** The value that changes nothing, for elements that take no part. */
  readonly identity: (dtype: DType) => number | bigint | boolean;
  readonly combine: (x: ArrayValue, y: ArrayValue) => ArrayValue;
}

/** Reduces `x`, which has the dtype to compute in. */
function reduced(
  x: ArrayValue,
  { caller, op, identity, combine }: Reduction,
  options: ExtremeOptions,
): ArrayValue {
  const { axis = null, keepdims = false, initial = null } = options;
  const where = checkWhere(options.where, caller);
  const axes = canonicalAxes(axis, x.ndim, caller);
  const masked = where === null ? x : choose(where, x, scalarOf(identity(x.dtype), x.dtype), caller);
  let out = op(masked, axes);
  if (initial !== null) {
    const start = cast(initial, x.dtype, false, caller);
    if (start.ndim !== 0)
      throw new ShapeError(
        "numpy/initial",
        `${caller}: initial must be a scalar, got shape ${showShape(start.shape)}`,
      );
    out = combine(start, out);
  }
  return keepdims ? lax.expandDims(out, axes) : out;
}

const total: Omit<Reduction, "caller"> = {
  op: (x, axes) =>
    (x.dtype === "bool" ? lax.reduceOr.bind([x], { axes }) : lax.reduceSum.bind([x], { axes }))[0]!,
  identity: (dtype) => (dtype === "bool" ? false : 0),
  combine: (x, y) => (x.dtype === "bool" ? lax.or(x, y) : lax.add(x, y)),
};
const product: Omit<Reduction, "caller"> = {
  op: (x, axes) =>
    (x.dtype === "bool" ? lax.reduceAnd.bind([x], { axes }) : lax.reduceProd.bind([x], { axes }))[0]!,
  identity: (dtype) => (dtype === "bool" ? true : 1),
  combine: (x, y) => (x.dtype === "bool" ? lax.and(x, y) : lax.mul(x, y)),
};

function accumulated(caller: string, kind: Omit<Reduction, "caller">, x: Operand, rest: SumRest): ArrayValue {
  const {
    dtype = null,
    promoteIntegers = true,
    ...options
  } = readOptions<SumOptions>(caller, sumNames, rest);
  const [a] = promoteDTypesNumeric(caller, x);
  const result = dtype === null ? (promoteIntegers ? wideInteger(a.dtype) : a.dtype) : toDType(dtype, caller);
  const working = dtype === null ? wideFloat(result) : result;
  return cast(reduced(cast(a, working, false, caller), { caller, ...kind }, options), result, false, caller);
}

/**
 * The sum of elements, over all axes or those named; of none, 0.
 *
 * Shape: `[…s] → […s without axes]`. Dtype: that of `x`, but integers narrower than 32 bits become int32 or uint32,
 * booleans int32; float16 and bfloat16 are summed as float32.
 * @throws ShapeError on an axis out of bounds or named twice. @see `jax.numpy.sum`
 */
export const sum = (x: Operand, ...rest: SumRest): ArrayValue => accumulated("np.sum", total, x, rest);
/** The product of elements; of none, 1. Shapes, dtypes and errors as {@link sum}. @see `jax.numpy.prod` */
export const prod = (x: Operand, ...rest: SumRest): ArrayValue => accumulated("np.prod", product, x, rest);

function extreme(name: string, kind: Omit<Reduction, "caller">, x: Operand, rest: ExtremeRest): ArrayValue {
  const caller = `np.${name}`;
  const options = readOptions<ExtremeOptions>(caller, extremeNames, rest);
  const a = toArray(x, caller);
  if (options.initial == null) {
    if (options.where != null)
      throw new ShapeError("numpy/identity", `${caller} has no identity: a where mask needs initial as well`);
    const axes = canonicalAxes(options.axis, a.ndim, caller);
    if (axes.some((axis) => a.shape[axis] === 0)) {
      throw new ShapeError(
        "numpy/empty",
        `zero-size array to reduction operation ${name} which has no identity: the shape is ${showShape(a.shape)}; give initial`,
      );
    }
  }
  return reduced(cast(a, a.dtype, false, caller), { caller, ...kind }, options);
}
const greatest: Omit<Reduction, "caller"> = {
  op: (x, axes) => lax.reduceMax.bind([x], { axes })[0]!,
  identity: leastOf,
  combine: (x, y) => lax.max(x, y),
};
const least: Omit<Reduction, "caller"> = {
  op: (x, axes) => lax.reduceMin.bind([x], { axes })[0]!,
  identity: greatestOf,
  combine: (x, y) => lax.min(x, y),
};

/**
 * The greatest element, over all axes or those named; NaN if there is one. Ties share the gradient.
 *
 * Shape: `[…s] → […s without axes]`. Dtype: that of `x`.
 * @throws ShapeError when there are no elements and no `initial`, on an axis out of bounds or named twice.
 * @see `jax.numpy.max`
 */
export const max = (x: Operand, ...rest: ExtremeRest): ArrayValue => extreme("max", greatest, x, rest);
/** {@link max} under NumPy's other name. @see `jax.numpy.amax` */
export const amax = (x: Operand, ...rest: ExtremeRest): ArrayValue => extreme("amax", greatest, x, rest);
/** The least element; as {@link max}. @see `jax.numpy.min` */
export const min = (x: Operand, ...rest: ExtremeRest): ArrayValue => extreme("min", least, x, rest);
/** {@link min} under NumPy's other name. @see `jax.numpy.amin` */
export const amin = (x: Operand, ...rest: ExtremeRest): ArrayValue => extreme("amin", least, x, rest);

/** The greatest element less the least. Shapes, dtypes and errors as {@link max}. @see `jax.numpy.ptp` */
export function ptp(x: Operand, ...rest: ExtremeRest): ArrayValue {
  return lax.sub(extreme("ptp", greatest, x, rest), extreme("ptp", least, x, rest));
}

function logical(
  caller: string,
  op: Reduction["op"],
  identity: boolean,
  x: Operand,
  rest: LogicalRest,
): ArrayValue {
  const options = readOptions<ReduceOptions>(caller, logicalNames, rest);
  const a = toArray(x, caller);
  const flags = a.dtype === "bool" ? a : isComplex(a.dtype) ? toBool(a) : cast(a, "bool", false, caller);
  return reduced(flags, { caller, op, identity: () => identity, combine: (p) => p }, options);
}
/**
 * Whether all elements are not 0, over all axes or those named; of none, true.
 *
 * Shape: `[…s] → […s without axes]`. Dtype: bool.
 * @throws ShapeError on an axis out of bounds or named twice. @see `jax.numpy.all`
 */
export const all = (x: Operand, ...rest: LogicalRest): ArrayValue =>
  logical("np.all", (p, axes) => lax.reduceAnd.bind([p], { axes })[0]!, true, x, rest);
/** Whether an element is not 0; of none, false. Shapes and errors as {@link all}. @see `jax.numpy.any` */
export const any = (x: Operand, ...rest: LogicalRest): ArrayValue =>
  logical("np.any", (p, axes) => lax.reduceOr.bind([p], { axes })[0]!, false, x, rest);

/** The number of elements that are not 0. Shapes and errors as {@link all}. Dtype: int32. @see `jax.numpy.count_nonzero` */
export function countNonzero(
  x: Operand,
  ...rest: Optionals<[axis: Axis, keepdims: boolean], ReduceOptions>
): ArrayValue {
  const { axis = null, keepdims = false } = readOptions<ReduceOptions>(
    "np.countNonzero",
    ["axis", "keepdims"],
    rest,
  );
  return sum(toBool(toArray(x, "np.countNonzero")), { axis, keepdims, dtype: defaultInt() });
}

type ArgRest = Optionals<[axis: number | null, keepdims: boolean], ArgOptions>;

function place(
  name: string,
  op: typeof lax.argmax | typeof lax.argmin,
  x: ArrayValue,
  options: ArgOptions,
): ArrayValue {
  const caller = `np.${name}`;
  const { axis = null, keepdims = false } = options;
  const a = axis === null ? lax.reshape(x, [x.size]) : x;
  const searched = canonicalAxis(axis ?? 0, a.ndim, caller);
  if (a.shape[searched] === 0) {
    throw new ShapeError(
      "numpy/empty",
      `attempt to get ${name} of an empty sequence: axis ${searched} of shape ${showShape(a.shape)}`,
    );
  }
  const out = op(a, searched, defaultInt());
  return keepdims ? lax.expandDims(out, axis === null ? range(x.ndim) : [searched]) : out;
}

/**
 * Where the greatest element is, the first of several; NaN counts as greatest.
 *
 * Shape: `[…s] → […s without axis]`. Dtype: int32.
 * @throws ShapeError on an empty axis or one out of bounds. @see `jax.numpy.argmax`
 */
export const argmax = (x: Operand, ...rest: ArgRest): ArrayValue =>
  place(
    "argmax",
    lax.argmax,
    toArray(x, "np.argmax"),
    readOptions<ArgOptions>("np.argmax", ["axis", "keepdims"], rest),
  );
/** Where the least element is, the first of several; NaN counts as least. As {@link argmax}. @see `jax.numpy.argmin` */
export const argmin = (x: Operand, ...rest: ArgRest): ArrayValue =>
  place(
    "argmin",
    lax.argmin,
    toArray(x, "np.argmin"),
    readOptions<ArgOptions>("np.argmin", ["axis", "keepdims"], rest),
  );

function nanPlace(
  name: string,
  op: typeof lax.argmax | typeof lax.argmin,
  last: number,
  x: Operand,
  rest: ArgRest,
): ArrayValue {
  const caller = `np.${name}`;
  const options = readOptions<ArgOptions>(caller, ["axis", "keepdims"], rest);
  const a = toArray(x, caller);
  if (!isInexact(a.dtype)) return place(name, op, a, options);
  const isNan = lax.ne(a, a);
  const found = place(name, op, choose(isNan, scalarOf(last, a.dtype, a.aval.weak), a, caller), options);
  return choose(all(isNan, { axis: options.axis, keepdims: options.keepdims }), -1, found, caller);
}
/** {@link argmax} of what is not NaN; -1 where all is. @see `jax.numpy.nanargmax` */
export const nanargmax = (x: Operand, ...rest: ArgRest): ArrayValue =>
  nanPlace("nanargmax", lax.argmax, -Infinity, x, rest);
/** {@link argmin} of what is not NaN; -1 where all is. @see `jax.numpy.nanargmin` */
export const nanargmin = (x: Operand, ...rest: ArgRest): ArrayValue =>
  nanPlace("nanargmin", lax.argmin, Infinity, x, rest);
