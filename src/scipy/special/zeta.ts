import { customJvp } from "../../control/custom-jvp.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import { jvp } from "../../interpreters/jvp.ts";
import * as lax from "../../lax/index.ts";
import { add, div, mul, neg, pow, sub } from "../../lax/index.ts";
import { ofReals } from "./promoted.ts";

/** (2k)! / B₂ₖ */
const divisors = [
  12, -720, 30240, -1209600, 47900160, -1.8924375803183791606e9, 7.47242496e10, -2.950130727918164224e12,
];
const TERMS = 8;

/** Terms of the sum, and Euler–Maclaurin for the rest. @see Johansson 2015, https://arxiv.org/abs/1309.2877, formula 5 */
function expansion(x: ArrayValue, q: ArrayValue): ArrayValue {
  let sum = pow(q, neg(x));
  for (let k = 1; k < TERMS; k++) sum = add(sum, pow(add(q, k), neg(x)));
  const base = add(q, TERMS);
  const last = pow(base, neg(x));
  sum = add(sum, add(div(mul(last, base), sub(x, 1)), mul(last, 0.5)));
  let factor = div(mul(last, x), base);
  divisors.forEach((divisor, k) => {
    sum = add(sum, div(factor, divisor));
    const next = mul(add(x, 2 * k + 1), add(x, 2 * k + 2));
    factor = mul(factor, div(next, mul(base, base)));
  });
  return sum;
}

const ruled = customJvp(function zeta(x: ArrayValue, q: ArrayValue): ArrayValue {
  return lax.zeta(x, q);
});
ruled.defjvp((primals: [x: ArrayValue, q: ArrayValue], tangents: [ArrayValue, ArrayValue]) => [
  ruled(...primals),
  jvp(expansion, primals, tangents)[1],
]);

/** Hurwitz zeta function, `Σₖ (k + q)^(−x)`, with both derivatives. Shapes broadcast. @see `jax.scipy.special.zeta` */
export const zeta: (x: Operand, q: Operand) => ArrayValue = ofReals<[x: Operand, q: Operand]>("zeta", ruled);
