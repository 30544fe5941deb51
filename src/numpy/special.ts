import { customJvp } from "../control/custom-jvp.ts";
import { type DType, dtypeInfo, isComplex, isInexact } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";
import { checkedAsOne } from "../core/numbers.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import { zeroTangent } from "../interpreters/zero.ts";
import * as lax from "../lax/index.ts";
import { isinf } from "./floating.ts";
import { finfo } from "./limits.ts";
import { cast, promoteInexact, promoteRanks, toArray } from "./promotion.ts";
import { type BinaryFunction, binaryInexact, named, type UnaryFunction, unaryInexact } from "./ufunc.ts";
import { choose } from "./where.ts";

// Shapes and dtypes as in elementwise.ts.

type OnArray = (x: ArrayValue) => ArrayValue;

/** @throws DTypeError when `x` is complex. */
function requireReal(x: ArrayValue, caller: string): void {
  if (isComplex(x.dtype))
    throw new DTypeError("numpy/complex", `${caller} is not defined for complex numbers`);
}

/** `log(bˣ + bʸ)` from `bᵈ` and `log(1 + bᵈ)`, with derivatives that do not overflow. */
function logOfSum(name: string, powerOf: OnArray, logOnePlusPower: OnArray): BinaryFunction {
  const f = customJvp(
    named(name, (x: ArrayValue, y: ArrayValue): ArrayValue => {
      const greater = lax.max(x, y);
      const delta = lax.sub(x, y);
      // Infinities of one sign differ by NaN: their sum is the answer, as it is for NaNs.
      const [undefinedDelta, total] = [lax.ne(delta, delta), lax.add(x, y)];
      const out = lax.add(greater, logOnePlusPower(lax.neg(lax.abs(delta))));
      return choose(undefinedDelta, total, out, name);
    }),
  );
  const finite: OnArray = (x) => choose(lax.eq(x, Infinity), 0, x, name);
  f.defjvp(([x, y]: ArrayValue[], [tx, ty]: ArrayValue[]) => {
    const out = f(x!, y!);
    const term = (t: ArrayValue, of: ArrayValue) => lax.mul(t, powerOf(lax.sub(finite(of), finite(out))));
    return [out, lax.add(term(tx!, x!), term(ty!, y!))];
  });
  const caller = `np.${name}`;
  return binaryInexact(
    name,
    checkedAsOne(caller, (x: ArrayValue, y: ArrayValue) => {
      requireReal(x, caller);
      return f(x, y);
    }),
  );
}

/** `log(eˣ + eʸ)` without overflow. Dtype: float. @throws DTypeError on complex numbers. @see `jax.numpy.logaddexp` */
export const logaddexp: BinaryFunction = logOfSum(
  "logaddexp",
  (d) => lax.exp(d),
  (d) => lax.log1p(lax.exp(d)),
);
/** `log₂(2ˣ + 2ʸ)` without overflow. Dtype: float. @throws DTypeError on complex numbers. @see `jax.numpy.logaddexp2` */
export const logaddexp2: BinaryFunction = logOfSum(
  "logaddexp2",
  (d) => lax.exp2(d),
  (d) => lax.mul(lax.log1p(lax.exp2(d)), Math.LOG2E),
);

const bessel0 = customJvp(function i0(x: ArrayValue): ArrayValue {
  const size = lax.abs(x);
  return lax.mul(lax.exp(size), lax.besselI0e(size));
});
bessel0.defjvp(([x]: ArrayValue[], [t]: ArrayValue[]) => [
  bessel0(x!),
  lax.mul(t!, lax.mul(lax.exp(lax.abs(x!)), lax.besselI1e(x!))),
]);
/** The modified Bessel function of order 0. Dtype: float. @throws DTypeError on complex numbers. @see `jax.numpy.i0` */
export const i0: UnaryFunction = unaryInexact("i0", (x) => {
  requireReal(x, "np.i0");
  return bessel0(x);
});

/** The `order`-th derivative at 0 of `sin(x) / x`, of the shape of `x`, and differentiable again. */
function sincAtZero(order: number): OnArray {
  const sign = order % 4 === 0 ? 1 : -1;
  const f = customJvp(function (x: ArrayValue): ArrayValue {
    const zero = lax.mul(x, 0);
    return order % 2 === 1 ? zero : lax.add(zero, sign / (order + 1));
  });
  f.defjvp(([x]: ArrayValue[], [t]: ArrayValue[]) => [f(x!), lax.mul(sincAtZero(order + 1)(x!), t!)]);
  return f;
}

