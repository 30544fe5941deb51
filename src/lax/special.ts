import { floatFormats } from "../core/float-format.ts";
import { definePrimitive, type NoParams, type Op } from "../core/primitive.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import { abs, add, mul, neg, sign, sub } from "./arithmetic.ts";
import { gt } from "./compare.ts";
import { fullLike } from "./create.ts";
import { type Binary, defineBinary, defineUnary, elementwiseAbstract, notDifferentiable, type Unary } from "./elementwise.ts"; // prettier-ignore
import { elementwiseOperands } from "./operand.ts";
import { integerPow, square } from "./power.ts";
import { select } from "./select.ts";
import { exp, log, log1p } from "./transcendental.ts";

// Each has the shape of its operand, and its dtype, which is a float.

/** Error function, `2/√π ∫₀ˣ e^(−u²) du`. @see `jax.lax.erf` */
export const erf: Unary<"erf"> = defineUnary("erf", "float", {
  jvp: [(t, _out, [x]) => mul(2 / Math.sqrt(Math.PI), mul(t, exp(neg(square(x)))))],
});

/** `1 − erf(x)`, accurate for large `x`. @see `jax.lax.erfc` */
export const erfc: Unary<"erfc"> = defineUnary("erfc", "float", {
  jvp: [(t, _out, [x]) => mul(-2 / Math.sqrt(Math.PI), mul(t, exp(neg(square(x)))))],
});

/** Inverse of `erf`; ±∞ at ±1, NaN outside. @see `jax.lax.erf_inv` */
export const erfInv: Unary<"erf_inv"> = defineUnary("erf_inv", "float", {
  between: [-0.8, 0.8],
  jvp: [(t, out) => mul(Math.sqrt(Math.PI) / 2, mul(t, exp(square(out))))],
});

/** `log |Γ(x)|`. @see `jax.lax.lgamma` */
export const lgamma: Unary<"lgamma"> = defineUnary("lgamma", "float", {
  between: [0.5, 4],
  jvp: [(t, _out, [x]) => mul(t, digamma(x))],
});

/** Digamma function, the derivative of `lgamma`. @see `jax.lax.digamma` */
export const digamma: Unary<"digamma"> = defineUnary("digamma", "float", {
  between: [0.5, 4],
  jvp: [(t, _out, [x]) => mul(t, polygamma(1, x))],
});

/**
 * Derivative of order `m` of `digamma` at `x`. Shapes and errors as `add`. Not differentiated with respect to `m`.
 * @see `jax.lax.polygamma`
 */
export const polygamma: Binary<"polygamma"> = defineBinary("polygamma", "float", {
  jvp: [notDifferentiable("polygamma", "m"), (t, _out, [m, x]) => mul(t, polygamma(add(m, 1), x))],
  samples: [
    {
      operands: [
        { shape: [], values: [1] },
        { shape: [3], between: [1, 4] },
      ],
      params: {},
    },
    {
      operands: [
        { shape: [2], values: [1, 2] },
        { shape: [2], between: [1, 4] },
      ],
      params: {},
    },
  ],
});

/**
 * Hurwitz zeta function, `Σₖ (k + q)^(−x)`. Shapes and errors as `add`. It has no derivative.
 * @see `jax.lax.zeta`
 */
export const zeta: Binary<"zeta"> = defineBinary("zeta", "float", {
  between: [
    [1.5, 4],
    [0.5, 3],
  ],
  jvp: [notDifferentiable("zeta", "x"), notDifferentiable("zeta", "q")],
});

/** `e^(−|x|) I₀(x)`, of the modified Bessel function of order 0. @see `jax.lax.bessel_i0e` */
export const besselI0e: Unary<"bessel_i0e"> = defineUnary("bessel_i0e", "float", {
  between: [0.5, 12],
  jvp: [(t, out, [x]) => mul(t, sub(besselI1e(x), mul(sign(x), out)))],
});

/** `e^(−|x|) I₁(x)`, of the modified Bessel function of order 1. @see `jax.lax.bessel_i1e` */
export const besselI1e: Unary<"bessel_i1e"> = defineUnary("bessel_i1e", "float", {
  between: [0.5, 12],
  jvp: [
    (t, out, [x]) => {
      const eps = 2 ** -floatFormats[x.dtype]!.mantissaBits;
      const isNotTiny = gt(abs(x), eps);
      const safe = select(isNotTiny, x, fullLike(x, eps));
      const slope = sub(besselI0e(safe), mul(out, add(sign(safe), integerPow(safe, -1))));
      return mul(t, select(isNotTiny, slope, fullLike(x, 0.5)));
    },
  ],
});

