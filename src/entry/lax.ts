import "../numpy/methods.ts";
import "../backends/default.ts";

export {
  associativeScan,
  type AssociativeScanOptions,
  cond,
  type CondParams,
  customLinearSolve,
  type CustomLinearSolveOptions,
  customRoot,
  type CustomRootOptions,
  foriLoop,
  type ForiLoopOptions,
  map,
  type MapOptions,
  type FunctionReduceParams,
  reduce,
  reduceWindow,
  type ReduceWindowOptions,
  type ReduceWindowParams,
  scan,
  type ScanOptions,
  type ScanParams,
  scatterApply,
  type ScatterApplyOptions,
  switch,
  whileLoop,
  type WhileParams,
} from "../control/index.ts";
export * from "../lax/index.ts";
