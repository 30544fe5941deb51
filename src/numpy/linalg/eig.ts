import type { ArrayValue, Operand } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import { toSquare } from "./decompositions.ts";

/**
 * Eigenvalues and eigenvectors of square matrices: `a·v = v·diag(w)`. The vectors are of length 1, with a real largest element;
 * signs are free. Conjugate eigenvalues are beside each other; the order is otherwise that in which they are found.
 *
 * Shape: `[…s, n, n] → […s, n], […s, n, n]`. Dtype: complex64. No derivative: `eigvals` has one, and `lax.linalg.eig` may have.
 * @throws ShapeError when `a` is not square; DTypeError when it is float64. @see `jax.numpy.linalg.eig`
 */
export function eig(a: Operand): [w: ArrayValue, v: ArrayValue] {
  // Two are asked for.
  const options = { computeLeftEigenvectors: false };
  return lax.linalg.eig(toSquare(a, "np.linalg.eig"), options) as [ArrayValue, ArrayValue];
}

/** The eigenvalues of square matrices, differentiable where they are simple. Shape: `[…s, n, n] → […s, n]`. Dtype and errors as `eig`. @see `jax.numpy.linalg.eigvals` */
export const eigvals = (a: Operand): ArrayValue =>
  lax.linalg.eig(toSquare(a, "np.linalg.eigvals"), {
    computeLeftEigenvectors: false,
    computeRightEigenvectors: false,
  })[0]!;
