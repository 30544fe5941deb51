/** The first-order primitives and the functions on them, with JAX's lax names in camelCase. */

export * from "./arithmetic.ts";
export * from "./bits.ts";
export * from "./cast.ts";
export * from "./compare.ts";
export * from "./complex.ts";
export * from "./power.ts";
export * from "./rounding.ts";
export * from "./select.ts";
export * from "./special.ts";
export * from "./transcendental.ts";

export { allGather, type AllGatherOptions, psumScatter, type PsumScatterOptions } from "./all-gather.ts";
export * from "./all-reduce.ts";
export { allToAll, pswapaxes } from "./all-to-all.ts";
export * from "./approx-top-k.ts";
export * from "./barrier.ts";
export * from "./broadcast.ts";
export {
  convDimensionNumbers,
  type ConvDimensionNumbers,
  type ConvDimensionNumbersLike,
  type Padding,
  type PaddingLike,
} from "./conv-dimensions.ts";
export * from "./conv-patches.ts";
export * from "./conv-transpose.ts";
export * from "./convolution.ts";
export * from "./create.ts";
export * from "./cumulative.ts";
export * from "./dot.ts";
export * from "./dynamic-slice.ts";
export * from "./fft.ts";
export * from "./index-take.ts";
export * from "./indexing.ts";
export * from "./join.ts";
export * from "./keys.ts";
export { randomUnwrap, randomWrap, threefry2x32 } from "./key-words.ts";
export * from "./mulhi.ts";
export * from "./pad-slice.ts";
export { pbroadcast, type Permutation, ppermute, pshuffle } from "./permute.ts";
export * from "./reduce.ts";
export * from "./reduce-window.ts";
export * from "./scatter.ts";
export * from "./shape.ts";
export * from "./slice-in-dim.ts";
export * from "./sort.ts";
export * from "./split.ts";

export * as linalg from "./linalg/index.ts";

export type { AxisIndexGroups, AxisName, Collected, GroupsOption, TiledOption } from "./collective.ts";
export type { Precision } from "./precision.ts";
export {
  selectAndGatherAdd,
  type SelectAndGatherParams,
  selectAndScatterAdd,
  type SelectAndScatterParams,
} from "./window-selection.ts";
export type { Binary, Unary } from "./elementwise.ts";
export type { GatherScatterMode, GatherScatterModeLike } from "./dimension-numbers.ts";
export type {
  GatherDimensionNumbers,
  GatherDimensionNumbersLike,
  GatherParams,
} from "./gather-dimensions.ts";
export type {
  ScatterDimensionNumbers,
  ScatterDimensionNumbersLike,
  ScatterParams,
} from "./scatter-dimensions.ts";
