/** Optimisers as transformations of gradients, with optax's names and numbers. */

export { batches, dataBatches } from "./batches.ts";
export {
  type CosineCycle,
  cosineOnecycleSchedule,
  type CosineOnecycleOptions,
  linearOnecycleSchedule,
  type LinearOnecycleOptions,
  piecewiseInterpolateSchedule,
  sgdrSchedule,
} from "./cycles.ts";
export { type EarlyStop } from "./early-stop.ts";
export {
  fit,
  type FitOptions,
  type Fitted,
  type Loss,
  type LossContext,
  type LossExtras,
  type Progress,
  trainStep,
  type TrainState,
} from "./fit.ts";
export { masked, type MaskedState, multiTransform, type PartitionState } from "./groups.ts";
export { injectHyperparams, type InjectHyperparamsState } from "./inject.ts";
export {
  type CrossEntropyOptions,
  meanCrossEntropy,
  type MeanCrossEntropyOptions,
  smoothLabels,
  softmaxCrossEntropy,
  softmaxCrossEntropyWithIntegerLabels,
} from "./losses.ts";
export { type Labels, type Mask } from "./mask.ts";
export { multiSteps, type MultiStepsOptions, type MultiStepsState } from "./multi-steps.ts";
export { adam, adamw, type AdamWOptions, applyUpdates, sgd, type SgdOptions } from "./optimizers.ts";
export { type Measured, type Metrics, Run, type RunOptions } from "./run.ts";
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
export {
  type ExtraArgs,
  frozen,
  type GradientTransformation,
  type NoState,
  type StepState,
} from "./transformation.ts";
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
  scale,
  scaleByAdam,
  scaleByLearningRate,
  scaleBySchedule,
  setToZero,
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
