import { customJvp } from "../../control/custom-jvp.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import * as np from "../../numpy/index.ts";
import { named, type UnaryFunction } from "../../numpy/ufunc.ts";

const log1mexpWithRule = customJvp(
  named("log1mexp", (x: Operand): ArrayValue => {
    const below = np.log(np.negative(np.expm1(np.negative(x))));
    return np.where(np.less(x, Math.LN2), below, np.log1p(np.negative(np.exp(np.negative(x)))));
  }),
);
log1mexpWithRule.defjvps((t: ArrayValue, _out: ArrayValue, x: ArrayValue) => np.divide(t, np.expm1(x)));
/**
 * `log(1 − e⁻ˣ)`, without cancellation; NaN below 0. Dtype: float.
 * @see `jax.nn.log1mexp`; Mächler, "Accurately computing log(1 − exp(−|a|))" (2012)
 */
export const log1mexp: UnaryFunction = log1mexpWithRule;
