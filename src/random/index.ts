/** Pseudo-random numbers from explicit keys, bit for bit as JAX's threefry, with JAX's names in camelCase. */

export {
  categorical,
  type CategoricalOptions,
  choice,
  type ChoiceOptions,
  permutation,
  type PermutationOptions,
} from "./choice.ts";
export {
  cauchy,
  exponential,
  gumbel,
  type GumbelOptions,
  laplace,
  logistic,
  type SampleMode,
} from "./distributions.ts";
export { bernoulli, type BernoulliOptions, rademacher, randint } from "./integers.ts";
export { foldIn, key, keyData, keyImpl, type KeyOptions, PRNGKey, split, wrapKeyData } from "./key.ts";
export { normal, truncatedNormal } from "./normal.ts";
export { orthogonal, type OrthogonalOptions } from "./orthogonal.ts";
export { bits, type BitsOptions, type ShapeLike, uniform, type UniformOptions } from "./uniform.ts";