/** `x^(a−1) e^(−x) / Γ(a)`, the slope of `igamma` along x. */
const gammaDensity = (a: ArrayValue, x: ArrayValue): ArrayValue =>
  exp(sub(add(neg(x), mul(sub(a, 1), log(x))), lgamma(a)));

type Interval = readonly [low: number, high: number];
const [shapes, points]: readonly [Interval, Interval] = [
  [0.5, 4],
  [0.5, 6],
];

/**
 * Regularised lower incomplete gamma function, `∫₀ˣ tᵃ⁻¹ e⁻ᵗ dt / Γ(a)`. Shapes and errors as `add`.
 * @see `jax.lax.igamma`
 */
export const igamma: Binary<"igamma"> = defineBinary("igamma", "float", {
  between: [shapes, points],
  jvp: [(t, _out, [a, x]) => mul(t, igammaGradA(a, x)), (t, _out, [a, x]) => mul(t, gammaDensity(a, x))],
});

/** `1 − igamma(a, x)`, accurate where that is near 1. Shapes and errors as `add`. @see `jax.lax.igammac` */
export const igammac: Binary<"igammac"> = defineBinary("igammac", "float", {
  between: [shapes, points],
  jvp: [
    (t, _out, [a, x]) => neg(mul(t, igammaGradA(a, x))),
    (t, _out, [a, x]) => neg(mul(t, gammaDensity(a, x))),
  ],
});

/**
 * Derivative of `igamma(a, x)` with respect to `a`. Shapes and errors as `add`. It has no derivative.
 * @see `jax.lax.igamma_grad_a`
 */
export const igammaGradA: Binary<"igamma_grad_a"> = defineBinary("igamma_grad_a", "float", {
  between: [shapes, points],
  jvp: [notDifferentiable("igamma_grad_a", "a"), notDifferentiable("igamma_grad_a", "x")],
});

/**
 * Derivative with respect to `a` of the sample `x` of the gamma distribution of shape `a`, its quantile being constant.
 * Shapes and errors as `add`. It has no derivative. @see `jax.lax.random_gamma_grad`
 */
export const randomGammaGrad: Binary<"random_gamma_grad"> = defineBinary("random_gamma_grad", "float", {
  between: [shapes, points],
  jvp: [notDifferentiable("random_gamma_grad", "a"), notDifferentiable("random_gamma_grad", "x")],
});

type Betainc = Op<
  (a: Operand, b: Operand, x: Operand) => ArrayValue,
  "regularized_incomplete_beta",
  [a: ArrayValue, b: ArrayValue, x: ArrayValue],
  NoParams
>;
const beta = "regularized_incomplete_beta";
const three = (shape: readonly number[]) =>
  [shapes, shapes, [0.1, 0.9] as const].map((between) => ({ shape, between }));

/**
 * Regularised incomplete beta function, `∫₀ˣ tᵃ⁻¹ (1 − t)ᵇ⁻¹ dt / B(a, b)`. Shapes and errors as `add`. Differentiated with
 * respect to `x` only. @see `jax.lax.betainc`
 */
export const betainc: Betainc = definePrimitive<Betainc>(beta, {
  call: (...operands) => {
    const [a, b, x] = elementwiseOperands(operands, "float", beta);
    return betainc.bind([a!, b!, x!], {})[0]!;
  },
  arity: 3,
  abstract: elementwiseAbstract(beta, "float"),
  batch: "elementwise",
  jvp: [
    notDifferentiable(beta, "a"),
    notDifferentiable(beta, "b"),
    (t, _out, [a, b, x]) => {
      const logBeta = sub(add(lgamma(a), lgamma(b)), lgamma(add(a, b)));
      const power = add(mul(sub(b, 1), log1p(neg(x))), mul(sub(a, 1), log(x)));
      return mul(exp(sub(power, logBeta)), t);
    },
  ],
  samples: [{ operands: three([2, 3]), params: {} }],
});
