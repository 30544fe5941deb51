/** Programs to programs: the stages of the pipeline, and what makes them smaller. */

export { dce } from "../interpreters/dce.ts";
export { inline, inlineCalls } from "./inline.ts";
export {
  type DerivativeProgram,
  jvpJaxpr,
  linearizeJaxpr,
  type LinearizedProgram,
  quaxifyJaxpr,
  type QuaxifiedProgram,
  vjpJaxpr,
} from "./pipeline.ts";
export { type DotGroup, dotGroups } from "./pack-dots.ts";
export { optimise } from "./optimise.ts";
export { simplify } from "./simplify.ts";
