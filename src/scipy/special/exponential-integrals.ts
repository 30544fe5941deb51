import { foriLoop } from "../../control/loops.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import { add, and, div, eq, exp, fullLike, ge, gt, le, lgamma, log, lt, mul, ne, neg, or, pow, sub } from "../../lax/index.ts"; // prettier-ignore
import * as np from "../../numpy/index.ts";
import { ofReals, type One, rational, sloped } from "./promoted.ts";

/** Cephes `ei.c`: the end of each interval, and numerator and denominator there. */
const pieces: readonly (readonly [end: number, p: readonly number[], q: readonly number[]])[] = [
  [
    2,
    [
      -5.350447357812543, 218.50491688166133, -4176.572384826693, 55411.76756393557, -331338.13311781443,
      1592627.1633849454,
    ],
    [
      1, -52.505479591128626, 1259.6161867867906, -17565.495819735348, 149306.2117002726, -729494.9239640528,
      1592627.1633849454,
    ],
  ],
  [
    4,
    [
      0.019818085032596897, -1.2716456259849176, -2.0881603356812284, 2.7555445091879367, -0.44095070487016,
      0.046656238059358916, -0.0015450426796734852, 7.059980605299618e-5,
    ],
    [
      1, 1.4764986709149215, 0.5629177174822436, 0.16990178978793072, 0.02291647179034212,
      0.0044501504397287525, 0.00017274396122065214, 3.953167195549672e-5,
    ],
  ],
  [
    8,
    [
      -1.3732153758712087, -0.7084559133740839, 1.580806855547941, -0.2601500427425623, 0.029946746941137137,
      -0.001038086040188744, 4.371064420753005e-5, 2.141783679522603e-6,
    ],
    [
      1, 0.8585231423622028, 0.4483285822873995, 0.07687932158124476, 0.024498682410218877,
      0.0008832165941927797, 0.00045909522995113536, -4.729848351866523e-6, 2.66519553739071e-6,
    ],
  ],
  [
    16,
    [
      -2.1069346016919166, 1.7327338696646881, -0.2423619178935842, 0.02322724180937566,
      0.00023728804404931798, -8.343219561192553e-5, 1.3634087956052505e-5, -3.655412321999254e-7,
      1.4649417339759612e-8, 6.17640786371036e-10,
    ],
    [
      1, -0.2298062239901678, 0.11050770414740378, -0.015665429666307924, 0.002761106850817353,
      -0.00020891480122840484, 1.7085289388076754e-5, -4.4593117963566865e-7, 1.3946349303538475e-8,
      6.150865933977338e-10,
    ],
  ],
  [
    32,
    [
      -0.24581193676740204, -0.14833822533220778, 0.07248291795735552, -0.013483156873809405,
      0.001342775069788637, -7.942465637159712e-5, 2.644179518984236e-6, -4.239473659313765e-8,
    ],
    [
      1, -0.10442259084438711, -0.26764531281014026, 0.09695000254621984, -0.01601745692712991,
      0.001496414899205908, -8.462452563778485e-5, 2.7289384034767266e-6, -4.239462431819542e-8,
    ],
  ],
  [
    64,
    [
      0.12125611181054567, -0.5823133179043894, 0.2348887314557017, -0.030400343181132484,
      0.0015100821468651906, -2.5231370954995714e-5,
    ],
    [
      1, -1.002252150365854, 0.2928709694872224, -0.03337004338674008, 0.0015605448811273888,
      -2.5231370936032347e-5,
    ],
  ],
  [
    Infinity,
    [
      -0.7657847078286127, 0.6886192415566705, -0.2132598113545206, 0.033461075523841935,
      -0.003076541477344756, 0.00017471193164549074, -6.1037116822741705e-6, 1.218032765428652e-7,
      -1.0860761027932903e-9,
    ],
    [
      1, -1.8888028686623086, 1.066691687211409, -0.27519159823063805, 0.039308526882338234,
      -0.003414684558602365, 0.00018668443707035555, -6.345146083130515e-6, 1.239754287483207e-7,
      -1.0860761027931265e-9,
    ],
  ],
];

type OrderAndPoint = [n: Operand, x: Operand];

