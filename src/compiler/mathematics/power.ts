import { type Expr, op } from "../kernel/expression.ts";
import { expOfPair } from "./exponential.ts";
import { logPair } from "./logarithm.ts";
import { abs, add, and, bits, byType, copysign, div, eq, formatOf, isNaN, isSpecial, like, lt, mul, ne, neg, or, rarely, select, shiftRightUnsigned, shl, square, squareRoot, sub, truncated } from "./operators.ts"; // prettier-ignore
import { exactProduct, type Pair, quickSum } from "./pair.ts";

/** 1 / √x, rounded twice. */
export const rsqrt = (x: Expr): Expr => div(1, squareRoot(x));

/**
 * x to the power y, within 1.5 ulp; 1 to any power and any to the power 0 is 1.
 * @see ISO C F.10.4.4
 */
export function pow(x: Expr, y: Expr): Expr {
  // Beyond, every result but that of 1 is 0 or infinite; as an integer it is also below the bits of NaN.
  const bound = like(x, byType(x, 2 ** 40, 2 ** 80));
  const special = or(isSpecial(x), op("lt_s", bits(bound), bits(abs(y))));
  return rarely(special, extendedPower(x, y, bound), finitePower(logPair(x, true), y));
}

/** e^(log · y) */
function finitePower([high, low]: Pair, y: Expr): Expr {
  const product = exactProduct(high, y);
  return expOfPair(quickSum(product[0], add(product[1], mul(low, y))));
}

/** With what the power is of any numbers. */
function extendedPower(x: Expr, y: Expr, bound: Expr): Expr {
  const a = abs(x);
  const half = mul(y, 0.5);
  const whole = eq(truncated(y), y);
  const odd = and(whole, ne(truncated(half), half));
  const exponent = select(lt(bound, abs(y)), copysign(bound, y), y);
  const finite = finitePower(logPair(a), exponent);
  const grows = lt(0, y);
  const edge = (large: Expr) => select(large, like(x, Infinity), like(x, 0));
  const magnitude = select(eq(a, 0), edge(lt(y, 0)), select(eq(a, Infinity), edge(grows), finite));
  const negative = lt(copysign(like(x, 1), x), 0);
  const signed = select(and(odd, negative), neg(magnitude), magnitude);
  const undefinedRoot = and(and(lt(x, 0), ne(a, Infinity)), ne(truncated(y), y));
  const numbers = select(or(isNaN(x), isNaN(y)), add(x, y), select(undefinedRoot, NaN, signed));
  const one = or(eq(x, 1), or(eq(y, 0), and(eq(a, 1), eq(abs(y), Infinity))));
  return select(one, 1, numbers);
}

/** Cube root, within 1 ulp. */
export function cbrt(x: Expr): Expr {
  const { fraction, bias, least } = formatOf(x);
  const a = abs(x);
  const subnormal = lt(a, least);
  const large = lt(2 ** (bias - 6), a);
  const scale = byType(x, 8, 18);
  const scaled = mul(
    a,
    select(subnormal, like(x, 2 ** (3 * scale)), select(large, like(x, 2 ** -9), like(x, 1))),
  );
  // A third of the exponent, and of the fraction roughly: the upper bits as an integer, as a float.
  const dropped = byType(x, 9, 32);
  const exponents = BigInt(bias + fraction) << BigInt(fraction);
  const float = sub(bits(or(shiftRightUnsigned(bits(scaled), dropped), exponents)), 2 ** fraction);
  const bias3 = ((bias - 0.0331) * 2 * 2 ** (fraction - dropped)) / 3;
  const third = bits(add(add(mul(float, 1 / 3), bias3), 2 ** fraction));
  let y = bits(shl(third, dropped));
  for (let k = 0; k < byType(x, 2, 3); k++) {
    const cube = mul(square(y), y);
    y = sub(y, mul(y, div(sub(cube, scaled), add(mul(cube, 2), scaled))));
  }
  const root = mul(y, select(subnormal, like(x, 2 ** -scale), select(large, like(x, 8), like(x, 1))));
  return select(eq(x, mul(x, 0.5)), x, copysign(root, x));
}
