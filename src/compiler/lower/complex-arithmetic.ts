import { type Expr, f32, op } from "../kernel/expression.ts";
import type { OnPairs, Pair } from "./elementwise.ts";

const promoted = (x: Expr): Expr => op("promote", x);
const isNaN = (x: Expr): Expr => op("ne", x, x);
const isInfinite = (x: Expr): Expr => op("eq", op("abs", x), f32(Infinity));
const isFinite = (x: Expr): Expr => op("lt", op("abs", x), f32(Infinity));
const isZero = (x: Expr): Expr => op("eq", x, f32(0));
const all = (x: Expr, y: Expr): Expr => op("and", x, y);
const either = (x: Expr, y: Expr): Expr => op("or", x, y);
const choose = (when: Expr, z: Pair, w: Pair): Pair => [
  op("select", when, z[0], w[0]),
  op("select", when, z[1], w[1]),
];
/** x · y + z of f32, rounded once: the product is exact in a double. */
const fused = (x: Expr, y: Expr, z: Expr): Expr =>
  op("demote", op("add", op("mul", promoted(x), promoted(y)), promoted(z)));

/** (a + bi)·(c + di) with fused multiply-adds, as XLA; infinities are not repaired. */
export const multiplied = ([a, b]: Pair, [c, d]: Pair): Pair => [
  fused(a, c, op("neg", op("mul", b, d))),
  fused(b, c, op("mul", a, d)),
];

/** Smith's method, where |c| ≥ |d|. */
function bySmith([a, b]: Pair, [c, d]: Pair): Pair {
  const ratio = op("div", d, c);
  const denominator = fused(d, ratio, c);
  return [op("div", fused(b, ratio, a), denominator), op("div", fused(op("neg", a), ratio, b), denominator)];
}

/** ±1 for an infinity, else ±0: what an operand counts for beside infinities. */
const infiniteUnit = (x: Expr): Expr => op("copysign", op("select", isInfinite(x), f32(1), f32(0)), x);

/** Quotients that division by formula makes NaN although they are infinite or zero. */
function special([a, b]: Pair, [c, d]: Pair): Pair {
  const dot = (p: Expr, q: Expr, r: Expr, s: Expr): Expr => op("add", op("mul", p, r), op("mul", q, s));
  const cross = (p: Expr, q: Expr, r: Expr, s: Expr): Expr => op("sub", op("mul", q, r), op("mul", p, s));
  const infinite = (x: Expr): Expr => op("mul", f32(Infinity), x);
  // A product with 0 that an overflow in `x` does not make NaN.
  const vanishing = (x: Expr): Expr => op("copysign", f32(0), x);
  const [p, q, r, s] = [infiniteUnit(a), infiniteUnit(b), infiniteUnit(c), infiniteUnit(d)];
  const large: Pair = [infinite(dot(p, q, c, d)), infinite(cross(p, q, c, d))];
  const small: Pair = [vanishing(dot(a, b, r, s)), vanishing(cross(a, b, r, s))];
  const isLarge = all(either(isInfinite(a), isInfinite(b)), all(isFinite(c), isFinite(d)));
  const isSmall = all(either(isInfinite(c), isInfinite(d)), all(isFinite(a), isFinite(b)));
  return choose(isLarge, large, choose(isSmall, small, [f32(NaN), f32(NaN)]));
}

/**
 * (a + bi) / (c + di).
 * @see Smith, CACM Algorithm 116 (1962); MLIR `DivisionConverter.cpp`; ISO C annex G.5.1 for infinities
 */
export function divided(z: Pair, w: Pair): Pair {
  const [[a, b], [c, d]] = [z, w];
  // Where |c| < |d| both are turned by -i first, which leaves their quotient.
  const turned = op("lt", op("abs", c), op("abs", d));
  const [re, im] = bySmith(choose(turned, [b, op("neg", a)], z), choose(turned, [d, op("neg", c)], w));
  const byFormula = choose(all(isNaN(re), isNaN(im)), special(z, w), [re, im]);
  const infinity = op("copysign", f32(Infinity), c);
  return choose(all(isZero(c), isZero(d)), [op("mul", infinity, a), op("mul", infinity, b)], byFormula);
}

/** |a + bi|, without overflow; NaN if either part is, even beside an infinity. */
export const absolute: OnPairs = ([a, b]) => {
  const [x, y] = [op("abs", a), op("abs", b)];
  const large = op("max", x, y);
  const ratio = op("div", op("min", x, y), large);
  const modulus = op("mul", large, op("sqrt", fused(ratio, ratio, f32(1))));
  return [op("select", either(isZero(large), isInfinite(large)), large, modulus)];
};

/** z / |z|; ±0 ± 0i is itself. */
export const signOfComplex: OnPairs = (z) => {
  const [a, b] = [promoted(z[0]), promoted(z[1])];
  // Of f32 the squares neither overflow nor vanish in a double.
  const length = op("sqrt", op("add", op("mul", a, a), op("mul", b, b)));
  const unit: Pair = [op("demote", op("div", a, length)), op("demote", op("div", b, length))];
  return choose(all(isZero(z[0]), isZero(z[1])), z, unit);
};

/** Whether z comes before w: by real, then by imaginary part. */
const before = ([a, b]: Pair, [c, d]: Pair): Expr =>
  op("select", op("eq", a, c), op("lt", b, d), op("lt", a, c));

export const larger = (z: Pair, w: Pair): Pair => choose(before(w, z), z, w);
export const smaller = (z: Pair, w: Pair): Pair => choose(before(z, w), z, w);
