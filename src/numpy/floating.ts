import { type DType, dtypeInfo, isComplex, isFloat, kindOf } from "../core/dtype.ts";
import { ArgumentError, DTypeError } from "../core/errors.ts";
import { checkedAsOne } from "../core/numbers.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { finfo } from "./limits.ts";
import { cast, defaultFloat, isIntegral, promote, promoteInexact } from "./promotion.ts";
import {
  type BinaryFunction,
  binaryInexact,
  named,
  unary,
  type UnaryFunction,
  unaryInexact,
} from "./ufunc.ts";
import { choose } from "./where.ts";

// Shapes and dtypes as in elementwise.ts.

const falseLike = (x: ArrayValue): ArrayValue => lax.fullLike(x, false, { dtype: "bool" });
const trueLike = (x: ArrayValue): ArrayValue => lax.fullLike(x, true, { dtype: "bool" });

/** Whether `x` is NaN. Dtype: bool. @see `jax.numpy.isnan` */
export const isnan: UnaryFunction = unary("isnan", (x) => lax.ne(x, x));
/** Whether `x` is neither infinite nor NaN. Dtype: bool. @see `jax.numpy.isfinite` */
export const isfinite: UnaryFunction = unary("isfinite", (x) => {
  if (isComplex(x.dtype)) return lax.and(lax.isFinite(lax.real(x)), lax.isFinite(lax.imag(x)));
  return isFloat(x.dtype) ? lax.isFinite(x) : trueLike(x);
});
/** Whether `x` is Infinity or -Infinity. Dtype: bool. @see `jax.numpy.isinf` */
export const isinf: UnaryFunction = unary("isinf", (x) => {
  const infinite = (part: ArrayValue) => lax.eq(lax.abs(part), Infinity);
  if (isComplex(x.dtype)) return lax.or(infinite(lax.real(x)), infinite(lax.imag(x)));
  return isFloat(x.dtype) ? infinite(x) : falseLike(x);
});
/** Whether `x` is Infinity. Dtype: bool. @throws DTypeError on complex numbers. @see `jax.numpy.isposinf` */
export const isposinf: UnaryFunction = unary("isposinf", (x) => equalsInfinity(x, Infinity, "np.isposinf"));
/** Whether `x` is -Infinity. Dtype: bool. @throws DTypeError on complex numbers. @see `jax.numpy.isneginf` */
export const isneginf: UnaryFunction = unary("isneginf", (x) => equalsInfinity(x, -Infinity, "np.isneginf"));

function equalsInfinity(x: ArrayValue, infinity: number, caller: string): ArrayValue {
  if (isComplex(x.dtype))
    throw new DTypeError("numpy/complex", `${caller} is not defined for complex numbers`);
  return isFloat(x.dtype) ? lax.eq(x, infinity) : falseLike(x);
}

export interface NanToNumOptions {
  /** In place of NaN; 0 by default. */
  nan?: Operand | undefined;
  /** In place of Infinity; the greatest finite number by default. */
  posinf?: Operand | null | undefined;
  /** In place of -Infinity; the least finite number by default. */
  neginf?: Operand | null | undefined;
}
/**
 * `x` with finite numbers in place of NaN and infinities, which pass no gradient.
 *
 * Shape: `[…s] → […s]`. Dtype: that of `x`.
 * @see `jax.numpy.nan_to_num`
 */
export function nanToNum(x: Operand, options?: NanToNumOptions): ArrayValue {
  const given = readOptions<NanToNumOptions>(
    "np.nanToNum",
    ["nan", "posinf", "neginf"],
    options ? [options] : [],
  );
  const [a] = promote("np.nanToNum", x);
  if (isIntegral(a)) return a;
  if (isComplex(a.dtype)) return lax.complex(nanToNum(lax.real(a), options), nanToNum(lax.imag(a), options));
  const { max, min } = finfo(a.dtype);
  const { nan = 0, posinf, neginf } = given;
  const of = (value: Operand) => cast(value, a.dtype, false, "np.nanToNum");
  let out = choose(isnan(a), of(nan), a, "np.nanToNum");
  out = choose(isposinf(out), of(posinf ?? max), out, "np.nanToNum");
  return choose(isneginf(out), of(neginf ?? min), out, "np.nanToNum");
}

/** The nearest integer, halves to even. Dtype: float. @see `jax.numpy.rint` */
export const rint: UnaryFunction = unary("rint", (x) => {
  if (isIntegral(x)) return cast(x, defaultFloat(), false, "np.rint");
  if (isComplex(x.dtype)) return lax.complex(rint(lax.real(x)), rint(lax.imag(x)));
  return roundHalfEven(x);
});
const roundHalfEven = (x: ArrayValue): ArrayValue => lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN);

/**
 * `x` rounded to a number of decimals, halves to even; integers are as they are.
 *
 * Shape: `[…s] → […s]`. Dtype: that of `x`.
 * @throws ArgumentError on integers with negative `decimals`, or a fraction of decimals.
 * @see `jax.numpy.round`
 */