/** `sin(πx) / (πx)`, 1 at 0, with all derivatives. Dtype: float. @see `jax.numpy.sinc` */
export const sinc: UnaryFunction = unaryInexact("sinc", (x) => {
  const zero = lax.eq(x, 0);
  const angle = lax.mul(x, Math.PI);
  const safe = choose(zero, 1, angle, "np.sinc");
  return choose(zero, sincAtZero(0)(angle), lax.div(lax.sin(safe), safe), "np.sinc");
});

const integerOf = (dtype: DType): DType => `int${dtypeInfo[dtype].bits}` as DType;

/** Mantissa and exponent from the bits; the exponent has no derivative. */
const parts = customJvp(function frexp(x: ArrayValue): [mantissa: ArrayValue, exponent: ArrayValue] {
  const caller = "np.frexp";
  const { nmant, nexp, minexp, tiny } = finfo(x.dtype);
  const integer = integerOf(x.dtype);
  const placed = (exponent: number) => lax.shiftLeft(cast(exponent, integer, false, caller), nmant);
  const [mask, bias] = [2 ** nexp - 1, 1 - minexp];
  const subnormal = lax.lt(lax.abs(x), tiny);
  const bits = lax.bitcastConvertType(choose(subnormal, lax.mul(x, 2 ** nmant), x, caller), integer);
  const stored = cast(lax.and(lax.shiftRightLogical(bits, nmant), mask), "int32", false, caller);
  const [ofSubnormal, ofNormal] = [1 - bias - nmant, 1 - bias].map((n) => cast(n, "int32", false, caller));
  const exponent = lax.add(stored, choose(subnormal, ofSubnormal!, ofNormal!, caller));
  const mantissa = lax.or(lax.and(bits, lax.not(placed(mask))), placed(bias - 1));
  const special = lax.or(lax.not(lax.isFinite(x)), lax.eq(x, 0));
  return [
    choose(special, x, lax.bitcastConvertType(mantissa, x.dtype), caller),
    choose(special, 0, exponent, caller),
  ];
});
parts.defjvp(([x]: ArrayValue[], [t]: ArrayValue[]) => {
  const [mantissa, exponent] = parts(x!);
  const scale = lax.exp2(lax.neg(cast(exponent, t!.dtype, false, "np.frexp")));
  return [
    [mantissa, exponent],
    [lax.mul(t!, scale), zeroTangent(exponent.aval)],
  ];
});

/**
 * `[mantissa, exponent]` with `x = mantissa · 2 ** exponent` and the mantissa's size from 1/2 up to 1; `[x, 0]` of 0,
 * infinities and NaN.
 *
 * Shape: that of `x`, twice. Dtype: float, and int32.
 * @throws DTypeError on complex numbers.
 * @see `jax.numpy.frexp`
 */
export function frexp(x: Operand): [mantissa: ArrayValue, exponent: ArrayValue] {
  const [a] = promoteInexact("np.frexp", x);
  requireReal(a, "np.frexp");
  return parts(a);
}

/**
 * `x · 2 ** exponent`, without overflow on the way.
 *
 * Shape: broadcast. Dtype: float.
 * @throws DTypeError when `x` is complex or the exponent no integer.
 * @see `jax.numpy.ldexp`
 */
export function ldexp(x: Operand, exponent: Operand): ArrayValue {
  const caller = "np.ldexp";
  const [a] = promoteInexact(caller, x);
  const given = toArray(exponent, caller, 1);
  requireReal(a, caller);
  if (isInexact(given.dtype)) {
    throw new DTypeError("numpy/exponent", `${caller}: the exponent must be an integer, got ${given.dtype}`);
  }
  const [mantissa, own] = parts(a);
  const [m, e, value] = promoteRanks([
    mantissa,
    cast(own, a.dtype, a.aval.weak, caller),
    cast(given, a.dtype, a.aval.weak, caller),
  ] as const);
  const total = lax.add(e, value);
  const large = lax.gt(total, 0);
  const scaled = lax.mul(
    choose(large, lax.mul(m, 2), m, caller),
    lax.pow(2, choose(large, lax.sub(total, 1), total, caller)),
  );
  return choose(lax.or(isinf(a), lax.eq(a, 0)), a, scaled, caller);
}
