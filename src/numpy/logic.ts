import { isComplex } from "../core/dtype.ts";
import { checkedAsOne } from "../core/numbers.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { broadcastShapes, range, sameShape } from "../core/shape.ts";
import { scalarOf } from "../core/scalar.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { isfinite, isnan } from "./floating.ts";
import { cast, isUnsigned, promote, promoteInexact, promoteNumeric, toArray, toReal } from "./promotion.ts";
import { binary, type BinaryFunction, named, unary, type UnaryFunction } from "./ufunc.ts";
import { broadcastTogether } from "./where.ts";

// Shapes as in elementwise.ts; comparisons and logical functions give bool.

/** `x = y`; NaN equals nothing. Dtype: bool. @see `jax.numpy.equal` */
export const equal: BinaryFunction = binary("equal", (x, y) => lax.eq(x, y));
/** `x ≠ y`. Dtype: bool. @see `jax.numpy.not_equal` */
export const notEqual: BinaryFunction = binary("notEqual", (x, y) => lax.ne(x, y));

/** Complex numbers are ordered by their real parts, then their imaginary ones. */
const ordered = (name: string, compare: (x: ArrayValue, y: ArrayValue) => ArrayValue): BinaryFunction =>
  binary(name, (x, y) => {
    if (!isComplex(x.dtype)) return compare(x, y);
    const [a, b] = broadcastTogether([x, y], `np.${name}`) as [ArrayValue, ArrayValue];
    const [re, im] = [lax.real, lax.imag].map((part) => [part(a), part(b)] as const);
    return lax.select(lax.eq(...re!), compare(...im!), compare(...re!));
  });
/** `x < y`. Dtype: bool. @see `jax.numpy.less` */
export const less: BinaryFunction = ordered("less", (x, y) => lax.lt(x, y));
/** `x ≤ y`. Dtype: bool. @see `jax.numpy.less_equal` */
export const lessEqual: BinaryFunction = ordered("lessEqual", (x, y) => lax.le(x, y));
/** `x > y`. Dtype: bool. @see `jax.numpy.greater` */
export const greater: BinaryFunction = ordered("greater", (x, y) => lax.gt(x, y));
/** `x ≥ y`. Dtype: bool. @see `jax.numpy.greater_equal` */
export const greaterEqual: BinaryFunction = ordered("greaterEqual", (x, y) => lax.ge(x, y));

/** What is not 0. */
export const toBool = (x: ArrayValue): ArrayValue => (x.dtype === "bool" ? x : lax.ne(x, 0));
const logical = (name: string, op: (x: ArrayValue, y: ArrayValue) => ArrayValue): BinaryFunction =>
  binary(name, (x, y) => op(toBool(x), toBool(y)));
/** Whether both are not 0. Dtype: bool. @see `jax.numpy.logical_and` */
export const logicalAnd: BinaryFunction = logical("logicalAnd", (x, y) => lax.and(x, y));
/** Whether one is not 0. Dtype: bool. @see `jax.numpy.logical_or` */
export const logicalOr: BinaryFunction = logical("logicalOr", (x, y) => lax.or(x, y));
/** Whether exactly one is not 0. Dtype: bool. @see `jax.numpy.logical_xor` */
export const logicalXor: BinaryFunction = logical("logicalXor", (x, y) => lax.xor(x, y));
/** Whether `x` is 0. Dtype: bool. @see `jax.numpy.logical_not` */
export const logicalNot: UnaryFunction = unary("logicalNot", (x) => lax.not(toBool(x)));

/** Bits set in both. @throws DTypeError on floats. @see `jax.numpy.bitwise_and` */
export const bitwiseAnd: BinaryFunction = binary("bitwiseAnd", (x, y) => lax.and(x, y));
/** Bits set in one or both. @throws DTypeError on floats. @see `jax.numpy.bitwise_or` */
export const bitwiseOr: BinaryFunction = binary("bitwiseOr", (x, y) => lax.or(x, y));
/** Bits set in exactly one. @throws DTypeError on floats. @see `jax.numpy.bitwise_xor` */
export const bitwiseXor: BinaryFunction = binary("bitwiseXor", (x, y) => lax.xor(x, y));
/** Each bit turned. @throws DTypeError on floats. @see `jax.numpy.bitwise_not` */
export const bitwiseNot: UnaryFunction = unary("bitwiseNot", (x) => lax.not(x));
/** {@link bitwiseNot} under NumPy's other name. @see `jax.numpy.invert` */
export const invert: UnaryFunction = unary("invert", (x) => lax.not(x));
/** {@link bitwiseNot} under the array API's name. @see `jax.numpy.bitwise_invert` */
export const bitwiseInvert: UnaryFunction = unary("bitwiseInvert", (x) => lax.not(x));
/** Number of bits set in `|x|`. Dtype: uint8. @throws DTypeError on floats. @see `jax.numpy.bitwise_count` */
export const bitwiseCount: UnaryFunction = named("bitwiseCount", (x) => {
  const [a] = promoteNumeric("np.bitwiseCount", x);
  return cast(lax.populationCount(isUnsigned(a) ? a : lax.abs(a)), "uint8", false, "np.bitwiseCount");
});

