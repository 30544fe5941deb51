import { type Backend, type CompileOptions, defineBackend, type Executable } from "../../core/backend.ts";
import { optimise } from "../../compiler/optimise.ts";
import { lowerProgram } from "../../compiler/fusion/lower.ts";
import type { ClosedJaxpr } from "../../core/jaxpr.ts";
import { reference } from "../reference/index.ts";
import { theDevice } from "./device.ts";
import { EagerCalls } from "./eager.ts";
import { executableOf } from "./executable.ts";

const compile = (closed: ClosedJaxpr, options?: CompileOptions): Executable =>
  executableOf(lowerProgram(optimise(closed)), theDevice(), options);
const eager = new EagerCalls(compile);

/** Compiles programs to WebAssembly; single operations on few elements run on the reference backend's loops. */
export const wasm: Backend = defineBackend({
  name: "wasm",
  ready: () => Promise.resolve(),
  apply: (primitive, operands, params, outs) =>
    EagerCalls.isWorthwhile(operands, outs)
      ? eager.run(primitive, operands, params, outs)
      : reference.apply(primitive, operands, params, outs),
  compile,
});
