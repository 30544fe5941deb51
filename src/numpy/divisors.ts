import { foriLoop } from "../control/loops.ts";
import { dtypeInfo, isInteger } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { floorDivide } from "./division.ts";
import { abs, multiply } from "./elementwise.ts";
import { promoteDTypes } from "./promotion.ts";
import { broadcastTogether, choose } from "./where.ts";

/** Absolute values of integers of one dtype and shape. @throws DTypeError on other numbers. */
function naturals(x: Operand, y: Operand, caller: string): [ArrayValue, ArrayValue] {
  const pair = promoteDTypes(caller, x, y);
  if (!isInteger(pair[0].dtype))
    throw new DTypeError("numpy/dtype", `${caller} takes integers, got ${pair[0].dtype}`);
  return broadcastTogether(pair.map(abs), caller) as [ArrayValue, ArrayValue];
}

function greatestDivisor(x: ArrayValue, y: ArrayValue, caller: string): ArrayValue {
  // Euclid's algorithm takes most steps on neighbours of Fibonacci's sequence, which grows by (1 + √5) / 2 at each.
  const steps = Math.ceil(dtypeInfo[x.dtype].bits / Math.log2((1 + Math.sqrt(5)) / 2));
  const [divisor] = foriLoop(
    0,
    steps,
    (_, [a, b]): [ArrayValue, ArrayValue] => {
      const isDone = lax.eq(b, 0);
      return [choose(isDone, a, b, caller), choose(isDone, b, lax.rem(a, b), caller)];
    },
    [lax.max(x, y), lax.min(x, y)],
  );
  return divisor;
}

/**
 * The greatest common divisor; of 0 and `x`, `|x|`.
 *
 * Shape: broadcast. Dtype: the promoted one.
 * @throws DTypeError on numbers that are no integers. @see `jax.numpy.gcd`
 */
export const gcd = (x: Operand, y: Operand): ArrayValue =>
  greatestDivisor(...naturals(x, y, "np.gcd"), "np.gcd");

/** The least common multiple; of 0 and anything, 0. As {@link gcd}. @see `jax.numpy.lcm` */
export function lcm(x: Operand, y: Operand): ArrayValue {
  const caller = "np.lcm";
  const [a, b] = naturals(x, y, caller);
  const divisor = greatestDivisor(a, b, caller);
  const isZero = lax.eq(divisor, 0);
  return choose(isZero, divisor, multiply(a, floorDivide(b, choose(isZero, 1, divisor, caller))), caller);
}
