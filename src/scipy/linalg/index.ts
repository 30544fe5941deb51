/** What `jax.scipy.linalg` has, with its names in camelCase. */

export * from "./decompositions.ts";
export * from "./exponential.ts";
export * from "./factors.ts";
export * from "./formed-matrices.ts";
export * from "./functions.ts";
export {
  dft, hadamard, helmert, hilbert, invhilbert, invpascal, pascal,
} from "./sized-matrices.ts"; // prettier-ignore
export { solveTriangular, type SolveTriangularOptions } from "./triangular.ts";
