import type { Expr } from "../kernel/expression.ts";
import { add, and, bits, byType, div, mul, sub } from "./operators.ts";

// A number as an unevaluated sum of two floats: Dekker (1971), "A floating-point technique for extending the available
// precision". There is no fused multiply-add to make products exact, so factors are cut in halves.

/** `high + low`, where `low` is at most half a unit in the last place of `high`. */
export type Pair = readonly [high: Expr, low: Expr];

/** a + b, exactly, for |a| ≥ |b| or a = 0. */
export function quickSum(a: Expr, b: Expr): Pair {
  const sum = add(a, b);
  return [sum, sub(b, sub(sum, a))];
}

/** a + b, exactly. */
export function exactSum(a: Expr, b: Expr): Pair {
  const sum = add(a, b);
  const part = sub(sum, a);
  return [sum, add(sub(a, sub(sum, part)), sub(b, part))];
}

/** The upper half of the digits, and the others. */
function halves(x: Expr): Pair {
  const high = bits(and(bits(x), byType(x, -0x1000n, -0x8000000n)));
  return [high, sub(x, high)];
}

/** a · b, exactly but for the last of the lowest digits. */
export function exactProduct(a: Expr, b: Expr): Pair {
  const product = mul(a, b);
  const [p, q] = halves(a);
  const [r, s] = a === b ? [p, q] : halves(b);
  const rest = add(add(sub(mul(p, r), product), mul(p, s)), mul(q, r));
  return [product, add(rest, mul(q, s))];
}

export function pairSum([a, b]: Pair, [c, d]: Pair): Pair {
  const [high, low] = exactSum(a, c);
  return quickSum(high, add(low, add(b, d)));
}

export function pairProduct([a, b]: Pair, [c, d]: Pair): Pair {
  const [high, low] = exactProduct(a, c);
  return quickSum(high, add(low, add(mul(a, d), mul(b, c))));
}

export function pairQuotient([a, b]: Pair, [c, d]: Pair): Pair {
  const quotient = div(a, c);
  const [high, low] = exactProduct(quotient, c);
  const rest = sub(add(sub(sub(a, high), low), b), mul(quotient, d));
  return quickSum(quotient, div(rest, c));
}
