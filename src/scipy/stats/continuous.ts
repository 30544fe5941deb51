import type { ArrayValue, Operand } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import { abs, add, atan, cos, div, exp, expm1, fullLike, ge, gt, igamma, igammac, le, lgamma, log, log1p, logistic as expit, lt, mul, neg, or, pow, sign, square, sub, tan } from "../../lax/index.ts"; // prettier-ignore
import * as np from "../../numpy/index.ts";
import { betaln } from "../special/beta.ts";
import { xlog1py, xlogy } from "../special/entropy.ts";
import { log1mexp } from "../special/log1mexp.ts";
import { logit } from "../special/logistic.ts";
import { logDensity, logNdtr, ndtr, ndtri } from "../special/normal.ts";
import { continuous, type Distribution, type Plain, type Scaled } from "./distribution.ts";

type None = readonly [];
type Shares = "cdf" | "logcdf" | "sf" | "logsf";
type Density = "logpdf" | "pdf";

const density = ["logpdf", "pdf"] as const;
const shares = ["cdf", "logcdf", "sf", "logsf"] as const;
const scaled = ["loc", "scale"] as const;
const half = (x: ArrayValue): ArrayValue => mul(x, 0.5);
/** `value`, NaN where `q` is no share. */
const ofShare = (q: ArrayValue, value: ArrayValue): ArrayValue =>
  np.where(np.logicalAnd(ge(q, 0), le(q, 1)), value, NaN);

/** The normal distribution. @see `jax.scipy.stats.norm` */
export const norm: Distribution<Density | Shares | "ppf" | "isf", Scaled<None>> = continuous(
  "norm",
  0,
  scaled,
  [...density, ...shares, "ppf", "isf"],
  {
    logpdf: logDensity,
    cdf: (y) => ndtr(y),
    sf: (y) => ndtr(neg(y)),
    logcdf: (y) => logNdtr(y),
    logsf: (y) => logNdtr(neg(y)),
    ppf: (q) => ndtri(q),
    isf: (q) => ndtri(sub(1, q)),
  },
);

/** The beta distribution on [0, 1], of `a` and `b`; its density is NaN unless both are positive. @see `jax.scipy.stats.beta` */
export const beta: Distribution<Density | Shares, Scaled<readonly [a: Operand, b: Operand]>> = continuous(
  "beta",
  2,
  scaled,
  [...density, ...shares],
  {
    support: [0, 1],
    logpdf: (y, a, b) => {
      const linear = add(xlogy(sub(a, 1), y), xlog1py(sub(b, 1), neg(y)));
      return np.where(or(le(a, 0), le(b, 0)), NaN, sub(linear, betaln(a, b)));
    },
    cdf: (y, a, b) => lax.betainc(a, b, y),
    sf: (y, a, b) => lax.betainc(b, a, sub(1, y)),
  },
);

/** Cauchy's distribution. @see `jax.scipy.stats.cauchy` */
export const cauchy: Distribution<Density | Shares | "ppf" | "isf", Scaled<None>> = continuous(
  "cauchy",
  0,
  scaled,
  [...density, ...shares, "ppf", "isf"],
  {
    logpdf: (y) => neg(add(log1p(square(y)), Math.log(Math.PI))),
    cdf: (y) => add(mul(atan(y), 1 / Math.PI), 0.5),
    sf: (y) => sub(0.5, mul(atan(y), 1 / Math.PI)),
    ppf: (q) => tan(sub(mul(q, Math.PI), Math.PI / 2)),
    isf: (q) => tan(sub(Math.PI / 2, mul(q, Math.PI))),
  },
);

/** χ² with `df` degrees of freedom. @see `jax.scipy.stats.chi2` */
export const chi2: Distribution<Density | Shares, Scaled<readonly [df: Operand]>> = continuous(
  "chi2",
  1,
  scaled,
  [...density, ...shares],
  {
    support: [0, Infinity],
    logpdf: (y, df) =>
      sub(sub(xlogy(sub(half(df), 1), y), half(y)), add(lgamma(half(df)), mul(df, Math.LN2 / 2))),
    cdf: (y, df) => igamma(half(df), half(y)),
    sf: (y, df) => igammac(half(df), half(y)),
  },
);

