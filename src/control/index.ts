export { checkpoint, type CheckpointOptions, checkpointPrimitive } from "./checkpoint.ts";
export { checkpointName, namePrimitive } from "./checkpoint-name.ts";
export { associativeScan, type AssociativeScanOptions } from "./associative-scan.ts";
export { cond, type CondParams } from "./cond.ts";
export {
  type CallbackResult,
  ioCallback,
  type IoCallbackParams,
  pureCallback,
  type PureCallbackParams,
  type VmapMethod,
} from "./callback.ts";
export {
  customJvp,
  type CustomJvp,
  customJvpCall,
  type CustomJvpOptions,
  type CustomJvpRule,
  type DefjvpOptions,
} from "./custom-jvp.ts";
export { customLinearSolve, type CustomLinearSolveOptions } from "./custom-linear-solve.ts";
export { linearSolve } from "./linear-solve-call.ts";
export { customRoot, type CustomRootOptions } from "./custom-root.ts";
export {
  customVjp,
  type CustomVjp,
  type CustomVjpOptions,
  CustomVjpPrimal,
  customVjpPrimalTreeValues,
  type DefvjpOptions,
} from "./custom-vjp.ts";
export { jit, type JitOptions, jitPrimitive } from "./jit.ts";
export { checkpointPolicies } from "./policies.ts";
export { foriLoop, type ForiLoopOptions, map, type MapOptions } from "./loops.ts";
export { type FunctionReduceParams, reduce } from "./reduce.ts";
export { reduceWindow, type ReduceWindowOptions, type ReduceWindowParams } from "./reduce-window.ts";
export { scan, type ScanOptions } from "./scan.ts";
export type { ScanParams } from "./scan-split.ts";
export { scatterApply, type ScatterApplyOptions } from "./scatter-apply.ts";
export { switch } from "./switch.ts";
export { whileLoop } from "./while.ts";
export type { WhileParams } from "./while-batch.ts";
