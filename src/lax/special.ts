import { add, mul, neg } from "./arithmetic.ts";
import { type Binary, defineBinary, defineUnary, notDifferentiable, type Unary } from "./elementwise.ts";
import { square } from "./power.ts";
import { exp } from "./transcendental.ts";

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
