import type { Expr } from "../kernel/expression.ts";
import { cosPolynomial, sinPolynomial } from "./coefficients.ts";
import { abs, add, and, div, eq, flipped, formatOf, mul, ne, polynomial, select, shl, signBit, square, sub, xor } from "./operators.ts"; // prettier-ignore
import { type Pair, quickSum } from "./pair.ts";
import { ofReduced, type Reduced } from "./reduction.ts";

interface Both {
  readonly sine: Pair;
  readonly cosine: Pair;
  readonly quadrant: Expr;
}
/** Sine and cosine of an angle, up to quadrants, and the quadrant. */
function both({ r: [high, low], quadrant }: Reduced): Both {
  const z = square(high);
  const half = mul(z, 0.5);
  const whole = sub(1, half);
  const cube = mul(mul(high, z), polynomial(z, sinPolynomial));
  const rest = sub(mul(square(z), polynomial(z, cosPolynomial)), mul(high, low));
  return {
    sine: quickSum(high, add(cube, mul(low, whole))),
    cosine: quickSum(whole, add(sub(sub(1, whole), half), rest)),
    quadrant,
  };
}

/** Where a quadrant is odd. */
const isOdd = (quadrant: Expr): Expr => ne(and(quadrant, 1), 0);
/** The second bit of a quadrant as a sign. */
const sign = (quadrant: Expr, x: Expr): Expr => shl(and(quadrant, 2), formatOf(x).width - 2);

/** Sine of an angle in radians, within 1 ulp, for all finite angles. */
export function sin(x: Expr): Expr {
  const y = ofReduced(abs(x), (reduced) => {
    const { sine, cosine, quadrant } = both(reduced);
    return flipped(select(isOdd(quadrant), cosine[0], sine[0]), xor(sign(quadrant, x), signBit(x)));
  });
  return select(eq(x, 0), x, y);
}

/** Cosine of an angle in radians, within 1 ulp, for all finite angles. */
export function cos(x: Expr): Expr {
  return ofReduced(abs(x), (reduced) => {
    const { sine, cosine, quadrant } = both(reduced);
    return flipped(select(isOdd(quadrant), sine[0], cosine[0]), sign(add(quadrant, 1), x));
  });
}

/** Tangent of an angle in radians, within 1.5 ulp, for all finite angles. */
export function tan(x: Expr): Expr {
  const y = ofReduced(abs(x), (reduced) => {
    const { sine, cosine, quadrant } = both(reduced);
    const odd = isOdd(quadrant);
    const either = (a: Pair, b: Pair): Pair => [select(odd, b[0], a[0]), select(odd, b[1], a[1])];
    const [n, d] = [either(sine, cosine), either(cosine, sine)];
    const quotient = div(n[0], d[0]);
    const ratio = add(quotient, div(sub(n[1], mul(quotient, d[1])), d[0]));
    return flipped(ratio, xor(shl(and(quadrant, 1), formatOf(x).width - 1), signBit(x)));
  });
  return select(eq(x, 0), x, y);
}
