import "../numpy/methods.ts";
import "../backends/default.ts";

export {
  associativeScan,
  type AssociativeScanOptions,
  cond,
  customLinearSolve,
  type CustomLinearSolveOptions,
  customRoot,
  type CustomRootOptions,
  foriLoop,
  type ForiLoopOptions,
  map,
  type MapOptions,
  scan,
  type ScanOptions,
  switch,
  whileLoop,
} from "../control/index.ts";
export * from "../lax/index.ts";
