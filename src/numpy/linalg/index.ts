/** Linear algebra, with the names of `jax.numpy.linalg` in camelCase. */

export * from "./norm.ts";
export {
  cholesky,
  type CholeskyOptions,
  eigh,
  type EighOptions,
  eigvalsh,
  qr,
  type QrMode,
  type QrOptions,
  svd,
  type SvdOptions,
  svdvals,
} from "./decompositions.ts";
