import { foriLoop } from "../../control/loops.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import { abs, add, digamma, div, eq, exp, fullLike, ge, lt, mul, pow, sub } from "../../lax/index.ts";
import * as np from "../../numpy/index.ts";
import { gamma } from "./gamma.ts";
import { ofReals, sloped } from "./promoted.ts";

type Parameters = [a: Operand, b: Operand, x: Operand];
/** As many as a float32 needs up to |x| = 88, where it overflows; and as many as descend at 100 in the expansion for large x. */
const [TERMS, TAIL_TERMS] = [250, 60];

/** Σ of `count` terms from `start` on, each of which is the last one times `ratio(k)`; each times `weight(k)`, which is 0 at 0. */
function summed(
  start: ArrayValue,
  count: number,
  ratio: (k: ArrayValue) => ArrayValue,
  weight?: (k: ArrayValue) => ArrayValue,
): ArrayValue {
  const first = mul(start, ratio(fullLike(start, 0)));
  const [, sum] = foriLoop(
    1,
    count,
    (i, [term, sum]) => {
      const k = add(fullLike(start, 0), np.astype(i, start.dtype));
      return [mul(term, ratio(k)), add(sum, weight ? mul(term, weight(k)) : term)];
    },
    [first, weight ? fullLike(start, 0) : start],
  );
  return sum!;
}

/** (a + k)/(b + k) · x/(k + 1) */
const kummer = (a: ArrayValue, b: ArrayValue, x: ArrayValue) => (k: ArrayValue) =>
  div(mul(div(add(a, k), add(b, k)), x), add(k, 1));

const confluent: (a: ArrayValue, b: ArrayValue, x: ArrayValue) => ArrayValue = sloped<Parameters>(
  "hyp1f1",
  (...operands) => {
    const [a, b, x] = np.broadcastArrays(...operands) as [ArrayValue, ArrayValue, ArrayValue];
    // Kummer's transformation, so that no terms cancel: e^x · 1F1(b − a, b, −x).
    const negative = lt(x, 0);
    const [c, y] = [np.where(negative, sub(b, a), a), abs(x)];
    const far = ge(y, 100);
    const inside = np.where(far, 1, y);
    // Half of the growth is taken out, so that nothing overflows that the result does not.
    const near = summed(exp(mul(inside, -0.5)), TERMS, kummer(c, b, inside));
    const z = np.where(far, y, 100);
    const tail = summed(fullLike(x, 1), TAIL_TERMS, (k) =>
      div(mul(add(sub(b, c), k), add(sub(1, c), k)), mul(add(k, 1), z)),
    );
    const scale = mul(div(gamma(b), gamma(c)), pow(z, sub(c, b)));
    const growth = exp(x);
    const beyond = mul(np.where(negative, 1, growth), mul(scale, tail));
    const value = np.where(far, beyond, mul(near, exp(mul(np.where(far, 1, x), 0.5))));
    const atPole = np.where(eq(b, 0), Infinity, value);
    return np.where(eq(a, 0), 1, np.where(eq(a, b), growth, atPole));
  },
  (_out, ...[a, b, x]) =>
    summed(fullLike(np.broadcastArrays(a, b, x)[0]!, 1), TERMS, kummer(a, b, x), (k) =>
      sub(digamma(add(a, k)), digamma(a)),
    ),
  (_out, ...[a, b, x]) =>
    summed(fullLike(np.broadcastArrays(a, b, x)[0]!, 1), TERMS, kummer(a, b, x), (k) =>
      sub(digamma(b), digamma(add(b, k))),
    ),
  (_out, a, b, x) => mul(div(a, b), confluent(add(a, 1), add(b, 1), x)),
);

/**
 * Kummer's confluent hypergeometric function, `Σ (a)ₖ/(b)ₖ · xᵏ/k!`. Shapes broadcast. Dtype: float.
 * @see https://dlmf.nist.gov/13.2; `jax.scipy.special.hyp1f1`
 */
export const hyp1f1: (a: Operand, b: Operand, x: Operand) => ArrayValue = ofReals<Parameters>(
  "hyp1f1",
  confluent,
);