export function round(
  x: Operand,
  ...rest: Optionals<[decimals: number], { decimals?: number | undefined }>
): ArrayValue {
  const { decimals = 0 } = readOptions<{ decimals?: number }>("np.round", ["decimals"], rest);
  if (!Number.isInteger(decimals))
    throw new ArgumentError(
      "numpy/decimals",
      `np.round: decimals must be an integer, got ${String(decimals)}`,
    );
  const [a] = promote("np.round", x);
  if (isIntegral(a)) {
    if (decimals >= 0) return a;
    throw new ArgumentError("numpy/decimals", "np.round: integers cannot be rounded to negative decimals");
  }
  if (isComplex(a.dtype)) return lax.complex(round(lax.real(a), decimals), round(lax.imag(a), decimals));
  if (decimals === 0) return roundHalfEven(a);
  if (decimals > Math.log10(finfo(a.dtype).max)) return a;
  const wide = a.dtype === "float16" ? cast(a, "float32", a.aval.weak, "np.round") : a;
  const factor = 10 ** decimals;
  return cast(lax.div(roundHalfEven(lax.mul(wide, factor)), factor), a.dtype, a.aval.weak, "np.round");
}
/** {@link round} under NumPy's other name. @see `jax.numpy.around` */
export const around: typeof round = named("around", (x, ...rest) => round(x, ...rest));

/** `[fraction, whole]` of `x`, both with its sign. Dtype: float. @see `jax.numpy.modf` */
export function modf(x: Operand): [fraction: ArrayValue, whole: ArrayValue] {
  const [a] = promoteInexact("np.modf", x);
  const whole = choose(lax.ge(a, 0), lax.floor(a), lax.ceil(a), "np.modf");
  return [lax.sub(a, whole), whole];
}

/** The next number from `x` towards `y`. Dtype: float. @see `jax.numpy.nextafter` */
export const nextafter: BinaryFunction = binaryInexact("nextafter", (x, y) => lax.nextafter(x, y));

/**
 * The gap from `x` to the next number away from 0, with the sign of `x`; of float16, to the next greater one.
 *
 * Shape: `[…s] → […s]`. Dtype: float.
 * @throws DTypeError on complex numbers. @see `jax.numpy.spacing`
 */
export const spacing: UnaryFunction = unaryInexact("spacing", (x) => {
  const caller = "np.spacing";
  if (isComplex(x.dtype))
    throw new DTypeError("numpy/complex", `${caller} is not defined for complex numbers`);
  const gap = (towards: ArrayValue) => lax.sub(lax.nextafter(x, towards), x);
  if (x.dtype === "float16") return gap(lax.fullLike(x, Infinity));
  const outwards = gap(copysign(Infinity, x));
  const least = lax.fullLike(x, finfo(x.dtype).smallestSubnormal);
  return choose(lax.eq(outwards, 0), copysign(least, x), outwards, caller);
});

const integerOfWidth = (dtype: DType): DType => `int${dtypeInfo[dtype].bits}` as DType;
const bitsOf = (x: ArrayValue): ArrayValue => lax.bitcastConvertType(x, integerOfWidth(x.dtype));

/** Whether the sign bit is set: true of -0. Dtype: bool. @throws DTypeError on complex numbers. @see `jax.numpy.signbit` */
export const signbit: UnaryFunction = unary("signbit", (x) => {
  const kind = kindOf(x.dtype);
  if (kind === "complex")
    throw new DTypeError("numpy/complex", "np.signbit is not defined for complex numbers");
  if (kind === "bool" || kind === "uint") return falseLike(x);
  return lax.lt(kind === "int" ? x : bitsOf(x), 0);
});
/** `|x|` with the sign of `y`. Dtype: float. @throws DTypeError on complex numbers. @see `jax.numpy.copysign` */
export const copysign: BinaryFunction = binaryInexact("copysign", (x, y) =>
  choose(signbit(y), lax.neg(lax.abs(x)), lax.abs(x), "np.copysign"),
);
/** 0 below 0, `y` at 0, 1 above. Dtype: float. @see `jax.numpy.heaviside` */
export const heaviside: BinaryFunction = binaryInexact("heaviside", (x, y) => {
  const caller = "np.heaviside";
  const of = (n: number) => cast(n, x.dtype, x.aval.weak, caller);
  return choose(
    lax.lt(x, 0),
    of(0),
    choose(lax.gt(x, 0), of(1), choose(lax.ne(x, x), x, y, caller), caller),
    caller,
  );
});

/** `√(x² + y²)` without overflow. Dtype: float. @throws DTypeError on complex numbers. @see `jax.numpy.hypot` */
export const hypot: BinaryFunction = binaryInexact(
  "hypot",
  checkedAsOne("np.hypot", (x: ArrayValue, y: ArrayValue) => {
    const caller = "np.hypot";
    if (isComplex(x.dtype))
      throw new DTypeError(
        "numpy/complex",
        `${caller} is not defined for complex numbers; take np.abs first`,
      );
    const [a, b] = [lax.abs(x), lax.abs(y)];
    const infinite = lax.or(lax.eq(a, Infinity), lax.eq(b, Infinity));
    const [most, least] = [lax.max(a, b), lax.min(a, b)];
    const zero = lax.eq(most, 0);
    const ratio = lax.div(least, choose(zero, Infinity, most, caller));
    const out = choose(zero, most, lax.mul(most, lax.sqrt(lax.add(1, lax.square(ratio)))), caller);
    return choose(infinite, Infinity, out, caller);
  }),
);
