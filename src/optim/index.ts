/** Optimisers as transformations of gradients, with optax's names and numbers. */

export {
  type CosineCycle,
  cosineOnecycleSchedule,
  type CosineOnecycleOptions,
  linearOnecycleSchedule,
  type LinearOnecycleOptions,
  piecewiseInterpolateSchedule,
  sgdrSchedule,
} from "./cycles.ts";
export { adam, adamw, type AdamWOptions, applyUpdates, sgd, type SgdOptions } from "./optimizers.ts";
export {
  constantSchedule,
  cosineDecaySchedule,
  type CosineDecayOptions,
  exponentialDecay,
  type ExponentialDecayOptions,
  joinSchedules,
  linearSchedule,
  piecewiseConstantSchedule,
  polynomialSchedule,
  type Schedule,
  type TransitionOptions,
} from "./schedules.ts";
export { frozen, type GradientTransformation, type NoState, type StepState } from "./transformation.ts";
export {
  addDecayedWeights,
  type AdamOptions,
  type AdamState,
  chain,
  clip,
  clipByGlobalNorm,
  type DecayOptions,
  globalNorm,
  identity,
  type Mask,
  scale,
  scaleByAdam,
  scaleByLearningRate,
  scaleBySchedule,
  trace,
  type TraceOptions,
  type TraceState,
} from "./transforms.ts";
export {
  warmupConstantSchedule,
  warmupCosineDecaySchedule,
  type WarmupCosineOptions,
  warmupExponentialDecaySchedule,
  warmupLinearDecaySchedule,
  type WarmupLinearOptions,
} from "./warmups.ts";