/** The exponential distribution. @see `jax.scipy.stats.expon` */
export const expon: Distribution<Density | Shares | "ppf", Scaled<None>> = continuous(
  "expon",
  0,
  scaled,
  [...density, ...shares, "ppf"],
  {
    support: [0, Infinity],
    logpdf: neg,
    cdf: (y) => neg(expm1(neg(y))),
    logcdf: (y) => log1p(neg(exp(neg(y)))),
    logsf: neg,
    ppf: (q) => ofShare(q, neg(log1p(neg(q)))),
  },
);

/** The gamma distribution of shape `a`. @see `jax.scipy.stats.gamma` */
export const gamma: Distribution<Density | Shares, Scaled<readonly [a: Operand]>> = continuous(
  "gamma",
  1,
  scaled,
  [...density, ...shares],
  {
    support: [0, Infinity],
    logpdf: (y, a) => sub(sub(xlogy(sub(a, 1), y), y), lgamma(a)),
    cdf: (y, a) => igamma(a, y),
    sf: (y, a) => igammac(a, y),
  },
);

/** The generalised normal distribution, `e^(−|x|^β)`. @see `jax.scipy.stats.gennorm` */
export const gennorm: Distribution<Density | "cdf", Plain<readonly [beta: Operand]>> = continuous(
  "gennorm",
  1,
  [],
  [...density, "cdf"],
  {
    logpdf: (x, b) => sub(sub(log(half(b)), lgamma(div(1, b))), pow(abs(x), b)),
    cdf: (x, b) => half(add(mul(sign(x), igamma(div(1, b), pow(abs(x), b))), 1)),
  },
);

/** `value`, NaN at the ends of the shares and outside. */
const ofInnerShare = (p: ArrayValue, value: ArrayValue): ArrayValue =>
  np.where(np.logicalAnd(gt(p, 0), lt(p, 1)), value, NaN);

/** Gumbel's distribution of least values. @see `jax.scipy.stats.gumbel_l` */
export const gumbelL: Distribution<Density | Shares | "ppf", Scaled<None>> = continuous(
  "gumbelL",
  0,
  scaled,
  [...density, ...shares, "ppf"],
  {
    logpdf: (y) => sub(y, exp(y)),
    logcdf: (y) => log1mexp(exp(y)),
    logsf: (y) => neg(exp(y)),
    ppf: (p) => ofInnerShare(p, log(neg(log1p(neg(p))))),
  },
);

/** Gumbel's distribution of greatest values. @see `jax.scipy.stats.gumbel_r` */
export const gumbelR: Distribution<Density | Shares | "ppf", Scaled<None>> = continuous(
  "gumbelR",
  0,
  scaled,
  [...density, ...shares, "ppf"],
  {
    logpdf: (y) => neg(add(y, exp(neg(y)))),
    logcdf: (y) => neg(exp(neg(y))),
    sf: (y) => neg(expm1(neg(exp(neg(y))))),
    logsf: (y) => log1mexp(exp(neg(y))),
    ppf: (p) => ofInnerShare(p, neg(log(neg(log(p))))),
  },
);

/** Laplace's distribution. @see `jax.scipy.stats.laplace` */
export const laplace: Distribution<Density | "cdf", Scaled<None>> = continuous(
  "laplace",
  0,
  scaled,
  [...density, "cdf"],
  {
    logpdf: (y) => neg(add(abs(y), Math.LN2)),
    cdf: (y) => {
      const left = le(y, 0);
      const tail = half(exp(np.where(left, y, neg(y))));
      return np.where(left, tail, sub(1, tail));
    },
  },
);

/** The logistic distribution. @see `jax.scipy.stats.logistic` */
export const logistic: Distribution<Density | "cdf" | "sf" | "ppf" | "isf", Scaled<None>> = continuous(
  "logistic",
  0,
  scaled,
  [...density, "cdf", "sf", "ppf", "isf"],
  {
    logpdf: (y) => mul(np.logaddexp(half(y), neg(half(y))), -2),
    cdf: expit,
    sf: (y) => expit(neg(y)),
    ppf: (q) => logit(q),
    isf: (q) => neg(logit(q)),
  },
);

/** Pareto's distribution of exponent `b`, from `loc + scale` on. @see `jax.scipy.stats.pareto` */
export const pareto: Distribution<Density | Shares | "ppf", Scaled<readonly [b: Operand]>> = continuous(
  "pareto",
  1,
  scaled,
  [...density, ...shares, "ppf"],
  {
    support: [1, Infinity],
    logpdf: (y, b) => sub(log(b), mul(add(b, 1), log(y))),
    cdf: (y, b) => sub(1, pow(y, neg(b))),
    logcdf: (y, b) => log1p(neg(pow(y, neg(b)))),
    logsf: (y, b) => neg(mul(b, log(y))),
    ppf: (q, b) => ofShare(q, pow(sub(1, q), neg(div(1, b)))),
  },
);

