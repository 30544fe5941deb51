/** Arrays with the names of `jax.numpy` in camelCase. */

export type * from "../core/method-types.ts";
export { s, Slice } from "../core/slices.ts";

export { array, type ArrayLike, type ArrayOptions, asarray, astype, copy } from "./array.ts";
export { at } from "./at.ts";
export { packbits, type PackOptions, unpackbits, type UnpackOptions } from "./bit-packing.ts";
export * from "./calculus.ts";
export * from "./complex.ts";
export { type ConvolutionMode, convolve, type ConvolveOptions, correlate } from "./convolution.ts";
export { corrcoef, type CorrcoefOptions, cov, type CovOptions } from "./covariance.ts";
export * from "./creation.ts";
export * from "./cumulative.ts";
export { divmod, floatPower, floorDivide, fmod, mod, pow, power, remainder } from "./division.ts";
export * from "./dtype-kinds.ts";
export * from "./dtypes.ts";
export { gcd, lcm } from "./divisors.ts";
export { einsum } from "./einsum.ts";
export { einsumPath } from "./einsum-path.ts";
export {
  abs, absolute, acos, acosh, add, arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh, asin, asinh, atan, atan2,
  atanh, cbrt, ceil, cos, cosh, deg2rad, degrees, divide, exp, exp2, expm1, fabs, floor, fmax, fmin, log, log10, log1p,
  log2, maximum, minimum, multiply, negative, positive, rad2deg, radians, reciprocal, sign, sin, sinh, sqrt, square,
  subtract, tan, tanh, trueDivide, trunc,
} from "./elementwise.ts"; // prettier-ignore
export * as fft from "./fft/index.ts";
export * from "./floating.ts";
export { get } from "./indexing.ts";
export * from "./grid-indices.ts";
export * from "./grids.ts";
export * from "./histograms.ts";
export * from "./insertion.ts";
export * from "./interpolation.ts";
export * from "./join.ts";
export { finfo, type FloatInfo, iinfo, type IntegerInfo } from "./limits.ts";
export * as linalg from "./linalg/index.ts";
export * from "./linear-algebra.ts";
export {
  allclose, arrayEqual, arrayEquiv, bitwiseAnd, bitwiseCount, bitwiseInvert, bitwiseLeftShift, bitwiseNot, bitwiseOr,
  bitwiseRightShift, bitwiseXor, type CloseOptions, equal, greater, greaterEqual, invert, isclose, leftShift, less,
  lessEqual, logicalAnd, logicalNot, logicalOr, logicalXor, notEqual, rightShift,
} from "./logic.ts"; // prettier-ignore
export * from "./mapping.ts";
export { pad, type PadMode, type PadOptions } from "./pad.ts";
export {
  type ElementFormatter, type FloatMode, getPrintoptions, type Printoptions, setPrintoptions,
} from "./print-options.ts"; // prettier-ignore
export { array2string, arrayRepr, arrayStr, type ArrayTextOptions } from "./printing.ts";
export * from "./picking.ts";
export * from "./placing.ts";
export { polyfit, type PolyfitOptions } from "./polyfit.ts";
export * from "./polynomials.ts";
export * from "./products.ts";
export * from "./quantiles.ts";
export {
  all, amax, amin, any, argmax, argmin, countNonzero, max, min, nanargmax, nanargmin, prod, ptp, sum,
} from "./reduce.ts"; // prettier-ignore
export * from "./repeat.ts";
export { poly, roots, type RootsOptions } from "./roots.ts";
export {
  argwhere, bincount, type BincountOptions, flatnonzero, nonzero, type SizedOptions, where,
} from "./search.ts"; // prettier-ignore
export * from "./select.ts";
export * from "./set-operations.ts";
export * from "./sets.ts";
export * from "./shape.ts";
export * from "./sorting.ts";
export * from "./spacing.ts";
export * from "./special.ts";
export * from "./statistics.ts";
export * from "./take.ts";
export {
  diag, diagflat, diagonal, type DiagonalOptions, eye, identity, tri, tril, triu, vander, type VanderOptions,
} from "./triangles.ts"; // prettier-ignore
export { trimZeros, type TrimOptions } from "./trim.ts";
export type { BinaryFunction, UnaryFunction } from "./ufunc.ts";
export { fromfunction, vectorize, type VectorizeOptions } from "./vectorize.ts";
export * from "./vector-products.ts";
export * from "./windows.ts";
