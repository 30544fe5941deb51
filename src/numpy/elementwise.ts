import { isComplex } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { cast, isBool, isIntegral, isUnsigned, promoteDTypesNumeric } from "./promotion.ts";
import {
  binary,
  type BinaryFunction,
  binaryInexact,
  named,
  unary,
  type UnaryFunction,
  unaryInexact,
} from "./ufunc.ts";
import { choose } from "./where.ts";

// Unless said otherwise: shape of unary functions `[…s] → […s]`, of binary ones the shape that both broadcast to; the
// dtype is the promoted one, and "float" means that integers and booleans become float32 first.

/** `x + y`; of booleans, their "or". @see `jax.numpy.add` */
export const add: BinaryFunction = binary("add", (x, y) => (isBool(x) ? lax.or(x, y) : lax.add(x, y)));
/** `x − y`. @throws DTypeError on booleans. @see `jax.numpy.subtract` */
export const subtract: BinaryFunction = binary("subtract", (x, y) => lax.sub(x, y));
/** `x · y`; of booleans, their "and". @see `jax.numpy.multiply` */
export const multiply: BinaryFunction = binary("multiply", (x, y) =>
  isBool(x) ? lax.and(x, y) : lax.mul(x, y),
);
/** `x / y`. Dtype: float. @see `jax.numpy.divide` */
export const divide: BinaryFunction = binaryInexact("divide", (x, y) => lax.div(x, y));
/** {@link divide} under NumPy's other name. @see `jax.numpy.true_divide` */
export const trueDivide: BinaryFunction = binaryInexact("trueDivide", (x, y) => lax.div(x, y));
/** `−x`. @throws DTypeError on booleans. @see `jax.numpy.negative` */
export const negative: UnaryFunction = unary("negative", (x) => lax.neg(x));
/** `+x`. @see `jax.numpy.positive` */
export const positive: UnaryFunction = unary("positive", (x) => x);
/** `|x|`; of complex numbers, their modulus. @see `jax.numpy.absolute` */
export const absolute: UnaryFunction = unary("absolute", (x) =>
  isBool(x) || isUnsigned(x) ? x : lax.abs(x),
);
/** {@link absolute} under its short name. @see `jax.numpy.abs` */
export const abs: UnaryFunction = unary("abs", (x) => (isBool(x) || isUnsigned(x) ? x : lax.abs(x)));
/** `|x|` of real numbers. Dtype: float. @throws DTypeError on complex numbers. @see `jax.numpy.fabs` */
export const fabs: UnaryFunction = unaryInexact("fabs", (x) => lax.abs(requireReal(x, "fabs")));
/** -1, 0 or 1 by the sign; NaN of NaN. @see `jax.numpy.sign` */
export const sign: UnaryFunction = unary("sign", (x) => lax.sign(x));
/** `x²`. @see `jax.numpy.square` */
export const square: UnaryFunction = named("square", (x) =>
  lax.square(promoteDTypesNumeric("np.square", x)[0]),
);
/** `1 / x`. Dtype: float. @see `jax.numpy.reciprocal` */
export const reciprocal: UnaryFunction = unaryInexact(
  "reciprocal",
  (x) => lax.integerPow.bind([x], { y: -1 })[0]!,
);
/** The square root. Dtype: float. @see `jax.numpy.sqrt` */
export const sqrt: UnaryFunction = unaryInexact("sqrt", (x) => lax.sqrt(x));
/** The cube root. Dtype: float. @see `jax.numpy.cbrt` */
export const cbrt: UnaryFunction = unaryInexact("cbrt", (x) => lax.cbrt(x));