/** Student's distribution with `df` degrees of freedom. @see `jax.scipy.stats.t` */
export const t: Distribution<Density, Scaled<readonly [df: Operand]>> = continuous("t", 1, scaled, density, {
  logpdf: (y, df) => {
    const power = add(half(df), 0.5);
    const constant = sub(sub(lgamma(power), lgamma(half(df))), half(log(mul(df, Math.PI))));
    return sub(constant, mul(power, log1p(div(square(y), df))));
  },
});

/** `log ∫ₐᵇ` of the normal density, of both tails by the left one. */
function logMass(a: ArrayValue, b: ArrayValue): ArrayValue {
  const right = gt(a, 0);
  const [low, high] = [np.where(right, neg(b), a), np.where(right, neg(a), b)];
  const [below, upTo] = [logNdtr(low), logNdtr(high)];
  const tail = add(upTo, log1mexp(sub(upTo, below)));
  const central = log1p(neg(add(ndtr(a), ndtr(neg(b)))));
  return np.where(or(le(b, 0), right), tail, central);
}
function logTruncated(y: ArrayValue, a: ArrayValue, b: ArrayValue): ArrayValue {
  const all = logMass(a, b);
  const [below, above] = [sub(logMass(a, y), all), sub(logMass(y, b), all)];
  // Near 1 what lies above says more.
  const inside = np.where(gt(below, -0.1), log1p(neg(exp(above))), below);
  const out = np.where(ge(y, b), 0, np.where(le(y, a), -Infinity, inside));
  return np.where(ge(a, b), NaN, out);
}

/** The normal distribution between `a` and `b`, in units of `scale` from `loc`. @see `jax.scipy.stats.truncnorm` */
export const truncnorm: Distribution<
  Density | Shares,
  Scaled<readonly [a: Operand, b: Operand]>
> = continuous("truncnorm", 2, scaled, [...density, ...shares], {
  logpdf: (y, a, b) => {
    const out = np.where(or(lt(y, a), gt(y, b)), -Infinity, sub(logDensity(y), logMass(a, b)));
    return np.where(ge(a, b), NaN, out);
  },
  logcdf: logTruncated,
  logsf: (y, a, b) => logTruncated(neg(y), neg(b), neg(a)),
});

/** The uniform distribution on [0, 1]. @see `jax.scipy.stats.uniform` */
export const uniform: Distribution<Density | "cdf" | "ppf", Scaled<None>> = continuous(
  "uniform",
  0,
  scaled,
  [...density, "cdf", "ppf"],
  { support: [0, 1], logpdf: (y) => fullLike(y, 0), cdf: (y) => y, ppf: (q) => ofShare(q, q) },
);

/** Von Mises' distribution of angles, concentrated by `kappa`. @see `jax.scipy.stats.vonmises` */
export const vonmises: Distribution<Density, Plain<readonly [kappa: Operand]>> = continuous(
  "vonmises",
  1,
  [],
  density,
  {
    logpdf: (x, kappa) => {
      const normaliser = log(mul(lax.besselI0e(kappa), 2 * Math.PI));
      return np.where(gt(kappa, 0), sub(mul(kappa, sub(cos(x), 1)), normaliser), NaN);
    },
  },
);

/** Cauchy's distribution around a circle, on [0, 2π], for `c` in (0, 1). @see `jax.scipy.stats.wrapcauchy` */
export const wrapcauchy: Distribution<Density, Plain<readonly [c: Operand]>> = continuous(
  "wrapcauchy",
  1,
  [],
  density,
  {
    logpdf: (x, c) => {
      const cc = square(c);
      const distance = log(sub(add(cc, 1), mul(mul(c, 2), cos(x))));
      const value = sub(sub(log(sub(1, cc)), Math.log(2 * Math.PI)), distance);
      const inside = np.logicalAnd(ge(x, 0), le(x, 2 * Math.PI));
      return np.where(np.logicalAnd(gt(c, 0), lt(c, 1)), np.where(inside, value, -Infinity), NaN);
    },
  },
);
