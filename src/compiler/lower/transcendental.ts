import { dtypeInfo } from "../../core/dtype.ts";
import { narrowed } from "../kernel/element.ts";
import { constant, type Expr, f32, op } from "../kernel/expression.ts";
import { besselI0e, besselI1e } from "../mathematics/bessel.ts";
import * as complex from "../mathematics/complex.ts";
import { erf, erfc } from "../mathematics/error.ts";
import { exp, exp2, expm1, logistic } from "../mathematics/exponential.ts";
import { digamma, lgamma } from "../mathematics/gamma.ts";
import { acosh, asinh, atanh, cosh, sinh, tanh } from "../mathematics/hyperbolic.ts";
import { erfInv } from "../mathematics/inverse-error.ts";
import { acos, asin, atan, atan2 } from "../mathematics/inverse.ts";
import { log, log1p } from "../mathematics/logarithm.ts";
import { squareRoot } from "../mathematics/operators.ts";
import { cbrt, pow, rsqrt } from "../mathematics/power.ts";
import { cos, sin, tan } from "../mathematics/trigonometric.ts";
import { divided, multiplied } from "./complex-arithmetic.ts";
import { converted } from "./convert.ts";
import { map, type OnNumbers, type OnPairs, type Pair } from "./elementwise.ts";
import { elementAt, elements, type ParamsNamed, type Row, type Rows } from "./row.ts";

/** A function of floats, rounded to the dtype; 16-bit floats are computed in f32. */
const rounded =
  (f: (...xs: Expr[]) => Expr): OnNumbers =>
  (dtype, ...xs) =>
    narrowed(f(...xs), dtype);
/** A function of complex numbers, computed in f64. */
const inDoubles =
  (f: (...zs: complex.Complex[]) => complex.Complex): OnPairs =>
  (...zs) =>
    f(...zs.map(([a, b]) => [op("promote", a), op("promote", b)] as const)).map((x) => op("demote", x));

const float = (f: (...xs: Expr[]) => Expr): Row<object> => map(rounded(f));
const either = (f: (x: Expr) => Expr, g: (z: complex.Complex) => complex.Complex): Row<object> =>
  map(rounded(f), inDoubles(g));

/** −i·log((y + ix) / √(x² + y²)), of complex y and x. @see `chlo.atan2` */
const complexAtan2: OnPairs = (...pairs) => {
  const [[a, b], [c, d]] = pairs as [Pair, Pair];
  const [p, q] = [multiplied([a, b], [a, b]), multiplied([c, d], [c, d])] as [Pair, Pair];
  const root = inDoubles(complex.complexSqrt)([op("add", p[0], q[0]), op("add", p[1], q[1])]) as Pair;
  const [re, im] = inDoubles(complex.complexLog)(
    divided([op("sub", c, b), op("add", d, a)], root) as Pair,
  ) as Pair;
  return [im, op("neg", re)];
};

/** x^n by binary powering, in JAX's order. @see `_integer_pow` in `jax/_src/lax/lax.py` */
function powered<T>(x: T, n: number, times: (a: T, b: T) => T): T | null {
  let product: T | null = null;
  let factor = x;
  for (let rest = Math.abs(n); rest > 0;) {
    if (rest % 2 === 1) product = product === null ? factor : times(product, factor);
    rest = Math.floor(rest / 2);
    if (rest > 0) factor = times(factor, factor);
  }
  return product;
}

const integerPow: Row<ParamsNamed<"integer_pow">> = ({ y }, operands, outs) =>
  map(
    (dtype, x) => {
      const one = constant(x.type, 1);
      const product = powered(x, y, (a, b) => op("mul", a, b)) ?? one;
      return narrowed(y < 0 ? op("div", one, product) : product, dtype);
    },
    (z) => {
      const one: Pair = [f32(1), f32(0)];
      const product = powered(z, y, (a, b) => multiplied(a, b) as Pair) ?? one;
      return y < 0 ? divided(one, product) : product;
    },
  )({}, operands, outs);

/** The exponent, which may be an integer, is taken in the dtype of the base. */
const power: Row<object> = (_params, [x, y]) =>
  elements("map", ([base, exponent]) => [
    (index) => {
      const z = elementAt(base!, x!, index);
      const w = converted(elementAt(exponent!, y!, index), y!.dtype, x!.dtype);
      if (dtypeInfo[x!.dtype].lanes === 2) return inDoubles(complex.complexPow)(z as Pair, w as Pair);
      return [narrowed(pow(z[0]!, w[0]!), x!.dtype)];
    },
  ]);

export const transcendental = {
  exp: either(exp, complex.complexExp),
  exp2: either(exp2, complex.complexExp2),
  expm1: either(expm1, complex.complexExpm1),
  log: either(log, complex.complexLog),
  log1p: either(log1p, complex.complexLog1p),
  logistic: either(logistic, complex.complexLogistic),
  sin: either(sin, complex.complexSin),
  cos: either(cos, complex.complexCos),
  tan: either(tan, complex.complexTan),
  asin: either(asin, complex.complexAsin),
  acos: either(acos, complex.complexAcos),
  atan: either(atan, complex.complexAtan),
  atan2: map(rounded(atan2), complexAtan2),
  sinh: either(sinh, complex.complexSinh),
  cosh: either(cosh, complex.complexCosh),
  tanh: either(tanh, complex.complexTanh),
  asinh: either(asinh, complex.complexAsinh),
  acosh: either(acosh, complex.complexAcosh),
  atanh: either(atanh, complex.complexAtanh),

  erf: float(erf),
  erfc: float(erfc),
  erf_inv: float(erfInv),
  lgamma: float(lgamma),
  digamma: float(digamma),
  bessel_i0e: float(besselI0e),
  bessel_i1e: float(besselI1e),

  pow: power,
  integer_pow: integerPow,
  sqrt: either(squareRoot, complex.complexSqrt),
  rsqrt: either(rsqrt, complex.complexRsqrt),
  cbrt: float(cbrt),
} satisfies Partial<Rows>;
