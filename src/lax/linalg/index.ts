/** Decompositions of matrices and what is solved with them, with the names of `jax.lax.linalg` in camelCase. */

export { cholesky } from "./cholesky.ts";
export { choleskyUpdate } from "./cholesky-update.ts";
export { eig, type EigParams } from "./eig.ts";
export { eigh, type EighParams } from "./eigh.ts";
export { geqp3, geqrf, householderProduct } from "./householder.ts";
export { linearSolve } from "./linear-solve.ts";
export { lu, luPivotsToPermutation, type LuPivotsToPermutationParams } from "./lu.ts";
export { ormqr, type OrmqrParams } from "./ormqr.ts";
export { qdwh } from "./qdwh.ts";
export { qr, type QrParams } from "./qr.ts";
export { hessenberg, schur, type SchurParams, tridiagonal, type TridiagonalParams } from "./schur.ts";
export { svd, type SvdParams } from "./svd.ts";
export { symmetricProduct } from "./symmetric-product.ts";
export { triangularSolve, type TriangularSolveParams } from "./triangular-solve.ts";
export { tridiagonalSolve } from "./tridiagonal-solve.ts";