const shift = (name: string, op: (x: ArrayValue, y: ArrayValue) => ArrayValue): BinaryFunction =>
  named(name, (x: Operand, y: Operand) => op(...promoteNumeric(`np.${name}`, x, y)));
const right = (x: ArrayValue, y: ArrayValue): ArrayValue =>
  isUnsigned(x) ? lax.shiftRightLogical(x, y) : lax.shiftRightArithmetic(x, y);
/** `x · 2ʸ`, bits falling off. @throws DTypeError on floats. @see `jax.numpy.left_shift` */
export const leftShift: BinaryFunction = shift("leftShift", (x, y) => lax.shiftLeft(x, y));
/** `⌊x / 2ʸ⌋`. @throws DTypeError on floats. @see `jax.numpy.right_shift` */
export const rightShift: BinaryFunction = shift("rightShift", right);
/** {@link leftShift} under the array API's name. @see `jax.numpy.bitwise_left_shift` */
export const bitwiseLeftShift: BinaryFunction = shift("bitwiseLeftShift", (x, y) => lax.shiftLeft(x, y));
/** {@link rightShift} under the array API's name. @see `jax.numpy.bitwise_right_shift` */
export const bitwiseRightShift: BinaryFunction = shift("bitwiseRightShift", right);

export interface CloseOptions {
  /** Tolerance relative to `|y|`; 1e-5 by default. */
  rtol?: Operand | undefined;
  /** Absolute tolerance; 1e-8 by default. */
  atol?: Operand | undefined;
  /** Whether NaN is close to NaN. */
  equalNan?: boolean | undefined;
}
type CloseArguments = Optionals<[rtol: Operand, atol: Operand, equalNan: boolean], CloseOptions>;

/**
 * Whether `|x − y| ≤ atol + rtol·|y|`, or both are the same infinity.
 *
 * Shape: broadcast. Dtype: bool.
 * @see `jax.numpy.isclose`
 */
export function isclose(x: Operand, y: Operand, ...rest: CloseArguments): ArrayValue {
  const caller = "np.isclose";
  const {
    rtol = 1e-5,
    atol = 1e-8,
    equalNan = false,
  } = readOptions<CloseOptions>(caller, ["rtol", "atol", "equalNan"], rest);
  const [a, b] = promoteInexact(caller, x, y);
  const tolerance = (value: Operand) => cast(value, toReal(a.dtype), false, caller);
  const limit = lax.add(tolerance(atol), lax.mul(tolerance(rtol), lax.abs(b)));
  // The difference of infinities is NaN, and not looked at.
  const inRange = checkedAsOne(caller, () => lax.le(lax.abs(lax.sub(a, b)), limit))();
  const close = lax.or(lax.eq(a, b), lax.and(isfinite(b), inRange));
  return equalNan ? lax.or(close, lax.and(isnan(a), isnan(b))) : close;
}

/** Whether all elements are {@link isclose}. Shape: `[]`. Dtype: bool. @see `jax.numpy.allclose` */
export function allclose(x: Operand, y: Operand, ...rest: CloseArguments): ArrayValue {
  return allTrue(isclose(x, y, ...rest));
}

const allTrue = (x: ArrayValue): ArrayValue => lax.reduceAnd.bind([x], { axes: range(x.ndim) })[0]!;

/**
 * Whether two arrays have one shape and equal elements; with `equalNan`, NaN equals NaN.
 *
 * Shape: `[]`. Dtype: bool.
 * @see `jax.numpy.array_equal`
 */
export function arrayEqual(
  x: Operand,
  y: Operand,
  ...rest: Optionals<[equalNan: boolean], { equalNan?: boolean | undefined }>
): ArrayValue {
  const { equalNan = false } = readOptions<{ equalNan?: boolean }>("np.arrayEqual", ["equalNan"], rest);
  const [a, b] = [toArray(x, "np.arrayEqual"), toArray(y, "np.arrayEqual", 1)];
  if (!sameShape(a.shape, b.shape)) return scalarOf(false, "bool");
  const same = equal(a, b);
  return allTrue(equalNan ? lax.or(same, lax.and(isnan(a), isnan(b))) : same);
}

/** Whether two arrays broadcast to one shape and are equal there. Shape: `[]`. Dtype: bool. @see `jax.numpy.array_equiv` */
export function arrayEquiv(x: Operand, y: Operand): ArrayValue {
  const [a, b] = promote("np.arrayEquiv", x, y);
  try {
    broadcastShapes([a.shape, b.shape], "np.arrayEquiv");
  } catch {
    return scalarOf(false, "bool");
  }
  return allTrue(lax.eq(a, b));
}
