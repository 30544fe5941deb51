import { isInteger } from "../../core/dtype.ts";
import { DTypeError, ShapeError } from "../../core/errors.ts";
import { showShape } from "../../core/shape.ts";
import type { ArrayValue, Operand } from "../../core/value.ts";
import * as lax from "../../lax/index.ts";
import { exp } from "../../lax/index.ts";
import * as np from "../../numpy/index.ts";
import { promoteDTypesInexact, promoteInexact, promoteNumeric } from "../../numpy/promotion.ts";
import { solveTriangular } from "../linalg/triangular.ts";
import { xlogy } from "../special/entropy.ts";
import { gammaln } from "../special/gamma.ts";

type OfThree = (x: Operand, first: Operand, second: Operand) => ArrayValue;

function logMultinomial(x: Operand, n: Operand, p: Operand): ArrayValue {
  const caller = "scipy.stats.multinomial";
  const [shares] = promoteInexact(caller, p);
  const [counts, total] = promoteNumeric(caller, x, n);
  if (!isInteger(counts.dtype)) {
    throw new DTypeError("scipy/dtype", `${caller}: x and n are integers, got ${counts.dtype}`);
  }
  const [k, all] = [np.astype(counts, shares.dtype), np.astype(total, shares.dtype)];
  const terms = np.sum(np.subtract(xlogy(k, shares), gammaln(np.add(k, 1))), { axis: -1 });
  return np.where(np.equal(np.sum(k), all), np.add(gammaln(np.add(all, 1)), terms), -Infinity);
}

/**
 * How often each of several outcomes of probabilities `p` occurs in `n` trials: −∞, or 0, unless all of `x` sum to `n`.
 *
 * Shape: `x: […s, k], n: [], p: [k] → […s]`. Dtype: that of `p`. @throws DTypeError unless `x` and `n` are integers.
 * @see `jax.scipy.stats.multinomial`
 */
export const multinomial: { readonly logpmf: OfThree; readonly pmf: OfThree } = {
  logpmf: logMultinomial,
  pmf: (...args) => exp(logMultinomial(...args)),
};

function logDirichlet(x: Operand, alpha: Operand): ArrayValue {
  const caller = "scipy.stats.dirichlet";
  const [given, parameters] = promoteDTypesInexact(caller, x, alpha);
  const [n] = parameters.shape;
  if (parameters.ndim !== 1 || (given.shape[0] !== n && given.shape[0] !== n! - 1)) {
    throw new ShapeError(
      "scipy/dirichlet",
      `${caller}: alpha has one axis, and x as many entries along its first, or one fewer; got ${showShape(given.shape)} and ${showShape(parameters.shape)}`,
    );
  }
  const last = () => np.subtract(1, np.sum(given, { axis: 0, keepdims: true }));
  const shares = given.shape[0] === n ? given : np.concatenate([given, last()]);
  const along = np.reshape(parameters, [n!, ...given.shape.slice(1).map(() => 1)]);
  const normaliser = np.subtract(np.sum(gammaln(parameters)), gammaln(np.sum(parameters)));
  const value = np.subtract(np.sum(xlogy(np.subtract(along, 1), shares), { axis: 0 }), normaliser);
  const whole = np.less(np.abs(np.subtract(np.sum(shares, { axis: 0 }), 1)), 1e-6);
  return np.where(np.logicalAnd(np.all(np.greater(shares, 0), { axis: 0 }), whole), value, -Infinity);
}

type OfTwo = (x: Operand, alpha: Operand) => ArrayValue;
/**
 * Dirichlet's distribution of positive shares that sum to 1; the last share may be left out.
 *
 * Shape: `x: [n, …s], alpha: [n] → […s]`. Dtype: float. @throws ShapeError when they do not fit.
 * @see `jax.scipy.stats.dirichlet`
 */
export const dirichlet: { readonly logpdf: OfTwo; readonly pdf: OfTwo } = {
  logpdf: logDirichlet,
  pdf: (x, alpha) => exp(logDirichlet(x, alpha)),
};

const LOG_2PI = Math.log(2 * Math.PI);

function logNormal(x: Operand, mean: Operand, cov: Operand): ArrayValue {
  const caller = "scipy.stats.multivariateNormal";
  const [point, centre, spread] = promoteDTypesInexact(caller, x, mean, cov);
  const off = np.subtract(point, centre);
  const n = centre.ndim === 0 ? 1 : centre.shape.at(-1)!;
  const squared = centre.ndim === 0 ? np.square(off) : np.sum(np.square(off), { axis: -1 });
  const variance = np.multiply(n, np.add(np.log(spread), LOG_2PI));
  if (centre.ndim === 0 || spread.ndim === 0) {
    return np.multiply(-0.5, np.add(np.divide(squared, spread), variance));
  }
  if (spread.ndim < 2 || spread.shape.at(-1) !== n || spread.shape.at(-2) !== n) {
    throw new ShapeError(
      "scipy/covariance",
      `${caller}: the covariance is [${n}, ${n}], as the mean has ${n} elements, or a stack of such; got ${showShape(spread.shape)}`,
    );
  }
  const root = lax.linalg.cholesky(spread);
  const scaled = np.squeeze(solveTriangular(root, lax.expandDims(off, [off.ndim]), { lower: true }), -1);
  const logRoot = np.sum(np.log(np.diagonal(root, { axis1: -2, axis2: -1 })), { axis: -1 });
  const distance = np.sum(np.square(scaled), { axis: -1 });
  return np.subtract(np.multiply(-0.5, np.add(distance, n * LOG_2PI)), logRoot);
}

/**
 * The normal distribution of vectors, of a covariance that is a matrix, or a number, which is the variance of each element.
 *
 * Shape: `x: […s, n], mean: […s, n], cov: […s, n, n] → […s]`; leading axes broadcast. Dtype: float.
 * @throws ShapeError when the covariance does not fit. @see `jax.scipy.stats.multivariate_normal`
 */
export const multivariateNormal: { readonly logpdf: OfThree; readonly pdf: OfThree } = {
  logpdf: logNormal,
  pdf: (...args) => exp(logNormal(...args)),
};
