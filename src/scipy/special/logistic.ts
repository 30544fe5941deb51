import type { ArrayValue, Operand } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import { div, eq, expm1, log, log1p, mul, sub } from "../../lax/index.ts";
import * as np from "../../numpy/index.ts";
import { ofNumbers, type One, sloped } from "./promoted.ts";

type Two = [x: Operand, lmbda: Operand];

/** `1 / (1 + e^(−x))`. @see `jax.scipy.special.expit` */
export const expit: (...xs: One) => ArrayValue = ofNumbers<One>("expit", lax.logistic);

/** `log(x / (1 − x))`. @see `jax.scipy.special.logit` */
export const logit: (...xs: One) => ArrayValue = ofNumbers<One>(
  "logit",
  sloped<One>(
    "logit",
    (x) => log(div(x, sub(1, x))),
    (_out, x) => div(1, mul(x, sub(1, x))),
  ),
);

/** `(e^(λ f(x)) − 1) / λ`, and `f(x)` at `λ = 0`. */
const power = (f: (x: ArrayValue) => ArrayValue) => (x: ArrayValue, lmbda: ArrayValue) => {
  const zero = eq(lmbda, 0);
  const safe = np.where(zero, 1, lmbda);
  return np.where(zero, f(x), div(expm1(mul(safe, f(x))), safe));
};

/** Box and Cox's `(x^λ − 1) / λ`, `log x` at `λ = 0`. Shapes broadcast. @see `jax.scipy.special.boxcox` */
export const boxcox: (x: Operand, lmbda: Operand) => ArrayValue = ofNumbers<Two>("boxcox", power(log));

/** `((1 + x)^λ − 1) / λ`, `log(1 + x)` at `λ = 0`. Shapes broadcast. @see `jax.scipy.special.boxcox1p` */
export const boxcox1p: (x: Operand, lmbda: Operand) => ArrayValue = ofNumbers<Two>("boxcox1p", power(log1p));
