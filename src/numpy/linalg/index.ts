/** Linear algebra, with the names of `jax.numpy.linalg` in camelCase. */

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
export * from "./determinant.ts";
export { eig, eigvals } from "./eig.ts";
export * from "./norm.ts";
export * from "./products.ts";
export * from "./rank.ts";
export * from "./solve.ts";
