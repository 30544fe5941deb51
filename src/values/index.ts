/** Array types: quantities with units, named axes, and arrays whose structure makes them cheap. */

export { Zero } from "../interpreters/zero.ts";

export { BCOO, type BCOOOptions, type FromDenseOptions } from "./bcoo.ts";
export { Dynamic8, type Dynamic8Options } from "./dynamic8.ts";
export { Nf4, type Nf4Options, type Nf4Settings } from "./nf4.ts";
export { Quantised, type QuantiseOptions } from "./quantised.ts";
export { QuantisedArray, type QuantisedOptions } from "./quantised-array.ts";
export * from "./si.ts";
export { convert, unitsOf, Unitful } from "./unitful.ts";
export { Dimension, Units, type UnitsLike } from "./units.ts";

export { Diagonal } from "./diagonal.ts";
export { LowRankUpdate } from "./low-rank-update.ts";
export { type MatrixOptions, StructuredMatrix } from "./matrix.ts";
export { Stacked } from "./stacked.ts";
export { Symmetric } from "./symmetric.ts";
export { TridiagonalMatrix } from "./tridiagonal.ts";
export * as prng from "./prng.ts";
export { Axis } from "./axis.ts";
export { NamedArray, type NamedOptions } from "./named.ts";
export * from "./named-functions.ts";
