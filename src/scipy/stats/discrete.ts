import type { ArrayValue, Operand } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import { add, and, div, eq, floor, ge, gt, igammac, le, lgamma, log, log1p, lt, mul, ne, neg, or, sub } from "../../lax/index.ts"; // prettier-ignore
import * as np from "../../numpy/index.ts";
import { betaln } from "../special/beta.ts";
import { entr, xlog1py, xlogy } from "../special/entropy.ts";
import {
  discrete,
  type Distribution,
  invariant,
  type Located,
  located,
  plain,
  type Plain,
} from "./distribution.ts";

type Masses = "logpmf" | "pmf";
type Share = readonly [p: Operand];

const noShare = (x: ArrayValue, p: ArrayValue): ArrayValue =>
  or(or(np.isnan(x), np.isnan(p)), or(lt(p, 0), gt(p, 1)));

/** 1 with probability `p`, else 0. @see `jax.scipy.stats.bernoulli` */
export const bernoulli: Distribution<Masses, Located<Share>> & Distribution<"cdf" | "ppf", Plain<Share>> = {
  ...discrete("bernoulli", 1, (y, p) =>
    np.where(or(lt(y, 0), gt(y, 1)), -Infinity, add(xlogy(y, p), xlog1py(sub(1, y), neg(p)))),
  ),
  cdf: plain("bernoulli", "cdf", 1, (k, p) =>
    np.where(noShare(k, p), NaN, np.where(lt(k, 0), 0, np.where(lt(k, 1), sub(1, p), 1))),
  ),
  ppf: plain("bernoulli", "ppf", 1, (q, p) =>
    np.where(or(noShare(q, p), noShare(p, q)), NaN, np.where(le(q, sub(1, p)), 0, lax.fullLike(q, 1))),
  ),
};

/** How often an event of probability beta(a, b) occurs in `n` trials. @see `jax.scipy.stats.betabinom` */
export const betabinom: Distribution<
  Masses,
  Located<readonly [n: Operand, a: Operand, b: Operand]>
> = discrete("betabinom", 3, (k, n, a, b) => {
  const y = floor(k);
  const ways = neg(add(log1p(n), betaln(add(sub(n, y), 1), add(y, 1))));
  const value = add(ways, sub(betaln(add(y, a), add(sub(n, y), b)), betaln(a, b)));
  const certain = and(eq(y, 0), eq(n, 0));
  const outside = or(or(lt(y, 0), gt(y, n)), le(add(y, a), 0));
  const none = or(lt(n, 0), or(le(a, 0), le(b, 0)));
  return np.where(none, NaN, np.where(outside, -Infinity, np.where(certain, 0, value)));
});

/** How often an event of probability `p` occurs in `n` trials. @see `jax.scipy.stats.binom` */
export const binom: Distribution<Masses, Located<readonly [n: Operand, p: Operand]>> = discrete(
  "binom",
  2,
  (y, n, p) => {
    const ways = sub(lgamma(add(n, 1)), add(lgamma(add(y, 1)), lgamma(add(sub(n, y), 1))));
    const linear = add(xlogy(y, p), xlog1py(sub(n, y), neg(p)));
    const certain = or(and(eq(y, 0), eq(n, 0)), eq(linear, 0));
    const inside = and(ge(y, 0), lt(y, add(n, 1)));
    return np.where(inside, np.where(certain, 0, add(ways, linear)), -Infinity);
  },
);

/** The trial, from 1 on, in which an event of probability `p` first occurs. @see `jax.scipy.stats.geom` */
export const geom: Distribution<Masses, Located<Share>> = discrete("geom", 1, (y, p) =>
  np.where(le(y, 0), -Infinity, add(xlog1py(sub(y, 1), neg(p)), log(p))),
);

/** Failures before the `n`-th event of probability `p`. @see `jax.scipy.stats.nbinom` */
export const nbinom: Distribution<Masses, Located<readonly [n: Operand, p: Operand]>> = discrete(
  "nbinom",
  2,
  (y, n, p) => {
    const ways = sub(sub(lgamma(add(y, n)), lgamma(n)), lgamma(add(y, 1)));
    return np.where(lt(y, 0), -Infinity, add(ways, add(xlogy(n, p), xlogy(y, sub(1, p)))));
  },
);

type Rate = readonly [mu: Operand];
const logPoisson = (y: ArrayValue, mu: ArrayValue): ArrayValue =>
  np.where(or(lt(y, 0), ne(floor(y), y)), -Infinity, sub(sub(xlogy(y, mu), lgamma(add(y, 1))), mu));
/** From here on the first terms of an expansion do, and below no count has more than COUNTS. */
const [LARGE, COUNTS] = [100, 250];
function entropyOf(mu: ArrayValue): ArrayValue {
  const large = ge(mu, LARGE);
  const few = np.where(large, 1, mu);
  const counts = np.reshape(np.arange(COUNTS, { dtype: mu.dtype }), [COUNTS, ...mu.shape.map(() => 1)]);
  const p = np.exp(logPoisson(counts, lax.expandDims(few, [0])));
  // Of numbers below the normal ones there may be no logarithm.
  const sum = np.sum(entr(np.where(lt(p, np.finfo(p.dtype).tiny), 0, p)), { axis: 0 });
  const expansion = sub(mul(log(mul(mu, 2 * Math.PI * Math.E)), 0.5), div(1, mul(mu, 12)));
  return np.where(eq(mu, 0), 0, np.where(large, expansion, sum));
}

/** How many events happen of which `mu` are expected. @see `jax.scipy.stats.poisson` */
export const poisson: Distribution<Masses | "cdf", Located<Rate>> &
  Distribution<"entropy", Located<readonly []>> = {
  ...discrete("poisson", 1, logPoisson),
  cdf: located("poisson", "cdf", 1, (y, mu) =>
    np.where(lt(y, 0), 0, igammac(np.maximum(floor(add(y, 1)), 0), mu)),
  ),
  entropy: invariant("poisson", "entropy", entropyOf),
};
