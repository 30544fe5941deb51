/** Layers as pytrees, with Equinox's names and initial weights, and the functions of `jax.nn`. */

export * from "./activations.ts";
export * from "./adaptive-pooling.ts";
export {
  type AttentionOptions,
  type Heads,
  MultiheadAttention,
  type MultiheadAttentionOptions,
} from "./attention.ts";
export {
  ConvTranspose,
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
  type ConvTransposeOptions,
} from "./conv-transpose.ts";
export { type ConvPadding, type PerAxis } from "./conv-settings.ts";
export { Conv, Conv1d, Conv2d, Conv3d, type ConvOptions, type PaddingMode } from "./convolution.ts";
export { BatchNorm, type BatchNormOptions, type InferenceOptions } from "./batch-norm.ts";
export { Identity, Lambda, Sequential, StatefulLayer } from "./composition.ts";
export { dotProductAttention, type DotProductAttentionOptions } from "./dot-product-attention.ts";
export { Dropout, type DropoutOptions } from "./dropout.ts";
export { Embedding, type EmbeddingOptions } from "./embedding.ts";
export * from "./functions.ts";
export { inferenceMode } from "./inference-mode.ts";
export * as initializers from "./initializers.ts";
export { Linear, type LinearOptions, type Size } from "./linear.ts";
export { type Activation, MLP, type MLPOptions } from "./mlp.ts";
export { type ForwardOptions, type Layer, Module } from "./module.ts";
export {
  GroupNorm,
  type GroupNormOptions,
  LayerNorm,
  type LayerNormOptions,
  RMSNorm,
  type RMSNormOptions,
} from "./normalisation.ts";
export { PReLU, type PReLUOptions } from "./prelu.ts";
export { GRUCell, LSTMCell, type LSTMState, type RecurrentOptions } from "./recurrent.ts";
export {
  AvgPool1d,
  AvgPool2d,
  AvgPool3d,
  MaxPool1d,
  MaxPool2d,
  MaxPool3d,
  Pool,
  type PoolOptions,
  type PoolPadding,
} from "./pooling.ts";
export { RotaryPositionalEmbedding, type RotaryOptions } from "./rotary.ts";
export { Shared } from "./shared.ts";
export { SpectralNorm, type SpectralNormOptions } from "./spectral-norm.ts";
export { type Arrays, deleteInitState, makeWithState, State, StateIndex } from "./state.ts";
export { WeightNorm, type WeightNormOptions } from "./weight-norm.ts";
export { tanh } from "../numpy/index.ts";
