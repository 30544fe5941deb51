/** What `jax.scipy.linalg` has beyond `jax.numpy.linalg`. */

export { solveTriangular, type SolveTriangularOptions } from "./triangular.ts";