/** Σ (−x)ᵏ / ((n − 1 − k)·k!), whose term of k = n − 1 is of the logarithm, for 0 < x ≤ 1 and n ≥ 1. @see https://dlmf.nist.gov/8.19.E8 */
function series(n: ArrayValue, x: ArrayValue): ArrayValue {
  const before = sub(n, 1);
  const logarithm = div(mul(pow(neg(x), before), sub(lax.digamma(n), log(x))), exp(lgamma(n)));
  let [power, sum] = [fullLike(x, 1), logarithm];
  for (let k = 0; k < (x.dtype === "float64" ? 20 : 12); k++) {
    const other = ne(before, k);
    const divisor = np.where(other, sub(before, k), 1);
    sum = add(sum, np.where(other, div(power, divisor), 0));
    power = mul(power, div(neg(x), k + 1));
  }
  return sum;
}

/** The continued fraction for x > 1, from within. @see https://dlmf.nist.gov/8.19.E17 */
function fraction(n: ArrayValue, x: ArrayValue): ArrayValue {
  const steps = x.dtype === "float64" ? 100 : 30;
  const start = add(add(x, n), 2 * steps);
  const inner = foriLoop(
    0,
    steps,
    (step, below) => {
      const k = sub(fullLike(start, steps), np.astype(step, start.dtype));
      const product = mul(k, sub(add(n, k), 1));
      return sub(add(add(x, n), mul(sub(k, 1), 2)), div(product, below));
    },
    start,
  );
  return div(exp(neg(x)), inner);
}

/** E_n(x) by where n and x are. */
function exponentialIntegral(n: ArrayValue, x: ArrayValue): ArrayValue {
  const [far, atZero] = [gt(x, 1), eq(x, 0)];
  const inside = np.where(or(far, or(atZero, lt(n, 1))), 1, x);
  const near = series(np.where(lt(n, 1), 1, n), inside);
  const value = np.where(far, fraction(n, np.where(far, x, 2)), near);
  const end = np.where(lt(n, 2), Infinity, div(1, sub(np.where(lt(n, 2), 2, n), 1)));
  const ofZero = np.where(eq(n, 0), div(exp(neg(x)), x), value);
  return np.where(or(lt(n, 0), lt(x, 0)), NaN, np.where(and(atZero, ge(n, 0)), end, ofZero));
}

const withSlope = sloped<OrderAndPoint>("expn", exponentialIntegral, null, (_out, n, x) =>
  neg(exponentialIntegral(sub(n, 1), x)),
);

/**
 * The exponential integral of order `n`, `∫₁^∞ e^(−xt) t^(−n) dt`, for whole numbers `n`, in which it is not differentiated.
 * Shapes broadcast. Dtype: float. @see `jax.scipy.special.expn`
 */
export const expn: (n: Operand, x: Operand) => ArrayValue = ofReals<OrderAndPoint>("expn", withSlope);

/** `∫ₓ^∞ e^(−t)/t dt`, for `x ≥ 0`. @see `jax.scipy.special.exp1` */
export const exp1: (...xs: One) => ArrayValue = ofReals<One>("exp1", (x) => withSlope(fullLike(x, 1), x));

/** Ei(x) for x > 0: near 0 beside its logarithm, beyond by e^x/x. */
function positive(x: ArrayValue): ArrayValue {
  let value: ArrayValue | null = null;
  for (const [end, p, q] of pieces.toReversed()) {
    const w = div(1, x);
    const piece =
      end === 2
        ? add(add(mul(x, rational(x, p, q)), log(x)), np.eulerGamma)
        : mul(mul(exp(x), w), add(mul(w, rational(w, p, q)), 1));
    value = value ? np.where(le(x, end), piece, value) : piece;
  }
  return value!;
}

/** The principal value of `∫_{−∞}^x eᵗ/t dt`. @see `jax.scipy.special.expi` */
export const expi: (...xs: One) => ArrayValue = ofReals<One>(
  "expi",
  sloped<One>(
    "expi",
    (x) => {
      const below = lt(x, 0);
      const left = neg(exponentialIntegral(fullLike(x, 1), np.where(below, neg(x), 1)));
      return np.where(below, left, positive(np.where(below, 1, x)));
    },
    (_out, x) => div(exp(x), x),
  ),
);
