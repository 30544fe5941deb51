/** What a function does, and what becomes of it. */

export type { Cost } from "./cost.ts";
export { diff, Diff, type DiffEntry } from "./diff.ts";
export { toDot } from "./dot.ts";
export { explain, type ExplainedEquation, Explanation } from "./explain.ts";
export { arrayFromJSON, fromJSON } from "./from-json.ts";
export { type ArrayJSON, type JaxprJSON, jaxprSchema } from "./json-schema.ts";
export type { Temporary, WorkingMemory } from "./kernel-memory.ts";
export type {
  ControlFlow,
  Copy,
  HostCall,
  Kernel,
  KernelEquation,
  KernelFunction,
  KernelLoop,
  ProgramStep,
  StepArray,
} from "./kernel-steps.ts";
export { kernels, Kernels } from "./kernels.ts";
export { peakBytes } from "./memory.ts";
export { type Residual, Residuals, savedResiduals } from "./residuals.ts";
export { type StageName, stageNames, stages, Stages } from "./stages.ts";
export { toJSON } from "./to-json.ts";
export { checkJaxpr } from "../core/check.ts";
export { evaluateJaxpr as evalJaxpr } from "../interpreters/evaluate.ts";
export { parseJaxpr } from "../core/parse.ts";
export {
  dce,
  inline,
  jvpJaxpr,
  linearizeJaxpr,
  quaxifyJaxpr,
  simplify,
  vjpJaxpr,
} from "../compiler/index.ts";
