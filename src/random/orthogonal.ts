import type { DTypeLike } from "../core/dtype.ts";
import { ArgumentError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { checkShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { diagonal, qr } from "../numpy/linalg/index.ts";
import { matrixTranspose } from "../numpy/shape.ts";
import { normal } from "./normal.ts";
import type { ShapeLike } from "./uniform.ts";

export interface OrthogonalOptions {
  /** Leading sizes: as many matrices. Default: one. */
  readonly shape?: ShapeLike | undefined;
  readonly dtype?: DTypeLike | undefined;
  /** How many columns. Default: as many as rows. */
  readonly m?: number | undefined;
}

/**
 * Random matrices with orthonormal columns, or rows where those are fewer, uniformly distributed.
 *
 * Shape: `[…shape, n, m]`. Dtype: float32 (float64 under x64), or the float or complex dtype asked for.
 * @throws ArgumentError when `n` or `m` is no size; DTypeError when `dtype` is neither float nor complex.
 * @see `jax.random.orthogonal`; Mezzadri, "How to generate random matrices from the classical compact groups" (2007)
 */
export function orthogonal(
  key: ArrayValue,
  n: number,
  ...rest: Optionals<[shape: ShapeLike, dtype: DTypeLike, m: number], OrthogonalOptions>
): ArrayValue {
  const caller = "random.orthogonal";
  const { shape = [], dtype, m = n } = readOptions<OrthogonalOptions>(caller, ["shape", "dtype", "m"], rest);
  for (const size of [n, m])
    if (!Number.isInteger(size) || size < 0)
      throw new ArgumentError("random/orthogonal", `${caller}: n and m are sizes, got ${describe(size)}`);
  const sizes = [...checkShape(shape, caller), Math.max(n, m), Math.min(n, m)];
  const [q, r] = qr(normal(key, { shape: sizes, dtype }));
  // With a positive diagonal of R, Q is unique, and so as random as what it is made of.
  const signs = lax.sign(diagonal(r));
  const x = lax.mul(q, lax.expandDims(signs, [signs.ndim - 1]));
  return n < m ? matrixTranspose(x) : x;
}