/** `eˣ`. Dtype: float. @see `jax.numpy.exp` */
export const exp: UnaryFunction = unaryInexact("exp", (x) => lax.exp(x));
/** `2ˣ`. Dtype: float. @see `jax.numpy.exp2` */
export const exp2: UnaryFunction = unaryInexact("exp2", (x) => lax.exp2(x));
/** `eˣ − 1`, exact near 0. Dtype: float. @see `jax.numpy.expm1` */
export const expm1: UnaryFunction = unaryInexact("expm1", (x) => lax.expm1(x));
/** The natural logarithm. Dtype: float. @see `jax.numpy.log` */
export const log: UnaryFunction = unaryInexact("log", (x) => lax.log(x));
/** `log(1 + x)`, exact near 0. Dtype: float. @see `jax.numpy.log1p` */
export const log1p: UnaryFunction = unaryInexact("log1p", (x) => lax.log1p(x));
/** The logarithm to base 2. Dtype: float. @see `jax.numpy.log2` */
export const log2: UnaryFunction = unaryInexact("log2", (x) =>
  scaleParts(lax.log(x), (part) => lax.div(part, lax.log(cast(2, part.dtype, false, "np.log2")))),
);
/** The logarithm to base 10. Dtype: float. @see `jax.numpy.log10` */
export const log10: UnaryFunction = unaryInexact("log10", (x) =>
  scaleParts(lax.log(x), (part) => lax.mul(part, Math.LOG10E)),
);

/** Sine of radians. Dtype: float. @see `jax.numpy.sin` */
export const sin: UnaryFunction = unaryInexact("sin", (x) => lax.sin(x));
/** Cosine of radians. Dtype: float. @see `jax.numpy.cos` */
export const cos: UnaryFunction = unaryInexact("cos", (x) => lax.cos(x));
/** Tangent of radians. Dtype: float. @see `jax.numpy.tan` */
export const tan: UnaryFunction = unaryInexact("tan", (x) => lax.tan(x));
/** Inverse sine in radians. Dtype: float. @see `jax.numpy.arcsin` */
export const arcsin: UnaryFunction = unaryInexact("arcsin", (x) => lax.asin(x));
/** Inverse cosine in radians. Dtype: float. @see `jax.numpy.arccos` */
export const arccos: UnaryFunction = unaryInexact("arccos", (x) => lax.acos(x));
/** Inverse tangent in radians. Dtype: float. @see `jax.numpy.arctan` */
export const arctan: UnaryFunction = unaryInexact("arctan", (x) => lax.atan(x));
/** The angle of the point `(y, x)`, in radians. Dtype: float. @see `jax.numpy.arctan2` */
export const arctan2: BinaryFunction = binaryInexact("arctan2", (y, x) => lax.atan2(y, x));
/** Hyperbolic sine. Dtype: float. @see `jax.numpy.sinh` */
export const sinh: UnaryFunction = unaryInexact("sinh", (x) => lax.sinh(x));
/** Hyperbolic cosine. Dtype: float. @see `jax.numpy.cosh` */
export const cosh: UnaryFunction = unaryInexact("cosh", (x) => lax.cosh(x));
/** Hyperbolic tangent. Dtype: float. @see `jax.numpy.tanh` */
export const tanh: UnaryFunction = unaryInexact("tanh", (x) => lax.tanh(x));
/** Inverse hyperbolic sine. Dtype: float. @see `jax.numpy.arcsinh` */
export const arcsinh: UnaryFunction = unaryInexact("arcsinh", (x) => lax.asinh(x));
/** Inverse hyperbolic cosine. Dtype: float. @see `jax.numpy.arccosh` */
export const arccosh: UnaryFunction = unaryInexact("arccosh", (x) => {
  const out = lax.acosh(x);
  return isComplex(out.dtype) ? choose(lax.lt(lax.real(out), 0), lax.neg(out), out, "np.arccosh") : out;
});
/** Inverse hyperbolic tangent. Dtype: float. @see `jax.numpy.arctanh` */
export const arctanh: UnaryFunction = unaryInexact("arctanh", (x) => lax.atanh(x));
/** Degrees in radians. Dtype: float. @see `jax.numpy.deg2rad` */
export const deg2rad: UnaryFunction = unaryInexact("deg2rad", (x) => lax.mul(x, Math.PI / 180));
/** Radians in degrees. Dtype: float. @see `jax.numpy.rad2deg` */
export const rad2deg: UnaryFunction = unaryInexact("rad2deg", (x) => lax.mul(x, 180 / Math.PI));

