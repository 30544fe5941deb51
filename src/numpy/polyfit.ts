import { ArgumentError, ShapeError } from "../core/errors.ts";
import { readOptions } from "../core/options.ts";
import { showShape } from "../core/shape.ts";
import { describe } from "../core/trace.ts";
import type { ArrayValue, Operand } from "../core/value.ts";
import * as lax from "../lax/index.ts";
import { divide, multiply } from "./elementwise.ts";
import { finfo } from "./limits.ts";
import { matmul } from "./linear-algebra.ts";
import { inv, lstsq } from "./linalg/solve.ts";
import { outer } from "./products.ts";
import { promoteDTypesInexact, toArray } from "./promotion.ts";
import { sum } from "./reduce.ts";
import { vander } from "./triangles.ts";

export interface PolyfitOptions {
  /** Singular values below this part of the largest one are 0; by default as many roundings as there are points. */
  rcond?: number | null | undefined;
  /** Weights of the points, which multiply their residuals. */
  w?: Operand | null | undefined;
  /** Whether what the least squares solution comes with is wanted too. */
  full?: boolean | undefined;
  /** Whether the covariance matrix is wanted too; `"unscaled"` leaves out the variance of the residuals. */
  cov?: boolean | "unscaled" | undefined;
}
type Fit = ArrayValue;
type FullFit = [p: ArrayValue, residuals: ArrayValue, rank: ArrayValue, s: ArrayValue, rcond: ArrayValue];
type FitWithCovariance = [p: ArrayValue, covariance: ArrayValue];

/**
 * The coefficients of the polynomial of degree `deg`, highest power first, that fits points best in the sense of least
 * squares. With `full`, also the squared residuals, the rank, the singular values and `rcond`; with `cov`, also the
 * covariance matrix of the coefficients.
 *
 * Shape: `[n], [n] → [deg + 1]`; of several sets of values, `[n], [n, k] → [deg + 1, k]`. Dtype: the promoted one, inexact.
 * @throws ShapeError when shapes do not fit; ArgumentError on a degree that is no natural number, and when there are too
 * few points for a covariance. @see `jax.numpy.polyfit`
 */
export function polyfit(
  x: Operand,
  y: Operand,
  deg: number,
  options?: PolyfitOptions & { full?: false; cov?: false },
): Fit;
export function polyfit(
  x: Operand,
  y: Operand,
  deg: number,
  options: PolyfitOptions & { full: true },
): FullFit;
export function polyfit(
  x: Operand,
  y: Operand,
  deg: number,
  options: PolyfitOptions & { cov: true | "unscaled" },
): FitWithCovariance;
export function polyfit(
  x: Operand,
  y: Operand,
  deg: number,
  options: PolyfitOptions = {},
): Fit | FullFit | FitWithCovariance {
  const caller = "np.polyfit";
  const names = ["rcond", "full", "w", "cov"] as const;
  const {
    w = null,
    full = false,
    cov = false,
    ...given
  } = readOptions<PolyfitOptions>(caller, names, [options]);
  if (!Number.isInteger(deg) || deg < 0)
    throw new ArgumentError("numpy/degree", `${caller}: deg must be a natural number, got ${describe(deg)}`);
  const [at] = promoteDTypesInexact(caller, x);
  const values = toArray(y, caller, 1);
  const weights = w === null ? null : promoteDTypesInexact(caller, w)[0];
  checkShapes(at, values, weights, caller);
  const n = at.size;
  const rcond = given.rcond ?? n * finfo(at.dtype).eps;
  const weighted = (side: ArrayValue) =>
    weights === null ? side : multiply(side, side.ndim === 2 ? lax.expandDims(weights, [1]) : weights);

  // Columns of one size: powers of x are of very different ones.
  const powers = weighted(vander(at, deg + 1));
  const sizes = lax.sqrt(sum(lax.mul(powers, powers), 0));
  const columns = lax.div(powers, lax.expandDims(sizes, [0]));
  const [scaled, residuals, rank, s] = lstsq(columns, weighted(values), rcond);
  const p = divide(scaled, scaled.ndim === 2 ? lax.expandDims(sizes, [1]) : sizes);
  if (full) return [p, residuals, rank, s, toArray(rcond, caller)];
  if (cov === false) return p;
  const unscaled = divide(inv(matmul(lax.transpose(columns, [1, 0]), columns)), outer(sizes, sizes));
  if (cov !== "unscaled" && n <= deg + 1)
    throw new ArgumentError(
      "numpy/covariance",
      `${caller}: there must be more points than coefficients to scale the covariance matrix, got ${n} and ${deg + 1}; "unscaled" leaves it as it is`,
    );
  const variance = cov === "unscaled" ? lax.full([1], 1, p.dtype) : lax.div(residuals, n - deg - 1);
  return [
    p,
    values.ndim === 1 ? multiply(unscaled, variance) : multiply(lax.expandDims(unscaled, [2]), variance),
  ];
}

function checkShapes(x: ArrayValue, y: ArrayValue, w: ArrayValue | null, caller: string): void {
  const fits =
    x.ndim === 1 &&
    x.size > 0 &&
    (y.ndim === 1 || y.ndim === 2) &&
    y.shape[0] === x.size &&
    (w === null || (w.ndim === 1 && w.size === x.size));
  if (fits) return;
  const shapes = [x, y, ...(w === null ? [] : [w])].map(({ shape }) => showShape(shape));
  throw new ShapeError(
    "numpy/fit",
    `${caller}: x is a vector that is not empty, y a vector or matrix with as many rows, w a vector as long; got shapes ${shapes.join(", ")}`,
  );
}
