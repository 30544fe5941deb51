import { customJvp } from "../../control/custom-jvp.ts";
import { ArgumentError } from "../../core/errors.ts";
import { type Optionals, readOptions } from "../../core/options.ts";
import { describe } from "../../core/trace.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import { abs, add, div, eq, erf, erfc, exp, gt, le, log, lt, max, min, mul, neg, sign, sqrt, square, sub } from "../../lax/index.ts"; // prettier-ignore
import * as np from "../../numpy/index.ts";
import { toArray } from "../../numpy/promotion.ts";
import { named } from "../../numpy/ufunc.ts";
import { ofReals, type One, rational, requireWide, sloped } from "./promoted.ts";

/** A function of float32 and float64. */
const ofWide = (name: string, f: (x: ArrayValue) => ArrayValue): ((...xs: One) => ArrayValue) =>
  named(name, (x: Operand) => {
    const array = toArray(x, `scipy.special.${name}`);
    requireWide(array, `scipy.special.${name}`);
    return f(array);
  });

const standardNdtr = (x: ArrayValue): ArrayValue => {
  const w = mul(x, Math.SQRT1_2);
  const z = abs(w);
  const tail = np.where(gt(w, 0), sub(2, erfc(z)), erfc(z));
  return mul(np.where(lt(z, Math.SQRT1_2), add(1, erf(w)), tail), 0.5);
};

/**
 * The normal distribution function, `½ erfc(−x/√2)`.
 * @throws DTypeError unless `x` is float32 or float64. @see `jax.scipy.special.ndtr`
 */
export const ndtr: (...xs: One) => ArrayValue = ofWide("ndtr", standardNdtr);

// Cephes `ndtri.c`: in the middle of p − ½, in the tails of 1/√(−2 log p) above and below 1/8.
const [p0, q0] = [
  [-5.99633501014107895267e1, 9.80010754185999661536e1, -5.66762857469070293439e1, 1.39312609387279679503e1,
    -1.23916583867381258016],
  [1, 1.95448858338141759834, 4.67627912898881538453, 8.63602421390890590575e1, -2.25462687854119370527e2,
    2.00260212380060660359e2, -8.20372256168333339912e1, 1.59056225126211695515e1, -1.1833162112133000314],
] as const; // prettier-ignore
const [p1, q1] = [
  [4.05544892305962419923, 3.15251094599893866154e1, 5.71628192246421288162e1, 4.408050738932008347e1,
    1.46849561928858024014e1, 2.18663306850790267539, -1.40256079171354495875e-1, -3.50424626827848203418e-2,
    -8.57456785154685413611e-4],
  [1, 1.57799883256466749731e1, 4.53907635128879210584e1, 4.1317203825467203044e1, 1.50425385692907503408e1,
    2.50464946208309415979, -1.42182922854787788574e-1, -3.80806407691578277194e-2, -9.33259480895457427372e-4],
] as const; // prettier-ignore
const [p2, q2] = [
  [3.2377489177694603597, 6.91522889068984211695, 3.93881025292474443415, 1.33303460815807542389,
    2.01485389549179081538e-1, 1.23716634817820021358e-2, 3.01581553508235416007e-4, 2.65806974686737550832e-6,
    6.23974539184983293730e-9],
  [1, 6.02427039364742014255, 3.67983563856160859403, 1.37702099489081330271, 2.16236993594496635890e-1,
    1.34204006088543189037e-2, 3.28014464682127739104e-4, 2.89247864745380683936e-6, 6.79019408009981274425e-9],
] as const; // prettier-ignore

/** log of the normal density. */
export const logDensity = (x: ArrayValue): ArrayValue =>
  sub(mul(square(x), -0.5), Math.log(Math.sqrt(2 * Math.PI)));

const quantile = sloped<One>(
  "ndtri",
  (p) => {
    const upper = gt(p, -Math.expm1(-2));
    const nearer = np.where(upper, sub(1, p), p);
    const safe = np.where(eq(nearer, 0), 0.5, nearer);
    const w = sub(safe, 0.5);
    const ww = square(w);
    const middle = mul(add(w, mul(mul(w, ww), rational(ww, p0, q0))), -Math.sqrt(2 * Math.PI));
    const z = sqrt(mul(log(safe), -2));
    const inverse = div(1, z);
    const rest = np.where(lt(z, 8), rational(inverse, p1, q1), rational(inverse, p2, q2));
    const tail = sub(sub(z, div(log(z), z)), mul(rest, inverse));
    const x = np.where(gt(safe, Math.exp(-2)), middle, tail);
    const signed = np.where(upper, x, neg(x));
    return np.where(eq(p, 0), -Infinity, np.where(eq(p, 1), Infinity, signed));
  },
  (out) => exp(neg(logDensity(out))),
);

/**
 * The inverse of {@link ndtr}: ∓∞ at 0 and 1, NaN outside.
 * @throws DTypeError unless `p` is float32 or float64. @see `jax.scipy.special.ndtri`
 */
export const ndtri: (...xs: One) => ArrayValue = ofWide("ndtri", quantile);

/** `log ndtr` far to the left: an asymptotic series of `order` terms. */
function logTail(x: ArrayValue, order: number): ArrayValue {
  const inverse = div(1, square(x));
  let [term, series] = [inverse, neg(inverse)];
  for (let n = 2; n <= order; n++) {
    term = mul(mul(term, inverse), 2 * n - 1);
    series = n % 2 === 0 ? add(series, term) : sub(series, term);
  }
  const scale = sub(logDensity(x), log(neg(x)));
  return order === 0 ? scale : add(scale, log(add(series, 1)));
}

