/** Functions of mathematics and statistics with the names of `jax.scipy.special` in camelCase. */

export { type BesselOptions, besselJn, i0, i0e, i1, i1e } from "./bessel.ts";
export { beta, betainc, betaln } from "./beta.ts";
export { entr, klDiv, relEntr, xlog1py, xlogy } from "./entropy.ts";
export { dawsn, erf, erfc, erfcx, erfinv, wofz } from "./error.ts";
export {
  comb, type CombOptions, digamma, factorial, gamma, gammainc, gammaincc, gammaln, gammasgn, loggamma, multigammaln,
  poch, polygamma,
} from "./gamma.ts"; // prettier-ignore
export { boxcox, boxcox1p, expit, logit } from "./logistic.ts";
export { logNdtr, type LogNdtrOptions, ndtr, ndtri, owensT } from "./normal.ts";
export {
  type Axes,
  logsumexp,
  type LogsumexpOptions,
  logSoftmax,
  softmax,
  type SoftmaxOptions,
} from "./softmax.ts";
export { zeta } from "./zeta.ts";
export { exp1, expi, expn } from "./exponential-integrals.ts";
export { fresnel, sici } from "./oscillating.ts";
export { bernoulli, spence } from "./spence.ts";
export { sphHarmY, type SphHarmOptions } from "./spherical.ts";
export { hyp1f1 } from "./hypergeometric.ts";
