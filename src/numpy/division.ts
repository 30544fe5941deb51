import { isInexact, isInteger, kindOf } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";
import { checkedAsOne } from "../core/numbers.ts";
import { isWeakInt } from "../core/scalar.ts";
import { type ArrayValue, Dense, type Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { integersOf } from "./elements.ts";
import { cast, promoteDTypesNumeric, promoteNumeric, promoteRanks, toArray } from "./promotion.ts";
import { binaryInexact, type BinaryFunction, named } from "./ufunc.ts";
import { choose } from "./where.ts";

const binaryNumeric = (name: string, op: (x: ArrayValue, y: ArrayValue) => ArrayValue): BinaryFunction =>
  named(name, (x: Operand, y: Operand) => op(...promoteNumeric(`np.${name}`, x, y)));

/** `[quotient rounded down, remainder]` of floats; the remainder has the divisor's sign. */
function divmodFloats(x: ArrayValue, y: ArrayValue): [quotient: ArrayValue, remainder: ArrayValue] {
  const rem = lax.rem(x, y);
  const exact = lax.div(choose(lax.eq(y, 0), x, lax.sub(x, rem), "np.divmod"), y);
  const wrongSign = lax.and(lax.ne(rem, 0), lax.ne(lax.sign(y), lax.sign(rem)));
  const remainder = choose(wrongSign, lax.add(rem, y), rem, "np.divmod");
  const quotient = choose(wrongSign, lax.sub(exact, 1), exact, "np.divmod");
  return [lax.round(quotient), remainder];
}

/**
 * `x / y` rounded down, as Python's `//`. Dtype: the promoted one; booleans become int32.
 * @throws DTypeError on complex numbers.
 * @see `jax.numpy.floor_divide`
 */
export const floorDivide: BinaryFunction = binaryNumeric(
  "floorDivide",
  checkedAsOne("np.floorDivide", floorDivided),
);

function floorDivided(x: ArrayValue, y: ArrayValue): ArrayValue {
  const kind = kindOf(x.dtype);
  if (kind === "uint") return lax.div(x, y);
  if (kind === "float") return divmodFloats(x, y)[0];
  if (kind === "complex")
    throw new DTypeError(
      "numpy/complex",
      "np.floorDivide is not defined for complex numbers: they have no order",
    );
  const quotient = lax.div(x, y);
  const down = lax.and(lax.ne(lax.sign(x), lax.sign(y)), lax.ne(lax.rem(x, y), 0));
  return choose(down, lax.sub(quotient, 1), quotient, "np.floorDivide");
}

/**
 * The remainder of {@link floorDivide}, with the sign of `y`, as Python's `%`; of integers, `x mod 0` is `x mod 1`.
 * @see `jax.numpy.remainder`
 */
export const remainder: BinaryFunction = binaryNumeric("remainder", remained);
/** {@link remainder} under its short name. @see `jax.numpy.mod` */
export const mod: BinaryFunction = binaryNumeric("mod", remained);

function remained(x: ArrayValue, divisor: ArrayValue): ArrayValue {
  const y = nonZero(divisor, "np.remainder");
  const rem = lax.rem(x, y);
  const inexact = lax.ne(rem, 0);
  const wrongSign = lax.and(lax.ne(lax.lt(rem, 0), lax.lt(y, 0)), inexact);
  return choose(wrongSign, lax.add(rem, y), rem, "np.remainder");
}

/** Integers with 1 in place of 0. */
const nonZero = (y: ArrayValue, caller: string): ArrayValue =>
  isInteger(y.dtype) ? choose(lax.eq(y, 0), 1, y, caller) : y;

/** The remainder of division rounded towards zero, with the sign of `x`, as C's `fmod`. @see `jax.numpy.fmod` */
export const fmod: BinaryFunction = binaryNumeric("fmod", (x, y) => lax.rem(x, nonZero(y, "np.fmod")));

/** `[floorDivide(x, y), remainder(x, y)]`. @see `jax.numpy.divmod` */
export function divmod(x: Operand, y: Operand): [quotient: ArrayValue, remainder: ArrayValue] {
  const [a, b] = promoteNumeric("np.divmod", x, y);
  return isInteger(a.dtype) ? [floorDivided(a, b), remained(a, b)] : divmodFloats(a, b);
}

/** A concrete integer exponent, or null. */
function integerExponent(y: Operand): number | null {
  if (typeof y === "boolean") return Number(y);
  if (typeof y === "number") return isWeakInt(y) ? y : null;
  if (!(y instanceof Dense) || y.ndim !== 0 || !isInteger(y.dtype)) return null;
  const known = y.concrete();
  return known && integersOf(known)[0]!;
}

/**
 * `x` to the power `y`. A whole number known now is an `integer_pow`, exact for integers; other exponents are `pow`.
 * `np.weak(2, "float")` asks for `pow` with the exponent 2.
 *
 * Shape: broadcast. Dtype: the promoted one; booleans become int32.
 * @throws DTypeError on an integer to a negative power that is known now.
 * @see `jax.numpy.power`
 */
export const power: BinaryFunction = named("power", (x: Operand, y: Operand): ArrayValue => {
  const exponent = integerExponent(y);
  if (exponent !== null)
    return lax.integerPow.bind([promoteDTypesNumeric("np.power", x)[0]], { y: exponent })[0]!;
  const given = [toArray(x, "np.power"), toArray(y, "np.power", 1)] as const;
  // An integer exponent of a float stays one.
  if (isInexact(given[0].dtype) && isInteger(given[1].dtype)) return lax.pow(...promoteRanks(given));
  const [base, power] = promoteNumeric("np.power", x, y);
  return isInteger(base.dtype) ? powerOfIntegers(base, power) : lax.pow(base, power);
});
/** {@link power} under its short name. @see `jax.numpy.pow` */
export const pow: BinaryFunction = named("pow", (x, y) => power(x, y));

/** By squaring; exponents have 6 bits, as larger ones overflow every base but 0, 1 and -1. */
function powerOfIntegers(x: ArrayValue, y: ArrayValue): ArrayValue {
  const caller = "np.power";
  let base = x;
  let exponent = y;
  const [zero, one] = [0, 1].map((n) => cast(n, x.dtype, x.aval.weak, caller));
  let product = choose(lax.and(lax.eq(x, 0), lax.ne(y, 0)), zero!, one!, caller);
  for (let bit = 0; bit < 6; bit++) {
    product = choose(lax.and(exponent, 1), lax.mul(product, base), product, caller);
    base = lax.mul(base, base);
    exponent = lax.shiftRightLogical(exponent, 1);
  }
  return product;
}

/** `x` to the power `y`. Dtype: float. @see `jax.numpy.float_power` */
export const floatPower: BinaryFunction = binaryInexact("floatPower", (x, y) => lax.pow(x, y));