/** {@link deg2rad} under NumPy's other name. @see `jax.numpy.radians` */
export const radians: UnaryFunction = named("radians", (x) => deg2rad(x));
/** {@link rad2deg} under NumPy's other name. @see `jax.numpy.degrees` */
export const degrees: UnaryFunction = named("degrees", (x) => rad2deg(x));
/** {@link arcsin} under the array API's name. @see `jax.numpy.asin` */
export const asin: UnaryFunction = named("asin", (x) => arcsin(x));
/** {@link arccos} under the array API's name. @see `jax.numpy.acos` */
export const acos: UnaryFunction = named("acos", (x) => arccos(x));
/** {@link arctan} under the array API's name. @see `jax.numpy.atan` */
export const atan: UnaryFunction = named("atan", (x) => arctan(x));
/** {@link arctan2} under the array API's name. @see `jax.numpy.atan2` */
export const atan2: BinaryFunction = named("atan2", (y, x) => arctan2(y, x));
/** {@link arcsinh} under the array API's name. @see `jax.numpy.asinh` */
export const asinh: UnaryFunction = named("asinh", (x) => arcsinh(x));
/** {@link arccosh} under the array API's name. @see `jax.numpy.acosh` */
export const acosh: UnaryFunction = named("acosh", (x) => arccosh(x));
/** {@link arctanh} under the array API's name. @see `jax.numpy.atanh` */
export const atanh: UnaryFunction = named("atanh", (x) => arctanh(x));

/** The greater of two; NaN where either is. Ties share the gradient. @see `jax.numpy.maximum` */
export const maximum: BinaryFunction = binary("maximum", (x, y) => lax.max(x, y));
/** The lesser of two; NaN where either is. Ties share the gradient. @see `jax.numpy.minimum` */
export const minimum: BinaryFunction = binary("minimum", (x, y) => lax.min(x, y));
/** The greater of two, or the one that is not NaN. @see `jax.numpy.fmax` */
export const fmax: BinaryFunction = binary("fmax", (x, y) =>
  choose(lax.or(lax.gt(x, y), lax.ne(y, y)), x, y, "np.fmax"),
);
/** The lesser of two, or the one that is not NaN. @see `jax.numpy.fmin` */
export const fmin: BinaryFunction = binary("fmin", (x, y) =>
  choose(lax.or(lax.lt(x, y), lax.ne(y, y)), x, y, "np.fmin"),
);

/** The greatest integer not above `x`; integers are as they are. @see `jax.numpy.floor` */
export const floor: UnaryFunction = unary("floor", (x) => (isIntegral(x) ? x : lax.floor(x)));
/** The least integer not below `x`; integers are as they are. @see `jax.numpy.ceil` */
export const ceil: UnaryFunction = unary("ceil", (x) => (isIntegral(x) ? x : lax.ceil(x)));
/** `x` without its fraction. @see `jax.numpy.trunc` */
export const trunc: UnaryFunction = unary("trunc", (x) =>
  isIntegral(x) ? x : choose(lax.lt(x, 0), lax.ceil(x), lax.floor(x), "np.trunc"),
);

/** `x` itself. @throws DTypeError when it is complex. */
export function requireReal(x: ArrayValue, name: string): ArrayValue {
  if (!isComplex(x.dtype)) return x;
  throw new DTypeError(
    "numpy/complex",
    `np.${name} is not defined for complex numbers; take np.real, np.imag or np.abs`,
  );
}

/** `scale` applied to a real array, or to both parts of a complex one. */
const scaleParts = (x: ArrayValue, scale: (part: ArrayValue) => ArrayValue): ArrayValue =>
  isComplex(x.dtype) ? lax.complex(scale(lax.real(x)), scale(lax.imag(x))) : scale(x);
