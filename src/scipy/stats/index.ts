/** Distributions and statistics with the names of `jax.scipy.stats` in camelCase. */

export {
  beta, cauchy, chi2, expon, gamma, gennorm, gumbelL, gumbelR, laplace, logistic, norm, pareto, t, truncnorm, uniform,
  vonmises, wrapcauchy,
} from "./continuous.ts"; // prettier-ignore
export { bernoulli, betabinom, binom, geom, nbinom, poisson } from "./discrete.ts";
export type { Distribution, Located, LocationOptions, Plain, Scaled, ScaleOptions } from "./distribution.ts";
export { dirichlet, multinomial, multivariateNormal } from "./multivariate.ts";
export {
  mode,
  type ModeOptions,
  rankdata,
  type RankMethod,
  type RankOptions,
  sem,
  type SemOptions,
} from "./statistics.ts";
