import type { DTypeLike } from "../core/dtype.ts";
import { ArgumentError, nearest, ShapeError } from "../core/errors.ts";
import { type Optionals, readOptions } from "../core/options.ts";
import { sameShape, showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import * as np from "../numpy/index.ts";
import { promoteDTypesInexact } from "../numpy/promotion.ts";
import { checkKey } from "./key.ts";
import { standardNormal } from "./normal.ts";
import type { SampleOptions } from "./parametric.ts";
import { floatDType, sampleShape, type ShapeLike } from "./uniform.ts";

/** `v · diag(√w)`. */
const scaledColumns = (v: ArrayValue, w: ArrayValue): ArrayValue =>
  lax.mul(v, np.expandDims(lax.sqrt(w), -2));

/** How to find a matrix whose product with its transpose is the covariance. */
const factors = {
  cholesky: (cov: ArrayValue) => np.linalg.cholesky(cov),
  eigh: (cov: ArrayValue) => {
    const [w, v] = np.linalg.eigh(cov);
    return scaledColumns(v, w);
  },
  svd: (cov: ArrayValue) => {
    const [u, s] = np.linalg.svd(cov);
    return scaledColumns(u, s);
  },
} as const;
type Method = keyof typeof factors;

function factorOf(method: unknown, caller: string): (cov: ArrayValue) => ArrayValue {
  const methods = Object.keys(factors);
  if (methods.includes(method as string)) return factors[method as Method];
  const near = typeof method === "string" ? nearest(method, methods) : undefined;
  throw new ArgumentError(
    "random/method",
    `${caller}: method is "cholesky", "eigh" or "svd", got ${describe(method)}${near ? `; did you mean "${near}"?` : ""}`,
  );
}

export interface MultivariateNormalOptions extends SampleOptions {
  /** How the covariance is factored. `"eigh"` and `"svd"` take singular ones as well. Default `"cholesky"`. */
  readonly method?: Method | undefined;
}

/**
 * Normal distribution of vectors with the given mean and covariance. Differentiable with respect to both.
 *
 * Shape: `[…shape, n]`, where `mean` is `[…s, n]` and `cov` `[…r, n, n]`; `s` and `r` broadcast to `shape`, by default to each
 * other. Dtype: that to which those of `mean` and `cov` promote, and of the normal numbers the float dtype asked for.
 * @throws ShapeError when shapes do not fit; DTypeError when `dtype` is no float dtype; ArgumentError when there is no such
 * method. @see `jax.random.multivariate_normal`
 */
export function multivariateNormal(
  key: ArrayValue,
  mean: Operand,
  cov: Operand,
  ...rest: Optionals<[shape: ShapeLike | null, dtype: DTypeLike, method: Method], MultivariateNormalOptions>
): ArrayValue {
  const caller = "random.multivariateNormal";
  const names = ["shape", "dtype", "method"] as const;
  const options = readOptions<MultivariateNormalOptions>(caller, names, rest);
  const checked = checkKey(key, caller);
  const [center, covariance] = promoteDTypesInexact(caller, mean, cov);
  const factor = factorOf(options.method ?? "cholesky", caller);
  const dtype = floatDType(options.dtype ?? center.dtype, "multivariateNormal");
  const n = center.shape.at(-1);
  if (n === undefined || !sameShape(covariance.shape.slice(-2), [n, n]))
    throw new ShapeError(
      "random/shape",
      `${caller} takes a mean of shape (..., n) and a covariance of shape (..., n, n), got ${showShape(center.shape)} and ${showShape(covariance.shape)}`,
    );
  const shape = sampleShape(
    options.shape,
    [center.shape.slice(0, -1), covariance.shape.slice(0, -2)],
    caller,
  );
  const normals = standardNormal(checked, [...shape, n], dtype);
  return np.add(center, np.einsum("...ij,...j->...i", factor(covariance), normals));
}
