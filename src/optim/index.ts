/** Optimisers as transformations of gradients, with optax's names and numbers. */

export {
  type AccumulatorOptions,
  applyEvery,
  type ApplyEveryState,
  ema,
  type EmaOptions,
  type EmaState,
  trace,
  type TraceOptions,
  type TraceState,
} from "./accumulation.ts";
export {
  type AdamOptions,
  type AdamState,
  type AmsgradOptions,
  type AmsgradState,
  type MomentOptions,
  type MuDtypeOption,
  type NesterovOption,
  type RootedMomentOptions,
  scaleByAdam,
  scaleByAdamax,
  scaleByAmsgrad,
} from "./adaptive.ts";
export {
  type AdanOptions,
  type AdanState,
  type BeliefOptions,
  type LionOptions,
  type LionState,
  type RadamOptions,
  scaleByAdan,
  scaleByBelief,
  scaleByLion,
  scaleByRadam,
  scaleByYogi,
  type YogiOptions,
} from "./adaptive-variants.ts";
export { batches, dataBatches } from "./batches.ts";
export {
  adaptiveGradClip,
  type AdaptiveClipOptions,
  clip,
  clipByBlockRms,
  clipByGlobalNorm,
} from "./clipping.ts";
export {
  applyIfFinite,
  type ApplyIfFiniteState,
  type Condition,
  type ConditionalState,
  conditionallyMask,
  conditionallyTransform,
  skipLargeUpdates,
  skipNotFinite,
  type SkipUpdate,
} from "./conditional.ts";
export {
  type CosineCycle,
  cosineOnecycleSchedule,
  type CosineOnecycleOptions,
  linearOnecycleSchedule,
  type LinearOnecycleOptions,
  piecewiseInterpolateSchedule,
  sgdrSchedule,
} from "./cycles.ts";
export {
  type OptimisticGradientOptions,
  type OptimisticGradientState,
  type PolyakOptions,
  type RpropOptions,
  type RpropState,
  scaleByOptimisticGradient,
  scaleByPolyak,
  scaleByRprop,
  scaleBySign,
} from "./directions.ts";
export { type EarlyStop } from "./early-stop.ts";
export { type FactoredOptions, type FactoredState, scaleByFactoredRms } from "./factored.ts";
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
export { flatten } from "./flatten.ts";
export {
  freeze,
  masked,
  type MaskedState,
  multiTransform,
  partition,
  type PartitionState,
  selectiveTransform,
} from "./groups.ts";
export {
  type Hyperparam,
  injectHyperparams,
  type InjectHyperparamsState,
  injectStatefulHyperparams,
  type StatefulSchedule,
} from "./inject.ts";
export { lbfgs, type LbfgsOptions, type LbfgsScaleOptions, type LbfgsState, scaleByLbfgs } from "./lbfgs.ts";
export {
  type BacktrackingInfo,
  type BacktrackingOptions,
  type BacktrackingState,
  scaleByBacktrackingLinesearch,
  valueAndGradFromState,
} from "./linesearch.ts";
export {
  type Lookahead,
  lookahead,
  type LookaheadOptions,
  type LookaheadParams,
  type LookaheadState,
} from "./lookahead.ts";
export {
  type CrossEntropyOptions,
  meanCrossEntropy,
  type MeanCrossEntropyOptions,
  smoothLabels,
  softmaxCrossEntropy,
  softmaxCrossEntropyWithIntegerLabels,
} from "./losses.ts";
export { type MapParamsOptions, treeMapParams } from "./map-params.ts";
export { type Labels, type Mask } from "./mask.ts";
export { biasCorrection, updateInfinityMoment, updateMoment, updateMomentPerElemNorm } from "./moments.ts";
export {
  type Measure,
  measureWithEma,
  monitor,
  type MonitorState,
  snapshot,
  type SnapshotState,
  type StatefulMeasure,
} from "./monitor.ts";
export { multiSteps, type MultiStepsOptions, type MultiStepsState } from "./multi-steps.ts";
export { addNoise, type AddNoiseState } from "./noise.ts";
export {
  centralize,
  type DistanceOverGradientsOptions,
  type DistanceOverGradientsState,
  keepParamsNonnegative,
  normalizeByUpdateNorm,
  scaleByDistanceOverGradients,
  scaleByParamBlockNorm,
  scaleByParamBlockRms,
  scaleByTrustRatio,
  type TrustRatioOptions,
  type UpdateNormOptions,
  zeroNans,
  type ZeroNansState,
} from "./norms.ts";
export {
  globalNorm,
  safeIncrement,
  safeInt32Increment,
  safeNorm,
  type SafeNormOptions,
  safeRootMeanSquares,
} from "./numerics.ts";
export {
  adabelief,
  adam,
  adamax,
  adamaxw,
  adamw,
  type AdamWOptions,
  adan,
  amsgrad,
  lamb,
  lion,
  nadam,
  nadamw,
  type Optimizer,
  type OptimizerOf,
  radam,
  sgd,
  type SgdOptions,
  type WeightDecayOptions,
  yogi,
} from "./optimizers.ts";
export {
  noisySgd,
  type NoisySgdOptions,
  optimisticAdam,
  type OptimisticAdamOptions,
  optimisticAdamV2,
  optimisticGradientDescent,
  polyakSgd,
  type PolyakSgdOptions,
  rprop,
  signSgd,
  signum,
  type SignumOptions,
} from "./optimizers-by-direction.ts";
export {
  adadelta,
  type AdadeltaOptions,
  adafactor,
  type AdafactorOptions,
  adagrad,
  fromage,
  type FromageOptions,
  lars,
  type LarsOptions,
  novograd,
  rmsprop,
  type RmspropOptions,
  sm3,
  type Sm3Options,
} from "./optimizers-by-scale.ts";
export {
  type AdadeltaScaleOptions,
  type AdadeltaState,
  type NovogradOptions,
  type RmsOptions,
  type RmsState,
  type RssOptions,
  type RssState,
  scaleByAdadelta,
  scaleByNovograd,
  scaleByRms,
  scaleByRss,
  scaleBySm3,
  scaleByStddev,
  type Sm3ScaleOptions,
  type Sm3State,
  type StddevState,
} from "./scale-by-roots.ts";
export { progressBar, type ProgressBarOptions } from "./progress-bar.ts";
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
  applyUpdates,
  chain,
  type DecayOptions,
  identity,
  initEmptyState,
  type LearningRate,
  type LearningRateOptions,
  namedChain,
  scale,
  scaleByLearningRate,
  scaleBySchedule,
  setToZero,
  stateless,
  statelessWithTreeMap,
} from "./transforms.ts";
export { incrementalUpdate, periodicUpdate, scaleGradient } from "./updates.ts";
export {
  warmupConstantSchedule,
  warmupCosineDecaySchedule,
  type WarmupCosineOptions,
  warmupExponentialDecaySchedule,
  warmupLinearDecaySchedule,
  type WarmupLinearOptions,
} from "./warmups.ts";
export { scaleByZoomLinesearch, type ZoomInfo, type ZoomOptions, type ZoomState } from "./zoom.ts";
export * from "./classification.ts";
export { ctcLoss, ctcLossWithForwardProbs, type CtcOptions } from "./ctc.ts";
export {
  binaryDiceLoss,
  type BinaryDiceOptions,
  diceLoss,
  type DiceOptions,
  type GeneralizedDiceOptions,
  multiclassGeneralizedDiceLoss,
} from "./dice.ts";
export {
  cosineDistance,
  type CosineOptions,
  cosineSimilarity,
  huberLoss,
  type HuberOptions,
  l2Loss,
  logCosh,
  ntxent,
  squaredError,
  tripletMarginLoss,
  type TripletOptions,
} from "./distances.ts";
export {
  convexKlDivergence,
  generalizedKlDivergence,
  klDivergence,
  klDivergenceWithLogTargets,
  type RankingOptions,
  rankingSoftmaxLoss,
} from "./divergences.ts";
export {
  scaleBySophia,
  sophia,
  type SophiaOptions,
  type SophiaScaleOptions,
  type SophiaState,
} from "./sophia.ts";
