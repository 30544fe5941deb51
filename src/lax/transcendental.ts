import { add, div, mul, neg, sub } from "./arithmetic.ts";
import { type Binary, defineBinary, defineUnary, type Unary } from "./elementwise.ts";
import { reciprocal, rsqrt, square } from "./power.ts";

// Each has the shape of its operand, and its dtype: a float or complex one.

/** `eˣ`. @see `jax.lax.exp` */
export const exp: Unary<"exp"> = defineUnary("exp", "inexact", { jvp: [(t, out) => mul(t, out)] });

/** `2ˣ`. @see `jax.lax.exp2` */
export const exp2: Unary<"exp2"> = defineUnary("exp2", "inexact", {
  jvp: [(t, out) => mul(Math.LN2, mul(t, out))],
});

/** `eˣ − 1`, accurate near 0. @see `jax.lax.expm1` */
export const expm1: Unary<"expm1"> = defineUnary("expm1", "inexact", {
  jvp: [(t, out) => mul(t, add(out, 1))],
});

/** Natural logarithm; NaN below 0. Of a complex number, the principal branch. @see `jax.lax.log` */
export const log: Unary<"log"> = defineUnary("log", "inexact", {
  between: [0.5, 3],
  jvp: [(t, _out, [x]) => div(t, x)],
});

/** `log(1 + x)`, accurate near 0. @see `jax.lax.log1p` */
export const log1p: Unary<"log1p"> = defineUnary("log1p", "inexact", {
  between: [-0.5, 2],
  jvp: [(t, _out, [x]) => div(t, add(x, 1))],
});

/** Logistic sigmoid, `1 / (1 + e⁻ˣ)`. @see `jax.lax.logistic` */
export const logistic: Unary<"logistic"> = defineUnary("logistic", "inexact", {
  jvp: [(t, out) => mul(t, mul(out, sub(1, out)))],
});

/** Sine of an angle in radians. @see `jax.lax.sin` */
export const sin: Unary<"sin"> = defineUnary("sin", "inexact", {
  jvp: [(t, _out, [x]) => mul(t, cos(x))],
});

/** Cosine of an angle in radians. @see `jax.lax.cos` */
export const cos: Unary<"cos"> = defineUnary("cos", "inexact", {
  jvp: [(t, _out, [x]) => neg(mul(t, sin(x)))],
});

/** Tangent of an angle in radians. @see `jax.lax.tan` */
export const tan: Unary<"tan"> = defineUnary("tan", "inexact", {
  between: [-1, 1],
  jvp: [(t, out) => mul(t, add(1, square(out)))],
});

/** Angle in `[−π/2, π/2]` with the sine `x`. @see `jax.lax.asin` */
export const asin: Unary<"asin"> = defineUnary("asin", "inexact", {
  between: [-0.8, 0.8],
  jvp: [(t, _out, [x]) => mul(t, rsqrt(sub(1, square(x))))],
});

/** Angle in `[0, π]` with the cosine `x`. @see `jax.lax.acos` */
export const acos: Unary<"acos"> = defineUnary("acos", "inexact", {
  between: [-0.8, 0.8],
  jvp: [(t, _out, [x]) => mul(t, neg(rsqrt(sub(1, square(x)))))],
});

/** Angle in `[−π/2, π/2]` with the tangent `x`. @see `jax.lax.atan` */
export const atan: Unary<"atan"> = defineUnary("atan", "inexact", {
  jvp: [(t, _out, [x]) => div(t, add(1, square(x)))],
});

/** Angle in `[−π, π]` of the point at abscissa `y` and ordinate `x`. @see `jax.lax.atan2` */
export const atan2: Binary<"atan2"> = defineBinary("atan2", "inexact", {
  between: [
    [0.5, 2],
    [-2, 2],
  ],
  jvp: [
    (t, _out, [x, y]) => mul(t, div(y, add(square(x), square(y)))),
    (t, _out, [x, y]) => mul(t, div(neg(x), add(square(x), square(y)))),
  ],
});

/** Hyperbolic sine. @see `jax.lax.sinh` */
export const sinh: Unary<"sinh"> = defineUnary("sinh", "inexact", {
  jvp: [(t, _out, [x]) => mul(t, cosh(x))],
});

/** Hyperbolic cosine. @see `jax.lax.cosh` */
export const cosh: Unary<"cosh"> = defineUnary("cosh", "inexact", {
  jvp: [(t, _out, [x]) => mul(t, sinh(x))],
});

/** Hyperbolic tangent. @see `jax.lax.tanh` */
export const tanh: Unary<"tanh"> = defineUnary("tanh", "inexact", {
  // t·(1 + tanh)·(1 − tanh), as JAX: 1 − tanh² would cancel.
  jvp: [(t, out) => mul(add(t, mul(t, out)), sub(1, out))],
});

/** Inverse hyperbolic sine. @see `jax.lax.asinh` */
export const asinh: Unary<"asinh"> = defineUnary("asinh", "inexact", {
  jvp: [(t, _out, [x]) => mul(t, rsqrt(add(square(x), 1)))],
});

/** Inverse hyperbolic cosine; NaN below 1. @see `jax.lax.acosh` */
export const acosh: Unary<"acosh"> = defineUnary("acosh", "inexact", {
  between: [1.5, 3],
  jvp: [(t, _out, [x]) => mul(t, rsqrt(sub(square(x), 1)))],
});

/** Inverse hyperbolic tangent; NaN outside `[−1, 1]`. @see `jax.lax.atanh` */
export const atanh: Unary<"atanh"> = defineUnary("atanh", "inexact", {
  between: [-0.8, 0.8],
  jvp: [(t, _out, [x]) => mul(reciprocal(add(1, x)), div(t, sub(1, x)))],
});