const logNdtrWithRule = customJvp(
  named("logNdtr", (x: ArrayValue, order: number): ArrayValue => {
    const [lower, upper] = x.dtype === "float64" ? [-20, 8] : [-10, 5];
    const above = gt(x, upper);
    const part = standardNdtr(np.where(above, neg(x), max(x, lower)));
    // Far to the right log(1 − p) is −p.
    const inside = np.where(gt(x, lower), log(part), logTail(min(x, lower), order));
    return np.where(above, neg(part), inside);
  }),
  { nondiffArgnums: [1] },
);
logNdtrWithRule.defjvp((order: number, [x]: [ArrayValue], [t]: [ArrayValue]) => {
  const out = logNdtrWithRule(x, order);
  return [out, mul(t, exp(sub(logDensity(x), out)))];
});

export interface LogNdtrOptions {
  /** How many terms the asymptotic series has that is used far to the left, from 0 to 30. Default: 3. */
  readonly seriesOrder?: number;
}

/**
 * The logarithm of {@link ndtr}, accurate in both tails.
 * @throws DTypeError unless `x` is float32 or float64; ArgumentError when the order is no integer from 0 to 30.
 * @see `jax.scipy.special.log_ndtr`
 */
export function logNdtr(x: Operand, ...rest: Optionals<[seriesOrder: number], LogNdtrOptions>): ArrayValue {
  const caller = "scipy.special.logNdtr";
  const { seriesOrder = 3 } = readOptions<LogNdtrOptions>(caller, ["seriesOrder"], rest);
  if (!Number.isInteger(seriesOrder) || seriesOrder < 0 || seriesOrder > 30) {
    throw new ArgumentError(
      "scipy/count",
      `${caller}: seriesOrder is an integer from 0 to 30, got ${describe(seriesOrder)}`,
    );
  }
  const array = toArray(x, caller);
  requireWide(array, caller);
  return logNdtrWithRule(array, seriesOrder);
}

// Patefield & Tandy 2000, method T5: 13 points of a quadrature, and their weights.
const points = [
  0.0035082039676451715, 0.031279042338030754, 0.085266826283219451, 0.16245071730812277, 0.25851196049125435,
  0.36807553840697534, 0.48501092905604697, 0.60277514152618577, 0.71477884217753227, 0.81475510988760099,
  0.89711029755948966, 0.95723808085944262, 0.99178832974629704,
]; // prettier-ignore
const weights = [
  0.018831438115323503, 0.018567086243977649, 0.018042093461223386, 0.017263829606398753, 0.016243219975989857,
  0.014994592034116705, 0.013535474469662088, 0.011886351605820165, 0.010070377242777432, 0.0081130545742299587,
  0.0060419009528470239, 0.0038862217010742058, 0.001679303108454609,
]; // prettier-ignore

/** T(h, a) for h ≥ 0 and 0 ≤ a ≤ 1. */
function quadrature(h: ArrayValue, a: ArrayValue): ArrayValue {
  const [aa, half] = [square(a), mul(square(h), -0.5)];
  const sum = points.reduce<ArrayValue | null>((before, point, i) => {
    const r = add(mul(aa, point), 1);
    const term = mul(div(exp(mul(half, r)), r), weights[i]!);
    return before ? add(before, term) : term;
  }, null);
  return mul(a, sum!);
}

type HeightAndSlope = [h: Operand, a: Operand];
/**
 * Owen's T function, `1/2π ∫₀ᵃ e^(−½h²(1 + t²)) / (1 + t²) dt`. Shapes broadcast.
 * @see Patefield & Tandy 2000, https://www.jstatsoft.org/v05/i05/paper; `jax.scipy.special.owens_t`
 */
export const owensT: (h: Operand, a: Operand) => ArrayValue = ofReals<HeightAndSlope>(
  "owensT",
  sloped<HeightAndSlope>(
    "owensT",
    (height, slope) => {
      const [h, a] = [abs(height), abs(slope)];
      const inside = le(a, 1);
      const [smallA, smallH] = [np.where(inside, a, div(1, a)), np.where(inside, h, mul(a, h))];
      const [x, y] = [mul(h, Math.SQRT1_2), mul(mul(a, h), Math.SQRT1_2)];
      const atOne = mul(smallH, Math.SQRT1_2);
      let t = quadrature(smallH, smallA);
      t = np.where(eq(smallH, 0), mul(np.arctan(smallA), 0.5 / Math.PI), t);
      t = np.where(eq(smallA, 1), mul(mul(erfc(neg(atOne)), erfc(atOne)), 0.125), t);
      // T(h, a) + T(ah, 1/a) = ½(Φ(h) + Φ(ah)) − Φ(h)·Φ(ah)
      const product = mul(mul(erf(x), erf(y)), 0.25);
      const tails = mul(sub(add(erfc(x), erfc(y)), mul(erfc(x), erfc(y))), 0.25);
      const whole = np.where(le(mul(a, h), 0.67), sub(0.25, product), tails);
      return mul(sign(slope), np.where(inside, t, sub(whole, t)));
    },
    (_out, h, a) =>
      mul(mul(exp(mul(square(h), -0.5)), erf(mul(mul(a, h), Math.SQRT1_2))), -0.5 / Math.sqrt(2 * Math.PI)),
    (_out, h, a) => {
      const r = add(square(a), 1);
      return div(exp(mul(mul(square(h), -0.5), r)), mul(r, 2 * Math.PI));
    },
  ),
);
