import type { Expr } from "../kernel/expression.ts";
import { asinPolynomial, atanPolynomial } from "./coefficients.ts";
import { abs, add, byType, copysign, div, eq, isNaN, like, lt, mul, neg, or, polynomial, select, square, squareRoot, sub } from "./operators.ts"; // prettier-ignore

/** What the double nearest to π lacks of it. */
const PI_REST = 1.2246467991473532e-16;

/** A multiple of π as a float, and what that lacks of it; by ¼, ½, ¾ and 1 doubles are exact. */
function piPart(x: Expr, factor: number): readonly [high: number, low: number] {
  const double = Math.PI * factor;
  const single = Math.fround(double);
  return byType(x, [single, double - single], [double, PI_REST * factor]);
}

/** The tangents of 3π/8 and of π/8, between which arguments are taken relative to π/4. */
const TAN_3_8 = Math.SQRT2 + 1;
const TAN_1_8 = Math.SQRT2 - 1;

/**
 * atan(n/d) for n ≥ 0 and d ≥ 0, not both 0 or infinite: by the quotient that is below tan(π/8). Where `mirrored` holds,
 * π less that.
 */
function atanOfRatio(n: Expr, d: Expr, mirrored?: Expr): Expr {
  const steep = lt(mul(d, TAN_3_8), n);
  const middle = lt(mul(d, TAN_1_8), n);
  const flip = (a: Expr, b: Expr): Expr => (mirrored ? select(mirrored, a, b) : b);
  const quotient = div(
    select(steep, sub(0, d), select(middle, sub(n, d), n)),
    select(steep, n, select(middle, add(n, d), d)),
  );
  const t = flip(neg(quotient), quotient);
  const offset = (part: 0 | 1): Expr => {
    const turns = (factor: number) => like(n, piPart(n, factor)[part]);
    return select(
      steep,
      turns(1 / 2),
      select(middle, flip(turns(3 / 4), turns(1 / 4)), flip(turns(1), turns(0))),
    );
  };
  const z = square(t);
  const tail = add(mul(mul(t, z), polynomial(z, atanPolynomial)), offset(1));
  const far = mirrored ? or(middle, mirrored) : middle;
  return select(far, add(offset(0), add(tail, t)), add(t, tail));
}

/** Angle whose tangent is x, in radians, within 2 ulp. */
export function atan(x: Expr): Expr {
  const a = abs(x);
  return copysign(atanOfRatio(a, like(x, 1)), x);
}

/**
 * Angle of the point (x, y) in (−π, π], within 2 ulp; the signs of zeros count.
 * @see ISO C F.10.1.4
 */
export function atan2(y: Expr, x: Expr): Expr {
  const [least, most] = byType(x, [2 ** -100, 2 ** 100], [2 ** -900, 2 ** 900]);
  const [a, b] = [abs(y), abs(x)];
  // Neither a sum that overflows nor a product without digits.
  const large = select(lt(a, b), b, a);
  const scale = select(
    lt(most!, large),
    like(x, least!),
    select(lt(large, least!), like(x, most!), like(x, 1)),
  );
  // Equal ones, which may be infinite or 0, have the ratio 1 unless both are 0.
  const same = eq(a, b);
  const zero = eq(large, 0);
  const n = select(same, select(zero, like(x, 0), like(x, 1)), mul(a, scale));
  const left = lt(copysign(like(x, 1), x), 0);
  const angle = atanOfRatio(n, select(same, like(x, 1), mul(b, scale)), left);
  const sum = add(a, b);
  return copysign(select(isNaN(sum), sum, angle), y);
}

const small = (x: Expr): Expr => lt(x, 0.5);
/** z = x² for |x| < ½, else (1 − |x|)/2, whose root has the arcsine (π/2 − asin |x|)/2; and that root, or |x|. */
function folded(x: Expr): { readonly root: Expr; readonly tail: Expr } {
  const z = select(small(x), square(x), mul(sub(1, x), 0.5));
  const root = select(small(x), x, squareRoot(z));
  return { root, tail: mul(mul(root, z), polynomial(z, asinPolynomial)) };
}

/** Angle in [−π/2, π/2] whose sine is x, within 2 ulp; NaN beyond ±1. */
export function asin(x: Expr): Expr {
  const a = abs(x);
  const { root, tail } = folded(a);
  const [high, low] = piPart(x, 1 / 2);
  const far = sub(sub(high, mul(root, 2)), sub(mul(tail, 2), low));
  return copysign(select(small(a), add(root, tail), far), x);
}

/** Angle in [0, π] whose cosine is x, within 1.5 ulp; NaN beyond ±1. */
export function acos(x: Expr): Expr {
  const a = abs(x);
  const { root, tail } = folded(a);
  const negative = lt(x, 0);
  const near = copysign(add(root, tail), x);
  const double = mul(add(root, tail), 2);
  const [half, whole] = [piPart(x, 1 / 2), piPart(x, 1)];
  const far = select(negative, sub(whole[0], sub(double, whole[1])), double);
  return select(small(a), sub(half[0], sub(near, half[1])), far);
}
