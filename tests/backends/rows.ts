import "cotangent";
import { rows } from "../../src/compiler/lower/index.ts";
import { primitives } from "../../src/core/primitive.ts";

/** Primitives of arrays that are neither lowered to loops nor expanded to others: the reference backend's run, within compiled programs too. */
export const withoutRows: readonly string[] = [
  "cholesky", "cholesky_update", "eig", "eigh", "fft", "geqp3", "geqrf", "hessenberg", "householder_product", "igamma",
  "igamma_grad_a", "igammac", "lu", "lu_pivots_to_permutation", "polygamma", "random_gamma_grad",
  "regularized_incomplete_beta", "schur", "svd", "triangular_solve", "tridiagonal", "zeta",
]; // prettier-ignore

/** Whether compiled programs may leave a primitive to the host: it calls a function of the user's, or has no row. */
export const mayBeOnHost = (name: string): boolean =>
  primitives.get(name)!.rules.host !== undefined || (withoutRows.includes(name) && !(name in rows));
