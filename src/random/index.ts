/** Pseudo-random numbers from explicit keys, bit for bit as JAX's threefry, with JAX's names in camelCase. */

export { ball, type BallOptions, generalizedNormal } from "./ball.ts";
export { binomial, multinomial, type MultinomialOptions } from "./binomial.ts";
export {
  categorical,
  type CategoricalOptions,
  choice,
  type ChoiceOptions,
  permutation,
  type PermutationOptions,
} from "./choice.ts";
export { geometric, poisson } from "./counts.ts";
export { cauchy, exponential, laplace, logistic } from "./distributions.ts";
export { gamma, loggamma } from "./gamma.ts";
export { beta, chisquare, dirichlet, f, t } from "./gamma-quotients.ts";
export { gumbel, type GumbelMode, type GumbelOptions, type SampleMode } from "./gumbel.ts";
export { bernoulli, type BernoulliOptions, rademacher, randint } from "./integers.ts";
export {
  clone,
  foldIn,
  key,
  keyData,
  keyDtype,
  keyImpl,
  type KeyOptions,
  PRNGKey,
  split,
  type TypedKeyOptions,
  wrapKeyData,
} from "./key.ts";
export { multivariateNormal, type MultivariateNormalOptions } from "./multivariate.ts";
export { normal, truncatedNormal } from "./normal.ts";
export { orthogonal, type OrthogonalOptions } from "./orthogonal.ts";
export type { OneParameter, SampleOptions, TwoParameters } from "./parametric.ts";
export {
  doubleSidedMaxwell,
  lognormal,
  type LognormalOptions,
  maxwell,
  pareto,
  rayleigh,
  triangular,
  wald,
  weibullMin,
} from "./transformed.ts";
export { bits, type BitsOptions, type ShapeLike, uniform, type UniformOptions } from "./uniform.ts";
