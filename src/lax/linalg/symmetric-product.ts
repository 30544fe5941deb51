import { type Optionals, readOptions } from "../../core/options.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import { add, mul } from "../arithmetic.ts";
import { sameDTypes } from "../operand.ts";
import { checkMatrices, leadingOf, lowerTriangle, product, transposed } from "./matrices.ts";

interface SymmetricProductOptions {
  readonly alpha?: number | undefined;
  readonly beta?: number | undefined;
  /** The upper triangle is made of the lower one, which matters where `C` is not symmetric. */
  readonly symmetrizeOutput?: boolean | undefined;
}

/**
 * `alpha·A·Aᵀ + beta·C` for symmetric `C`; `alpha` is 1 and `beta` 0 by default.
 *
 * Shape: `[…s, m, n], […s, m, m] → […s, m, m]`. Dtype: inexact, that of both.
 * @throws DTypeError when the dtypes differ or are not inexact; ShapeError when shapes do not fit.
 * @see `jax.lax.linalg.symmetric_product`
 */
export function symmetricProduct(
  matrix: Operand,
  symmetric: Operand,
  ...rest: Optionals<[], SymmetricProductOptions>
): ArrayValue {
  const name = "symmetric_product";
  const options = readOptions<SymmetricProductOptions>(name, ["alpha", "beta", "symmetrizeOutput"], rest);
  const { alpha = 1, beta = 0, symmetrizeOutput = false } = options;
  const [a, c] = sameDTypes([matrix, symmetric], name) as [ArrayValue, ArrayValue];
  leadingOf(name, [
    [a.aval, 2],
    [c.aval, 2],
  ]);
  checkMatrices(name, c.aval);
  const out = add(mul(alpha, product(a, transposed(a))), mul(beta, c));
  return symmetrizeOutput ? add(lowerTriangle(out), transposed(lowerTriangle(out, -1))) : out;
}
